"""Which folders of S3 become tables, and which their partitions, in whole crawls."""

from __future__ import annotations

from typing import Any

FLIGHTS = "Carrier,OriginAirportID,DepDelay\nDL,11433,-3\nAA,13303,\nUA,12478,7\n"


def test_hive_style_folders_become_partitions_of_one_table(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/flights/date=2024-01-01/a.csv", FLIGHTS)
    s3.put("s3://raw/flights/date=2024-01-02/b.csv", FLIGHTS)
    glue.create()

    last = glue.crawl()

    assert last["Status"] == "SUCCEEDED"
    assert list(glue.tables()) == ["flights"]
    table = glue.tables()["flights"]
    assert table["PartitionKeys"] == [{"Name": "date", "Type": "string"}]
    assert glue.columns("flights") == {
        "carrier": "string",
        "originairportid": "bigint",
        "depdelay": "bigint",
    }
    partitions = glue.partitions("flights")
    assert list(partitions) == [("2024-01-01",), ("2024-01-02",)]
    first = partitions[("2024-01-01",)]["StorageDescriptor"]
    assert first["Location"] == "s3://raw/flights/date=2024-01-01/"
    assert first["Columns"] == table["StorageDescriptor"]["Columns"]


def test_folders_without_key_names_become_partition_0_and_partition_1(glue: Any, s3: Any) -> None:
    for path in ("t1/p1", "t1/p2", "t2/p4"):
        s3.put(f"s3://raw/folder1/{path}/file.csv", FLIGHTS)
    glue.create("s3://raw/folder1")
    glue.crawl()

    table = glue.tables()["folder1"]
    assert [key["Name"] for key in table["PartitionKeys"]] == ["partition_0", "partition_1"]
    assert list(glue.partitions("folder1")) == [("t1", "p1"), ("t1", "p2"), ("t2", "p4")]


def test_dissimilar_folders_become_tables_named_after_them(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/table1/year=2017/data1.json", '{"A": 1, "B": 2}')
    s3.put("s3://raw/table1/year=2018/data2.json", '{"C": 3, "D": 4}')
    glue.create("s3://raw/table1/")
    glue.crawl()

    assert sorted(glue.tables()) == ["year_2017", "year_2018"]
    assert glue.columns("year_2018") == {"c": "int", "d": "int"}


def test_combine_compatible_schemas_makes_one_table_of_dissimilar_folders(
    glue: Any, s3: Any
) -> None:
    s3.put("s3://raw/table1/year=2017/data1.json", '{"A": 1, "B": 2}')
    s3.put("s3://raw/table1/year=2018/data2.json", '{"C": 3, "D": 4}')
    glue.create(
        "s3://raw/table1/",
        Configuration='{"Version": 1.0, "Grouping": '
        '{"TableGroupingPolicy": "CombineCompatibleSchemas"}}',
    )
    glue.crawl()

    assert glue.columns("table1") == {"a": "int", "b": "int", "c": "int", "d": "int"}
    assert glue.tables()["table1"]["PartitionKeys"] == [{"Name": "year", "Type": "string"}]
    serde = glue.tables()["table1"]["StorageDescriptor"]["SerdeInfo"]
    assert serde["SerializationLibrary"] == "org.openx.data.jsonserde.JsonSerDe"
    assert serde["Parameters"] == {"paths": "A,B,C,D"}


def test_table_level_makes_tables_of_the_folders_at_that_level(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/lake/one/d=1/a.csv", FLIGHTS)
    s3.put("s3://raw/lake/two/d=1/a.csv", FLIGHTS)
    glue.create(
        "s3://raw/lake/",
        Configuration='{"Version": 1.0, "Grouping": {"TableLevelConfiguration": 3}}',
    )
    glue.crawl()

    assert sorted(glue.tables()) == ["one", "two"]
    assert list(glue.partitions("two")) == [("1",)]


def test_table_level_holds_whatever_a_folder_has_of_another_format(glue: Any, s3: Any) -> None:
    """Two of three files are no CSV, and none of them makes a table beside it."""
    s3.put("s3://raw/lake/one/d=1/a.csv", FLIGHTS)
    s3.put("s3://raw/lake/one/d=2/a.csv", bytes(range(256)) * 8)
    s3.put("s3://raw/lake/one/d=3/a.csv", bytes(range(256)) * 8)
    glue.create(
        "s3://raw/lake/",
        Configuration='{"Version": 1.0, "Grouping": {"TableLevelConfiguration": 3}}',
    )
    glue.crawl()

    assert sorted(glue.tables()) == ["one"]
    assert list(glue.partitions("one")) == [("1",)]


def test_file_of_unknown_format_at_the_table_level_gives_way_to_a_later_one(
    glue: Any, s3: Any
) -> None:
    s3.put("s3://raw/lake/one/d=1/a.csv", bytes(range(256)) * 8)
    glue.create(
        "s3://raw/lake/",
        Configuration='{"Version": 1.0, "Grouping": {"TableLevelConfiguration": 3}}',
    )
    glue.crawl()
    assert glue.tables()["one"]["Parameters"]["classification"] == "UNKNOWN"

    s3.put("s3://raw/lake/one/d=2/a.csv", FLIGHTS)
    glue.crawl()

    assert sorted(glue.tables()) == ["one"]
    assert glue.tables()["one"]["Parameters"]["classification"] == "csv"
    assert ("2",) in glue.partitions("one")


def test_files_of_several_schemas_in_one_folder_become_a_table_each(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/mixed/a.csv", FLIGHTS)
    s3.put("s3://raw/mixed/b.json", '{"x": 1}')
    glue.create("s3://raw/mixed/")
    glue.crawl()

    assert sorted(glue.tables()) == ["a_csv", "b_json"]


def test_a_file_that_does_not_fit_its_folder_is_left_out_and_logged(
    glue: Any, s3: Any, log_lines: Any
) -> None:
    for name in "abcd":
        s3.put(f"s3://raw/flights/{name}.csv", FLIGHTS)
    s3.put("s3://raw/flights/z.json", '{"x": 1}')
    glue.create()
    glue.crawl()

    assert glue.tables()["flights"]["Parameters"]["objectCount"] == "4"
    assert any(
        "do not match the schema detected" in line and "s3://raw/flights/z.json" in line
        for line in log_lines()
    )


def test_a_folder_that_nothing_recognises_is_no_partition_of_its_neighbour(
    glue: Any, s3: Any
) -> None:
    s3.put("s3://raw/flights/a.csv", FLIGHTS)
    s3.put("s3://raw/scripts/job.py", "print('hello')\n")
    glue.create("s3://raw/")
    glue.crawl()

    tables = glue.tables()
    kinds = {name: table["Parameters"]["classification"] for name, table in tables.items()}
    assert kinds == {"flights": "csv", "scripts": "UNKNOWN"}
    assert tables["flights"]["PartitionKeys"] == []


def test_files_beside_folders_are_tables_of_their_own(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/flights/loose.csv", FLIGHTS)
    s3.put("s3://raw/flights/date=2024-01-01/a.csv", FLIGHTS)
    glue.create()
    glue.crawl()

    assert sorted(glue.tables()) == ["flights", "loose_csv"]
    assert list(glue.partitions("flights")) == [("2024-01-01",)]


def test_folders_that_nothing_recognises_do_not_part_the_files_beside_them(
    glue: Any, s3: Any
) -> None:
    s3.put("s3://raw/flights/a.csv", FLIGHTS)
    s3.put("s3://raw/flights/notes/readme.txt", "words")
    glue.create()
    glue.crawl()

    assert list(glue.columns("flights")) == ["carrier", "originairportid", "depdelay"]
    assert list(glue.tables()) == ["flights"]
