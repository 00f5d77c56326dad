"""How resources of LocalStack's own types are updated in place; used by `cfn_updates`.

Each function takes the type's provider and the request, and gives the outcome. Replacement (a
changed create-only property) never comes here: CloudFormation creates and deletes then.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from localstack.services.cloudformation.resource_provider import OperationStatus, ProgressEvent

_VERSIONS_OF_A_POLICY = 5


def _carried_over(provider: Any, request: Any) -> dict[str, Any]:
    """Give the desired properties with the names and attributes the resource already has."""
    previous = request.previous_state or {}
    kept = provider.SCHEMA.get("createOnlyProperties", []) + provider.SCHEMA.get(
        "readOnlyProperties", []
    )
    for name in (path.removeprefix("/properties/") for path in kept):
        if name in previous:
            request.desired_state.setdefault(name, previous[name])
    model: dict[str, Any] = request.desired_state
    return model


def _done(model: dict[str, Any]) -> Any:
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)


def _put_again(provider: Any, request: Any) -> Any:
    """Update a type whose creation is a Put: the same call with the new properties."""
    model = _carried_over(provider, request)
    identity = {path.removeprefix("/properties/") for path in provider.SCHEMA["primaryIdentifier"]}
    kept = {name: model[name] for name in identity if name in model}
    event = provider.create(request)
    event.resource_model.update(kept)
    return event


def _update_rule(provider: Any, request: Any) -> Any:
    model = _carried_over(provider, request)
    bus, _, name = str(request.previous_state["Id"]).rpartition("|")
    model["Name"] = name
    events = request.aws_client_factory.events
    on_bus = {"EventBusName": bus} if bus else {}
    wanted = {target["Id"] for target in model.get("Targets") or []}
    present = events.list_targets_by_rule(Rule=name, **on_bus)["Targets"]
    gone = [target["Id"] for target in present if target["Id"] not in wanted]
    if gone:
        events.remove_targets(Rule=name, Ids=gone, **on_bus)
    return provider.create(request)


def _update_log_group(provider: Any, request: Any) -> Any:
    model = _carried_over(provider, request)
    set_retention(request.aws_client_factory.logs, model)
    return _done(model)


def set_retention(logs: Any, model: dict[str, Any]) -> None:
    """Set a log group's retention to what its properties say; none keeps events for ever."""
    group = model["LogGroupName"]
    if days := model.get("RetentionInDays"):
        logs.put_retention_policy(logGroupName=group, retentionInDays=int(days))
    else:
        logs.delete_retention_policy(logGroupName=group)


def _update_secret(provider: Any, request: Any) -> Any:
    model = _carried_over(provider, request)
    previous = request.previous_state
    model["Name"], model["Id"] = previous["Name"], previous["Id"]
    change = {name: model[name] for name in ("Description", "KmsKeyId") if name in model}
    if model.get("SecretString") != previous.get("SecretString") and "SecretString" in model:
        change["SecretString"] = model["SecretString"]
    generate = model.get("GenerateSecretString")
    if generate is not None and generate != previous.get("GenerateSecretString"):
        change["SecretString"] = _generated(provider, generate)
    if change:
        request.aws_client_factory.secretsmanager.update_secret(SecretId=model["Id"], **change)
    return _done(model)


def _generated(provider: Any, generate: dict[str, Any]) -> str:
    value = provider._get_secret_value(generate)
    if template := generate.get("SecretStringTemplate"):
        value = provider._modify_secret_template(template, value, generate)
    return str(value)


def _update_role(provider: Any, request: Any) -> Any:
    model = _carried_over(provider, request)
    previous = request.previous_state
    iam = request.aws_client_factory.iam
    role = {"RoleName": previous["RoleName"]}
    model["RoleName"] = previous["RoleName"]
    iam.update_assume_role_policy(
        **role, PolicyDocument=json.dumps(model["AssumeRolePolicyDocument"])
    )
    described = {n: model[n] for n in ("Description", "MaxSessionDuration") if n in model}
    if described:
        iam.update_role(**role, **described)
    managed, before = set(model.get("ManagedPolicyArns", [])), previous.get("ManagedPolicyArns", [])
    for arn in set(before) - managed:
        iam.detach_role_policy(**role, PolicyArn=arn)
    for arn in managed - set(before):
        iam.attach_role_policy(**role, PolicyArn=arn)
    inline = {policy["PolicyName"]: policy for policy in model.get("Policies", [])}
    for name in {policy["PolicyName"] for policy in previous.get("Policies", [])} - set(inline):
        iam.delete_role_policy(**role, PolicyName=name)
    for name, policy in inline.items():
        document = json.dumps(policy["PolicyDocument"])
        iam.put_role_policy(**role, PolicyName=name, PolicyDocument=document)
    _update_tags(
        model,
        previous,
        lambda tags: iam.tag_role(**role, Tags=tags),
        lambda keys: iam.untag_role(**role, TagKeys=keys),
    )
    return _done(model)


def _update_managed_policy(provider: Any, request: Any) -> Any:
    model = _carried_over(provider, request)
    iam = request.aws_client_factory.iam
    arn = model.get("PolicyArn") or request.previous_state["PolicyArn"]
    model["PolicyArn"] = arn
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    if len(versions) >= _VERSIONS_OF_A_POLICY:
        oldest = min((v for v in versions if not v["IsDefaultVersion"]), key=_created)
        iam.delete_policy_version(PolicyArn=arn, VersionId=oldest["VersionId"])
    document = json.dumps(model["PolicyDocument"])
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
    return _done(model)


def _created(version: dict[str, Any]) -> Any:
    return version["CreateDate"]


def _update_tags(
    model: dict[str, Any],
    previous: dict[str, Any],
    add: Callable[[list[Any]], Any],
    remove: Callable[[list[str]], Any],
) -> None:
    wanted = {tag["Key"]: tag["Value"] for tag in model.get("Tags", [])}
    present = {tag["Key"]: tag["Value"] for tag in previous.get("Tags", [])}
    if gone := sorted(present.keys() - wanted.keys()):
        remove(gone)
    changed = {key: value for key, value in wanted.items() if present.get(key) != value}
    if changed:
        add([{"Key": key, "Value": value} for key, value in changed.items()])


UPDATES: dict[str, Callable[[Any, Any], Any]] = {
    "AWS::CloudWatch::Alarm": _put_again,
    "AWS::Events::Rule": _update_rule,
    "AWS::IAM::ManagedPolicy": _update_managed_policy,
    "AWS::IAM::Role": _update_role,
    "AWS::Logs::LogGroup": _update_log_group,
    "AWS::Logs::SubscriptionFilter": _put_again,
    "AWS::S3::BucketPolicy": _put_again,
    "AWS::SNS::TopicPolicy": _put_again,
    "AWS::SecretsManager::ResourcePolicy": _put_again,
    "AWS::SecretsManager::Secret": _update_secret,
}
