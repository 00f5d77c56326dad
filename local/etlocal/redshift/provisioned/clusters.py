"""CreateCluster, DescribeClusters, DeleteCluster, PauseCluster, ResumeCluster, credentials.

A cluster is available as soon as it is made.

Source: Amazon Redshift API Reference, pages of these operations.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from etlocal.aws.arns import make_arn
from etlocal.aws.call import Call
from etlocal.aws.errors import NotImplementedByEmulatorError
from etlocal.aws.paging import page
from etlocal.redshift import documents, logins, managed, naming
from etlocal.redshift.provisioned.operations import (
    OPERATIONS,
    ClusterAlreadyExistsError,
    ClusterNotFoundError,
    InvalidClusterStateError,
    InvalidParameterError,
)
from etlocal.redshift.warehouse import Warehouse
from etlocal.redshift.wire import address

if TYPE_CHECKING:
    from types_boto3_redshift.type_defs import (
        CreateClusterMessageTypeDef,
        DeleteClusterMessageTypeDef,
        DescribeClustersMessageTypeDef,
        GetClusterCredentialsMessageTypeDef,
        GetClusterCredentialsWithIAMMessageTypeDef,
        PauseClusterMessageTypeDef,
        ResumeClusterMessageTypeDef,
    )


_UNSUPPORTED = ("HsmClientCertificateIdentifier", "SnapshotScheduleIdentifier", "LoadSampleData",
                "RedshiftIdcApplicationArn", "CatalogName")  # fmt: skip


@OPERATIONS.operation("CreateCluster")
def create_cluster(request: CreateClusterMessageTypeDef, call: Call) -> dict[str, Any]:
    """Make a cluster.

    Raises
    ------
    ClusterAlreadyExistsError
        If there is one of that name.
    InvalidParameterError
        If a name is not one, or the password is missing or given in both ways.
    """
    asked = cast("Mapping[str, Any]", request)
    name = asked["ClusterIdentifier"].lower()
    for key in _UNSUPPORTED:
        if asked.get(key):
            raise NotImplementedByEmulatorError(f"redshift: {key} is not emulated by etlocal")
    naming.check_cluster(asked["ClusterIdentifier"], InvalidParameterError)
    naming.check_database("DBName", asked.get("DBName") or None, InvalidParameterError)
    naming.check_user("MasterUsername", asked["MasterUsername"], InvalidParameterError)
    if documents.find(call, "cluster", name) is not None:
        raise ClusterAlreadyExistsError("Cluster already exists")
    if bool(asked.get("MasterUserPassword")) == bool(asked.get("ManageMasterPassword")):
        raise InvalidParameterError(
            "Either MasterUserPassword or ManageMasterPassword must be provided, not both."
        )
    identity = str(uuid.uuid4())
    port = asked.get("Port") or 5439
    roles = [{"IamRoleArn": role, "ApplyStatus": "in-sync"} for role in asked.get("IamRoles") or []]
    document: dict[str, Any] = {
        "ClusterIdentifier": name,
        "NodeType": asked["NodeType"],
        "ClusterStatus": "available",
        "ClusterAvailabilityStatus": "Available",
        "MasterUsername": asked["MasterUsername"],
        "DBName": asked.get("DBName") or "dev",
        "Endpoint": {
            "Address": f"{name}.{call.account}.{call.region}.redshift.localhost",
            "Port": port,
        },
        "ClusterCreateTime": call.clock.now(),
        "NumberOfNodes": asked.get("NumberOfNodes") or 1,
        "PubliclyAccessible": bool(asked.get("PubliclyAccessible")),
        "Encrypted": bool(asked.get("Encrypted")),
        "IamRoles": roles,
        "Tags": [dict(tag) for tag in asked.get("Tags") or []],
        "ClusterNamespaceArn": make_arn(
            "redshift", call.region, call.account, f"namespace:{identity}"
        ),
    }
    if asked.get("DefaultIamRoleArn"):
        document["DefaultIamRoleArn"] = asked["DefaultIamRoleArn"]
    if asked.get("ManageMasterPassword"):
        document["MasterPasswordSecretArn"] = managed.make(call, name, asked["MasterUsername"])
    if asked.get("MasterUserPassword"):
        logins.keep(
            call, engine_key(document), asked["MasterUsername"], asked["MasterUserPassword"]
        )
    put(call, document)
    return {"Cluster": address.of_cluster(call.runtime, document)}


def cluster(call: Call, name: str | None) -> dict[str, Any]:
    """Find a cluster.

    Raises
    ------
    ClusterNotFoundError
        If there is none of that name.
    """
    found = documents.find(call, "cluster", (name or "").lower())
    if found is None:
        raise ClusterNotFoundError(f"Cluster {name} not found.")
    return found


def put(call: Call, document: Mapping[str, Any]) -> None:
    """Write a cluster."""
    values = {"name": str(document["ClusterIdentifier"]), "id": _identity(document)}
    documents.put(call, "cluster", values, document)


def engine_key(document: Mapping[str, Any]) -> str:
    """Give the id by which `Warehouse.engine` knows a cluster."""
    return f"cluster-{_identity(document)}"


def _identity(document: Mapping[str, Any]) -> str:
    return str(document["ClusterNamespaceArn"]).rsplit(":", 1)[-1]


@OPERATIONS.operation("DescribeClusters")
def describe_clusters(request: DescribeClustersMessageTypeDef, call: Call) -> dict[str, Any]:
    """Describe one cluster or list all, of those with the tags asked for.

    Raises
    ------
    ClusterNotFoundError
        If there is none of that name.
    """
    name = request.get("ClusterIdentifier")
    found = [cluster(call, name)] if name else documents.list_all(call, "cluster")
    keys, values = request.get("TagKeys") or [], request.get("TagValues") or []
    if keys or values:
        found = [
            item
            for item in found
            if any(tag["Key"] in keys or tag["Value"] in values for tag in item["Tags"])
        ]
    shown, marker = page(
        found,
        token=request.get("Marker"),
        size=request.get("MaxRecords"),
        invalid=InvalidParameterError,
    )
    clusters = [address.of_cluster(call.runtime, item) for item in shown]
    return {"Clusters": clusters, "Marker": marker} if marker else {"Clusters": clusters}


@OPERATIONS.operation("DeleteCluster")
def delete_cluster(request: DeleteClusterMessageTypeDef, call: Call) -> dict[str, Any]:
    """Delete a cluster and its databases.

    Raises
    ------
    ClusterNotFoundError
        If there is none of that name.
    InvalidParameterError
        If a final snapshot is neither named nor skipped.
    """
    document = cluster(call, request["ClusterIdentifier"])
    if request.get("FinalClusterSnapshotIdentifier"):
        raise NotImplementedByEmulatorError("redshift: snapshots are not emulated by etlocal")
    if not request.get("SkipFinalClusterSnapshot"):
        raise InvalidParameterError(
            "FinalClusterSnapshotIdentifier is required unless SkipFinalClusterSnapshot is "
            "specified."
        )
    documents.delete(call, "cluster", document["ClusterIdentifier"])
    managed.delete(call, document.get("MasterPasswordSecretArn"))
    logins.forget(call.store, engine_key(document))
    call.runtime.component(Warehouse).delete(engine_key(document))
    return {"Cluster": {**document, "ClusterStatus": "deleting"}}


def _change(call: Call, name: str, old: str, new: str) -> dict[str, Any]:
    document = cluster(call, name)
    if document["ClusterStatus"] != old:
        raise InvalidClusterStateError(
            f"You can't do this while cluster {name} is {document['ClusterStatus']}."
        )
    document["ClusterStatus"] = new
    put(call, document)
    return {"Cluster": address.of_cluster(call.runtime, document)}


@OPERATIONS.operation("PauseCluster")
def pause_cluster(request: PauseClusterMessageTypeDef, call: Call) -> dict[str, Any]:
    """Pause a cluster: statements are refused until it is resumed."""
    return _change(call, request["ClusterIdentifier"], "available", "paused")


@OPERATIONS.operation("ResumeCluster")
def resume_cluster(request: ResumeClusterMessageTypeDef, call: Call) -> dict[str, Any]:
    """Resume a paused cluster."""
    return _change(call, request["ClusterIdentifier"], "paused", "available")


@OPERATIONS.operation("GetClusterCredentials")
def get_cluster_credentials(
    request: GetClusterCredentialsMessageTypeDef, call: Call
) -> dict[str, Any]:
    """Give a password that lasts for a while.

    Raises
    ------
    ClusterNotFoundError
        If there is no such cluster.
    """
    document = cluster(call, request.get("ClusterIdentifier"))
    prefix = "IAMA" if request.get("AutoCreate") else "IAM"
    user, password = f"{prefix}:{request['DbUser']}", secrets.token_urlsafe(48)
    seconds = request.get("DurationSeconds") or 900
    return {
        "DbUser": user,
        "DbPassword": password,
        "Expiration": logins.lend(call, engine_key(document), user, password, seconds),
    }


@OPERATIONS.operation("GetClusterCredentialsWithIAM")
def get_cluster_credentials_with_iam(
    request: GetClusterCredentialsWithIAMMessageTypeDef, call: Call
) -> dict[str, Any]:
    """Give a user named after the caller and a password that lasts for a while.

    Raises
    ------
    ClusterNotFoundError
        If there is no such cluster.
    """
    document = cluster(call, request.get("ClusterIdentifier"))
    who = call.principal.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    user, password = f"IAM:{who}", secrets.token_urlsafe(48)
    seconds = request.get("DurationSeconds") or 900
    ends = logins.lend(call, engine_key(document), user, password, seconds)
    return {
        "DbUser": user,
        "DbPassword": password,
        "Expiration": ends,
        "NextRefreshTime": ends,
    }
