"""``AWS::KMS::Key`` and ``AWS::KMS::Alias`` are updated, and a key is deleted when its stack says.

LocalStack updates neither, and gives every deleted key the longest time to wait.

Source: CloudFormation Template Reference, "AWS::KMS::Key" and "AWS::KMS::Alias".
"""

from __future__ import annotations

import json
from typing import Any

from localstack.services.cloudformation.resource_provider import OperationStatus, ProgressEvent
from localstack.services.kms.resource_providers.aws_kms_alias import KMSAliasProvider
from localstack.services.kms.resource_providers.aws_kms_key import KMSKeyProvider

from etlocal.settings import Settings

_LONGEST_DAYS = 30


def apply(_: Settings) -> None:
    """Replace what is missing in LocalStack's providers."""
    KMSKeyProvider.update = _update_key
    KMSKeyProvider.delete = _delete_key
    KMSAliasProvider.update = _update_alias


def _update_key(_: Any, request: Any) -> Any:
    model, previous = request.desired_state, request.previous_state
    for name in ("KeySpec", "KeyUsage", "MultiRegion", "Origin"):
        if model.get(name) != previous.get(name):
            raise ValueError(f"{name} of a key cannot be changed")
    kms = request.aws_client_factory.kms
    key = {"KeyId": previous["KeyId"]}
    model["KeyId"], model["Arn"] = previous["KeyId"], previous["Arn"]
    if model.get("KeyPolicy") != previous.get("KeyPolicy"):
        kms.put_key_policy(**key, PolicyName="default", Policy=json.dumps(model["KeyPolicy"]))
    if model.get("Description") != previous.get("Description"):
        kms.update_key_description(**key, Description=model.get("Description", ""))
    # A key that is disabled takes no change of its rotation: on first, off last.
    enabled, was_enabled = model.get("Enabled", True), previous.get("Enabled", True)
    if enabled and not was_enabled:
        kms.enable_key(**key)
    rotates = model.get("EnableKeyRotation", False)
    if rotates != previous.get("EnableKeyRotation", False):
        change = kms.enable_key_rotation if rotates else kms.disable_key_rotation
        change(**key)
    if was_enabled and not enabled:
        kms.disable_key(**key)
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)


def _delete_key(_: Any, request: Any) -> Any:
    model = request.desired_state
    days = int(model.get("PendingWindowInDays", _LONGEST_DAYS))
    request.aws_client_factory.kms.schedule_key_deletion(
        KeyId=model["KeyId"], PendingWindowInDays=days
    )
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)


def _update_alias(_: Any, request: Any) -> Any:
    model = request.desired_state
    request.aws_client_factory.kms.update_alias(
        AliasName=model["AliasName"], TargetKeyId=model["TargetKeyId"]
    )
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)
