"""Glue's Data Catalog: databases, tables, partitions, connections, functions, tags."""

from __future__ import annotations

from etlocal.aws.call import Runtime
from etlocal.glue.catalog import (
    connections,
    databases,
    functions,
    partition_indexes,
    partition_operations,
    search,
    table_operations,
    table_versions,
    tags,
)
from etlocal.glue.catalog.schema import SCHEMA, TABLES

# Importing a module enters its operations.
OPERATION_MODULES = (
    connections,
    databases,
    functions,
    partition_indexes,
    partition_operations,
    search,
    table_operations,
    table_versions,
    tags,
)


def start(runtime: Runtime) -> None:
    """Make the room's tables; nothing here works in the background."""
    runtime.store.ensure(SCHEMA)


def stop(runtime: Runtime) -> None:
    """Do nothing: nothing here works in the background."""


def reset(runtime: Runtime) -> None:
    """Empty the catalog of every account and region."""
    with runtime.store.transaction() as tx:
        for table in TABLES:
            tx.execute(f'DELETE FROM "{table}"')  # noqa: S608 (the names are constants)
