"""Databases of the catalog.

Source: AWS Glue Web API Reference, "CreateDatabase", "GetDatabase", "GetDatabases",
"UpdateDatabase", "DeleteDatabase".
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from etlocal.aws.arns import make_arn
from etlocal.aws.call import Call
from etlocal.aws.paging import page
from etlocal.glue.catalog import guard, rows, tags
from etlocal.glue.errors import AlreadyExistsError, EntityNotFoundError, InvalidInputError
from etlocal.glue.operations import OPERATIONS

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import (
        CreateDatabaseRequestTypeDef,
        DeleteDatabaseRequestTypeDef,
        GetDatabaseRequestTypeDef,
        GetDatabasesRequestTypeDef,
        UpdateDatabaseRequestTypeDef,
    )

_NOT_EMULATED = ("TargetDatabase", "FederatedDatabase")
# What Glue gives to a database whose creator says nothing: permissions are IAM's alone.
_IAM_PERMISSIONS = [
    {
        "Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"},
        "Permissions": ["ALL"],
    }
]


def database_arn(call: Call, name: str) -> str:
    """Give the ARN of a database."""
    return make_arn("glue", call.region, call.account, f"database/{name.lower()}")


def require_database(tx: sqlite3.Connection, call: Call, name: str) -> sqlite3.Row:
    """Give a database's row.

    Raises
    ------
    EntityNotFoundError
        If there is none of that name.
    """
    row: sqlite3.Row | None = tx.execute(
        "SELECT * FROM catalog_databases WHERE account = ? AND region = ? AND name = ?",
        (call.account, call.region, name.lower()),
    ).fetchone()
    if row is None:
        raise EntityNotFoundError(f"Database {name} not found.")
    return row


def get(call: Call, name: str) -> dict[str, Any]:
    """Give a database in botocore's shape ``Database``.

    Raises
    ------
    EntityNotFoundError
        If there is none of that name.
    """
    with call.store.transaction() as tx:
        return _database(require_database(tx, call, name))


@OPERATIONS.operation("CreateDatabase")
def create_database(request: CreateDatabaseRequestTypeDef, call: Call) -> None:
    """Make a database; its name is folded to lower case."""
    guard.check_catalog(request, call)
    body = _body("CreateDatabase", request["DatabaseInput"])
    name = request["DatabaseInput"]["Name"].lower()
    with call.store.transaction() as tx:
        try:
            tx.execute(
                "INSERT INTO catalog_databases (account, region, name, body, created) "
                "VALUES (?, ?, ?, ?, ?)",
                (
                    call.account,
                    call.region,
                    name,
                    rows.to_text(body),
                    rows.time_text(call.clock.now()),
                ),
            )
        except sqlite3.IntegrityError as error:
            raise AlreadyExistsError("Database already exists.") from error
        tags.put_tags(call, database_arn(call, name), request.get("Tags") or {})


@OPERATIONS.operation("GetDatabase")
def get_database(request: GetDatabaseRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give one database."""
    guard.check_catalog(request, call)
    return {"Database": get(call, request["Name"])}


@OPERATIONS.operation("GetDatabases")
def get_databases(request: GetDatabasesRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give the databases in the order of their names, a page at a time."""
    guard.check_catalog(request, call)
    with call.store.transaction() as tx:
        found = tx.execute(
            "SELECT * FROM catalog_databases WHERE account = ? AND region = ? ORDER BY name",
            (call.account, call.region),
        ).fetchall()
    # Nothing is shared by other accounts or federated here, so those lists are empty.
    if request.get("ResourceShareType", "ALL") != "ALL":
        found = []
    taken, token = page(
        found,
        token=request.get("NextToken"),
        size=request.get("MaxResults"),
        invalid=InvalidInputError,
    )
    databases = [_database(row) for row in taken]
    if request.get("AttributesToGet") == ["NAME"]:
        databases = [{"Name": database["Name"]} for database in databases]
    return {"DatabaseList": databases} | ({"NextToken": token} if token else {})


@OPERATIONS.operation("UpdateDatabase")
def update_database(request: UpdateDatabaseRequestTypeDef, call: Call) -> None:
    """Replace a database's definition; its name stays."""
    guard.check_catalog(request, call)
    body = _body("UpdateDatabase", request["DatabaseInput"])
    with call.store.transaction() as tx:
        row = require_database(tx, call, request["Name"])
        if request["DatabaseInput"]["Name"].lower() != row["name"]:
            raise InvalidInputError("Database name cannot be changed.")
        tx.execute(
            "UPDATE catalog_databases SET body = ? WHERE account = ? AND region = ? AND name = ?",
            (rows.to_text(body), call.account, call.region, row["name"]),
        )


@OPERATIONS.operation("DeleteDatabase")
def delete_database(request: DeleteDatabaseRequestTypeDef, call: Call) -> None:
    """Delete a database with its tables, their versions and partitions, and its functions."""
    guard.check_catalog(request, call)
    with call.store.transaction() as tx:
        row = require_database(tx, call, request["Name"])
        tags.drop_under(call, make_arn("glue", call.region, call.account, f"table/{row['name']}/"))
        tags.drop_tags(call, database_arn(call, row["name"]))
        tx.execute(
            "DELETE FROM catalog_databases WHERE account = ? AND region = ? AND name = ?",
            (call.account, call.region, row["name"]),
        )


def _body(operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
    guard.refuse(operation, given, *_NOT_EMULATED)
    return {key: value for key, value in given.items() if key != "Name" and value is not None}


def _database(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "CreateTableDefaultPermissions": _IAM_PERMISSIONS,
        **rows.from_text(row["body"]),
        "Name": row["name"],
        "CreateTime": rows.time_value(row["created"]),
        "CatalogId": row["account"],
    }
