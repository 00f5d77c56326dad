"""A catalog in memory, for code that asks Glue."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError


class Catalog:
    """What of the Glue client the library uses, over plain dicts."""

    def __init__(self) -> None:
        self.tables: dict[tuple[str, str], dict[str, Any]] = {}
        self.partitions: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.connections: dict[str, dict[str, Any]] = {}
        self.expressions: list[str] = []
        self.connections_read: list[str] = []

    def add(
        self,
        name: str,
        location: str,
        columns: list[tuple[str, str]],
        keys: list[tuple[str, str]] | None = None,
        classification: str = "csv",
        parameters: dict[str, str] | None = None,
        serde: dict[str, str] | None = None,
        library: str = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
    ) -> None:
        self.tables["db", name] = {
            "Name": name,
            "Parameters": {"classification": classification, **(parameters or {})},
            "PartitionKeys": [{"Name": n, "Type": t} for n, t in keys or ()],
            "StorageDescriptor": {
                "Location": location,
                "Columns": [{"Name": n, "Type": t} for n, t in columns],
                "SerdeInfo": {"SerializationLibrary": library, "Parameters": serde or {}},
            },
        }

    def add_partition(self, name: str, values: list[str], location: str) -> None:
        part = {"Values": values, "StorageDescriptor": {"Location": location}}
        self.partitions.setdefault(("db", name), []).append(part)

    def get_table(self, DatabaseName: str, Name: str) -> dict[str, Any]:  # noqa: N803
        if (DatabaseName, Name) not in self.tables:
            error: Any = {
                "Error": {"Code": "EntityNotFoundException", "Message": "Entity Not Found"}
            }
            raise ClientError(error, "GetTable")
        return {"Table": {**self.tables[DatabaseName, Name], "VersionId": "0"}}

    def create_table(self, DatabaseName: str, TableInput: dict[str, Any]) -> None:  # noqa: N803
        self.tables[DatabaseName, TableInput["Name"]] = TableInput

    def update_table(self, DatabaseName: str, TableInput: dict[str, Any]) -> None:  # noqa: N803
        assert "VersionId" not in TableInput
        self.tables[DatabaseName, TableInput["Name"]] = TableInput

    def batch_create_partition(
        self,
        DatabaseName: str,  # noqa: N803
        TableName: str,  # noqa: N803
        PartitionInputList: list[dict[str, Any]],  # noqa: N803
    ) -> dict[str, Any]:
        known = self.partitions.setdefault((DatabaseName, TableName), [])
        errors = []
        for part in PartitionInputList:
            if part["Values"] in [other["Values"] for other in known]:
                detail = {"ErrorCode": "AlreadyExistsException"}
                errors.append({"PartitionValues": part["Values"], "ErrorDetail": detail})
            else:
                known.append(part)
        return {"Errors": errors}

    def get_paginator(self, name: str) -> Catalog:
        assert name == "get_partitions"
        return self

    def paginate(self, **arguments: str) -> list[dict[str, Any]]:
        self.expressions.append(arguments.get("Expression", ""))
        found = self.partitions.get((arguments["DatabaseName"], arguments["TableName"]), [])
        return [{"Partitions": found[:1]}, {"Partitions": found[1:]}]

    def get_connection(self, Name: str, HidePassword: bool) -> dict[str, Any]:  # noqa: N803
        assert not HidePassword
        self.connections_read.append(Name)
        return {"Connection": {"ConnectionProperties": self.connections[Name]}}
