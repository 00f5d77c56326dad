"""Partition indexes of a table.

They speed GetPartitions up on AWS and never change its answer; here every table's partitions are
indexed as they are, so an index is kept, shown and active at once.

Source: AWS Glue Web API Reference, "CreatePartitionIndex", "GetPartitionIndexes",
"DeletePartitionIndex"; AWS Glue Developer Guide, "Working with partition indexes".
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from etlocal.aws.call import Call
from etlocal.aws.errors import AwsError
from etlocal.aws.paging import page
from etlocal.glue.catalog import guard
from etlocal.glue.catalog.tables import TableRow, require_table
from etlocal.glue.errors import AlreadyExistsError, EntityNotFoundError, InvalidInputError
from etlocal.glue.operations import OPERATIONS

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import (
        CreatePartitionIndexRequestTypeDef,
        DeletePartitionIndexRequestTypeDef,
        GetPartitionIndexesRequestTypeDef,
    )

_MOST_INDEXES = 3


class ResourceNumberLimitExceededError(AwsError):
    """A limit of the account is reached."""

    code = "ResourceNumberLimitExceededException"


def add(tx: sqlite3.Connection, table: TableRow, name: str, keys: Sequence[str]) -> None:
    """Add an index over the partition keys `keys` of `table`.

    Raises
    ------
    InvalidInputError
        If one of `keys` is no partition key of the table, or is named twice.
    AlreadyExistsError
        If the table has an index of that name, or one over the same keys.
    ResourceNumberLimitExceededError
        If it would be the table's fourth.
    """
    known = [key["Name"].lower() for key in table.partition_keys]
    folded = [key.lower() for key in keys]
    unknown = [key for key in folded if key not in known]
    if unknown:
        raise InvalidInputError(
            f"Index keys must be partition keys of the table: {', '.join(unknown)}"
        )
    if len(set(folded)) != len(folded):
        raise InvalidInputError("Index keys must not repeat.")
    present = _indexes(tx, table)
    if any(name == row["name"] or folded == json.loads(row["keys"]) for row in present):
        raise AlreadyExistsError(f"Index {name} already exists.")
    if len(present) == _MOST_INDEXES:
        raise ResourceNumberLimitExceededError(
            f"A table can have at most {_MOST_INDEXES} partition indexes."
        )
    tx.execute(
        "INSERT INTO catalog_partition_indexes (table_id, name, keys) VALUES (?, ?, ?)",
        (table.id, name, json.dumps(folded)),
    )


@OPERATIONS.operation("CreatePartitionIndex")
def create_partition_index(request: CreatePartitionIndexRequestTypeDef, call: Call) -> None:
    """Add an index to a table."""
    guard.check_catalog(request, call)
    index = request["PartitionIndex"]
    with call.store.transaction() as tx:
        table = require_table(tx, call, request["DatabaseName"], request["TableName"])
        add(tx, table, index["IndexName"], index["Keys"])


@OPERATIONS.operation("GetPartitionIndexes")
def get_partition_indexes(request: GetPartitionIndexesRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give the indexes of a table, with their keys' types."""
    guard.check_catalog(request, call)
    with call.store.transaction() as tx:
        table = require_table(tx, call, request["DatabaseName"], request["TableName"])
        found = _indexes(tx, table)
    types = {key["Name"].lower(): key.get("Type", "string") for key in table.partition_keys}
    taken, token = page(found, token=request.get("NextToken"), size=None, invalid=InvalidInputError)
    listed = [
        {
            "IndexName": row["name"],
            "Keys": [
                {"Name": key, "Type": types.get(key, "string")} for key in json.loads(row["keys"])
            ],
            "IndexStatus": "ACTIVE",
        }
        for row in taken
    ]
    return {"PartitionIndexDescriptorList": listed} | ({"NextToken": token} if token else {})


@OPERATIONS.operation("DeletePartitionIndex")
def delete_partition_index(request: DeletePartitionIndexRequestTypeDef, call: Call) -> None:
    """Take an index from a table."""
    guard.check_catalog(request, call)
    with call.store.transaction() as tx:
        table = require_table(tx, call, request["DatabaseName"], request["TableName"])
        gone = tx.execute(
            "DELETE FROM catalog_partition_indexes WHERE table_id = ? AND name = ?",
            (table.id, request["IndexName"]),
        )
        if not gone.rowcount:
            raise EntityNotFoundError(f"Index {request['IndexName']} not found.")


def _indexes(tx: sqlite3.Connection, table: TableRow) -> list[sqlite3.Row]:
    return tx.execute(
        "SELECT * FROM catalog_partition_indexes WHERE table_id = ? ORDER BY name", (table.id,)
    ).fetchall()
