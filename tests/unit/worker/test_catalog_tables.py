"""Tables of the Data Catalog become tables that Spark reads alike, and back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from etlocal.worker.catalog_mirror import inserted, named
from etlocal.worker.catalog_tables import (
    UnsupportedTableError,
    hive_source,
    hive_type,
    literal,
    partition_clauses,
    quote,
    spark_table,
    table_input,
)

CSV = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"


def table(serde: str, parameters: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "DatabaseName": "sales",
        "Name": "orders",
        "StorageDescriptor": {
            "Columns": [{"Name": "id", "Type": "bigint"}, {"Name": "a`b", "Type": "string"}],
            "Location": "s3://bucket/it's/",
            "SerdeInfo": {"SerializationLibrary": serde, "Parameters": parameters or {}},
        },
        **more,
    }


def test_a_crawled_csv_is_read_with_its_delimiter_and_header() -> None:
    made = spark_table(
        table(
            CSV,
            {"field.delim": "|"},
            Parameters={"skip.header.line.count": "1"},
            PartitionKeys=[{"Name": "day", "Type": "string"}],
        )
    )
    assert made.provider == "csv"
    assert made.options["sep"] == "|"
    assert made.options["header"] == "true"
    assert made.options["quote"] == ""
    assert made.ddl() == (
        "CREATE TABLE `sales`.`orders` (`id` bigint, `a``b` string, `day` string) USING csv "
        "OPTIONS ('header' = 'true', 'nullValue' = '\\\\N', 'quote' = '', 'sep' = '|') "
        "PARTITIONED BY (`day`) LOCATION 's3://bucket/it\\'s/'"
    )


def test_a_csv_without_a_delimiter_has_hives() -> None:
    assert spark_table(table(CSV)).options["sep"] == "\x01"
    assert spark_table(table(CSV)).options["header"] == "false"


def test_an_open_csv_has_quotes() -> None:
    made = spark_table(table(OPEN_CSV, {"separatorChar": ";", "quoteChar": "'"}))
    assert (made.options["sep"], made.options["quote"]) == (";", "'")


@pytest.mark.parametrize(
    ("serde", "provider"),
    [
        ("org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe", "parquet"),
        ("org.apache.hadoop.hive.ql.io.orc.OrcSerde", "orc"),
        ("org.openx.data.jsonserde.JsonSerDe", "json"),
        ("org.apache.hadoop.hive.serde2.avro.AvroSerDe", "avro"),
    ],
)
def test_a_serde_names_the_data_source(serde: str, provider: str) -> None:
    assert spark_table(table(serde)).provider == provider


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (table("com.amazonaws.glue.serde.GrokSerDe"), "GrokSerDe"),
        (table(CSV, TableType="VIRTUAL_VIEW"), "a view"),
        (table(CSV, Parameters={"table_type": "ICEBERG"}), "ICEBERG"),
    ],
)
def test_a_table_that_spark_cannot_read_alike_is_refused(
    entry: dict[str, Any], reason: str
) -> None:
    with pytest.raises(UnsupportedTableError, match=f"sales.orders .*{reason}"):
        spark_table(entry)


def test_names_and_texts_are_quoted_for_spark() -> None:
    assert quote("a`b", "c") == "`a``b`.`c`"
    assert literal("a'b\\c\x01") == "'a\\'b\\\\c\\u0001'"


def test_partitions_are_named_by_their_keys() -> None:
    clauses = list(partition_clauses(["year", "day"], {("2024", "1'"): "s3://b/p"}))
    assert clauses == ["PARTITION (`year` = '2024', `day` = '1\\'') LOCATION 's3://b/p'"]


def test_a_table_that_spark_wrote_is_read_as_it_was_written() -> None:
    schema = {
        "type": "struct",
        "fields": [
            {"name": "Id", "type": "long", "nullable": True, "metadata": {}},
            {"name": "day", "type": "string", "nullable": True, "metadata": {}},
        ],
    }
    entry = table_input(
        "Copy",
        provider="csv",
        schema=json.dumps(schema),
        partition_columns=["day"],
        location="s3://b/copy",
        options={"sep": ";", "header": "true"},
        managed=False,
    )
    assert entry["Name"] == "copy"
    assert entry["TableType"] == "EXTERNAL_TABLE"
    assert entry["StorageDescriptor"]["Columns"] == [{"Name": "id", "Type": "bigint"}]
    assert entry["PartitionKeys"] == [{"Name": "day", "Type": "string"}]
    assert entry["Parameters"]["skip.header.line.count"] == "1"
    read = spark_table({**entry, "DatabaseName": "sales"})
    assert read.provider == "csv"
    assert (read.options["sep"], read.options["header"]) == (";", "true")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("long", "bigint"),
        ("decimal(10,2)", "decimal(10,2)"),
        ({"type": "array", "elementType": "integer", "containsNull": True}, "array<int>"),
        (
            {"type": "map", "keyType": "string", "valueType": "short", "valueContainsNull": True},
            "map<string,smallint>",
        ),
        (
            {"type": "struct", "fields": [{"name": "a", "type": "byte"}]},
            "struct<a:tinyint>",
        ),
    ],
)
def test_sparks_types_are_stored_as_hives(kind: Any, expected: str) -> None:
    assert hive_type(kind) == expected


@pytest.mark.parametrize(
    ("stored_as", "serde", "provider"),
    [
        ("PARQUET", "", "parquet"),
        ("orc", "", "orc"),
        ("jsonfile", "", "json"),
        ("textfile", "org.openx.data.jsonserde.JsonSerDe", "json"),
        ("", "", "csv"),
    ],
)
def test_a_hive_format_has_a_data_source(stored_as: str, serde: str, provider: str) -> None:
    found, _ = hive_source("a.b", stored_as=stored_as, serde=serde, properties={}, parameters={})
    assert found == provider


def test_hives_text_has_no_quotes_and_its_own_delimiter_and_null() -> None:
    _, options = hive_source("a.b", stored_as="", serde="", properties={}, parameters={})
    assert options == {"header": "false", "sep": "\x01", "quote": "", "nullValue": "\\N"}
    _, options = hive_source(
        "a.b",
        stored_as="textfile",
        serde="",
        properties={"field.delim": "|"},
        parameters={"skip.header.line.count": "1"},
    )
    assert (options["sep"], options["header"]) == ("|", "true")


def test_a_hive_format_without_a_data_source_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedTableError, match=r"a\.b is STORED AS rcfile"):
        hive_source("a.b", stored_as="rcfile", serde="", properties={}, parameters={})


def test_properties_and_comments_are_stored() -> None:
    field = {"name": "A", "type": "long", "nullable": True, "metadata": {"comment": "the key"}}
    stored = table_input(
        "t",
        provider="parquet",
        schema=json.dumps({"type": "struct", "fields": [field]}),
        partition_columns=[],
        location="s3://b/t",
        options={},
        managed=False,
        properties={"owner": "me"},
        comment="orders",
    )
    assert stored["Description"] == "orders"
    assert stored["Parameters"]["owner"] == "me"
    assert stored["StorageDescriptor"]["Columns"] == [
        {"Name": "a", "Type": "bigint", "Comment": "the key"}
    ]


def test_every_table_that_a_statement_inserts_into_is_found() -> None:
    plan = (
        "'Union false, false\n"
        ":- 'InsertIntoStatement 'UnresolvedRelation [a, b], [x=INSERT], false\n"
        ":  +- 'UnresolvedRelation [c, d], [], false\n"
        "+- 'InsertIntoStatement 'UnresolvedRelation [e], [x=INSERT], false\n"
    )
    assert inserted(plan) == [["a", "b"], ["e"]]


def test_what_a_statement_names_is_found_in_its_plan() -> None:
    plan = (
        "CTE [x]\n:  +- 'SubqueryAlias x\n:     +- 'UnresolvedRelation [sales, orders], [], false\n"
        "+- 'Filter 'id IN (list#1 [])\n   :  +- 'UnresolvedRelation [other], [], false\n"
        "'DropTable true, false\n+- 'UnresolvedIdentifier [sales, old], false\n"
        "'UnresolvedNamespace [sales]"
    )
    assert named(plan) == [
        ("Relation", ["sales", "orders"]),
        ("Relation", ["other"]),
        ("Identifier", ["sales", "old"]),
        ("Namespace", ["sales"]),
    ]
