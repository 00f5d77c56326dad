"""``Tags`` of a stack's resources are set, and an update changes them.

LocalStack ignores the property of these types: of all of them when they are updated, of some when
they are made too. A type that is not here has its tags from its own provider.

Source: CloudFormation Template Reference, "Resource tag".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from localstack.services.cloudformation import resource_provider
from localstack.services.cloudformation.resource_provider import (
    OperationStatus,
    ResourceProviderExecutor,
)

from etlocal.endpoint.resources.base import tag_changes, tag_map
from etlocal.settings import Settings

Model = Mapping[str, Any]
# Takes the stack's clients, the resource, the tags to set and the keys to remove.
Tagger = Callable[[Any, Model, dict[str, str], list[str]], None]


def apply(_: Settings) -> None:
    """Set tags after the resource itself was made or changed."""
    execute = ResourceProviderExecutor.execute_action

    def execute_action(self: Any, provider: Any, payload: Any) -> Any:
        event = execute(self, provider, payload)
        tagger = _TAGGERS.get(payload["resourceType"])
        is_there = payload["action"] != "Remove" and event.status == OperationStatus.SUCCESS
        if tagger is not None and is_there:
            request = resource_provider.convert_payload(
                stack_name=self.stack_name, stack_id=self.stack_id, payload=payload
            )
            previous = payload["requestData"].get("previousResourceProperties") or {}
            model = event.resource_model
            setting, removed = tag_changes(
                tag_map(model.get("Tags")), tag_map(previous.get("Tags"))
            )
            tagger(request.aws_client_factory, model, setting, removed)
        return event

    ResourceProviderExecutor.execute_action = execute_action


def _alarm(clients: Any, model: Model, setting: dict[str, str], removed: list[str]) -> None:
    _by_arn(clients.cloudwatch, model["Arn"], setting, removed)


def _rule(clients: Any, model: Model, setting: dict[str, str], removed: list[str]) -> None:
    _by_arn(clients.events, model["Arn"], setting, removed)


def _by_arn(client: Any, arn: str, setting: dict[str, str], removed: list[str]) -> None:
    if setting:
        client.tag_resource(ResourceARN=arn, Tags=_listed(setting))
    if removed:
        client.untag_resource(ResourceARN=arn, TagKeys=removed)


def _key(clients: Any, model: Model, setting: dict[str, str], removed: list[str]) -> None:
    if setting:
        tags = [{"TagKey": key, "TagValue": value} for key, value in setting.items()]
        clients.kms.tag_resource(KeyId=model["KeyId"], Tags=tags)
    if removed:
        clients.kms.untag_resource(KeyId=model["KeyId"], TagKeys=removed)


def _log_group(clients: Any, model: Model, setting: dict[str, str], removed: list[str]) -> None:
    # A log group's attribute is the ARN of its streams.
    arn = model["Arn"].removesuffix(":*")
    if setting:
        clients.logs.tag_resource(resourceArn=arn, tags=setting)
    if removed:
        clients.logs.untag_resource(resourceArn=arn, tagKeys=removed)


def _secret(clients: Any, model: Model, setting: dict[str, str], removed: list[str]) -> None:
    if setting:
        clients.secretsmanager.tag_resource(SecretId=model["Id"], Tags=_listed(setting))
    if removed:
        clients.secretsmanager.untag_resource(SecretId=model["Id"], TagKeys=removed)


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


_TAGGERS: dict[str, Tagger] = {
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::Events::Rule": _rule,
    "AWS::KMS::Key": _key,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::SecretsManager::Secret": _secret,
}
