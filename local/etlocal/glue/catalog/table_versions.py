"""Operations on the versions of a table.

Source: AWS Glue Web API Reference, "GetTableVersion", "GetTableVersions", "DeleteTableVersion",
"BatchDeleteTableVersion".
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from etlocal.aws.call import Call
from etlocal.aws.errors import AwsError
from etlocal.aws.paging import page
from etlocal.glue.catalog import guard, tables
from etlocal.glue.errors import EntityNotFoundError, InvalidInputError
from etlocal.glue.operations import OPERATIONS

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import (
        BatchDeleteTableVersionRequestTypeDef,
        DeleteTableVersionRequestTypeDef,
        GetTableVersionRequestTypeDef,
        GetTableVersionsRequestTypeDef,
    )


@OPERATIONS.operation("GetTableVersion")
def get_table_version(request: GetTableVersionRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give one version of a table, the current one unless named."""
    guard.check_catalog(request, call)
    with call.store.transaction() as tx:
        found = tables.list_versions(tx, call, request["DatabaseName"], request["TableName"])
    version = request.get("VersionId")
    row = found[0] if version is None else _version(found, version)
    return {"TableVersion": _table_version(row)}


@OPERATIONS.operation("GetTableVersions")
def get_table_versions(request: GetTableVersionsRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give the versions of a table, the newest first, a page at a time."""
    guard.check_catalog(request, call)
    with call.store.transaction() as tx:
        found = tables.list_versions(tx, call, request["DatabaseName"], request["TableName"])
    taken, token = page(
        found,
        token=request.get("NextToken"),
        size=request.get("MaxResults"),
        invalid=InvalidInputError,
    )
    listed = [_table_version(row) for row in taken]
    return {"TableVersions": listed} | ({"NextToken": token} if token else {})


@OPERATIONS.operation("DeleteTableVersion")
def delete_table_version(request: DeleteTableVersionRequestTypeDef, call: Call) -> None:
    """Delete a version of a table other than the current one."""
    guard.check_catalog(request, call)
    with call.store.transaction() as tx:
        found = tables.list_versions(tx, call, request["DatabaseName"], request["TableName"])
        _delete(tx, found, request["VersionId"])


@OPERATIONS.operation("BatchDeleteTableVersion")
def batch_delete_table_version(
    request: BatchDeleteTableVersionRequestTypeDef, call: Call
) -> dict[str, Any]:
    """Delete versions of a table; one that cannot be deleted is an entry of ``Errors``."""
    guard.check_catalog(request, call)
    errors = []
    with call.store.transaction() as tx:
        for version in request["VersionIds"]:
            found = tables.list_versions(tx, call, request["DatabaseName"], request["TableName"])
            try:
                _delete(tx, found, version)
            except AwsError as error:
                errors.append(
                    {
                        "TableName": request["TableName"],
                        "VersionId": version,
                        "ErrorDetail": guard.detail(error),
                    }
                )
    return {"Errors": errors}


def _delete(tx: sqlite3.Connection, found: list[sqlite3.Row], version: str) -> None:
    row = _version(found, version)
    if row["shown"] == row["version"]:
        raise InvalidInputError("The current version of a table cannot be deleted.")
    tables.drop_version(tx, row["id"], row["shown"])


def _version(found: list[sqlite3.Row], version: str) -> sqlite3.Row:
    for row in found:
        if str(row["shown"]) == version:
            return row
    raise EntityNotFoundError("Version not found.")


def _table_version(row: sqlite3.Row) -> dict[str, Any]:
    return {"Table": tables.as_table(row), "VersionId": str(row["shown"])}
