"""``AWS::SNS::Topic`` is named after its stack, and an update changes the topic in place.

LocalStack names a topic ``topic-…``, which no policy on a stack's names matches; and at any update
of a topic without a name it makes another one, of which those who use the topic are not told.

Source: CloudFormation User Guide, "Name type" and "AWS::SNS::Topic".
"""

from __future__ import annotations

import json
from typing import Any

from localstack.services.cloudformation import provider_utils
from localstack.services.cloudformation.resource_provider import OperationStatus, ProgressEvent
from localstack.services.sns.resource_providers import aws_sns_topic

from etlocal.settings import Settings

_FIFO = ".fifo"
_ATTRIBUTES = (
    "ArchivePolicy",
    "ContentBasedDeduplication",
    "DisplayName",
    "FifoThroughputScope",
    "KmsMasterKeyId",
    "SignatureVersion",
    "TracingConfig",
)


def apply(_: Settings) -> None:
    """Name what is made, and replace the update."""
    provider = aws_sns_topic.SNSTopicProvider
    create = provider.create

    def created(self: Any, request: Any) -> Any:
        model = request.desired_state
        if not model.get("TopicName"):
            name = provider_utils.generate_default_name(
                request.stack_name, request.logical_resource_id
            )
            is_fifo = str(model.get("FifoTopic", False)).lower() == "true"
            model["TopicName"] = name + _FIFO if is_fifo else name
        return create(self, request)

    provider.create = created
    provider.update = _update


def _update(_: Any, request: Any) -> Any:
    model, previous, sns = (
        request.desired_state,
        request.previous_state,
        request.aws_client_factory.sns,
    )
    arn = model["TopicArn"] = previous["TopicArn"]
    model["TopicName"] = previous["TopicName"]
    for name in _ATTRIBUTES:
        if model.get(name) != previous.get(name):
            value = _written(model.get(name, ""))
            sns.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)
    _update_subscriptions(sns, arn, model, previous)
    wanted = {tag["Key"]: tag["Value"] for tag in model.get("Tags", [])}
    gone = {tag["Key"] for tag in previous.get("Tags", [])} - wanted.keys()
    if gone:
        sns.untag_resource(ResourceArn=arn, TagKeys=sorted(gone))
    if wanted:
        sns.tag_resource(ResourceArn=arn, Tags=model["Tags"])
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _update_subscriptions(
    sns: Any, arn: str, model: dict[str, Any], previous: dict[str, Any]
) -> None:
    """Update those in the topic's own properties; others are resources of their own."""
    wanted = {(one["Protocol"], one["Endpoint"]) for one in model.get("Subscription", [])}
    present = {(one["Protocol"], one["Endpoint"]) for one in previous.get("Subscription", [])}
    for protocol, endpoint in sorted(wanted - present):
        sns.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint)
    gone = present - wanted
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn) if gone else ()
    for page in pages:
        for one in page["Subscriptions"]:
            if (one["Protocol"], one["Endpoint"]) in gone:
                sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])
