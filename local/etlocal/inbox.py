"""What a topic publishes, received as it comes."""

from __future__ import annotations

import json
import uuid
from typing import Any

from etlocal.clients import LocalClients
from etlocal.waiting import await_answer


class Inbox:
    """What a topic publishes from now on, kept by an SQS queue that is subscribed to it.

    Parameters
    ----------
    clients : LocalClients
    topic_arn : str
    """

    def __init__(self, clients: LocalClients, topic_arn: str) -> None:
        self._sqs = clients.client("sqs")
        self._sns = clients.client("sns")
        name = f"etlocal-inbox-{uuid.uuid4().hex[:12]}"
        self._queue = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]
        # As on AWS, a topic sends only to queues whose policy lets it.
        self._sqs.set_queue_attributes(
            QueueUrl=self._queue, Attributes={"Policy": _let_in(topic_arn, arn)}
        )
        self._subscription = self._sns.subscribe(
            TopicArn=topic_arn, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True
        )["SubscriptionArn"]
        self._received: list[dict[str, Any]] = []

    def receive(self, count: int = 1, *, seconds: float = 60) -> list[dict[str, Any]]:
        """Wait for `count` messages.

        Returns
        -------
        list of dict
            The first `count` notifications: SNS's envelope (``Subject``, ``Message``, …).

        Raises
        ------
        WaitTimeoutError
            If fewer came within `seconds`.
        """

        def look() -> bool | None:
            return len(self.messages()) >= count or None

        await_answer(look, seconds=seconds, what=f"{count} notifications")
        return self._received[:count]

    def messages(self) -> list[dict[str, Any]]:
        """Give all that has come so far."""
        while batch := self._sqs.receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=0
        ).get("Messages"):
            for message in batch:
                self._received.append(json.loads(message["Body"]))
                self._sqs.delete_message(
                    QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
                )
        return list(self._received)

    def close(self) -> None:
        """End the subscription and delete the queue."""
        self._sns.unsubscribe(SubscriptionArn=self._subscription)
        self._sqs.delete_queue(QueueUrl=self._queue)


def _let_in(topic_arn: str, queue_arn: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
