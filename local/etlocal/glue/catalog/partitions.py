"""Partitions of tables, as rows.

Source: AWS Glue Web API Reference, "Partition", "PartitionInput", "BatchCreatePartition",
"UpdatePartition".
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from etlocal.aws.call import Call
from etlocal.glue.catalog import rows
from etlocal.glue.catalog.expression import compile_expression
from etlocal.glue.catalog.tables import TableRow, with_storage_defaults
from etlocal.glue.errors import AlreadyExistsError, EntityNotFoundError, InvalidInputError

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import SegmentTypeDef


def create(
    tx: sqlite3.Connection, call: Call, table: TableRow, partition_input: Mapping[str, Any]
) -> None:
    """Add a partition.

    Raises
    ------
    InvalidInputError
        If it has not one value for each partition key of the table.
    AlreadyExistsError
        If the table has a partition of these values.
    """
    key = _key(table, partition_input.get("Values"))
    try:
        tx.execute(
            'INSERT INTO catalog_partitions (table_id, "values", body, created) '
            "VALUES (?, ?, ?, ?)",
            (table.id, key, _body(partition_input), rows.time_text(call.clock.now())),
        )
    except sqlite3.IntegrityError as error:
        raise AlreadyExistsError("Partition already exists.") from error


def update(
    tx: sqlite3.Connection,
    table: TableRow,
    values: Sequence[str],
    partition_input: Mapping[str, Any],
) -> None:
    """Replace the partition of `values`, which stay as they are.

    Source: AWS Glue Web API, "UpdatePartition": values cannot be changed; whoever wants others
    deletes the partition and creates it again.

    Raises
    ------
    InvalidInputError
        If the values in `partition_input` are others, or not one for each key of the table.
    EntityNotFoundError
        If the table has no partition of `values`.
    """
    row = require(tx, table, values)
    if _key(table, partition_input.get("Values")) != row["values"]:
        raise InvalidInputError(
            "The Values of a partition cannot be changed: delete the partition and create it again."
        )
    tx.execute(
        "UPDATE catalog_partitions SET body = ? WHERE id = ?",
        (_body(partition_input), row["id"]),
    )


def delete(tx: sqlite3.Connection, table: TableRow, values: Sequence[str]) -> None:
    """Delete the partition of `values`.

    Raises
    ------
    EntityNotFoundError
        If the table has none.
    """
    row = require(tx, table, values)
    tx.execute("DELETE FROM catalog_partitions WHERE id = ?", (row["id"],))


def require(tx: sqlite3.Connection, table: TableRow, values: Sequence[str]) -> sqlite3.Row:
    """Give the row of the partition of `values`.

    Raises
    ------
    EntityNotFoundError
        If the table has none.
    """
    row: sqlite3.Row | None = tx.execute(
        'SELECT * FROM catalog_partitions WHERE table_id = ? AND "values" = ?',
        (table.id, json.dumps(list(values))),
    ).fetchone()
    if row is None:
        raise EntityNotFoundError("Cannot find partition.")
    return row


def select(
    tx: sqlite3.Connection,
    table: TableRow,
    expression: str | None = None,
    segment: SegmentTypeDef | None = None,
) -> list[int]:
    """Give the ids of the partitions that pass `expression`, in the order of their values.

    Only values are read, not definitions, so that a page of many thousands stays quick.

    Raises
    ------
    InvalidInputError
        If the expression or the segment is not valid.
    InvalidStateError
        If a partition's value is not of its key's type.
    """
    number, total = 0, 1
    if segment is not None:
        number, total = segment["SegmentNumber"], segment["TotalSegments"]
        if number >= total:
            raise InvalidInputError("SegmentNumber must be less than TotalSegments.")
    passes = compile_expression(expression or "", table.partition_keys)
    found = tx.execute(
        'SELECT id, "values" FROM catalog_partitions WHERE table_id = ? AND id % ? = ? '
        'ORDER BY "values"',
        (table.id, total, number),
    )
    return [row["id"] for row in found if passes(json.loads(row["values"]))]


def read(
    tx: sqlite3.Connection,
    call: Call,
    table: TableRow,
    ids: Sequence[int],
    *,
    columns: bool = True,
) -> list[dict[str, Any]]:
    """Give partitions in botocore's shape ``Partition``, in the order of `ids`.

    Parameters
    ----------
    columns : bool
        Whether their storage descriptors tell the columns.
    """
    found = (
        tx.execute("SELECT * FROM catalog_partitions WHERE id = ?", (number,)).fetchone()
        for number in ids
    )
    return [as_partition(row, call, table, columns=columns) for row in found]


def as_partition(
    row: sqlite3.Row, call: Call, table: TableRow, *, columns: bool = True
) -> dict[str, Any]:
    """Give a partition's row in botocore's shape ``Partition``."""
    body = rows.from_text(row["body"])
    if not columns and "StorageDescriptor" in body:
        body["StorageDescriptor"].pop("Columns", None)
    return {
        **body,
        "Values": json.loads(row["values"]),
        "DatabaseName": table.database,
        "TableName": table.name,
        "CreationTime": rows.time_value(row["created"]),
        "CatalogId": call.account,
    }


def _key(table: TableRow, values: Sequence[str] | None) -> str:
    if len(values or ()) != len(table.partition_keys) or not values:
        raise InvalidInputError(
            "The number of partition keys do not match the number of partition values"
        )
    return json.dumps(list(values))


def _body(partition_input: Mapping[str, Any]) -> str:
    given = {key: value for key, value in partition_input.items() if key != "Values"}
    return rows.to_text(with_storage_defaults(given))
