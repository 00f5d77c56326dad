"""The catalog as the other rooms of Glue use it.

Each function takes the `Call` it works for, takes and gives botocore's shapes, and raises the same
errors as the operation of its name. Names of databases and tables are folded to lower case. Where
the call works as a role, the role must have the operation's permission.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from etlocal.aws.call import Call
from etlocal.aws.errors import AwsError
from etlocal.glue.catalog import connections, databases, guard, partitions, tables


def get_database(call: Call, name: str) -> dict[str, Any]:
    """Give a ``Database``; EntityNotFoundError if there is none."""
    call.authorize("glue", "GetDatabase", Name=name)
    return databases.get(call, name)


def find_table(call: Call, database: str, name: str) -> dict[str, Any] | None:
    """Give a ``Table``, or None if it or its database does not exist."""
    call.authorize("glue", "GetTable", DatabaseName=database, Name=name)
    return tables.find(call, database, name)


def list_tables(call: Call, database: str) -> list[dict[str, Any]]:
    """Give every ``Table`` of a database; EntityNotFoundError if there is no such database."""
    call.authorize("glue", "GetTables", DatabaseName=database)
    with call.store.transaction() as tx:
        return [tables.as_table(row) for row in tables.list_rows(tx, call, database)]


def create_table(call: Call, database: str, table_input: Mapping[str, Any]) -> None:
    """Make a table of a ``TableInput``; EntityNotFoundError, AlreadyExistsError."""
    call.authorize("glue", "CreateTable", DatabaseName=database, TableInput=table_input)
    tables.create(call, database, table_input)


def update_table(
    call: Call, database: str, table_input: Mapping[str, Any], skip_archive: bool = False
) -> None:
    """Replace a table by a ``TableInput`` as a new version; EntityNotFoundError."""
    call.authorize("glue", "UpdateTable", DatabaseName=database, TableInput=table_input)
    tables.update(call, database, table_input, skip_archive=skip_archive)


def delete_table(call: Call, database: str, name: str) -> None:
    """Delete a table with its versions and partitions; EntityNotFoundError."""
    call.authorize("glue", "DeleteTable", DatabaseName=database, Name=name)
    tables.delete(call, database, name)


def get_partitions(
    call: Call, database: str, table: str, expression: str | None = None
) -> list[dict[str, Any]]:
    """Give every ``Partition`` that passes `expression` (GetPartitions' language), in order.

    EntityNotFoundError; InvalidInputError for an expression that is not valid.
    """
    call.authorize("glue", "GetPartitions", DatabaseName=database, TableName=table)
    with call.store.transaction() as tx:
        owner = tables.require_table(tx, call, database, table)
        return partitions.read(tx, call, owner, partitions.select(tx, owner, expression))


def batch_create_partition(
    call: Call, database: str, table: str, partition_inputs: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Add a partition for each ``PartitionInput``, any number of them, in one transaction.

    Gives a ``PartitionError`` (``PartitionValues``, ``ErrorDetail``) for each that was not added;
    EntityNotFoundError if there is no such table.
    """
    call.authorize("glue", "BatchCreatePartition", DatabaseName=database, TableName=table)
    errors = []
    with call.store.transaction() as tx:
        owner = tables.require_table(tx, call, database, table)
        for given in partition_inputs:
            try:
                partitions.create(tx, call, owner, given)
            except AwsError as error:
                errors.append(_partition_error(given.get("Values") or (), error))
    return errors


def update_partition(
    call: Call,
    database: str,
    table: str,
    values: Sequence[str],
    partition_input: Mapping[str, Any],
) -> None:
    """Replace the partition of `values`, which stay; EntityNotFoundError, InvalidInputError."""
    call.authorize("glue", "UpdatePartition", DatabaseName=database, TableName=table)
    with call.store.transaction() as tx:
        owner = tables.require_table(tx, call, database, table)
        partitions.update(tx, owner, values, partition_input)


def delete_partitions(
    call: Call, database: str, table: str, values_list: Sequence[Sequence[str]]
) -> list[dict[str, Any]]:
    """Delete the partition of each list of values, in one transaction.

    Gives a ``PartitionError`` for each that does not exist; EntityNotFoundError if there is no
    such table.
    """
    call.authorize("glue", "BatchDeletePartition", DatabaseName=database, TableName=table)
    errors = []
    with call.store.transaction() as tx:
        owner = tables.require_table(tx, call, database, table)
        for values in values_list:
            try:
                partitions.delete(tx, owner, values)
            except AwsError as error:
                errors.append(_partition_error(values, error))
    return errors


def get_connection(call: Call, name: str) -> dict[str, Any]:
    """Give a ``Connection``, its password included; EntityNotFoundError if there is none."""
    call.authorize("glue", "GetConnection", Name=name)
    return connections.get(call, name)


def connection_properties(call: Call, name: str) -> dict[str, str]:
    """Give a connection's ``ConnectionProperties`` with ``USERNAME`` and ``PASSWORD`` filled in.

    They come from the secret when the connection names one (``SECRET_ID``); EntityNotFoundError,
    InvalidInputError for a secret of another form.
    """
    call.authorize("glue", "GetConnection", Name=name)
    return connections.properties(call, name)


def _partition_error(values: Sequence[str], error: AwsError) -> dict[str, Any]:
    return {"PartitionValues": list(values), "ErrorDetail": guard.detail(error)}
