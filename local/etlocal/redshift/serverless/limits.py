"""Usage limits: kept and shown; nothing here costs RPU-hours, so none is ever reached.

Source: Amazon Redshift Serverless API Reference, ``CreateUsageLimit`` and its neighbours.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from etlocal.aws.arns import make_arn
from etlocal.aws.call import Call
from etlocal.aws.paging import page
from etlocal.redshift import documents
from etlocal.redshift.serverless.operations import (
    OPERATIONS,
    ConflictError,
    InvalidRequestError,
    ResourceNotFoundError,
)

if TYPE_CHECKING:
    from types_boto3_redshift_serverless.type_defs import (
        CreateUsageLimitRequestTypeDef,
        DeleteUsageLimitRequestTypeDef,
        GetUsageLimitRequestTypeDef,
        ListUsageLimitsRequestTypeDef,
        UpdateUsageLimitRequestTypeDef,
    )

_KIND = "usage limit"


@OPERATIONS.operation("CreateUsageLimit")
def create_usage_limit(request: CreateUsageLimitRequestTypeDef, call: Call) -> dict[str, Any]:
    """Keep a limit of a workgroup.

    Raises
    ------
    ConflictError
        If there is one of that kind and period.
    ResourceNotFoundError
        If there is no such workgroup.
    """
    asked = cast("Mapping[str, Any]", request)
    known = [item["workgroupArn"] for item in documents.list_all(call, "workgroup")]
    if asked["resourceArn"] not in known:
        raise ResourceNotFoundError(f"Resource {asked['resourceArn']} does not exist.")
    identity = str(uuid.uuid4())
    document = {
        "amount": asked["amount"],
        "breachAction": asked.get("breachAction") or "log",
        "period": asked.get("period") or "monthly",
        "resourceArn": asked["resourceArn"],
        "usageType": asked["usageType"],
        "usageLimitId": identity,
        "usageLimitArn": make_arn(
            "redshift-serverless", call.region, call.account, f"usagelimit/{identity}"
        ),
    }
    for other in documents.list_all(call, _KIND):
        if all(other[key] == document[key] for key in ("resourceArn", "usageType", "period",
                                                      "breachAction")):  # fmt: skip
            raise ConflictError("A usage limit with this type, period and action already exists.")
    documents.put(call, _KIND, {"id": identity}, document)
    return {"usageLimit": document}


def _limit(call: Call, identity: str) -> dict[str, Any]:
    found = documents.find(call, _KIND, identity)
    if found is None:
        raise ResourceNotFoundError(f"Usage limit {identity} does not exist.")
    return found


@OPERATIONS.operation("GetUsageLimit")
def get_usage_limit(request: GetUsageLimitRequestTypeDef, call: Call) -> dict[str, Any]:
    """Describe a limit."""
    return {"usageLimit": _limit(call, request["usageLimitId"])}


@OPERATIONS.operation("ListUsageLimits")
def list_usage_limits(request: ListUsageLimitsRequestTypeDef, call: Call) -> dict[str, Any]:
    """List the limits, of one resource or of one type if asked."""
    found = [
        limit
        for limit in documents.list_all(call, _KIND)
        if request.get("resourceArn") in (None, limit["resourceArn"])
        and request.get("usageType") in (None, limit["usageType"])
    ]
    shown, token = page(
        found, token=request.get("nextToken"), size=request.get("maxResults"),
        invalid=InvalidRequestError,
    )  # fmt: skip
    return {"usageLimits": shown, "nextToken": token} if token else {"usageLimits": shown}


@OPERATIONS.operation("UpdateUsageLimit")
def update_usage_limit(request: UpdateUsageLimitRequestTypeDef, call: Call) -> dict[str, Any]:
    """Change a limit's amount or action."""
    document = _limit(call, request["usageLimitId"])
    for key in ("amount", "breachAction"):
        if request.get(key) is not None:
            document[key] = request.get(key)
    documents.put(call, _KIND, {"id": document["usageLimitId"]}, document)
    return {"usageLimit": document}


@OPERATIONS.operation("DeleteUsageLimit")
def delete_usage_limit(request: DeleteUsageLimitRequestTypeDef, call: Call) -> dict[str, Any]:
    """Delete a limit."""
    document = _limit(call, request["usageLimitId"])
    documents.delete(call, _KIND, document["usageLimitId"])
    return {"usageLimit": document}
