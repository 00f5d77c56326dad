"""What a second crawl does with what changed, by the crawler's policies."""

from __future__ import annotations

import json
from typing import Any

import pytest

FLIGHTS = "Carrier,OriginAirportID,DepDelay\nDL,11433,-3\nAA,13303,\nUA,12478,7\n"
MORE = "Carrier,OriginAirportID,Gate,DepDelay\nDL,11433,A1,-3\nAA,13303,B2,\nUA,12478,C3,7\n"
FRACTIONS = FLIGHTS.replace("-3", "-3.5")
DAY1 = "s3://raw/flights/date=2024-01-01/a.csv"
DAY2 = "s3://raw/flights/date=2024-01-02/b.csv"


def summary(glue: Any) -> dict[str, dict[str, int]]:
    """Give what the last crawl says it changed."""
    text = glue("ListCrawls", CrawlerName="c")["Crawls"][0]["Summary"]
    found: dict[str, dict[str, int]] = json.loads(text)
    return found


def test_a_new_folder_adds_a_partition(glue: Any, s3: Any) -> None:
    s3.put(DAY1, FLIGHTS)
    glue.create()
    glue.crawl()
    assert summary(glue) == {"TABLE": {"ADD": 1}, "PARTITION": {"ADD": 1}}

    s3.put(DAY2, FLIGHTS)
    glue.crawl()

    assert list(glue.partitions("flights")) == [("2024-01-01",), ("2024-01-02",)]
    assert summary(glue) == {"TABLE": {"UPDATE": 1}, "PARTITION": {"ADD": 1}}
    metrics = glue("GetCrawlerMetrics", CrawlerNameList=["c"])["CrawlerMetricsList"][0]
    assert (metrics["TablesCreated"], metrics["TablesUpdated"]) == (0, 1)


def test_nothing_new_changes_nothing_and_reads_nothing(glue: Any, s3: Any) -> None:
    s3.put(DAY1, FLIGHTS)
    glue.create()
    glue.crawl()
    version = glue.tables()["flights"]["VersionId"]
    s3.reads.clear()
    glue.crawl()

    assert s3.reads == []
    assert summary(glue) == {}
    assert glue.tables()["flights"]["VersionId"] == version


def test_a_file_overwritten_in_place_is_read_again(glue: Any, s3: Any) -> None:
    s3.put(DAY1, FLIGHTS)
    glue.create()
    glue.crawl()
    s3.put(DAY1, FRACTIONS)
    glue.crawl()

    assert glue.columns("flights")["depdelay"] == "double"


def test_new_columns_come_at_the_end_of_the_table(glue: Any, s3: Any) -> None:
    s3.put(DAY1, FLIGHTS)
    glue.create()
    glue.crawl()
    s3.put(DAY2, MORE)
    glue.crawl()

    assert list(glue.columns("flights")) == ["carrier", "originairportid", "depdelay", "gate"]
    second = glue.partitions("flights")[("2024-01-02",)]["StorageDescriptor"]["Columns"]
    assert [column["Name"] for column in second] == [
        "carrier",
        "originairportid",
        "gate",
        "depdelay",
    ]


def test_partitions_inherit_the_tables_columns_when_asked(glue: Any, s3: Any) -> None:
    s3.put(DAY1, FLIGHTS)
    s3.put(DAY2, MORE)
    glue.create(
        Configuration='{"Version": 1.0, "CrawlerOutput": '
        '{"Partitions": {"AddOrUpdateBehavior": "InheritFromTable"}}}'
    )
    glue.crawl()

    columns = glue.tables()["flights"]["StorageDescriptor"]["Columns"]
    for partition in glue.partitions("flights").values():
        assert partition["StorageDescriptor"]["Columns"] == columns


def test_update_behavior_log_leaves_the_table_and_adds_partitions(
    glue: Any, s3: Any, log_lines: Any
) -> None:
    s3.put(DAY1, FLIGHTS)
    glue.create(SchemaChangePolicy={"UpdateBehavior": "LOG"})
    glue.crawl()
    s3.put(DAY2, MORE)
    glue.crawl()

    assert "gate" not in glue.columns("flights")
    assert len(glue.partitions("flights")) == 2
    assert any("update behavior is LOG" in line for line in log_lines())


def test_merge_new_columns_keeps_the_types_that_someone_set(glue: Any, s3: Any) -> None:
    s3.put(DAY1, FLIGHTS)
    glue.create(
        SchemaChangePolicy={"UpdateBehavior": "LOG"},
        Configuration='{"Version": 1.0, "CrawlerOutput": '
        '{"Tables": {"AddOrUpdateBehavior": "MergeNewColumns"}}}',
    )
    glue.crawl()
    table = glue.tables()["flights"]
    descriptor = table["StorageDescriptor"]
    descriptor["Columns"][2]["Type"] = "string"
    glue(
        "UpdateTable",
        DatabaseName="db",
        TableInput={
            "Name": "flights",
            "StorageDescriptor": descriptor,
            "PartitionKeys": table["PartitionKeys"],
            "TableType": table["TableType"],
            "Parameters": table["Parameters"] | {"owner_team": "ops"},
        },
    )
    s3.put(DAY2, MORE)
    glue.crawl()

    assert glue.columns("flights") == {
        "carrier": "string",
        "originairportid": "bigint",
        "depdelay": "string",
        "gate": "string",
    }
    assert glue.tables()["flights"]["Parameters"]["owner_team"] == "ops"


@pytest.mark.parametrize(
    ("behavior", "left"),
    [("DELETE_FROM_DATABASE", []), ("DEPRECATE_IN_DATABASE", ["flights"]), ("LOG", ["flights"])],
)
def test_a_table_whose_data_is_gone(glue: Any, s3: Any, behavior: str, left: list[str]) -> None:
    s3.put(DAY1, FLIGHTS)
    glue.create(SchemaChangePolicy={"DeleteBehavior": behavior})
    glue.crawl()
    s3.delete(DAY1)
    glue.crawl()

    tables = glue.tables()
    assert list(tables) == left
    if left:
        deprecated = "DEPRECATED_BY_CRAWLER" in tables["flights"]["Parameters"]
        assert deprecated == (behavior == "DEPRECATE_IN_DATABASE")


@pytest.mark.parametrize(
    ("behavior", "left"),
    [("DELETE_FROM_DATABASE", 1), ("DEPRECATE_IN_DATABASE", 2), ("LOG", 2)],
)
def test_a_partition_whose_data_is_gone(glue: Any, s3: Any, behavior: str, left: int) -> None:
    s3.put(DAY1, FLIGHTS)
    s3.put(DAY2, FLIGHTS)
    glue.create(SchemaChangePolicy={"DeleteBehavior": behavior})
    glue.crawl()
    s3.delete(DAY2)
    glue.crawl()

    partitions = glue.partitions("flights")
    assert len(partitions) == left
    if left == 2:
        parameters = partitions[("2024-01-02",)]["Parameters"]
        assert ("DEPRECATED_BY_CRAWLER" in parameters) == (behavior == "DEPRECATE_IN_DATABASE")


def test_a_deprecated_table_whose_data_is_back_is_not_deprecated(glue: Any, s3: Any) -> None:
    s3.put(DAY1, FLIGHTS)
    glue.create()
    glue.crawl()
    s3.delete(DAY1)
    glue.crawl()
    assert "DEPRECATED_BY_CRAWLER" in glue.tables()["flights"]["Parameters"]
    s3.put(DAY1, FLIGHTS)
    glue.crawl()

    assert "DEPRECATED_BY_CRAWLER" not in glue.tables()["flights"]["Parameters"]
    partition = glue.partitions("flights")[("2024-01-01",)]
    assert "DEPRECATED_BY_CRAWLER" not in partition["Parameters"]


def test_a_file_target_that_is_gone_takes_its_table_along(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/flights/a.csv", FLIGHTS)
    glue.create(
        "s3://raw/flights/a.csv", SchemaChangePolicy={"DeleteBehavior": "DELETE_FROM_DATABASE"}
    )
    glue.crawl()
    assert list(glue.tables()) == ["a_csv"]
    s3.delete("s3://raw/flights/a.csv")
    glue.crawl()

    assert glue.tables() == {}


def test_other_partition_keys_replace_the_partitions(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/flights/2024/01/a.csv", FLIGHTS)
    glue.create()
    glue.crawl()
    assert list(glue.partitions("flights")) == [("2024", "01")]
    s3.delete("s3://raw/flights/2024/01/a.csv")
    s3.put(DAY1, FLIGHTS)

    assert glue.crawl()["Status"] == "SUCCEEDED"
    assert glue.tables()["flights"]["PartitionKeys"] == [{"Name": "date", "Type": "string"}]
    assert list(glue.partitions("flights")) == [("2024-01-01",)]


def test_other_partition_keys_leave_a_table_that_is_not_to_be_updated(
    glue: Any, s3: Any, log_lines: Any
) -> None:
    s3.put("s3://raw/flights/2024/01/a.csv", FLIGHTS)
    glue.create(SchemaChangePolicy={"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"})
    glue.crawl()
    s3.delete("s3://raw/flights/2024/01/a.csv")
    s3.put(DAY1, FLIGHTS)

    assert glue.crawl()["Status"] == "SUCCEEDED"
    assert list(glue.partitions("flights")) == [("2024", "01")]
    assert any("partition structure is not consistent" in line for line in log_lines())


def test_tables_of_others_are_left_alone(glue: Any, s3: Any) -> None:
    glue(
        "CreateTable",
        DatabaseName="db",
        TableInput={"Name": "mine", "StorageDescriptor": {"Location": "s3://raw/flights/x/"}},
    )
    glue.create(SchemaChangePolicy={"DeleteBehavior": "DELETE_FROM_DATABASE"})
    glue.crawl()

    assert list(glue.tables()) == ["mine"]


def test_new_folders_only_passes_over_a_new_file_in_an_old_folder(glue: Any, s3: Any) -> None:
    s3.put(DAY1, FLIGHTS)
    glue.create(RecrawlPolicy={"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"})
    glue.crawl()
    s3.put("s3://raw/flights/date=2024-01-01/late.csv", MORE)
    s3.put(DAY2, FLIGHTS)
    s3.reads.clear()
    glue.crawl()

    assert s3.reads == ["flights/date=2024-01-02/b.csv"]
    assert len(glue.partitions("flights")) == 2
    assert glue.partitions("flights")[("2024-01-01",)]["Parameters"]["objectCount"] == "1"
    policy = glue("GetCrawler", Name="c")["Crawler"]["SchemaChangePolicy"]
    assert policy == {"UpdateBehavior": "LOG", "DeleteBehavior": "LOG"}


def test_a_dropped_table_comes_back(glue: Any, s3: Any) -> None:
    s3.put(DAY1, FLIGHTS)
    glue.create()
    glue.crawl()
    glue("DeleteTable", DatabaseName="db", Name="flights")
    glue.crawl()

    assert list(glue.partitions("flights")) == [("2024-01-01",)]


def test_a_partition_index_is_made_when_asked(glue: Any, s3: Any) -> None:
    s3.put(DAY1, FLIGHTS)
    glue.create(Configuration='{"Version": 1, "CreatePartitionIndex": true}')
    glue.crawl()

    request = {"DatabaseName": "db", "TableName": "flights"}
    indexes = glue("GetPartitionIndexes", **request)["PartitionIndexDescriptorList"]
    assert [index["IndexName"] for index in indexes] == ["crawler_partition_index"]
