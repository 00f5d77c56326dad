"""EventBridge delivers at least once: retries, then the target's dead-letter queue.

LocalStack tries once; a target's ``RetryPolicy`` and ``DeadLetterConfig`` are stored and not acted
on, and an event that could not be delivered is a line in the log.

Source: EventBridge User Guide, "How EventBridge retries delivering events" and "Using dead-letter
queues to process undelivered events": what a retry cannot mend goes to the queue at once, with what
happened in the message's attributes. Without a queue the event is dropped, as on AWS, and logged.
"""

from __future__ import annotations

import copy
import json
import logging
import random
import threading
import time
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.connect import connect_to
from localstack.services.events.target import TargetSender
from localstack.utils.aws.arns import parse_arn
from localstack.utils.json import CustomEncoder

from etlocal.aws.clock import Clock
from etlocal.endpoint.hosting import get_host
from etlocal.settings import Settings

LOG = logging.getLogger(__name__)

_DEFAULT_ATTEMPTS = 185
_DEFAULT_AGE_SECONDS = 24 * 60 * 60
_FIRST_DELAY_SECONDS = 1.0
_LONGEST_DELAY_SECONDS = 300.0
# The caller's fault: a further attempt would answer the same.
_PERMANENT = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "InvalidArn",
        "NotFound",
        "QueueDoesNotExist",
        "AWS.SimpleQueueService.NonExistentQueue",
        "ResourceNotFoundException",
        "StateMachineDoesNotExist",
        "StateMachineDeleting",
        "ValidationException",
    }
)

# Set, and replaced, by a reset: what is on its way belongs to what is gone then.
_forgotten = [threading.Event()]


def forget() -> None:
    """Let go of every event that is still to be tried again."""
    _forgotten[0].set()
    _forgotten[0] = threading.Event()


def apply(_: Settings) -> None:
    """Give every target its retries and its dead-letter queue."""
    send = TargetSender.process_event

    def process_event(self: Any, event: Any, trace_header: Any) -> None:
        try:
            send(self, copy.deepcopy(event), trace_header)
        except Exception as error:  # noqa: BLE001  (whatever a target answers is a failed delivery)
            clock = get_host().runtime.clock
            delivery = _Delivery(self, event, trace_header, clock, send)
            delivery.failed(error)
            threading.Thread(
                target=delivery.go_on, name="etlocal-event-delivery", daemon=True
            ).start()

    TargetSender.process_event = process_event


class _Delivery:
    """One event on its way to one target, after its first attempt failed."""

    def __init__(self, sender: Any, event: Any, trace: Any, clock: Clock, send: Any) -> None:
        policy = sender.target.get("RetryPolicy") or {}
        self._sender, self._event, self._trace, self._send = sender, event, trace, send
        self._clock, self._forgotten = clock, _forgotten[0]
        self._attempts = int(policy.get("MaximumRetryAttempts", _DEFAULT_ATTEMPTS))
        age = float(policy.get("MaximumEventAgeInSeconds", _DEFAULT_AGE_SECONDS))
        self._expires = time.monotonic() + clock.scaled(age)
        self._retries = 0
        self._code, self._message = "", ""

    def failed(self, error: Exception) -> None:
        """Note why the last attempt failed."""
        if isinstance(error, ClientError):
            self._code = error.response["Error"]["Code"]
            self._message = error.response["Error"]["Message"]
        else:
            self._code, self._message = type(error).__name__, str(error)

    def go_on(self) -> None:
        """Try again until it works or may not be tried again."""
        while (exhausted := self._exhausted()) is None:
            delay = min(_FIRST_DELAY_SECONDS * 2**self._retries, _LONGEST_DELAY_SECONDS)
            self._clock.wait(delay * random.uniform(0.5, 1.0), self._forgotten)
            if self._forgotten.is_set():
                return
            self._retries += 1
            try:
                self._send(self._sender, copy.deepcopy(self._event), self._trace)
            except Exception as error:  # noqa: BLE001  (as above)
                self.failed(error)
            else:
                return
        self._give_up(exhausted)

    def _exhausted(self) -> str | None:
        if self._code in _PERMANENT:
            return "NonRetryable"
        if self._retries >= self._attempts:
            return "MaximumRetryAttempts"
        if time.monotonic() >= self._expires:
            return "MaximumEventAgeInSeconds"
        return None

    def _give_up(self, condition: str) -> None:
        target = self._sender.target
        LOG.warning(
            "event %s was not delivered to %s after %s retries: %s: %s",
            self._event.get("id"),
            target["Arn"],
            self._retries,
            self._code,
            self._message,
        )
        queue = (target.get("DeadLetterConfig") or {}).get("Arn")
        if queue is None:
            return
        attributes = {
            "RULE_ARN": self._sender.rule_arn,
            "TARGET_ARN": target["Arn"],
            "ERROR_CODE": self._code or "UNKNOWN",
            "ERROR_MESSAGE": self._message or "UNKNOWN",
            "RETRY_ATTEMPTS": str(self._retries),
        }
        if condition != "NonRetryable":
            attributes["EXHAUSTED_RETRY_CONDITION"] = condition
        _send_to_queue(queue, self._event, attributes)


def _send_to_queue(queue_arn: str, event: Any, attributes: dict[str, str]) -> None:
    arn = parse_arn(queue_arn)
    sqs = connect_to(aws_access_key_id=arn["account"], region_name=arn["region"]).sqs
    body = {name: value for name, value in event.items() if name != "event-bus-name"}
    try:
        url = sqs.get_queue_url(QueueName=arn["resource"])["QueueUrl"]
        sqs.send_message(
            QueueUrl=url,
            MessageBody=json.dumps(body, cls=CustomEncoder),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        )
    except ClientError:
        LOG.exception("event %s could not be put into the queue %s", event.get("id"), queue_arn)
