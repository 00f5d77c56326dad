"""AWS IAM and AWS STS.

Sources: Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity
and Access Management (IAM)" and "... for AWS Security Token Service"; STS API Reference,
"GetCallerIdentity" (no permission is required).
"""

from __future__ import annotations

from collections.abc import Sequence

from etlocal.iam.actions.needs import ApiCall, Need
from etlocal.iam.patterns import ContextValue

_FREE = frozenset(["GetCallerIdentity", "GetSessionToken"])
_ASSUMING = frozenset(["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"])
# Parameter → kind of the resource.
_IAM_NAMES = {"UserName": "user", "GroupName": "group", "InstanceProfileName": "instance-profile"}
_IAM_ANY = "List"


def sts_needs(call: ApiCall) -> Sequence[Need] | None:
    """Give what a call of STS needs; nothing for those that everyone may make."""
    if call.operation in _FREE:
        return []
    if call.operation not in _ASSUMING:
        return None
    keys: dict[str, ContextValue] = {"sts:RoleSessionName": call.text("RoleSessionName")}
    if call.text("ExternalId"):
        keys["sts:ExternalId"] = call.text("ExternalId")
    return [Need(f"sts:{call.operation}", call.text("RoleArn"), keys)]


def iam_needs(call: ApiCall) -> Sequence[Need] | None:
    """Give what a call of IAM needs."""
    action = f"iam:{call.operation}"
    keys: dict[str, ContextValue] = {}
    if call.text("PermissionsBoundary"):
        keys["iam:PermissionsBoundary"] = call.text("PermissionsBoundary")
    if call.text("RoleName"):
        if call.text("PolicyArn"):
            keys["iam:PolicyARN"] = call.text("PolicyArn")
        if call.operation == "CreateRole":
            path = call.text("Path") or "/"
            arn = call.global_arn("iam", f"role{path}{call.text('RoleName')}")
        else:
            arn = call.names.role(call.text("RoleName"))
        return [Need(action, arn, keys)]
    for name, kind in _IAM_NAMES.items():
        if call.text(name):
            return [Need(action, call.global_arn("iam", f"{kind}/{call.text(name)}"), keys)]
    if call.text("PolicyArn"):
        return [Need(action, call.text("PolicyArn"))]
    if call.operation == "CreatePolicy":
        path = call.text("Path") or "/"
        return [Need(action, call.global_arn("iam", f"policy{path}{call.text('PolicyName')}"))]
    return [Need(action)] if call.operation.startswith(_IAM_ANY) else None
