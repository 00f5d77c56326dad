"""Partitions: keeping, finding, paging, changing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from etlocal.aws.call import Call
from etlocal.glue.catalog import api
from etlocal.glue.catalog.expression import InvalidStateError
from etlocal.glue.errors import EntityNotFoundError, InvalidInputError

Ask = Callable[..., dict[str, Any]]
AT = {"DatabaseName": "shop", "TableName": "sales"}


def _partition(*values: str) -> dict[str, Any]:
    return {
        "Values": list(values),
        "StorageDescriptor": {
            "Location": "s3://raw/sales/" + "/".join(values) + "/",
            "Columns": [{"Name": "amount", "Type": "bigint"}],
        },
    }


def _values(answer: dict[str, Any]) -> list[list[str]]:
    return [one["Values"] for one in answer["Partitions"]]


def test_a_partition_is_found_by_its_values(ask: Ask, table: str) -> None:
    ask("CreatePartition", **AT, PartitionInput=_partition("2020", "eu"))
    found = ask("GetPartition", **AT, PartitionValues=["2020", "eu"])["Partition"]
    assert found["StorageDescriptor"]["Location"] == "s3://raw/sales/2020/eu/"
    assert (found["DatabaseName"], found["TableName"]) == ("shop", "sales")
    assert found["CatalogId"] == "000000000000"
    assert "CreationTime" in found
    with pytest.raises(EntityNotFoundError, match=r"^Cannot find partition\.$"):
        ask("GetPartition", **AT, PartitionValues=["2020", "us"])


def test_a_partition_needs_one_value_a_key(ask: Ask, table: str) -> None:
    for values in ([], ["2020"], ["2020", "eu", "x"]):
        with pytest.raises(InvalidInputError, match="number of partition keys"):
            ask("CreatePartition", **AT, PartitionInput={"Values": values})


def test_a_batch_adds_what_it_can_and_tells_of_the_rest(ask: Ask, table: str) -> None:
    ask("CreatePartition", **AT, PartitionInput=_partition("2020", "eu"))
    answer = ask(
        "BatchCreatePartition",
        **AT,
        PartitionInputList=[
            _partition("2020", "eu"),
            _partition("2020", "us"),
            {"Values": ["2020"]},
        ],
    )
    assert [one["ErrorDetail"]["ErrorCode"] for one in answer["Errors"]] == [
        "AlreadyExistsException",
        "InvalidInputException",
    ]
    assert answer["Errors"][0]["PartitionValues"] == ["2020", "eu"]
    assert _values(ask("GetPartitions", **AT)) == [["2020", "eu"], ["2020", "us"]]


def test_updating_replaces_a_partition_and_cannot_change_its_values(ask: Ask, table: str) -> None:
    for region in ("eu", "us"):
        ask("CreatePartition", **AT, PartitionInput=_partition("2020", region))
    for other in ("us", "asia"):
        with pytest.raises(InvalidInputError, match="Values of a partition cannot be changed"):
            ask(
                "UpdatePartition",
                **AT,
                PartitionValueList=["2020", "eu"],
                PartitionInput=_partition("2020", other),
            )
    assert _values(ask("GetPartitions", **AT)) == [["2020", "eu"], ["2020", "us"]]
    answer = ask(
        "BatchUpdatePartition",
        **AT,
        Entries=[
            {
                "PartitionValueList": ["2020", "eu"],
                "PartitionInput": {"Values": ["2020", "eu"], "Parameters": {"n": "1"}},
            },
            {"PartitionValueList": ["1999", "eu"], "PartitionInput": _partition("1999", "eu")},
        ],
    )
    assert [one["PartitionValueList"] for one in answer["Errors"]] == [["1999", "eu"]]
    found = ask("GetPartition", **AT, PartitionValues=["2020", "eu"])["Partition"]
    assert found["Parameters"] == {"n": "1"}
    assert "StorageDescriptor" not in found


def test_batches_of_reads_and_deletes_pass_over_what_is_missing(ask: Ask, table: str) -> None:
    ask("CreatePartition", **AT, PartitionInput=_partition("2020", "eu"))
    both = [{"Values": ["2020", "eu"]}, {"Values": ["1999", "eu"]}]
    answer = ask("BatchGetPartition", **AT, PartitionsToGet=both)
    assert _values(answer) == [["2020", "eu"]]
    assert answer["UnprocessedKeys"] == []
    gone = ask("BatchDeletePartition", **AT, PartitionsToDelete=both)
    assert [one["PartitionValues"] for one in gone["Errors"]] == [["1999", "eu"]]
    assert _values(ask("GetPartitions", **AT)) == []
    with pytest.raises(EntityNotFoundError):
        ask("DeletePartition", **AT, PartitionValues=["2020", "eu"])


def test_values_that_join_to_one_text_stay_apart(ask: Ask, table: str) -> None:
    ask("CreatePartition", **AT, PartitionInput=_partition("1", 'a","b'))
    ask("CreatePartition", **AT, PartitionInput=_partition('1","a', "b"))
    assert len(_values(ask("GetPartitions", **AT))) == 2


def test_an_expression_compares_by_the_type_of_the_key(ask: Ask, table: str) -> None:
    for year in ("9", "10", "011"):
        ask("CreatePartition", **AT, PartitionInput=_partition(year, "eu"))
    answer = ask("GetPartitions", **AT, Expression="year > 9 AND region = 'eu'")
    assert sorted(_values(answer)) == [["011", "eu"], ["10", "eu"]]
    assert _values(ask("GetPartitions", **AT, Expression="year = 11")) == [["011", "eu"]]


def test_a_stored_value_of_another_type_is_an_invalid_state(ask: Ask, table: str) -> None:
    ask("CreatePartition", **AT, PartitionInput=_partition("old", "eu"))
    with pytest.raises(InvalidStateError, match="is not an integer"):
        ask("GetPartitions", **AT, Expression="year > 9")
    assert _values(ask("GetPartitions", **AT, Expression="region = 'eu'")) == [["old", "eu"]]


def test_column_schema_is_left_out_when_asked(ask: Ask, table: str) -> None:
    ask("CreatePartition", **AT, PartitionInput=_partition("2020", "eu"))
    whole = ask("GetPartitions", **AT)["Partitions"][0]["StorageDescriptor"]
    lean = ask("GetPartitions", **AT, ExcludeColumnSchema=True)["Partitions"][0]
    assert "Columns" in whole
    assert "Columns" not in lean["StorageDescriptor"]
    assert lean["StorageDescriptor"]["Location"] == whole["Location"]


def test_segments_share_the_partitions_out(ask: Ask, table: str, call: Call) -> None:
    api.batch_create_partition(
        call, "shop", "sales", [_partition(str(year), "eu") for year in range(50)]
    )
    seen = [
        values
        for number in range(3)
        for values in _values(
            ask("GetPartitions", **AT, Segment={"SegmentNumber": number, "TotalSegments": 3})
        )
    ]
    assert sorted(int(values[0]) for values in seen) == list(range(50))
    with pytest.raises(InvalidInputError):
        ask("GetPartitions", **AT, Segment={"SegmentNumber": 3, "TotalSegments": 3})


def test_thousands_of_partitions_are_filtered_and_paged_quickly(
    ask: Ask, table: str, call: Call
) -> None:
    errors = api.batch_create_partition(
        call, "shop", "sales", [_partition(str(year), "eu") for year in range(3000)]
    )
    assert errors == []
    started = time.monotonic()
    seen, token = 0, None
    while True:
        more: dict[str, str] = {"NextToken": token} if token else {}
        answer = ask("GetPartitions", **AT, Expression="year >= 1000", MaxResults=500, **more)
        seen += len(answer["Partitions"])
        token = answer.get("NextToken")
        if token is None:
            break
    assert seen == 2000
    assert time.monotonic() - started < 5


def test_the_python_interface_works_on_the_same_rows(ask: Ask, table: str, call: Call) -> None:
    api.batch_create_partition(call, "shop", "sales", [_partition("2020", "eu")])
    changed = {**_partition("2020", "eu"), "Parameters": {"n": "1"}}
    api.update_partition(call, "shop", "sales", ["2020", "eu"], changed)
    [found] = api.get_partitions(call, "shop", "sales", "year > 2019")
    assert (found["Values"], found["Parameters"]) == (["2020", "eu"], {"n": "1"})
    errors = api.delete_partitions(call, "shop", "sales", [["2020", "eu"], ["2020", "us"]])
    assert [one["PartitionValues"] for one in errors] == [["2020", "us"]]
    assert api.find_table(call, "shop", "nope") is None
    assert api.find_table(call, "nope", "nope") is None
    assert [one["Name"] for one in api.list_tables(call, "shop")] == ["sales"]
    api.update_table(call, "shop", {"Name": "sales"})
    assert ask("GetTable", DatabaseName="shop", Name="sales")["Table"]["VersionId"] == "1"
    api.delete_table(call, "shop", "sales")
    assert api.list_tables(call, "shop") == []
    assert api.get_database(call, "shop")["Name"] == "shop"
