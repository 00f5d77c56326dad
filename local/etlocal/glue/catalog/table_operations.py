"""Operations on tables.

Source: AWS Glue Web API Reference, "CreateTable", "GetTable", "GetTables", "UpdateTable",
"DeleteTable", "BatchDeleteTable".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from etlocal.aws.call import Call
from etlocal.aws.errors import AwsError
from etlocal.aws.paging import page
from etlocal.glue.catalog import guard, partition_indexes, tables
from etlocal.glue.catalog.databases import require_database
from etlocal.glue.errors import InvalidInputError
from etlocal.glue.operations import OPERATIONS

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import (
        BatchDeleteTableRequestTypeDef,
        CreateTableRequestTypeDef,
        DeleteTableRequestTypeDef,
        GetTableRequestTypeDef,
        GetTablesRequestTypeDef,
        UpdateTableRequestTypeDef,
    )

# A view's status while it is made and who reads for an audit change nothing of an answer here:
# IncludeStatusDetails and AuditContext are taken and need nothing done.
_TRANSACTIONS = ("TransactionId", "QueryAsOfTime")


@OPERATIONS.operation("CreateTable")
def create_table(request: CreateTableRequestTypeDef, call: Call) -> None:
    """Make a table, with its partition indexes."""
    guard.check_catalog(request, call)
    guard.refuse("CreateTable", request, "TransactionId", "OpenTableFormatInput", "Name")
    given = _table_input(request)
    with call.store.transaction() as tx:
        tables.create(call, request["DatabaseName"], given)
        for index in request.get("PartitionIndexes") or ():
            table = tables.require_table(tx, call, request["DatabaseName"], given["Name"])
            partition_indexes.add(tx, table, index["IndexName"], index["Keys"])


@OPERATIONS.operation("GetTable")
def get_table(request: GetTableRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give one table."""
    guard.check_catalog(request, call)
    guard.refuse("GetTable", request, *_TRANSACTIONS)
    found = tables.get(call, request["DatabaseName"], request["Name"])
    return {"Table": _only(found, request.get("AttributesToGet"))}


@OPERATIONS.operation("GetTables")
def get_tables(request: GetTablesRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give a database's tables whose name matches, in order, a page at a time."""
    guard.check_catalog(request, call)
    guard.refuse("GetTables", request, *_TRANSACTIONS)
    with call.store.transaction() as tx:
        found = tables.list_rows(tx, call, request["DatabaseName"])
    if request.get("Expression"):
        pattern = guard.name_pattern(request["Expression"])
        found = [row for row in found if pattern.fullmatch(row["name"])]
    # Nothing is federated here.
    if request.get("ResourceShareType") == "FEDERATED":
        found = []
    taken, token = page(
        found,
        token=request.get("NextToken"),
        size=request.get("MaxResults"),
        invalid=InvalidInputError,
    )
    attributes = request.get("AttributesToGet")
    listed = [_only(tables.as_table(row), attributes) for row in taken]
    return {"TableList": listed} | ({"NextToken": token} if token else {})


@OPERATIONS.operation("UpdateTable")
def update_table(request: UpdateTableRequestTypeDef, call: Call) -> None:
    """Replace a table's definition; the one before is kept as a version unless skipped."""
    guard.check_catalog(request, call)
    guard.refuse(
        "UpdateTable",
        request,
        "TransactionId",
        "ViewUpdateAction",
        "Force",
        "UpdateOpenTableFormatInput",
        "Name",
    )
    tables.update(
        call,
        request["DatabaseName"],
        _table_input(request),
        skip_archive=request.get("SkipArchive") or False,
        version_id=request.get("VersionId"),
    )


@OPERATIONS.operation("DeleteTable")
def delete_table(request: DeleteTableRequestTypeDef, call: Call) -> None:
    """Delete a table with its versions and partitions."""
    guard.check_catalog(request, call)
    guard.refuse("DeleteTable", request, "TransactionId")
    tables.delete(call, request["DatabaseName"], request["Name"])


@OPERATIONS.operation("BatchDeleteTable")
def batch_delete_table(request: BatchDeleteTableRequestTypeDef, call: Call) -> dict[str, Any]:
    """Delete tables; one that cannot be deleted is an entry of ``Errors``."""
    guard.check_catalog(request, call)
    guard.refuse("BatchDeleteTable", request, "TransactionId")
    errors = []
    with call.store.transaction() as tx:
        require_database(tx, call, request["DatabaseName"])
        for name in request["TablesToDelete"]:
            try:
                tables.delete(call, request["DatabaseName"], name)
            except AwsError as error:
                errors.append({"TableName": name, "ErrorDetail": guard.detail(error)})
    return {"Errors": errors}


def _table_input(request: Mapping[str, Any]) -> Mapping[str, Any]:
    given: Mapping[str, Any] | None = request.get("TableInput")
    if given is None:
        raise InvalidInputError("TableInput is required.")
    return given


def _only(table: dict[str, Any], attributes: object) -> dict[str, Any]:
    """Keep the attributes asked for; AWS's documentation allows NAME, and NAME with TABLE_TYPE."""
    if not attributes:
        return table
    if attributes == ["NAME"]:
        return {"Name": table["Name"]}
    if isinstance(attributes, list) and set(attributes) == {"NAME", "TABLE_TYPE"}:
        return {key: table[key] for key in ("Name", "TableType") if key in table}
    raise InvalidInputError(
        "AttributesToGet must include NAME; the valid combinations are NAME, and NAME with "
        "TABLE_TYPE."
    )
