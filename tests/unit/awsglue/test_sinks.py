"""Frames are written as asked, and the catalog told the truth about them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from awsglue import DynamicFrame, DynamicFrameCollection

pytestmark = [pytest.mark.spark, pytest.mark.xdist_group("spark")]


@pytest.fixture
def frame(spark: Any, glue_context: Any) -> Any:
    rows = [("DL", 1, "2024-01-01"), ("A,B", None, "2024-01-02")]
    df = spark.createDataFrame(rows, "who string, n bigint, day string")
    return DynamicFrame.fromDF(df.coalesce(1), glue_context, "f")


def texts(folder: Path, suffix: str) -> list[str]:
    return sorted(path.read_text() for path in folder.rglob(f"*.{suffix}"))


def write(glue_context: Any, frame: Any, path: Path, format: str, **options: Any) -> None:  # noqa: A002
    connection = options.pop("connection", {})
    glue_context.write_dynamic_frame.from_options(
        frame=frame,
        connection_type="file",
        connection_options={"path": f"file://{path}", **connection},
        format=format,
        format_options=options,
    )


def test_csv_has_a_header_unless_told(glue_context: Any, frame: Any, tmp_path: Path) -> None:
    write(glue_context, frame, tmp_path / "a", "csv")
    assert texts(tmp_path / "a", "csv") == ['who,n,day\nDL,1,2024-01-01\n"A,B",,2024-01-02\n']
    write(glue_context, frame, tmp_path / "b", "csv", separator="|", writeHeader=False)
    assert texts(tmp_path / "b", "csv") == ["DL|1|2024-01-01\nA,B||2024-01-02\n"]


def test_csv_survives_what_it_quotes(glue_context: Any, spark: Any, tmp_path: Path) -> None:
    values = ['say "hi"', " padded ", "back\\slash", "new\nline"]
    df = spark.createDataFrame([(v,) for v in values], "v string").coalesce(1)
    write(glue_context, DynamicFrame.fromDF(df, glue_context, "f"), tmp_path / "a", "csv")
    [part] = (tmp_path / "a").glob("*.csv")
    with part.open(newline="") as file:
        assert [row[0] for row in csv.reader(file)] == ["v", *values]


def test_files_are_added_never_replaced(glue_context: Any, frame: Any, tmp_path: Path) -> None:
    for _ in range(2):
        write(glue_context, frame, tmp_path / "a", "parquet")
    assert len(list((tmp_path / "a").glob("*.parquet"))) == 2


def test_partition_keys_make_folders(glue_context: Any, frame: Any, tmp_path: Path) -> None:
    keys = {"partitionKeys": ["day"], "compression": "gzip"}
    write(glue_context, frame, tmp_path / "a", "json", connection=keys)
    assert sorted(p.name for p in (tmp_path / "a").glob("day=*")) == [
        "day=2024-01-01",
        "day=2024-01-02",
    ]
    assert list((tmp_path / "a").rglob("*.json.gz"))
    with pytest.raises(ValueError, match="partitionKeys"):
        write(glue_context, frame, tmp_path / "a", "json", connection={"partitionKeys": ["zz"]})


def test_what_is_not_supported_is_refused(glue_context: Any, frame: Any, tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError, match="'avro' is not supported"):
        write(glue_context, frame, tmp_path, "avro")
    with pytest.raises(NotImplementedError, match="oddity"):
        write(glue_context, frame, tmp_path, "csv", connection={"oddity": 1})
    with pytest.raises(ValueError, match="setCatalogInfo"):
        write(glue_context, frame, tmp_path, "csv", connection={"enableUpdateCatalog": True})


def sink(glue_context: Any, path: Path, **options: Any) -> Any:
    made = glue_context.getSink(
        connection_type="file",
        path=f"file://{path}",
        enableUpdateCatalog=True,
        partitionKeys=["day"],
        transformation_ctx="sink",
        **options,
    )
    made.setCatalogInfo(catalogDatabase="db", catalogTableName="out")
    made.setFormat("glueparquet", compression="snappy")
    return made


def test_a_sink_makes_its_table_and_partitions(
    glue_context: Any, frame: Any, catalog: Any, tmp_path: Path
) -> None:
    sink(glue_context, tmp_path / "out", updateBehavior="UPDATE_IN_DATABASE").writeFrame(frame)
    made = catalog.tables["db", "out"]
    assert made["StorageDescriptor"]["Columns"] == [
        {"Name": "who", "Type": "string"},
        {"Name": "n", "Type": "bigint"},
    ]
    assert made["PartitionKeys"] == [{"Name": "day", "Type": "string"}]
    assert made["Parameters"]["classification"] == "parquet"
    assert [p["Values"] for p in catalog.partitions["db", "out"]] == [
        ["2024-01-01"],
        ["2024-01-02"],
    ]
    back = glue_context.create_dynamic_frame.from_catalog("db", "out")
    assert sorted(map(tuple, back.toDF().collect()), key=repr) == sorted(
        map(tuple, frame.toDF().collect()), key=repr
    )


def test_a_new_column_reaches_the_table_only_when_asked(
    glue_context: Any, spark: Any, frame: Any, catalog: Any, tmp_path: Path
) -> None:
    sink(glue_context, tmp_path / "out").writeFrame(frame)
    wider = spark.createDataFrame(
        [("x", 1, 2.5, "2024-01-03")], "who string, n bigint, d double, day string"
    )
    wide = DynamicFrame.fromDF(wider, glue_context, "w")
    sink(glue_context, tmp_path / "out", updateBehavior="LOG").writeFrame(wide)
    columns = catalog.tables["db", "out"]["StorageDescriptor"]["Columns"]
    assert [c["Name"] for c in columns] == ["who", "n"]
    assert len(catalog.partitions["db", "out"]) == 3
    sink(glue_context, tmp_path / "out").writeFrame(wide)
    columns = catalog.tables["db", "out"]["StorageDescriptor"]["Columns"]
    assert [c["Name"] for c in columns] == ["who", "n", "d"]
    with pytest.raises(ValueError, match="updateBehavior"):
        sink(glue_context, tmp_path / "out", updateBehavior="NONE").writeFrame(wide)


def test_a_catalog_table_is_written_in_its_own_form(
    glue_context: Any, frame: Any, catalog: Any, tmp_path: Path
) -> None:
    columns = [("who", "string"), ("n", "bigint"), ("day", "string")]
    parameters, serde = {"skip.header.line.count": "1"}, {"field.delim": ";"}
    catalog.add("t", f"file://{tmp_path}/t", columns, parameters=parameters, serde=serde)
    glue_context.write_dynamic_frame.from_catalog(frame=frame, database="db", table_name="t")
    assert texts(tmp_path / "t", "csv") == ["who;n;day\nDL;1;2024-01-01\nA,B;;2024-01-02\n"]
    back = glue_context.create_dynamic_frame.from_catalog("db", "t")
    assert back.count() == 2


def test_collections_are_written_under_their_names(
    glue_context: Any, frame: Any, tmp_path: Path
) -> None:
    both = DynamicFrameCollection({"x": frame, "y": frame}, glue_context)
    glue_context.write_dynamic_frame.from_options(
        both, "file", {"path": f"file://{tmp_path}/"}, format="json"
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x", "y"]


def test_an_empty_frame_without_columns_writes_nothing(
    glue_context: Any, spark: Any, tmp_path: Path
) -> None:
    empty = DynamicFrame.fromDF(spark.createDataFrame([], "struct<>"), glue_context, "e")
    write(glue_context, empty, tmp_path / "a", "parquet")
    assert not (tmp_path / "a").exists()


def test_ingestion_time_comes_in_columns(glue_context: Any, frame: Any) -> None:
    df = glue_context.add_ingestion_time_columns(frame.toDF(), "hour")
    expected = ["ingest_year", "ingest_month", "ingest_day", "ingest_hour"]
    assert df.columns[3:] == expected
    assert df.select("ingest_year").first()[0].startswith("2")
    with pytest.raises(ValueError, match="timeGranularity"):
        glue_context.add_ingestion_time_columns(frame.toDF(), "second")
