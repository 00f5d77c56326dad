"""TagResource, UntagResource and ListTagsForResource.

Source: Amazon Redshift Serverless API Reference, pages of these operations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etlocal.aws.call import Call
from etlocal.redshift import documents
from etlocal.redshift.serverless.operations import OPERATIONS, ResourceNotFoundError

if TYPE_CHECKING:
    from types_boto3_redshift_serverless.type_defs import (
        ListTagsForResourceRequestTypeDef,
        TagResourceRequestTypeDef,
        UntagResourceRequestTypeDef,
    )


def _check(call: Call, arn: str) -> None:
    known = [item["namespaceArn"] for item in documents.list_all(call, "namespace")]
    known += [item["workgroupArn"] for item in documents.list_all(call, "workgroup")]
    if arn not in known:
        raise ResourceNotFoundError(f"Resource {arn} does not exist.", resourceName=arn)


@OPERATIONS.operation("TagResource")
def tag_resource(request: TagResourceRequestTypeDef, call: Call) -> None:
    """Add tags to a namespace or workgroup."""
    _check(call, request["resourceArn"])
    tags = {tag["key"]: tag["value"] for tag in request["tags"]}
    documents.put_tags(call, request["resourceArn"], tags)


@OPERATIONS.operation("UntagResource")
def untag_resource(request: UntagResourceRequestTypeDef, call: Call) -> None:
    """Remove tags from a namespace or workgroup."""
    _check(call, request["resourceArn"])
    documents.drop_tags(call, request["resourceArn"], list(request["tagKeys"]))


@OPERATIONS.operation("ListTagsForResource")
def list_tags(request: ListTagsForResourceRequestTypeDef, call: Call) -> dict[str, Any]:
    """List the tags of a namespace or workgroup."""
    _check(call, request["resourceArn"])
    found = documents.tags(call, request["resourceArn"])
    return {"tags": [{"key": key, "value": value} for key, value in found.items()]}
