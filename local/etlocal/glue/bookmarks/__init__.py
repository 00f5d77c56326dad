"""Glue's job bookmarks: what each run left, and what the next one starts from."""

from __future__ import annotations

from etlocal.aws.call import Runtime
from etlocal.glue.bookmarks import operations
from etlocal.glue.bookmarks.schema import SCHEMA, TABLES

# Importing a module enters its operations.
OPERATION_MODULES = (operations,)


def start(runtime: Runtime) -> None:
    """Make the room's tables; nothing here works in the background."""
    runtime.store.ensure(SCHEMA)


def stop(runtime: Runtime) -> None:
    """Do nothing: nothing here works in the background."""


def reset(runtime: Runtime) -> None:
    """Forget every bookmark."""
    with runtime.store.transaction() as tx:
        for table in TABLES:
            tx.execute(f'DELETE FROM "{table}"')  # noqa: S608 (the names are constants)
