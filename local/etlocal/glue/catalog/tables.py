"""Tables of the catalog and their versions, as rows.

Source: AWS Glue Web API Reference, "Table", "TableInput", "UpdateTable".
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any, NamedTuple

from etlocal.aws.arns import make_arn
from etlocal.aws.call import Call
from etlocal.glue.catalog import guard, rows, tags
from etlocal.glue.catalog.databases import require_database
from etlocal.glue.errors import (
    AlreadyExistsError,
    ConcurrentModificationError,
    EntityNotFoundError,
)

_NOT_EMULATED = ("TargetTable", "FederatedTable", "ViewDefinition")
_SELECT = (
    "SELECT tables.*, versions.body, versions.updated, versions.version AS shown "
    "FROM catalog_tables AS tables JOIN catalog_table_versions AS versions "
    "ON versions.table_id = tables.id "
)
_CURRENT = "AND versions.version = tables.version "


class TableRow(NamedTuple):
    """What the partitions of a table need to know of it."""

    id: int
    database: str
    name: str
    definition: dict[str, Any]

    @property
    def partition_keys(self) -> list[dict[str, Any]]:
        """The partition keys, in order; empty for a table without partitions."""
        keys: list[dict[str, Any]] = self.definition.get("PartitionKeys") or []
        return keys


def table_arn(call: Call, database: str, name: str) -> str:
    """Give the ARN of a table."""
    return make_arn("glue", call.region, call.account, f"table/{database.lower()}/{name.lower()}")


def require_table(tx: sqlite3.Connection, call: Call, database: str, name: str) -> TableRow:
    """Give a table as its partitions see it.

    Raises
    ------
    EntityNotFoundError
        If there is no such table or no such database.
    """
    row = _current(tx, call, database, name)
    return TableRow(row["id"], row["database"], row["name"], rows.from_text(row["body"]))


def get(call: Call, database: str, name: str) -> dict[str, Any]:
    """Give a table in botocore's shape ``Table``.

    Raises
    ------
    EntityNotFoundError
        If there is no such table or no such database.
    """
    with call.store.transaction() as tx:
        return as_table(_current(tx, call, database, name))


def find(call: Call, database: str, name: str) -> dict[str, Any] | None:
    """Give a table, or None if it or its database does not exist."""
    try:
        return get(call, database, name)
    except EntityNotFoundError:
        return None


def list_rows(tx: sqlite3.Connection, call: Call, database: str) -> list[sqlite3.Row]:
    """Give the current rows of a database's tables in the order of their names.

    Raises
    ------
    EntityNotFoundError
        If the database does not exist.
    """
    row = require_database(tx, call, database)
    return tx.execute(
        _SELECT + _CURRENT + "WHERE tables.account = ? AND tables.region = ? "
        "AND tables.database = ? ORDER BY tables.name",
        (call.account, call.region, row["name"]),
    ).fetchall()


def list_all(call: Call) -> list[dict[str, Any]]:
    """Give every table of the caller's catalog, in the order of databases and names."""
    with call.store.transaction() as tx:
        found = tx.execute(
            _SELECT + _CURRENT + "WHERE tables.account = ? AND tables.region = ? "
            "ORDER BY tables.database, tables.name",
            (call.account, call.region),
        ).fetchall()
    return [as_table(row) for row in found]


def list_versions(
    tx: sqlite3.Connection, call: Call, database: str, name: str
) -> list[sqlite3.Row]:
    """Give the rows of a table's versions, the newest first.

    Raises
    ------
    EntityNotFoundError
        If there is no such table or no such database.
    """
    table_id = _current(tx, call, database, name)["id"]
    return tx.execute(
        _SELECT + "WHERE tables.id = ? ORDER BY versions.version DESC", (table_id,)
    ).fetchall()


def create(call: Call, database: str, table_input: Mapping[str, Any]) -> None:
    """Make a table; its name is folded to lower case, its version is 0.

    Raises
    ------
    EntityNotFoundError
        If the database does not exist.
    AlreadyExistsError
        If the database has a table of that name.
    """
    guard.refuse("CreateTable", table_input, *_NOT_EMULATED)
    now = rows.time_text(call.clock.now())
    with call.store.transaction() as tx:
        owner = require_database(tx, call, database)["name"]
        try:
            made = tx.execute(
                "INSERT INTO catalog_tables "
                "(account, region, database, name, version, created, created_by) "
                "VALUES (?, ?, ?, ?, 0, ?, ?)",
                (
                    call.account,
                    call.region,
                    owner,
                    table_input["Name"].lower(),
                    now,
                    call.principal,
                ),
            )
        except sqlite3.IntegrityError as error:
            raise AlreadyExistsError("Table already exists.") from error
        _add_version(tx, int(made.lastrowid or 0), 0, table_input, now)


def update(
    call: Call,
    database: str,
    table_input: Mapping[str, Any],
    *,
    skip_archive: bool = False,
    version_id: str | None = None,
) -> None:
    """Replace a table's definition with `table_input`, as a new version.

    Parameters
    ----------
    skip_archive : bool
        Whether the version replaced is dropped.
    version_id : str or None
        The version that the caller believes to be the current one.

    Raises
    ------
    EntityNotFoundError
        If there is no such table or no such database.
    ConcurrentModificationError
        If `version_id` is not the current version.
    """
    guard.refuse("UpdateTable", table_input, *_NOT_EMULATED)
    with call.store.transaction() as tx:
        row = _current(tx, call, database, table_input["Name"])
        if version_id is not None and version_id != str(row["version"]):
            raise ConcurrentModificationError(
                f"Update table failed due to concurrent modifications: the table is at version "
                f"{row['version']}, not {version_id}."
            )
        following = row["version"] + 1
        now = rows.time_text(call.clock.now())
        _add_version(tx, row["id"], following, table_input, now)
        tx.execute("UPDATE catalog_tables SET version = ? WHERE id = ?", (following, row["id"]))
        if skip_archive:
            drop_version(tx, row["id"], row["version"])


def delete(call: Call, database: str, name: str) -> None:
    """Delete a table with its versions, partitions and indexes.

    Raises
    ------
    EntityNotFoundError
        If there is no such table or no such database.
    """
    with call.store.transaction() as tx:
        row = _current(tx, call, database, name)
        tags.drop_tags(call, table_arn(call, row["database"], row["name"]))
        tx.execute("DELETE FROM catalog_tables WHERE id = ?", (row["id"],))


def drop_version(tx: sqlite3.Connection, table_id: int, version: int) -> None:
    """Delete one version of a table."""
    tx.execute(
        "DELETE FROM catalog_table_versions WHERE table_id = ? AND version = ?",
        (table_id, version),
    )


def as_table(row: sqlite3.Row) -> dict[str, Any]:
    """Give the row of a table and one of its versions in botocore's shape ``Table``."""
    body = rows.from_text(row["body"])
    return {
        "Retention": 0,
        **body,
        "Name": row["name"],
        "DatabaseName": row["database"],
        "CreateTime": rows.time_value(row["created"]),
        "UpdateTime": rows.time_value(row["updated"]),
        "CreatedBy": row["created_by"],
        "IsRegisteredWithLakeFormation": False,
        "IsMultiDialectView": False,
        "CatalogId": row["account"],
        "VersionId": str(row["shown"]),
    }


def with_storage_defaults(body: Mapping[str, Any]) -> dict[str, Any]:
    """Give a definition as it is kept: AWS answers the flags of storage whether given or not."""
    kept = {key: value for key, value in body.items() if value is not None}
    storage = kept.get("StorageDescriptor")
    if storage is not None:
        kept["StorageDescriptor"] = {
            "Compressed": False,
            "NumberOfBuckets": 0,
            "StoredAsSubDirectories": False,
            **storage,
        }
    return kept


def _current(tx: sqlite3.Connection, call: Call, database: str, name: str) -> sqlite3.Row:
    row: sqlite3.Row | None = tx.execute(
        _SELECT + _CURRENT + "WHERE tables.account = ? AND tables.region = ? "
        "AND tables.database = ? AND tables.name = ?",
        (call.account, call.region, database.lower(), name.lower()),
    ).fetchone()
    if row is None:
        require_database(tx, call, database)
        raise EntityNotFoundError(f"Table {name} not found.")
    return row


def _add_version(
    tx: sqlite3.Connection, table_id: int, version: int, body: Mapping[str, Any], now: str
) -> None:
    kept = with_storage_defaults({key: value for key, value in body.items() if key != "Name"})
    tx.execute(
        "INSERT INTO catalog_table_versions (table_id, version, body, updated) VALUES (?, ?, ?, ?)",
        (table_id, version, rows.to_text(kept), now),
    )
