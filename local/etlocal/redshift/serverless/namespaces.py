"""CreateNamespace, GetNamespace, ListNamespaces, UpdateNamespace and DeleteNamespace.

Source: Amazon Redshift Serverless API Reference, pages of these operations.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from etlocal.aws.arns import make_arn
from etlocal.aws.call import Call
from etlocal.aws.errors import NotImplementedByEmulatorError
from etlocal.aws.paging import page
from etlocal.redshift import documents, logins, managed, naming
from etlocal.redshift.serverless.operations import (
    OPERATIONS,
    ConflictError,
    InvalidRequestError,
    ResourceNotFoundError,
)
from etlocal.redshift.warehouse import Warehouse

if TYPE_CHECKING:
    from types_boto3_redshift_serverless.type_defs import (
        CreateNamespaceRequestTypeDef,
        DeleteNamespaceRequestTypeDef,
        GetNamespaceRequestTypeDef,
        ListNamespacesRequestTypeDef,
        UpdateNamespaceRequestTypeDef,
    )

_KEPT = (
    "adminPasswordSecretKmsKeyId", "adminUsername", "defaultIamRoleArn", "iamRoles", "kmsKeyId",
    "logExports",
)  # fmt: skip
_UNSUPPORTED = ("s3TableAction", "redshiftIdcApplicationArn")


@OPERATIONS.operation("CreateNamespace")
def create_namespace(request: CreateNamespaceRequestTypeDef, call: Call) -> dict[str, Any]:
    """Make a namespace.

    Raises
    ------
    ConflictError
        If there is one of that name.
    InvalidRequestError
        If a name is not one, or the administrator's name or password is missing or both ways are
        asked for.
    """
    asked = cast("Mapping[str, Any]", request)
    name = asked["namespaceName"]
    _refuse(asked)
    naming.check_database("dbName", asked.get("dbName") or None, InvalidRequestError)
    naming.check_user("adminUsername", asked.get("adminUsername") or None, InvalidRequestError)
    if documents.find(call, "namespace", name) is not None:
        raise ConflictError(f"Namespace {name} already exists.")
    _check_password(asked)
    identity = str(uuid.uuid4())
    document: dict[str, Any] = {
        "adminUsername": "admin",
        "iamRoles": [],
        "logExports": [],
        "kmsKeyId": "AWS_OWNED_KMS_KEY",
        **{key: asked[key] for key in _KEPT if asked.get(key) is not None},
        "namespaceName": name,
        "namespaceId": identity,
        "namespaceArn": make_arn(
            "redshift-serverless", call.region, call.account, f"namespace/{identity}"
        ),
        "dbName": asked.get("dbName") or "dev",
        "creationDate": call.clock.now(),
        "status": "AVAILABLE",
    }
    if asked.get("manageAdminPassword"):
        document["adminPasswordSecretArn"] = managed.make(
            call, document["namespaceName"], document["adminUsername"]
        )
    if asked.get("adminUserPassword"):
        _keep_password(call, document, asked["adminUserPassword"])
    _put(call, document)
    documents.put_tags(
        call, document["namespaceArn"], {t["key"]: t["value"] for t in asked.get("tags", [])}
    )
    return {"namespace": document}


def _refuse(asked: Mapping[str, Any]) -> None:
    for key in _UNSUPPORTED:
        if asked.get(key):
            raise NotImplementedByEmulatorError(f"redshift-serverless: {key} is not emulated")


def _check_password(asked: Mapping[str, Any]) -> None:
    if asked.get("manageAdminPassword") and asked.get("adminUserPassword"):
        raise InvalidRequestError(
            "You can't use adminUserPassword if manageAdminPassword is set to true."
        )
    if bool(asked.get("adminUsername")) and not (
        asked.get("adminUserPassword") or asked.get("manageAdminPassword")
    ):
        raise InvalidRequestError("adminUserPassword is required when adminUsername is set.")


def _key(document: Mapping[str, Any]) -> str:
    return f"namespace-{document['namespaceId']}"


def _keep_password(call: Call, document: Mapping[str, Any], password: str) -> None:
    logins.keep(call, _key(document), document["adminUsername"], password)


def _put(call: Call, document: Mapping[str, Any]) -> None:
    documents.put(
        call,
        "namespace",
        {"name": document["namespaceName"], "id": document["namespaceId"]},
        document,
    )


def namespace(call: Call, name: str) -> dict[str, Any]:
    """Find a namespace.

    Raises
    ------
    ResourceNotFoundError
        If there is none of that name.
    """
    found = documents.find(call, "namespace", name)
    if found is None:
        raise ResourceNotFoundError(f"Namespace {name} does not exist.", resourceName=name)
    return found


@OPERATIONS.operation("GetNamespace")
def get_namespace(request: GetNamespaceRequestTypeDef, call: Call) -> dict[str, Any]:
    """Describe a namespace."""
    return {"namespace": namespace(call, request["namespaceName"])}


@OPERATIONS.operation("ListNamespaces")
def list_namespaces(request: ListNamespacesRequestTypeDef, call: Call) -> dict[str, Any]:
    """List the namespaces."""
    shown, token = page(
        documents.list_all(call, "namespace"),
        token=request.get("nextToken"),
        size=request.get("maxResults"),
        invalid=InvalidRequestError,
    )
    return {"namespaces": shown, "nextToken": token} if token else {"namespaces": shown}


@OPERATIONS.operation("UpdateNamespace")
def update_namespace(request: UpdateNamespaceRequestTypeDef, call: Call) -> dict[str, Any]:
    """Change a namespace.

    Raises
    ------
    ResourceNotFoundError
        If there is none of that name.
    """
    asked = cast("Mapping[str, Any]", request)
    _refuse(asked)
    naming.check_user("adminUsername", asked.get("adminUsername") or None, InvalidRequestError)
    document = namespace(call, asked["namespaceName"])
    document |= {key: asked[key] for key in _KEPT if asked.get(key) is not None}
    if asked.get("manageAdminPassword") and "adminPasswordSecretArn" not in document:
        document["adminPasswordSecretArn"] = managed.make(
            call, document["namespaceName"], document["adminUsername"]
        )
        logins.forget(call.store, _key(document), document["adminUsername"])
    elif asked.get("manageAdminPassword") is False:
        managed.delete(call, document.pop("adminPasswordSecretArn", None))
    if asked.get("adminUserPassword"):
        _keep_password(call, document, asked["adminUserPassword"])
    _put(call, document)
    return {"namespace": document}


@OPERATIONS.operation("DeleteNamespace")
def delete_namespace(request: DeleteNamespaceRequestTypeDef, call: Call) -> dict[str, Any]:
    """Delete a namespace and its databases.

    Raises
    ------
    ConflictError
        If a workgroup uses it.
    ResourceNotFoundError
        If there is none of that name.
    """
    document = namespace(call, request["namespaceName"])
    if request.get("finalSnapshotName"):
        raise NotImplementedByEmulatorError("redshift-serverless: snapshots are not emulated")
    users = [
        workgroup["workgroupName"]
        for workgroup in documents.list_all(call, "workgroup")
        if workgroup["namespaceName"] == document["namespaceName"]
    ]
    if users:
        raise ConflictError(
            f"There is an operation running on the namespace or it is associated with a workgroup: "
            f"{users[0]}"
        )
    documents.delete(call, "namespace", document["namespaceName"])
    documents.drop_tags(call, document["namespaceArn"])
    managed.delete(call, document.get("adminPasswordSecretArn"))
    logins.forget(call.store, _key(document))
    call.runtime.component(Warehouse).delete(_key(document))
    return {"namespace": {**document, "status": "DELETING"}}
