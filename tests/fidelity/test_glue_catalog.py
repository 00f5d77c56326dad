"""Glue's Data Catalog through boto3: what the wire carries and what clients see."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

Clients = Callable[[str], Any]


@pytest.fixture
def glue(client: Clients) -> Any:
    """A Glue client."""
    return client("glue")


@pytest.fixture
def database(glue: Any) -> Iterator[str]:
    """A database of this test alone."""
    name = f"catalog_{uuid.uuid4().hex[:12]}"
    glue.create_database(DatabaseInput={"Name": name, "Description": "of a test"})
    yield name
    glue.delete_database(Name=name)


@pytest.fixture
def table(glue: Any, database: str) -> str:
    """A partitioned table of that database."""
    glue.create_table(
        DatabaseName=database,
        TableInput={
            "Name": "sales",
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"classification": "csv"},
            "StorageDescriptor": {
                "Columns": [{"Name": "amount", "Type": "bigint"}],
                "Location": "s3://raw/sales/",
                "SerdeInfo": {
                    "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                    "Parameters": {"field.delim": ","},
                },
            },
            "PartitionKeys": [{"Name": "day", "Type": "date"}],
        },
    )
    return "sales"


def _code(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    told = error.value.response["Error"]
    return told["Code"], told["Message"]


def test_a_table_comes_back_as_it_was_given_with_what_glue_adds(
    glue: Any, database: str, table: str
) -> None:
    found = glue.get_table(DatabaseName=database, Name=table)["Table"]
    assert found["StorageDescriptor"]["SerdeInfo"]["Parameters"] == {"field.delim": ","}
    assert found["PartitionKeys"] == [{"Name": "day", "Type": "date"}]
    assert found["VersionId"] == "0"
    assert found["IsRegisteredWithLakeFormation"] is False
    assert isinstance(found["CreateTime"], datetime)
    assert found["CatalogId"] == "000000000000"


def test_missing_things_are_clients_modeled_exceptions(glue: Any, database: str) -> None:
    with pytest.raises(glue.exceptions.EntityNotFoundException) as missing:
        glue.get_table(DatabaseName=database, Name="nope")
    assert _code(missing) == ("EntityNotFoundException", "Table nope not found.")
    assert missing.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with pytest.raises(glue.exceptions.AlreadyExistsException) as present:
        glue.create_database(DatabaseInput={"Name": database})
    assert _code(present) == ("AlreadyExistsException", "Database already exists.")


def test_a_paginator_sees_every_partition_once(glue: Any, database: str, table: str) -> None:
    days = [f"2020-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    for start in range(0, len(days), 100):
        answer = glue.batch_create_partition(
            DatabaseName=database,
            TableName=table,
            PartitionInputList=[{"Values": [day]} for day in days[start : start + 100]],
        )
        assert answer["Errors"] == []
    pages = glue.get_paginator("get_partitions").paginate(
        DatabaseName=database,
        TableName=table,
        Expression="day >= '2020-06-01' AND NOT day BETWEEN '2020-07-01' AND '2020-07-31'",
        PaginationConfig={"PageSize": 50},
    )
    seen = [partition["Values"][0] for page in pages for partition in page["Partitions"]]
    assert sorted(seen) == [
        day for day in days if day >= "2020-06-01" and not day.startswith("2020-07")
    ]


def test_an_expression_that_cannot_be_read_is_invalid_input(
    glue: Any, database: str, table: str
) -> None:
    with pytest.raises(ClientError) as refused:
        glue.get_partitions(DatabaseName=database, TableName=table, Expression="nope = 1")
    code, message = _code(refused)
    assert code == "InvalidInputException"
    assert message.startswith("Invalid partition expression!")


def test_of_two_updates_at_one_version_one_wins(glue: Any, database: str, table: str) -> None:
    def update(description: str) -> str:
        try:
            glue.update_table(
                DatabaseName=database,
                TableInput={"Name": table, "Description": description},
                VersionId="0",
            )
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "updated"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(update, "abcd"))
    assert outcomes == ["ConcurrentModificationException"] * 3 + ["updated"]
    versions = glue.get_table_versions(DatabaseName=database, TableName=table)["TableVersions"]
    assert [version["VersionId"] for version in versions] == ["1", "0"]


def test_partitions_added_at_once_are_all_there(glue: Any, database: str, table: str) -> None:
    def add(number: int) -> list[Any]:
        inputs = [{"Values": [f"2021-{number:02}-{day:02}"]} for day in range(1, 21)]
        answer = glue.batch_create_partition(
            DatabaseName=database, TableName=table, PartitionInputList=inputs
        )
        errors: list[Any] = answer["Errors"]
        return errors

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(add, range(1, 9))) == [[]] * 8
    pages = glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=table)
    assert sum(len(page["Partitions"]) for page in pages) == 160


def test_a_connection_and_its_tags_travel_whole(glue: Any) -> None:
    name = f"connection-{uuid.uuid4().hex[:12]}"
    properties = {
        "JDBC_CONNECTION_URL": "jdbc:postgresql://localhost:5432/dev",
        "USERNAME": "admin",
        "PASSWORD": "s3cret!",
    }
    made = glue.create_connection(
        ConnectionInput={
            "Name": name,
            "ConnectionType": "JDBC",
            "ConnectionProperties": properties,
        },
        Tags={"team": "data"},
    )
    assert made["CreateConnectionStatus"] == "READY"
    try:
        found = glue.get_connection(Name=name)["Connection"]
        assert found["ConnectionProperties"] == properties
        hidden = glue.get_connection(Name=name, HidePassword=True)["Connection"]
        assert "PASSWORD" not in hidden["ConnectionProperties"]
        arn = f"arn:aws:glue:{glue.meta.region_name}:000000000000:connection/{name}"
        assert glue.get_tags(ResourceArn=arn)["Tags"] == {"team": "data"}
    finally:
        glue.delete_connection(ConnectionName=name)


def test_what_is_not_emulated_answers_501_and_names_the_operation(glue: Any) -> None:
    with pytest.raises(ClientError) as refused:
        glue.get_data_catalog_encryption_settings()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "GetDataCatalogEncryptionSettings" in _code(refused)[1]
