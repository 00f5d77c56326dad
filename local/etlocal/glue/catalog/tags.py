"""Tags of Glue's resources.

Source: AWS Glue Web API Reference, "TagResource", "UntagResource", "GetTags".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from etlocal.aws.arns import parse_arn
from etlocal.aws.call import Call
from etlocal.aws.errors import NotImplementedByEmulatorError
from etlocal.glue.errors import EntityNotFoundError, InvalidInputError
from etlocal.glue.operations import OPERATIONS

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import (
        GetTagsRequestTypeDef,
        TagResourceRequestTypeDef,
        UntagResourceRequestTypeDef,
    )

_MOST_TAGS = 50
# Which operation finds a resource of a kind, and the member of its request that takes the name.
_FINDERS = {
    "connection": ("GetConnection", "Name"),
    "crawler": ("GetCrawler", "Name"),
    "database": ("GetDatabase", "Name"),
    "job": ("GetJob", "JobName"),
    "trigger": ("GetTrigger", "Name"),
    "workflow": ("GetWorkflow", "Name"),
}


def put_tags(call: Call, arn: str, tags: Mapping[str, str]) -> None:
    """Add `tags` to the resource `arn`, or change their values.

    Raises
    ------
    InvalidInputError
        If the resource would have more than 50.
    """
    with call.store.transaction() as tx:
        for key, value in tags.items():
            tx.execute(
                "INSERT INTO catalog_tags (arn, key, value) VALUES (?, ?, ?) "
                "ON CONFLICT (arn, key) DO UPDATE SET value = excluded.value",
                (arn, key, value),
            )
        if tags and len(find_tags(call, arn)) > _MOST_TAGS:
            raise InvalidInputError(f"A resource can have at most {_MOST_TAGS} tags: {arn}")


def find_tags(call: Call, arn: str) -> dict[str, str]:
    """Give the tags of the resource `arn`, in the order of their keys."""
    with call.store.transaction() as tx:
        found = tx.execute(
            "SELECT key, value FROM catalog_tags WHERE arn = ? ORDER BY key", (arn,)
        ).fetchall()
    return {row["key"]: row["value"] for row in found}


def drop_tags(call: Call, arn: str) -> None:
    """Forget the tags of the resource `arn`, which is being deleted."""
    with call.store.transaction() as tx:
        tx.execute("DELETE FROM catalog_tags WHERE arn = ?", (arn,))


def drop_under(call: Call, prefix: str) -> None:
    """Forget the tags of every resource whose ARN starts with `prefix`."""
    with call.store.transaction() as tx:
        tx.execute("DELETE FROM catalog_tags WHERE substr(arn, 1, ?) = ?", (len(prefix), prefix))


@OPERATIONS.operation("TagResource")
def tag_resource(request: TagResourceRequestTypeDef, call: Call) -> None:
    """Add tags to a resource."""
    with call.store.transaction():
        arn = _existing(request["ResourceArn"], call)
        put_tags(call, arn, request["TagsToAdd"])


@OPERATIONS.operation("UntagResource")
def untag_resource(request: UntagResourceRequestTypeDef, call: Call) -> None:
    """Take tags from a resource; those it lacks are passed over."""
    with call.store.transaction() as tx:
        arn = _existing(request["ResourceArn"], call)
        tx.executemany(
            "DELETE FROM catalog_tags WHERE arn = ? AND key = ?",
            [(arn, key) for key in request["TagsToRemove"]],
        )


@OPERATIONS.operation("GetTags")
def get_tags(request: GetTagsRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give a resource's tags."""
    return {"Tags": find_tags(call, _existing(request["ResourceArn"], call))}


def _existing(text: str, call: Call) -> str:
    """Give the ARN of a resource that exists, as its creator wrote it."""
    try:
        arn = parse_arn(text)
    except ValueError as error:
        raise InvalidInputError(f"Invalid ARN: {text}") from error
    if (arn.account, arn.region) != (call.account, call.region):
        raise EntityNotFoundError(f"Resource {text} not found.")
    kind, _, name = arn.resource.partition("/")
    if kind == "table":
        database, _, table = name.partition("/")
        finder, lookup = "GetTable", {"DatabaseName": database, "Name": table}
    elif kind in _FINDERS:
        finder, member = _FINDERS[kind]
        lookup = {member: name}
    else:
        raise NotImplementedByEmulatorError(
            f"tags of a Glue {kind} are not emulated by etlocal; see docs/fidelity.md"
        )
    # Asking the operation itself, whichever room has it, keeps this room from knowing the others.
    OPERATIONS.handle(finder, lookup, call)
    return str(arn._replace(resource=arn.resource.lower())) if kind in _FOLDED else text


_FOLDED = ("database", "table")
