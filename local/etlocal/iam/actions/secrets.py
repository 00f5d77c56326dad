"""AWS Secrets Manager and AWS KMS.

Sources: Service Authorization Reference, "Actions, resources, and condition keys for AWS Secrets
Manager" and "... for AWS Key Management Service".
"""

from __future__ import annotations

from collections.abc import Sequence

from etlocal.iam.actions.needs import ApiCall, Need
from etlocal.iam.patterns import ContextValue

_SECRET_ANY = frozenset(["ListSecrets", "GetRandomPassword", "BatchGetSecretValue"])
_KEY_ANY = frozenset(["CreateKey", "ListKeys", "ListAliases", "GenerateRandom"])


def secret_needs(call: ApiCall) -> Sequence[Need] | None:
    """Give what a call of Secrets Manager needs."""
    action = f"secretsmanager:{call.operation}"
    if call.operation in _SECRET_ANY:
        return [Need(action)]
    if call.operation == "CreateSecret":
        arn = call.names.secret(call.text("Name"))
        return [Need(action, arn, {"secretsmanager:Name": call.text("Name")})]
    if not call.text("SecretId"):
        return None
    arn = call.names.secret(call.text("SecretId"))
    keys: dict[str, ContextValue] = {"secretsmanager:SecretId": arn}
    if call.operation == "GetSecretValue":
        keys["secretsmanager:VersionStage"] = call.text("VersionStage") or "AWSCURRENT"
        if call.text("VersionId"):
            keys["secretsmanager:VersionId"] = call.text("VersionId")
    return [Need(action, arn, keys)]


def key_needs(call: ApiCall) -> Sequence[Need] | None:
    """Give what a call of KMS needs."""
    action = f"kms:{call.operation}"
    if call.operation in _KEY_ANY:
        return [Need(action)]
    if call.operation == "ReEncrypt":
        return [
            Need("kms:ReEncryptFrom", _key(call, "SourceKeyId")),
            Need("kms:ReEncryptTo", _key(call, "DestinationKeyId")),
        ]
    name = "TargetKeyId" if call.text("TargetKeyId") else "KeyId"
    found = [Need(action, _key(call, name))] if call.text(name) else []
    if call.text("AliasName"):
        found.append(Need(action, call.arn("kms", call.text("AliasName"))))
    return found or None


def _key(call: ApiCall, name: str) -> str:
    return call.names.key(call.text(name)) if call.text(name) else "*"
