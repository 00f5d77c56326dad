"""User-defined functions of the catalog: kept and answered, as on AWS, which runs none of them.

Source: AWS Glue Web API Reference, "CreateUserDefinedFunction", "GetUserDefinedFunction",
"GetUserDefinedFunctions", "UpdateUserDefinedFunction", "DeleteUserDefinedFunction".
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from etlocal.aws.call import Call
from etlocal.aws.paging import page
from etlocal.glue.catalog import guard, rows
from etlocal.glue.catalog.databases import require_database
from etlocal.glue.errors import AlreadyExistsError, EntityNotFoundError, InvalidInputError
from etlocal.glue.operations import OPERATIONS

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import (
        CreateUserDefinedFunctionRequestTypeDef,
        DeleteUserDefinedFunctionRequestTypeDef,
        GetUserDefinedFunctionRequestTypeDef,
        GetUserDefinedFunctionsRequestTypeDef,
        UpdateUserDefinedFunctionRequestTypeDef,
    )


@OPERATIONS.operation("CreateUserDefinedFunction")
def create_user_defined_function(
    request: CreateUserDefinedFunctionRequestTypeDef, call: Call
) -> None:
    """Make a function in a database."""
    guard.check_catalog(request, call)
    given = request["FunctionInput"]
    if not given.get("FunctionName"):
        raise InvalidInputError("FunctionName is required.")
    with call.store.transaction() as tx:
        database = require_database(tx, call, request["DatabaseName"])["name"]
        try:
            tx.execute(
                "INSERT INTO catalog_functions (account, region, database, name, body, created) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    call.account,
                    call.region,
                    database,
                    given["FunctionName"],
                    _body(given),
                    rows.time_text(call.clock.now()),
                ),
            )
        except sqlite3.IntegrityError as error:
            raise AlreadyExistsError("UserDefinedFunction already exists.") from error


@OPERATIONS.operation("GetUserDefinedFunction")
def get_user_defined_function(
    request: GetUserDefinedFunctionRequestTypeDef, call: Call
) -> dict[str, Any]:
    """Give one function."""
    guard.check_catalog(request, call)
    with call.store.transaction() as tx:
        row = _require(tx, call, request["DatabaseName"], request["FunctionName"])
    return {"UserDefinedFunction": _function(row)}


@OPERATIONS.operation("GetUserDefinedFunctions")
def get_user_defined_functions(
    request: GetUserDefinedFunctionsRequestTypeDef, call: Call
) -> dict[str, Any]:
    """Give the functions of a database, or of all, whose name matches, a page at a time."""
    guard.check_catalog(request, call)
    pattern = guard.name_pattern(request["Pattern"])
    database = request["DatabaseName"].lower() if request.get("DatabaseName") else None
    with call.store.transaction() as tx:
        if database is not None:
            require_database(tx, call, database)
        found = tx.execute(
            "SELECT * FROM catalog_functions WHERE account = ? AND region = ? "
            "AND (? IS NULL OR database = ?) ORDER BY database, name",
            (call.account, call.region, database, database),
        ).fetchall()
    functions = [_function(row) for row in found if pattern.fullmatch(row["name"])]
    if "FunctionType" in request:
        kind = request["FunctionType"]
        functions = [one for one in functions if one.get("FunctionType") == kind]
    taken, token = page(
        functions,
        token=request.get("NextToken"),
        size=request.get("MaxResults"),
        invalid=InvalidInputError,
    )
    return {"UserDefinedFunctions": taken} | ({"NextToken": token} if token else {})


@OPERATIONS.operation("UpdateUserDefinedFunction")
def update_user_defined_function(
    request: UpdateUserDefinedFunctionRequestTypeDef, call: Call
) -> None:
    """Replace a function's definition; its name stays."""
    guard.check_catalog(request, call)
    given = request["FunctionInput"]
    if given.get("FunctionName", request["FunctionName"]) != request["FunctionName"]:
        raise InvalidInputError("Function name cannot be changed.")
    with call.store.transaction() as tx:
        row = _require(tx, call, request["DatabaseName"], request["FunctionName"])
        tx.execute(
            "UPDATE catalog_functions SET body = ? "
            "WHERE account = ? AND region = ? AND database = ? AND name = ?",
            (_body(given), call.account, call.region, row["database"], row["name"]),
        )


@OPERATIONS.operation("DeleteUserDefinedFunction")
def delete_user_defined_function(
    request: DeleteUserDefinedFunctionRequestTypeDef, call: Call
) -> None:
    """Delete a function."""
    guard.check_catalog(request, call)
    with call.store.transaction() as tx:
        row = _require(tx, call, request["DatabaseName"], request["FunctionName"])
        tx.execute(
            "DELETE FROM catalog_functions "
            "WHERE account = ? AND region = ? AND database = ? AND name = ?",
            (call.account, call.region, row["database"], row["name"]),
        )


def _require(tx: sqlite3.Connection, call: Call, database: str, name: str) -> sqlite3.Row:
    owner = require_database(tx, call, database)["name"]
    row: sqlite3.Row | None = tx.execute(
        "SELECT * FROM catalog_functions "
        "WHERE account = ? AND region = ? AND database = ? AND name = ?",
        (call.account, call.region, owner, name),
    ).fetchone()
    if row is None:
        raise EntityNotFoundError(f"UserDefinedFunction {name} not found.")
    return row


def _body(given: Mapping[str, Any]) -> str:
    return rows.to_text(
        {key: value for key, value in given.items() if key != "FunctionName" and value is not None}
    )


def _function(row: sqlite3.Row) -> dict[str, Any]:
    return {
        **rows.from_text(row["body"]),
        "FunctionName": row["name"],
        "DatabaseName": row["database"],
        "CreateTime": rows.time_value(row["created"]),
        "CatalogId": row["account"],
    }
