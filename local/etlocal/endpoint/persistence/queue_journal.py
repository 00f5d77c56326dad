"""SQS's messages in a journal: one that was acknowledged is there after the process was killed.

A queue may hold thousands of messages and change with each: what is written is the message that
came or went, not the queue. What a consumer has received and not deleted is not written: after a
crash it is to be received again, as after its visibility timeout.

Source: Amazon SQS Developer Guide, "Amazon SQS visibility timeout" and "At-least-once delivery".
"""

from __future__ import annotations

import pickle
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from localstack.services.sqs.models import FifoQueue, SqsQueue, StandardQueue, sqs_stores

from etlocal.endpoint.persistence.journal import Journal

_PUT, _GONE, _CLEARED = "put", "gone", "cleared"
_SOURCE = "DeadLetterQueueSourceArn"


@dataclass
class _Outcome:
    """What the records say of one queue, taken together."""

    cleared: bool = False
    put: dict[str, Any] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)


class QueueJournal:
    """Writes down each message that comes to a queue or leaves it for good.

    Parameters
    ----------
    journal : Journal
        Where to.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    def install(self) -> None:
        """Have every queue of this process write its changes, before it says that it made them."""
        self._identify_queues()
        self._follow(StandardQueue, "put", self._put)
        self._follow(FifoQueue, "put", self._put)
        self._follow(SqsQueue, "remove", self._remove)
        for kind in (StandardQueue, FifoQueue):
            self._follow(kind, "clear", self._clear)

    def replay(self) -> int:
        """Bring the loaded queues to what the records say; give how many there were."""
        outcomes: dict[tuple[str, str], _Outcome] = {}
        count = 0
        for record in self.journal.records():
            kind, arn, identity, content = pickle.loads(record)  # noqa: S301  (written by this class)
            _add(outcomes.setdefault((arn, identity), _Outcome()), kind, content)
            count += 1
        queues = {(queue.arn, _identity(queue)): queue for queue in _queues()}
        for key, outcome in outcomes.items():
            if key in queues:
                _apply(queues[key], outcome)
        return count

    def _identify_queues(self) -> None:
        # A queue that was deleted and made again is another one: what is written of the first is
        # not the second's.
        make = SqsQueue.__init__

        @wraps(make)
        def init(queue: Any, *arguments: Any, **keywords: Any) -> None:
            queue.journal_identity = uuid.uuid4().hex
            make(queue, *arguments, **keywords)

        SqsQueue.__init__ = init

    def _follow(self, kind: type[Any], name: str, write: Callable[..., Any]) -> None:
        original = getattr(kind, name)

        @wraps(original)
        def method(queue: Any, *arguments: Any, **keywords: Any) -> Any:
            # Whatever is told of one message is written in the order in which it happened.
            with queue.mutex:
                return write(original, queue, *arguments, **keywords)

        setattr(kind, name, method)

    def _put(self, put: Any, queue: Any, *arguments: Any, **keywords: Any) -> Any:
        message = put(queue, *arguments, **keywords)
        if _is_in(queue, message):
            self._append(_PUT, queue, message)
            source = message.message["Attributes"].get(_SOURCE)
            if source and source != queue.arn:
                # It has moved: the queue that it comes from has let it go already.
                self._append_moved(source, message.message_id)
        return message

    def _remove(self, remove: Any, queue: Any, receipt_handle: str) -> Any:
        message = queue.receipts.get(receipt_handle)
        answer = remove(queue, receipt_handle)
        if message is not None and message.deleted:
            self._append(_GONE, queue, message.message_id)
        return answer

    def _clear(self, clear: Any, queue: Any) -> Any:
        answer = clear(queue)
        self._append(_CLEARED, queue, None)
        return answer

    def _append_moved(self, source: str, message_id: str) -> None:
        queue = next((each for each in _queues() if each.arn == source), None)
        if queue is not None:
            self._append(_GONE, queue, message_id)

    def _append(self, kind: str, queue: Any, content: Any) -> None:
        self.journal.append(pickle.dumps((kind, queue.arn, _identity(queue), content)))


def _add(outcome: _Outcome, kind: str, content: Any) -> None:
    if kind == _CLEARED:
        outcome.cleared = True
        outcome.put.clear()
        outcome.gone.clear()
    elif kind == _PUT:
        outcome.put[content.message_id] = content
    else:
        outcome.put.pop(content, None)
        outcome.gone.add(content)


def _apply(queue: Any, outcome: _Outcome) -> None:
    if outcome.cleared:
        queue.clear()
    if outcome.gone:
        _forget(queue, outcome.gone)
    known = _known(queue)
    for message_id, message in outcome.put.items():
        if message_id not in known:
            _enter(queue, message)


def _enter(queue: Any, message: Any) -> None:
    if isinstance(queue, FifoQueue):
        queue.deduplication[message.message_deduplication_id] = message
    if message.is_delayed:
        queue.delayed.add(message)
    else:
        queue._put_message(message)


def _forget(queue: Any, gone: set[str]) -> None:
    for handle in [key for key, each in queue.receipts.items() if each.message_id in gone]:
        del queue.receipts[handle]
    for message in [each for each in queue.inflight if each.message_id in gone]:
        del queue.inflight[message]
        queue._on_remove_message(message)
    queue.delayed = {each for each in queue.delayed if each.message_id not in gone}
    for heap in _heaps(queue):
        # What is left of a heap is sorted again: a sorted list is a heap.
        heap[:] = sorted(each for each in heap if each.message_id not in gone)


def _known(queue: Any) -> set[str]:
    held = [*queue.inflight, *queue.delayed]
    for heap in _heaps(queue):
        held += heap
    return {message.message_id for message in held}


def _heaps(queue: Any) -> list[list[Any]]:
    if isinstance(queue, FifoQueue):
        return [group.messages for group in queue.message_groups.values()]
    return [queue.visible.queue]


def _is_in(queue: Any, message: Any) -> bool:
    """Tell whether a message was taken: a FIFO queue answers a duplicate and does not keep it."""
    if not isinstance(queue, FifoQueue):
        return True
    return queue.deduplication.get(message.message_deduplication_id) is message


def _identity(queue: Any) -> str:
    return str(getattr(queue, "journal_identity", ""))


def _queues() -> list[Any]:
    return [
        queue
        for _account, _region, store in list(sqs_stores.iter_stores())
        for queue in list(store.queues.values())
    ]
