"""EventBridge delivers at least once: retries, then the target's dead-letter queue.

LocalStack tries once; a target's ``RetryPolicy`` and ``DeadLetterConfig`` are stored and not acted
on, and an event that could not be delivered is a line in the log. What an API destination answers
is not looked at.

Source: EventBridge User Guide, "How EventBridge retries delivering events" and "Using dead-letter
queues to process undelivered events": what a retry cannot mend (a missing permission, a target that
is gone) goes to the queue at once, with what happened in the message's attributes. Without a queue
the event is dropped, as on AWS, and logged. "API destinations as targets": which answers are tried
again.
"""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    ReadTimeoutError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from localstack.aws.connect import connect_to
from localstack.services.events import target as targets
from localstack.services.events.target import TargetSender, TargetSenderFactory
from localstack.services.plugins import SERVICE_PLUGINS
from localstack.utils.aws.arns import parse_arn
from localstack.utils.json import CustomEncoder
from localstack.utils.xray.trace_header import TraceHeader

from etlocal.endpoint.deliveries import (
    NOT_RETRYABLE,
    Failure,
    UnavailableError,
    get_courier,
)
from etlocal.endpoint.persistence.outbox import Delivery
from etlocal.settings import Settings

LOG = logging.getLogger(__name__)

# Error codes of services → the code in the message's attributes, by the first that is in them.
_CODES = (
    ("AccessDenied", "NO_PERMISSIONS"),
    ("AuthorizationError", "NO_PERMISSIONS"),
    ("NotAuthorized", "NO_PERMISSIONS"),
    ("DoesNotExist", "NO_RESOURCE"),
    ("NonExistent", "NO_RESOURCE"),
    ("NotFound", "NO_RESOURCE"),
    ("InvalidArn", "NO_RESOURCE"),
    ("StateMachineDeleting", "NO_RESOURCE"),
    ("Throttl", "THROTTLING"),
    ("TooManyRequests", "THROTTLING"),
    ("LimitExceeded", "RESOURCE_LIMIT_EXCEEDED"),
    ("Validation", "INVALID_PARAMETER"),
    ("InvalidParameter", "INVALID_PARAMETER"),
)
# A further attempt would be answered the same.
_PERMANENT = frozenset(
    {"FAILED_TO_ASSUME_ROLE", "INVALID_JSON", "INVALID_PARAMETER", "NO_PERMISSIONS", "NO_RESOURCE"}
)
_LONGEST_ANSWER_SECONDS = 5
_requests = targets.requests
_RETRIED_ANSWERS = frozenset({401, 407, 409, 429})
_NAME_CHARACTERS = 1000


def apply(_: Settings) -> None:
    """Make the deliveries of the outbox, and look at what HTTP targets answer."""
    get_courier().serve(EventCarrier(TargetSender.process_event))
    targets.requests = SimpleNamespace(request=_request)


class EventCarrier:
    """Knows the targets of EventBridge's rules.

    Parameters
    ----------
    send : callable
        LocalStack's own delivery of an event by a target's sender.
    """

    def __init__(self, send: Callable[..., None]) -> None:
        self._send = send

    def send(self, delivery: Delivery) -> None:
        """Make one attempt; raises whatever the target answers."""
        trace = TraceHeader.from_header_str(delivery.trace)
        self._send(_sender(delivery), copy.deepcopy(delivery.event), trace)

    def explain(self, error: Exception) -> Failure:
        """Say what an error means, in the words of the dead-letter queue."""
        if isinstance(error, _AnswerError):
            return Failure("ERROR_FROM_TARGET", str(error), not error.is_retried)
        code = _code(error)
        message = str(error)
        if isinstance(error, ClientError):
            message = error.response["Error"].get("Message") or message
        return Failure(code, message or type(error).__name__, code in _PERMANENT)

    def bury(self, delivery: Delivery) -> None:
        """Put the event into the target's dead-letter queue."""
        LOG.warning(
            "event %s was not delivered to %s after %s retries: %s: %s",
            delivery.event.get("id"),
            delivery.target["Arn"],
            delivery.retries,
            delivery.code,
            delivery.message,
        )
        if queue := (delivery.target.get("DeadLetterConfig") or {}).get("Arn"):
            _send_to_queue(queue, delivery)


def _sender(delivery: Delivery) -> Any:
    """Give the sender of the rule's target, or one of a target that has been changed since."""
    provider = SERVICE_PLUGINS.require("events")._provider
    name = f"{delivery.rule_arn}-{delivery.target['Id']}"
    sender = provider._target_sender_store.get(name)
    if sender is not None and sender.target == delivery.target:
        return sender
    return TargetSenderFactory(
        delivery.target,
        delivery.rule_arn,
        delivery.rule_name,
        delivery.region,
        delivery.account,
    ).get_target_sender()


class _AnswerError(Exception):
    """An HTTP target refused the event."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the target answered with the HTTP status {status}")
        self.is_retried = status >= 500 or status in _RETRIED_ANSWERS


def _request(**arguments: Any) -> Any:
    answer = _requests.request(**{"timeout": _LONGEST_ANSWER_SECONDS, **arguments})
    if answer.status_code >= 400:
        raise _AnswerError(answer.status_code)
    return answer


def _code(error: Exception) -> str:
    if isinstance(error, ClientError):
        return _code_of_answer(error)
    if isinstance(error, (ReadTimeoutError, _requests.Timeout, TimeoutError)):
        return "TIMEOUT"
    if isinstance(error, (BotoConnectionError, HTTPClientError, _requests.ConnectionError)):
        return "CONNECTION_FAILURE"
    if isinstance(error, json.JSONDecodeError):
        return "INVALID_JSON"
    if isinstance(error, BotoCoreError):
        return "SDK_CLIENT_ERROR"
    return "INTERNAL_ERROR"


def _code_of_answer(error: ClientError) -> str:
    given = error.response["Error"].get("Code", "")
    found = next((code for part, code in _CODES if part in given), None)
    if found == "NO_PERMISSIONS" and error.operation_name == "AssumeRole":
        return "FAILED_TO_ASSUME_ROLE"
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return found or ("INTERNAL_ERROR" if status >= 500 else "SDK_CLIENT_ERROR")


def _send_to_queue(queue_arn: str, delivery: Delivery) -> None:
    arn = parse_arn(queue_arn)
    client = connect_to(aws_access_key_id=arn["account"], region_name=arn["region"]).sqs
    # The queue's policy must let EventBridge send for this rule; to find its URL is our affair.
    sender = client.request_metadata(service_principal="events", source_arn=delivery.rule_arn)
    body = {name: value for name, value in delivery.event.items() if name != "event-bus-name"}
    try:
        url = client.get_queue_url(QueueName=arn["resource"])["QueueUrl"]
        sender.send_message(
            QueueUrl=url,
            MessageBody=json.dumps(body, cls=CustomEncoder),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in _attributes(delivery).items()
            },
        )
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
            raise UnavailableError(str(error)) from error
        # AWS counts it (InvocationsFailedToBeSentToDlq) and drops the event.
        LOG.error(  # noqa: TRY400  (the queue's answer is all there is to tell)
            "event %s is lost: its dead-letter queue %s refused it: %s; the event was %s",
            delivery.event.get("id"),
            queue_arn,
            error,
            json.dumps(body, cls=CustomEncoder),
        )
    except BotoCoreError as error:
        raise UnavailableError(str(error)) from error


def _attributes(delivery: Delivery) -> dict[str, str]:
    attributes = {
        "RULE_ARN": delivery.rule_arn,
        "TARGET_ARN": delivery.target["Arn"],
        "ERROR_CODE": delivery.code or "UNKNOWN",
        "ERROR_MESSAGE": _printable(delivery.message)[:_NAME_CHARACTERS] or "UNKNOWN",
        "RETRY_ATTEMPTS": str(delivery.retries),
    }
    if delivery.verdict != NOT_RETRYABLE:
        attributes["EXHAUSTED_RETRY_CONDITION"] = delivery.verdict
    return attributes


def _printable(text: str) -> str:
    """Leave out what SQS refuses in an attribute."""
    return "".join(each if each.isprintable() else " " for each in text).strip()
