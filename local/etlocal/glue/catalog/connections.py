"""Connections: where a job or a crawler reaches a data store, and with which credentials.

A connection's properties hold a password. They are kept and answered, as on AWS, and appear in no
log and no error.

Source: AWS Glue Web API Reference, "CreateConnection", "GetConnection", "GetConnections",
"UpdateConnection", "DeleteConnection", "BatchDeleteConnection"; AWS Glue Developer Guide,
"AWS Glue connection properties".
"""

from __future__ import annotations

import json
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
        BatchDeleteConnectionRequestTypeDef,
        CreateConnectionRequestTypeDef,
        DeleteConnectionRequestTypeDef,
        GetConnectionRequestTypeDef,
        GetConnectionsRequestTypeDef,
        UpdateConnectionRequestTypeDef,
    )

_NOT_EMULATED = (
    "AthenaProperties",
    "AuthenticationConfiguration",
    "PythonProperties",
    "SparkProperties",
    "ValidateCredentials",
    "ValidateForComputeEnvironments",
)
_PASSWORDS = ("PASSWORD", "ENCRYPTED_PASSWORD")


def get(call: Call, name: str) -> dict[str, Any]:
    """Give a connection in botocore's shape ``Connection``, its password included.

    Raises
    ------
    EntityNotFoundError
        If there is none of that name.
    """
    with call.store.transaction() as tx:
        return _connection(_require(tx, call, name), hide_password=False)


def properties(call: Call, name: str) -> dict[str, str]:
    """Give the properties to connect with: the user and password of a secret filled in.

    Raises
    ------
    EntityNotFoundError
        If there is no connection of that name.
    InvalidInputError
        If its ``SECRET_ID`` names a secret that is no JSON object with ``username`` and
        ``password``.
    """
    given: dict[str, str] = get(call, name)["ConnectionProperties"]
    secret_id = given.get("SECRET_ID")
    if secret_id is None:
        return given
    client = call.client("secretsmanager", acting=call.acting)
    secret = client.get_secret_value(SecretId=secret_id)
    try:
        held = json.loads(secret["SecretString"])
        return {**given, "USERNAME": held["username"], "PASSWORD": held["password"]}
    except (KeyError, TypeError, ValueError):
        # The cause is left out: a decoding error quotes the secret.
        raise InvalidInputError(
            f"The secret {secret_id} of connection {name} must be a JSON object with username "
            "and password."
        ) from None


@OPERATIONS.operation("CreateConnection")
def create_connection(request: CreateConnectionRequestTypeDef, call: Call) -> dict[str, Any]:
    """Make a connection; it is ready at once, as nothing is validated over the network."""
    guard.check_catalog(request, call)
    given = request["ConnectionInput"]
    body = _body("CreateConnection", given)
    now = rows.time_text(call.clock.now())
    with call.store.transaction() as tx:
        try:
            tx.execute(
                "INSERT INTO catalog_connections "
                "(account, region, name, body, created, updated, updated_by) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (call.account, call.region, given["Name"], body, now, now, call.principal),
            )
        except sqlite3.IntegrityError as error:
            raise AlreadyExistsError("Connection already exists.") from error
        tags.put_tags(call, _arn(call, given["Name"]), request.get("Tags") or {})
    return {"CreateConnectionStatus": "READY"}


@OPERATIONS.operation("GetConnection")
def get_connection(request: GetConnectionRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give one connection."""
    guard.check_catalog(request, call)
    guard.refuse("GetConnection", request, "ApplyOverrideForComputeEnvironment")
    with call.store.transaction() as tx:
        row = _require(tx, call, request["Name"])
    return {"Connection": _connection(row, hide_password=request.get("HidePassword") or False)}


@OPERATIONS.operation("GetConnections")
def get_connections(request: GetConnectionsRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give the connections that pass the filter, in order, a page at a time."""
    guard.check_catalog(request, call)
    with call.store.transaction() as tx:
        found = tx.execute(
            "SELECT * FROM catalog_connections WHERE account = ? AND region = ? ORDER BY name",
            (call.account, call.region),
        ).fetchall()
    hide = request.get("HidePassword") or False
    listed = [_connection(row, hide_password=hide) for row in found]
    wanted = request.get("Filter") or {}
    if "ConnectionType" in wanted:
        listed = [one for one in listed if one["ConnectionType"] == wanted["ConnectionType"]]
    if wanted.get("MatchCriteria"):
        criteria = set(wanted["MatchCriteria"])
        listed = [one for one in listed if criteria <= set(one.get("MatchCriteria", ()))]
    if "ConnectionSchemaVersion" in wanted:
        version = wanted["ConnectionSchemaVersion"]
        listed = [one for one in listed if one["ConnectionSchemaVersion"] == version]
    taken, token = page(
        listed,
        token=request.get("NextToken"),
        size=request.get("MaxResults"),
        invalid=InvalidInputError,
    )
    return {"ConnectionList": taken} | ({"NextToken": token} if token else {})


@OPERATIONS.operation("UpdateConnection")
def update_connection(request: UpdateConnectionRequestTypeDef, call: Call) -> None:
    """Replace a connection's definition; its name stays."""
    guard.check_catalog(request, call)
    body = _body("UpdateConnection", request["ConnectionInput"])
    if request["ConnectionInput"]["Name"] != request["Name"]:
        raise InvalidInputError("Connection name cannot be changed.")
    with call.store.transaction() as tx:
        _require(tx, call, request["Name"])
        tx.execute(
            "UPDATE catalog_connections SET body = ?, updated = ?, updated_by = ? "
            "WHERE account = ? AND region = ? AND name = ?",
            (
                body,
                rows.time_text(call.clock.now()),
                call.principal,
                call.account,
                call.region,
                request["Name"],
            ),
        )


@OPERATIONS.operation("DeleteConnection")
def delete_connection(request: DeleteConnectionRequestTypeDef, call: Call) -> None:
    """Delete a connection."""
    guard.check_catalog(request, call)
    with call.store.transaction() as tx:
        _delete(tx, call, request["ConnectionName"])


@OPERATIONS.operation("BatchDeleteConnection")
def batch_delete_connection(
    request: BatchDeleteConnectionRequestTypeDef, call: Call
) -> dict[str, Any]:
    """Delete connections; ``Errors`` tells of each that does not exist."""
    guard.check_catalog(request, call)
    succeeded, errors = [], {}
    with call.store.transaction() as tx:
        for name in request["ConnectionNameList"]:
            try:
                _delete(tx, call, name)
            except EntityNotFoundError as error:
                errors[name] = guard.detail(error)
            else:
                succeeded.append(name)
    return {"Succeeded": succeeded, "Errors": errors}


def _arn(call: Call, name: str) -> str:
    return make_arn("glue", call.region, call.account, f"connection/{name}")


def _require(tx: sqlite3.Connection, call: Call, name: str) -> sqlite3.Row:
    row: sqlite3.Row | None = tx.execute(
        "SELECT * FROM catalog_connections WHERE account = ? AND region = ? AND name = ?",
        (call.account, call.region, name),
    ).fetchone()
    if row is None:
        raise EntityNotFoundError(f"Connection {name} not found.")
    return row


def _delete(tx: sqlite3.Connection, call: Call, name: str) -> None:
    _require(tx, call, name)
    tags.drop_tags(call, _arn(call, name))
    tx.execute(
        "DELETE FROM catalog_connections WHERE account = ? AND region = ? AND name = ?",
        (call.account, call.region, name),
    )


def _body(operation: str, given: Mapping[str, Any]) -> str:
    guard.refuse(operation, given, *_NOT_EMULATED)
    held = given["ConnectionProperties"]
    missing = []
    if given["ConnectionType"] == "JDBC":
        if "JDBC_CONNECTION_URL" not in held:
            missing.append("JDBC_CONNECTION_URL")
        if "SECRET_ID" not in held and not (
            "USERNAME" in held and any(word in held for word in _PASSWORDS)
        ):
            missing.append("SECRET_ID, or USERNAME and PASSWORD")
    if missing:
        raise InvalidInputError(
            "Validation for connection properties failed: missing " + "; ".join(missing)
        )
    return rows.to_text(
        {key: value for key, value in given.items() if key != "Name" and value is not None}
    )


def _connection(row: sqlite3.Row, *, hide_password: bool) -> dict[str, Any]:
    body = rows.from_text(row["body"])
    if hide_password:
        for word in _PASSWORDS:
            body["ConnectionProperties"].pop(word, None)
    return {
        **body,
        "Name": row["name"],
        "CreationTime": rows.time_value(row["created"]),
        "LastUpdatedTime": rows.time_value(row["updated"]),
        "LastUpdatedBy": row["updated_by"],
        "Status": "READY",
        "ConnectionSchemaVersion": 1,
    }
