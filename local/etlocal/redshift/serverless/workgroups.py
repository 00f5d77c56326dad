"""CreateWorkgroup, GetWorkgroup, ListWorkgroups, UpdateWorkgroup, DeleteWorkgroup, GetCredentials.

Source: Amazon Redshift Serverless API Reference, pages of these operations.
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
from etlocal.redshift import documents, logins
from etlocal.redshift.serverless.namespaces import namespace
from etlocal.redshift.serverless.operations import (
    OPERATIONS,
    ConflictError,
    InvalidRequestError,
    ResourceNotFoundError,
)
from etlocal.redshift.wire import address

if TYPE_CHECKING:
    from types_boto3_redshift_serverless.type_defs import (
        CreateWorkgroupRequestTypeDef,
        DeleteWorkgroupRequestTypeDef,
        GetCredentialsRequestTypeDef,
        GetWorkgroupRequestTypeDef,
        ListWorkgroupsRequestTypeDef,
        UpdateWorkgroupRequestTypeDef,
    )

_KEPT = (
    "baseCapacity", "configParameters", "enhancedVpcRouting", "ipAddressType", "maxCapacity",
    "port", "pricePerformanceTarget", "publiclyAccessible", "securityGroupIds", "subnetIds",
    "trackName", "extraComputeForAutomaticOptimization",
)  # fmt: skip
_PARAMETERS = {
    "auto_mv": "true", "datestyle": "ISO, MDY", "enable_case_sensitive_identifier": "false",
    "enable_user_activity_logging": "true", "query_group": "default", "require_ssl": "true",
    "search_path": "$user, public", "max_query_execution_time": "14400", "use_fips_ssl": "false",
}  # fmt: skip


@OPERATIONS.operation("CreateWorkgroup")
def create_workgroup(request: CreateWorkgroupRequestTypeDef, call: Call) -> dict[str, Any]:
    """Make a workgroup of a namespace; a namespace has at most one.

    Raises
    ------
    ConflictError
        If there is one of that name, or the namespace has one.
    ResourceNotFoundError
        If there is no such namespace.
    """
    asked = cast("Mapping[str, Any]", request)
    name = asked["workgroupName"]
    used = namespace(call, asked["namespaceName"])
    for other in documents.list_all(call, "workgroup"):
        if other["workgroupName"] == name:
            raise ConflictError(f"Workgroup {name} already exists.")
        if other["namespaceName"] == used["namespaceName"]:
            raise ConflictError(
                f"Namespace {used['namespaceName']} is already associated with workgroup "
                f"{other['workgroupName']}."
            )
    identity = str(uuid.uuid4())
    port = asked.get("port") or 5439
    document: dict[str, Any] = {
        "baseCapacity": 128,
        "enhancedVpcRouting": False,
        "publiclyAccessible": False,
        "securityGroupIds": [],
        "subnetIds": [],
        "trackName": "current",
        **{key: asked[key] for key in _KEPT if asked.get(key) is not None},
        "configParameters": _parameters(asked),
        "workgroupName": name,
        "workgroupId": identity,
        "workgroupArn": make_arn(
            "redshift-serverless", call.region, call.account, f"workgroup/{identity}"
        ),
        "namespaceName": used["namespaceName"],
        "creationDate": call.clock.now(),
        "status": "AVAILABLE",
        "port": port,
        "workgroupVersion": "1.0",
        "endpoint": {
            "address": f"{name}.{call.account}.{call.region}.redshift-serverless.localhost",
            "port": port,
            "vpcEndpoints": [],
        },
    }
    _put(call, document)
    documents.put_tags(
        call, document["workgroupArn"], {t["key"]: t["value"] for t in asked.get("tags", [])}
    )
    return {"workgroup": address.of_workgroup(call.runtime, document)}


def _parameters(
    asked: Mapping[str, Any], current: Mapping[str, str] | None = None
) -> list[dict[str, str]]:
    values = dict(current or _PARAMETERS)
    for parameter in asked.get("configParameters") or []:
        key, value = parameter.get("parameterKey", ""), parameter.get("parameterValue", "")
        if key == "enable_case_sensitive_identifier" and value.lower() == "true":
            raise NotImplementedByEmulatorError(
                "redshift-serverless: enable_case_sensitive_identifier is not emulated"
            )
        values[key] = value
    return [{"parameterKey": key, "parameterValue": values[key]} for key in values]


def _put(call: Call, document: Mapping[str, Any]) -> None:
    documents.put(
        call,
        "workgroup",
        {"name": document["workgroupName"], "namespace": document["namespaceName"]},
        document,
    )


def workgroup(call: Call, name: str) -> dict[str, Any]:
    """Find a workgroup.

    Raises
    ------
    ResourceNotFoundError
        If there is none of that name.
    """
    found = documents.find(call, "workgroup", name)
    if found is None:
        raise ResourceNotFoundError(f"Workgroup {name} does not exist.", resourceName=name)
    return found


@OPERATIONS.operation("GetWorkgroup")
def get_workgroup(request: GetWorkgroupRequestTypeDef, call: Call) -> dict[str, Any]:
    """Describe a workgroup."""
    found = workgroup(call, request["workgroupName"])
    return {"workgroup": address.of_workgroup(call.runtime, found)}


@OPERATIONS.operation("ListWorkgroups")
def list_workgroups(request: ListWorkgroupsRequestTypeDef, call: Call) -> dict[str, Any]:
    """List the workgroups."""
    shown, token = page(
        [address.of_workgroup(call.runtime, one) for one in documents.list_all(call, "workgroup")],
        token=request.get("nextToken"),
        size=request.get("maxResults"),
        invalid=InvalidRequestError,
    )
    return {"workgroups": shown, "nextToken": token} if token else {"workgroups": shown}


@OPERATIONS.operation("UpdateWorkgroup")
def update_workgroup(request: UpdateWorkgroupRequestTypeDef, call: Call) -> dict[str, Any]:
    """Change a workgroup.

    Raises
    ------
    ResourceNotFoundError
        If there is none of that name.
    """
    asked = cast("Mapping[str, Any]", request)
    document = workgroup(call, asked["workgroupName"])
    current = {p["parameterKey"]: p["parameterValue"] for p in document["configParameters"]}
    document |= {key: asked[key] for key in _KEPT if asked.get(key) is not None}
    document["configParameters"] = _parameters(asked, current)
    document["endpoint"]["port"] = document["port"]
    _put(call, document)
    return {"workgroup": address.of_workgroup(call.runtime, document)}


@OPERATIONS.operation("DeleteWorkgroup")
def delete_workgroup(request: DeleteWorkgroupRequestTypeDef, call: Call) -> dict[str, Any]:
    """Delete a workgroup; its namespace and databases stay.

    Raises
    ------
    ResourceNotFoundError
        If there is none of that name.
    """
    document = workgroup(call, request["workgroupName"])
    documents.delete(call, "workgroup", document["workgroupName"])
    documents.drop_tags(call, document["workgroupArn"])
    return {"workgroup": {**document, "status": "DELETING"}}


@OPERATIONS.operation("GetCredentials")
def get_credentials(request: GetCredentialsRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give a user name and a password that lasts for a while.

    Raises
    ------
    ResourceNotFoundError
        If there is no such workgroup.
    """
    name = request.get("workgroupName")
    if not name:
        raise InvalidRequestError("workgroupName must be provided.")
    used = namespace(call, workgroup(call, name)["namespaceName"])
    who = call.principal.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    user, password = f"IAM:{who}", secrets.token_urlsafe(48)
    seconds = request.get("durationSeconds") or 900
    ends = logins.lend(call, f"namespace-{used['namespaceId']}", user, password, seconds)
    return {
        "dbUser": user,
        "dbPassword": password,
        "expiration": ends,
        "nextRefreshTime": ends,
    }
