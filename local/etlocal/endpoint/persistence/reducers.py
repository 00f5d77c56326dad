"""How what cannot be saved as it is gets saved: locks, queues, lambdas.

A reducer gives what an object is to be made of again. Everything else goes by LocalStack's own
pickler.
"""

from __future__ import annotations

import pickle
import queue
import threading
from collections.abc import Callable
from typing import Any

from localstack.state.pickle import reducer

_Function = Callable[..., Any]


def register_common() -> None:
    """Enter the reducers of what any service may hold. Locks come back free."""
    reducer(type(threading.Lock()), _new_lock)(_nothing)
    reducer(type(threading.RLock()), _new_rlock)(_nothing)
    reducer(threading.Condition, _new_condition)(_nothing)
    reducer(threading.Event, _new_event)(lambda event: (event.is_set(),))
    reducer(queue.Queue, _new_queue, subclasses=True)(
        lambda items: (type(items), items.maxsize, list(items.queue))
    )


def register(service: str) -> None:
    """Enter the reducers of a service that has been imported."""
    if enter := _OF_SERVICE.get(service):
        enter()


def _nothing(_: Any) -> tuple[()]:
    return ()


def _new_lock() -> Any:
    return threading.Lock()


def _new_rlock() -> Any:
    return threading.RLock()


def _new_condition() -> threading.Condition:
    return threading.Condition()


def _new_event(is_set: bool) -> threading.Event:
    event = threading.Event()
    if is_set:
        event.set()
    return event


def _new_queue(kind: type[queue.Queue[Any]], maxsize: int, items: list[Any]) -> Any:
    made = kind(maxsize)
    # A priority queue's items are a heap already; no other thread knows the queue yet.
    made.queue.extend(items)
    made.unfinished_tasks = len(items)
    return made


def _iam() -> None:
    from moto.iam.models import AWSManagedPolicy

    # Every process has them; how many times each is attached is saved with their backend.
    reducer(AWSManagedPolicy, _find_aws_policy)(
        lambda policy: (policy.account_id, policy.partition, policy.arn)
    )


def _find_aws_policy(account: str, partition: str, arn: str) -> Any:
    from moto.iam.models import iam_backends

    return iam_backends[account][partition].managed_policies[arn]


def _logs() -> None:
    from moto.logs.models import LogStream

    from etlocal.endpoint.persistence.log_journal import pack

    reducer(LogStream, _new_log_stream)(
        lambda stream: ({**stream.__dict__, "events": pack(stream.events)},)
    )


def _new_log_stream(state: dict[str, Any]) -> Any:
    from moto.logs.models import LogStream

    from etlocal.endpoint.persistence.log_journal import unpack

    stream = object.__new__(LogStream)
    stream.__dict__.update(state, events=unpack(state["events"]))
    return stream


def _s3() -> None:
    from localstack.services.s3.models import KeyStore, VersionedKeyStore

    # Plain data and much of it: the standard library's pickler is many times faster.
    for kind in (KeyStore, VersionedKeyStore):
        reducer(kind, _new_key_store)(lambda keys: (type(keys), pickle.dumps(keys._store)))


def _new_key_store(kind: type[Any], content: bytes) -> Any:
    made = kind()
    made._store.update(pickle.loads(content))  # noqa: S301  (written by this very module)
    return made


def _sqs() -> None:
    from localstack.services.sqs.models import SqsQueue

    reducer(SqsQueue, _new_sqs_queue, subclasses=True)(_reduce_sqs_queue)


def _reduce_sqs_queue(sqs_queue: Any) -> tuple[Any, ...]:
    with sqs_queue.mutex:
        state = dict(sqs_queue.__dict__)
        # Keyed by messages, whose hash is not known before they are complete.
        state["inflight"] = list(state["inflight"])
        state["delayed"] = list(state["delayed"])
        state["receipts"] = dict(state["receipts"])
    state["attributes"] = {
        name: value for name, value in state["attributes"].items() if not callable(value)
    }
    return type(sqs_queue), state


def _new_sqs_queue(kind: type[Any], state: dict[str, Any]) -> Any:
    made = object.__new__(kind)
    made.__dict__.update(state)
    made.inflight = dict.fromkeys(state["inflight"])
    made.delayed = set(state["delayed"])
    # Counts of messages are computed whenever they are asked for.
    made.attributes = made.default_attributes() | state["attributes"]
    return made


_OF_SERVICE: dict[str, _Function] = {
    "iam": _iam,
    "logs": _logs,
    "s3": _s3,
    "sqs": _sqs,
}
