"""Tables of the catalog and their versions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from etlocal.aws.errors import NotImplementedByEmulatorError
from etlocal.glue.errors import (
    AlreadyExistsError,
    ConcurrentModificationError,
    EntityNotFoundError,
    InvalidInputError,
)

Ask = Callable[..., dict[str, Any]]


def _update(ask: Ask, description: str, **members: Any) -> None:
    ask(
        "UpdateTable",
        DatabaseName="shop",
        TableInput={"Name": "sales", "Description": description},
        **members,
    )


def _versions(ask: Ask) -> list[str]:
    answer = ask("GetTableVersions", DatabaseName="shop", TableName="sales")
    return [version["VersionId"] for version in answer["TableVersions"]]


def test_a_table_is_answered_with_all_that_glue_adds(ask: Ask, database: str) -> None:
    analyzed = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
    ask(
        "CreateTable",
        DatabaseName="SHOP",
        TableInput={
            "Name": "Sales",
            "LastAnalyzedTime": analyzed,
            "StorageDescriptor": {"Columns": [{"Name": "Amount", "Type": "bigint"}]},
        },
    )
    found = ask("GetTable", DatabaseName=database, Name="SALES")["Table"]
    assert found["Name"] == "sales"
    assert found["DatabaseName"] == "shop"
    assert found["VersionId"] == "0"
    assert found["CreateTime"] == found["UpdateTime"]
    assert found["CreatedBy"] == "arn:aws:iam::000000000000:root"
    assert found["IsRegisteredWithLakeFormation"] is False
    assert found["Retention"] == 0
    assert found["LastAnalyzedTime"] == analyzed
    assert found["StorageDescriptor"]["Compressed"] is False
    # Only the crawler folds the names of columns.
    assert found["StorageDescriptor"]["Columns"][0]["Name"] == "Amount"


def test_errors_name_what_is_missing_or_there(ask: Ask, table: str) -> None:
    with pytest.raises(AlreadyExistsError, match=r"^Table already exists\.$"):
        ask("CreateTable", DatabaseName="shop", TableInput={"Name": "SALES"})
    with pytest.raises(EntityNotFoundError, match=r"^Table nope not found\.$"):
        ask("GetTable", DatabaseName="shop", Name="nope")
    with pytest.raises(EntityNotFoundError, match=r"^Database nope not found\.$"):
        ask("GetTable", DatabaseName="nope", Name="sales")
    with pytest.raises(EntityNotFoundError, match=r"^Database nope not found\.$"):
        ask("CreateTable", DatabaseName="nope", TableInput={"Name": "t"})


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("dim_*", ["dim_a", "dim_b"]),
        ("*_b", ["dim_b", "fact_b"]),
        ("dim_.*", ["dim_a", "dim_b"]),
        ("DIM_[a-z]*", ["dim_a", "dim_b"]),
        ("dim", []),
        ("dim_a|fact_b", ["dim_a", "fact_b"]),
        ("", ["dim_a", "dim_b", "fact_b"]),
    ],
)
def test_get_tables_takes_regular_expressions_and_stars(
    ask: Ask, database: str, pattern: str, names: list[str]
) -> None:
    for name in ("fact_b", "dim_b", "dim_a"):
        ask("CreateTable", DatabaseName=database, TableInput={"Name": name})
    answer = ask("GetTables", DatabaseName=database, Expression=pattern)
    assert [one["Name"] for one in answer["TableList"]] == names


def test_a_pattern_that_cannot_be_read_is_refused(ask: Ask, database: str) -> None:
    with pytest.raises(InvalidInputError):
        ask("GetTables", DatabaseName=database, Expression="(")


def test_get_tables_pages(ask: Ask, database: str) -> None:
    for name in ("a", "b", "c"):
        ask("CreateTable", DatabaseName=database, TableInput={"Name": name})
    first = ask("GetTables", DatabaseName=database, MaxResults=2)
    second = ask("GetTables", DatabaseName=database, MaxResults=2, NextToken=first["NextToken"])
    assert [one["Name"] for one in first["TableList"] + second["TableList"]] == ["a", "b", "c"]
    assert "NextToken" not in second


def test_attributes_to_get_leaves_the_rest_out(ask: Ask, table: str) -> None:
    answer = ask("GetTables", DatabaseName="shop", AttributesToGet=["NAME"])
    assert answer["TableList"] == [{"Name": "sales"}]
    with pytest.raises(InvalidInputError):
        ask("GetTable", DatabaseName="shop", Name="sales", AttributesToGet=["TABLE_TYPE"])


def test_an_update_replaces_the_whole_definition_and_archives_the_one_before(
    ask: Ask, table: str
) -> None:
    _update(ask, "second")
    now = ask("GetTable", DatabaseName="shop", Name="sales")["Table"]
    assert now["VersionId"] == "1"
    assert "StorageDescriptor" not in now
    assert now["UpdateTime"] >= now["CreateTime"]
    old = ask("GetTableVersion", DatabaseName="shop", TableName="sales", VersionId="0")
    assert old["TableVersion"]["Table"]["StorageDescriptor"]["Location"] == "s3://raw/sales/"
    assert old["TableVersion"]["VersionId"] == "0"
    assert _versions(ask) == ["1", "0"]


def test_skip_archive_drops_the_version_before(ask: Ask, table: str) -> None:
    _update(ask, "second")
    _update(ask, "third", SkipArchive=True)
    assert _versions(ask) == ["2", "0"]


def test_an_update_at_a_version_that_is_not_current_changes_nothing(ask: Ask, table: str) -> None:
    _update(ask, "second", VersionId="0")
    with pytest.raises(ConcurrentModificationError):
        _update(ask, "lost", VersionId="0")
    found = ask("GetTable", DatabaseName="shop", Name="sales")["Table"]
    assert (found["VersionId"], found["Description"]) == ("1", "second")


def test_versions_are_deleted_one_by_one_but_never_the_current(ask: Ask, table: str) -> None:
    for text in ("1", "2", "3"):
        _update(ask, text)
    ask("DeleteTableVersion", DatabaseName="shop", TableName="sales", VersionId="0")
    answer = ask(
        "BatchDeleteTableVersion",
        DatabaseName="shop",
        TableName="sales",
        VersionIds=["1", "0", "3"],
    )
    failed = {one["VersionId"]: one["ErrorDetail"]["ErrorCode"] for one in answer["Errors"]}
    assert failed == {"0": "EntityNotFoundException", "3": "InvalidInputException"}
    assert _versions(ask) == ["3", "2"]


def test_a_deleted_table_leaves_no_partitions_to_the_next_of_its_name(ask: Ask, table: str) -> None:
    ask(
        "CreatePartition",
        DatabaseName="shop",
        TableName="sales",
        PartitionInput={"Values": ["2020", "eu"]},
    )
    ask("DeleteTable", DatabaseName="shop", Name="sales")
    keys = [{"Name": "year", "Type": "int"}, {"Name": "region", "Type": "string"}]
    ask(
        "CreateTable",
        DatabaseName="shop",
        TableInput={"Name": "sales", "PartitionKeys": keys},
    )
    assert ask("GetPartitions", DatabaseName="shop", TableName="sales")["Partitions"] == []
    assert _versions(ask) == ["0"]


def test_batch_delete_tells_of_each_table_that_is_missing(ask: Ask, table: str) -> None:
    answer = ask("BatchDeleteTable", DatabaseName="shop", TablesToDelete=["sales", "nope"])
    assert answer["Errors"] == [
        {
            "TableName": "nope",
            "ErrorDetail": {
                "ErrorCode": "EntityNotFoundException",
                "ErrorMessage": "Table nope not found.",
            },
        }
    ]
    assert ask("GetTables", DatabaseName="shop")["TableList"] == []


def test_what_is_not_emulated_of_tables_is_refused_loudly(ask: Ask, table: str) -> None:
    with pytest.raises(NotImplementedByEmulatorError, match="OpenTableFormatInput"):
        ask(
            "CreateTable",
            DatabaseName="shop",
            TableInput={"Name": "ice"},
            OpenTableFormatInput={"IcebergInput": {"MetadataOperation": "CREATE"}},
        )
    with pytest.raises(NotImplementedByEmulatorError, match="QueryAsOfTime"):
        ask("GetTables", DatabaseName="shop", QueryAsOfTime=datetime(2020, 1, 1, tzinfo=UTC))


def test_partition_indexes_name_their_keys_types(ask: Ask, table: str) -> None:
    at = {"DatabaseName": "shop", "TableName": "sales"}
    ask("CreatePartitionIndex", **at, PartitionIndex={"Keys": ["year"], "IndexName": "by_year"})
    listed = ask("GetPartitionIndexes", **at)["PartitionIndexDescriptorList"]
    assert listed == [
        {
            "IndexName": "by_year",
            "Keys": [{"Name": "year", "Type": "int"}],
            "IndexStatus": "ACTIVE",
        }
    ]
    with pytest.raises(AlreadyExistsError):
        ask("CreatePartitionIndex", **at, PartitionIndex={"Keys": ["year"], "IndexName": "again"})
    with pytest.raises(InvalidInputError):
        ask("CreatePartitionIndex", **at, PartitionIndex={"Keys": ["amount"], "IndexName": "x"})
    ask("DeletePartitionIndex", **at, IndexName="by_year")
    with pytest.raises(EntityNotFoundError):
        ask("DeletePartitionIndex", **at, IndexName="by_year")


def test_a_table_whose_index_is_wrong_is_not_made(ask: Ask, database: str) -> None:
    with pytest.raises(InvalidInputError):
        ask(
            "CreateTable",
            DatabaseName=database,
            TableInput={"Name": "t"},
            PartitionIndexes=[{"Keys": ["nope"], "IndexName": "i"}],
        )
    assert ask("GetTables", DatabaseName=database)["TableList"] == []


def test_search_finds_by_word_text_property_and_time(ask: Ask, database: str) -> None:
    for name, kind in (("customer-link", "csv"), ("xxlinkyy", "json")):
        ask(
            "CreateTable",
            DatabaseName=database,
            TableInput={"Name": name, "Parameters": {"classification": kind}},
        )

    def names(**members: Any) -> list[str]:
        return [one["Name"] for one in ask("SearchTables", **members)["TableList"]]

    assert names(Filters=[{"Key": "Name", "Value": "link"}]) == ["customer-link"]
    assert names(SearchText="link") == ["customer-link", "xxlinkyy"]
    assert names(SearchText='"xxlinkyy"') == ["xxlinkyy"]
    assert names(SearchText='"link"') == []
    assert names(Filters=[{"Key": "classification", "Value": "json"}]) == ["xxlinkyy"]
    late = {"Key": "UpdateTime", "Value": "2999-01-01T00:00:00Z", "Comparator": "GREATER_THAN"}
    assert names(Filters=[late]) == []
    assert names(Filters=[late | {"Comparator": "LESS_THAN"}]) == ["customer-link", "xxlinkyy"]
    descending = [{"FieldName": "Name", "Sort": "DESC"}]
    assert names(SortCriteria=descending) == ["xxlinkyy", "customer-link"]
    assert names(SortCriteria=descending, MaxResults=1) == ["xxlinkyy"]


def test_a_parameter_called_like_the_mark_of_a_time_is_a_parameter(ask: Ask, database: str) -> None:
    parameters = {"$time": "yesterday"}
    read = datetime(2020, 1, 1, tzinfo=UTC)
    given = {"Name": "t", "Parameters": parameters, "LastAccessTime": read}
    ask("CreateTable", DatabaseName=database, TableInput=given)
    found = ask("GetTable", DatabaseName=database, Name="t")["Table"]
    assert found["Parameters"] == parameters
    assert found["LastAccessTime"] == read
