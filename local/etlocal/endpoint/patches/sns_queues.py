"""A message that SNS has accepted is in the queues that subscribe to its topic.

LocalStack answers Publish and delivers afterwards, in threads: what ends the process in between
ends the message. Queues are of the same endpoint and keep what they have taken, so they get it
first, and each message of a FIFO topic before the next. Other subscribers get it as before.

Source: Amazon SNS Developer Guide, "Amazon SNS message durability" (a message is stored before
Publish is answered) and "Amazon SNS FIFO topics".
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from contextlib import nullcontext
from typing import Any

from localstack.services.sns import publisher
from localstack.services.sns.publisher import PublishDispatcher, SqsTopicPublisher

from etlocal.settings import Settings

LOG = logging.getLogger(__name__)

_NOT_SAVED = "(InternalFailure)"
_turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


class NotSavedError(Exception):
    """A queue could not save the message."""


def apply(_: Settings) -> None:
    """Deliver to queues before Publish is answered."""
    submit = PublishDispatcher._submit_notification
    give_up = publisher.sns_error_to_dead_letter_queue

    def submit_notification(self: Any, notifier: Any, ctx: Any, subscriber: Any) -> None:
        if not isinstance(notifier, SqsTopicPublisher):
            submit(self, notifier, ctx, subscriber)
            return
        topic = subscriber["TopicArn"]
        with _turns[topic] if topic.endswith(".fifo") else nullcontext():
            _publish(notifier, ctx, subscriber)

    def error_to_dead_letter_queue(
        sns_subscriber: Any, message: str, error: str, **keywords: Any
    ) -> None:
        if _NOT_SAVED in error:
            raise NotSavedError(error)
        give_up(sns_subscriber, message, error, **keywords)

    PublishDispatcher._submit_notification = submit_notification
    publisher.sns_error_to_dead_letter_queue = error_to_dead_letter_queue


def _publish(notifier: Any, ctx: Any, subscriber: Any) -> None:
    try:
        notifier._publish(context=ctx, subscriber=subscriber)
    except NotSavedError:
        raise
    except Exception:
        LOG.exception("a message could not be delivered to %s", subscriber.get("Endpoint"))
