"""The catalog's operations over a temporary state file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from etlocal.aws.call import Call, Runtime
from etlocal.glue import catalog
from etlocal.glue.operations import OPERATIONS

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(runtime: Runtime, call: Call) -> Ask:
    """Ask for an operation by its name, with its members as keyword arguments."""
    catalog.start(runtime)

    def handle(operation: str, **members: Any) -> dict[str, Any]:
        return OPERATIONS.handle(operation, members, call)

    return handle


@pytest.fixture
def database(ask: Ask) -> str:
    """An empty database."""
    ask("CreateDatabase", DatabaseInput={"Name": "shop"})
    return "shop"


@pytest.fixture
def table(ask: Ask, database: str) -> str:
    """A table of that database, partitioned by an int and a string."""
    ask(
        "CreateTable",
        DatabaseName=database,
        TableInput={
            "Name": "sales",
            "StorageDescriptor": {
                "Location": "s3://raw/sales/",
                "Columns": [{"Name": "amount", "Type": "bigint"}],
            },
            "PartitionKeys": [
                {"Name": "year", "Type": "int"},
                {"Name": "region", "Type": "string"},
            ],
        },
    )
    return "sales"
