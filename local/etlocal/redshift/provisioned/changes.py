"""ModifyCluster, ModifyClusterIamRoles, CreateTags and DeleteTags.

Source: Amazon Redshift API Reference, pages of these operations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from etlocal.aws.call import Call
from etlocal.aws.errors import NotImplementedByEmulatorError
from etlocal.redshift import logins, managed
from etlocal.redshift.provisioned.clusters import cluster, engine_key, put
from etlocal.redshift.provisioned.operations import (
    OPERATIONS,
    ClusterNotFoundError,
    ResourceNotFoundError,
)
from etlocal.redshift.wire import address

if TYPE_CHECKING:
    from types_boto3_redshift.type_defs import (
        CreateTagsMessageTypeDef,
        DeleteTagsMessageTypeDef,
        ModifyClusterIamRolesMessageTypeDef,
        ModifyClusterMessageTypeDef,
    )

_KEPT = ("NodeType", "NumberOfNodes", "PubliclyAccessible", "Encrypted", "KmsKeyId",
         "EnhancedVpcRouting", "AllowVersionUpgrade", "PreferredMaintenanceWindow",
         "AutomatedSnapshotRetentionPeriod", "ManualSnapshotRetentionPeriod")  # fmt: skip
_UNSHOWN = ("ClusterIdentifier", "MasterUserPassword", "ManageMasterPassword", "Port",
            "ClusterType")  # fmt: skip


@OPERATIONS.operation("ModifyCluster")
def modify_cluster(request: ModifyClusterMessageTypeDef, call: Call) -> dict[str, Any]:
    """Change a cluster; there is nothing to resize, so it is done at once.

    Raises
    ------
    ClusterNotFoundError
        If there is no such cluster.
    NotImplementedByEmulatorError
        For a change that is not emulated.
    """
    asked = cast("Mapping[str, Any]", request)
    document = cluster(call, asked["ClusterIdentifier"])
    for key in asked:
        if key not in (*_KEPT, *_UNSHOWN):
            raise NotImplementedByEmulatorError(f"redshift.ModifyCluster: {key} is not emulated")
    document |= {key: asked[key] for key in _KEPT if asked.get(key) is not None}
    if asked.get("Port"):
        document["Endpoint"]["Port"] = asked["Port"]
    if asked.get("ManageMasterPassword") and "MasterPasswordSecretArn" not in document:
        document["MasterPasswordSecretArn"] = managed.make(
            call, document["ClusterIdentifier"], document["MasterUsername"]
        )
        logins.forget(call.store, engine_key(document), document["MasterUsername"])
    elif asked.get("ManageMasterPassword") is False:
        managed.delete(call, document.pop("MasterPasswordSecretArn", None))
    if asked.get("MasterUserPassword"):
        logins.keep(
            call, engine_key(document), document["MasterUsername"], asked["MasterUserPassword"]
        )
    put(call, document)
    return {"Cluster": address.of_cluster(call.runtime, document)}


@OPERATIONS.operation("ModifyClusterIamRoles")
def modify_cluster_iam_roles(
    request: ModifyClusterIamRolesMessageTypeDef, call: Call
) -> dict[str, Any]:
    """Add and remove a cluster's roles.

    Raises
    ------
    ClusterNotFoundError
        If there is no such cluster.
    """
    document = cluster(call, request["ClusterIdentifier"])
    removed = set(request.get("RemoveIamRoles") or [])
    roles = [role["IamRoleArn"] for role in document["IamRoles"]]
    roles += [role for role in request.get("AddIamRoles") or [] if role not in roles]
    document["IamRoles"] = [
        {"IamRoleArn": role, "ApplyStatus": "in-sync"} for role in roles if role not in removed
    ]
    if request.get("DefaultIamRoleArn"):
        document["DefaultIamRoleArn"] = request.get("DefaultIamRoleArn")
    put(call, document)
    return {"Cluster": address.of_cluster(call.runtime, document)}


def _tagged(call: Call, arn: str) -> dict[str, Any]:
    kind, _, name = arn.rpartition(":")
    if not kind.endswith(":cluster"):
        raise NotImplementedByEmulatorError(f"redshift: tags of {arn} are not emulated")
    try:
        return cluster(call, name)
    except ClusterNotFoundError as error:
        raise ResourceNotFoundError(f"Resource {arn} does not exist.") from error


@OPERATIONS.operation("CreateTags")
def create_tags(request: CreateTagsMessageTypeDef, call: Call) -> None:
    """Add tags to a cluster, or change their values."""
    document = _tagged(call, request["ResourceName"])
    tags = {tag["Key"]: tag["Value"] for tag in document["Tags"]}
    tags |= {tag.get("Key", ""): tag.get("Value", "") for tag in request["Tags"]}
    document["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    put(call, document)


@OPERATIONS.operation("DeleteTags")
def delete_tags(request: DeleteTagsMessageTypeDef, call: Call) -> None:
    """Remove tags from a cluster."""
    document = _tagged(call, request["ResourceName"])
    document["Tags"] = [tag for tag in document["Tags"] if tag["Key"] not in request["TagKeys"]]
    put(call, document)
