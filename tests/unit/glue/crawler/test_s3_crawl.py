"""Whole crawls of S3: from objects to the catalog's tables and partitions."""

from __future__ import annotations

import gzip
from typing import Any

import duckdb
import pytest

FLIGHTS = "Carrier,OriginAirportID,DepDelay\nDL,11433,-3\nAA,13303,\nUA,12478,7\n"
MORE = "Carrier,OriginAirportID,DepDelay,Gate\nDL,11433,-3,A1\nAA,13303,,B2\nUA,12478,7,C3\n"


def test_csv_table_carries_the_parameters_and_the_serde_of_glue(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/flights/a.csv", FLIGHTS)
    s3.put("s3://raw/flights/b.csv", FLIGHTS)
    glue.create()
    glue.crawl()

    table = glue.tables()["flights"]
    size = 2 * len(FLIGHTS)
    expected = {
        "CrawlerSchemaDeserializerVersion": "1.0",
        "CrawlerSchemaSerializerVersion": "1.0",
        "UPDATED_BY_CRAWLER": "c",
        "areColumnsQuoted": "false",
        "averageRecordSize": str(len(FLIGHTS) // 3),
        "classification": "csv",
        "columnsOrdered": "true",
        "compressionType": "none",
        "delimiter": ",",
        "objectCount": "2",
        "recordCount": "6",
        "sizeKey": str(size),
        "skip.header.line.count": "1",
        "typeOfData": "file",
    }
    assert table["Parameters"] == expected
    descriptor = table["StorageDescriptor"]
    assert descriptor["Parameters"] == expected
    assert descriptor["Location"] == "s3://raw/flights/"
    assert descriptor["InputFormat"] == "org.apache.hadoop.mapred.TextInputFormat"
    assert (
        descriptor["OutputFormat"] == "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
    )
    assert descriptor["SerdeInfo"] == {
        "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
        "Parameters": {"field.delim": ","},
    }
    assert table["TableType"] == "EXTERNAL_TABLE"
    assert table["PartitionKeys"] == []


def test_parquet_table_has_its_schema_from_the_footer(glue: Any, s3: Any, tmp_path: Any) -> None:
    file = tmp_path / "a.parquet"
    duckdb.sql(
        "COPY (SELECT 1::BIGINT AS Id, 'x' AS name, 1.5::DECIMAL(9,2) AS fare, "
        "TIMESTAMP '2024-01-01' AS at FROM range(10)) TO '" + str(file) + "' (FORMAT parquet)"
    )
    s3.put("s3://raw/flights/a.parquet", file.read_bytes())
    glue.create()
    glue.crawl()

    table = glue.tables()["flights"]
    assert glue.columns("flights") == {
        "id": "bigint",
        "name": "string",
        "fare": "decimal(9,2)",
        "at": "timestamp",
    }
    assert table["Parameters"]["classification"] == "parquet"
    assert table["Parameters"]["recordCount"] == "10"
    descriptor = table["StorageDescriptor"]
    assert descriptor["InputFormat"].endswith("MapredParquetInputFormat")
    assert descriptor["OutputFormat"].endswith("MapredParquetOutputFormat")
    assert descriptor["SerdeInfo"]["SerializationLibrary"].endswith("ParquetHiveSerDe")


def test_gzip_is_read_and_named_in_the_table(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/flights/a.csv.gz", gzip.compress(FLIGHTS.encode()))
    glue.create()
    glue.crawl()

    table = glue.tables()["flights"]
    assert table["Parameters"]["compressionType"] == "gzip"
    assert table["StorageDescriptor"]["Compressed"] is True
    assert glue.columns("flights")["depdelay"] == "bigint"


def test_exclusions_leave_objects_out(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/flights/a.csv", FLIGHTS)
    s3.put("s3://raw/flights/quarantine/x.json", '{"a": 1}')
    glue.create(target={"Exclusions": ["quarantine/**"]})
    glue.crawl()

    assert list(glue.tables()) == ["flights"]


def test_prefix_and_odd_characters_make_the_table_name(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/Daily Flights-2024/a.csv", FLIGHTS)
    glue.create("s3://raw/Daily Flights-2024/", TablePrefix="raw_")
    glue.crawl()

    assert list(glue.tables()) == ["raw_daily_flights_2024"]


def test_a_taken_table_name_gets_a_hash_suffix(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/x/flights/a.csv", FLIGHTS)
    s3.put("s3://raw/y/flights/a.csv", FLIGHTS)
    targets = [{"Path": "s3://raw/x/flights/"}, {"Path": "s3://raw/y/flights/"}]
    glue.create(Targets={"S3Targets": targets})
    glue.crawl()
    names = sorted(glue.tables())

    assert names[0] == "flights"
    assert names[1].startswith("flights_")
    assert len(names[1]) == len("flights_") + 32

    glue.crawl()
    assert sorted(glue.tables()) == names


def test_an_include_path_may_name_one_file(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/flights/a.csv", FLIGHTS)
    s3.put("s3://raw/flights/a.csv.bak", "x")
    glue.create("s3://raw/flights/a.csv")
    glue.crawl()

    assert glue.tables()["a_csv"]["StorageDescriptor"]["Location"] == "s3://raw/flights/a.csv"


def test_a_header_without_rows_is_no_table_alone(glue: Any, s3: Any, log_lines: Any) -> None:
    s3.put("s3://raw/flights/a.csv", "Carrier,OriginAirportID,DepDelay\n")
    glue.create()

    assert glue.crawl()["Status"] == "SUCCEEDED"
    table = glue.tables()["flights"]
    assert table["Parameters"]["classification"] == "UNKNOWN"
    assert table["StorageDescriptor"]["Columns"] == []
    assert any("fewer than two rows of data" in line for line in log_lines())


def test_a_header_without_rows_joins_the_table_whose_columns_it_has(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/flights/date=2024-01-01/a.csv", FLIGHTS)
    s3.put("s3://raw/flights/date=2024-01-02/b.csv", "Carrier,OriginAirportID,DepDelay\n")
    glue.create()
    glue.crawl()

    assert list(glue.partitions("flights")) == [("2024-01-01",), ("2024-01-02",)]
    assert glue.columns("flights")["depdelay"] == "bigint"


def test_empty_objects_and_hidden_files_are_passed_over(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/flights/date=2024-01-01/a.csv", FLIGHTS)
    s3.put("s3://raw/flights/date=2024-01-02/", b"")
    s3.put("s3://raw/flights/_SUCCESS", b"")
    s3.put("s3://raw/flights/_metadata/x", b"junk")
    s3.put("s3://raw/flights/date=2024-01-01/.a.csv.crc", b"junk")
    glue.create(target={"Exclusions": ["_metadata/**"]})
    glue.crawl()

    assert list(glue.partitions("flights")) == [("2024-01-01",)]
    assert glue.tables()["flights"]["Parameters"]["objectCount"] == "1"


def test_a_prefix_without_objects_succeeds_with_nothing(glue: Any, s3: Any) -> None:
    glue.create()

    assert glue.crawl()["Status"] == "SUCCEEDED"
    assert glue.tables() == {}


def test_a_missing_bucket_fails_the_crawl_with_its_words(
    glue: Any, s3: Any, log_lines: Any
) -> None:
    glue.create("s3://nothing-here/flights/")
    last = glue.crawl()

    assert last["Status"] == "FAILED"
    assert "The specified bucket does not exist" in last["ErrorMessage"]
    assert any("ERROR : " in line for line in log_lines())


def test_a_missing_database_fails_the_crawl(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/flights/a.csv", FLIGHTS)
    glue.create(DatabaseName="nowhere")
    last = glue.crawl()

    assert last["Status"] == "FAILED"
    assert "nowhere" in last["ErrorMessage"]


def test_too_many_tables_fail_the_crawl(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/mixed/a/a.csv", FLIGHTS)
    s3.put("s3://raw/mixed/b/b.json", '{"x": 1}')
    glue.create(
        "s3://raw/mixed/",
        Configuration='{"Version": 1.0, "CrawlerOutput": {"Tables": {"TableThreshold": 1}}}',
    )
    last = glue.crawl()

    assert last["Status"] == "FAILED"
    assert "tables detected by crawler: 2" in last["ErrorMessage"]
    assert glue.tables() == {}


def test_a_crawl_acts_as_the_crawlers_role(glue: Any, s3: Any, clients: Any) -> None:
    glue.create(Role="arn:aws:iam::000000000000:role/service-role/reader")
    glue.crawl()

    assert ("s3", "arn:aws:iam::000000000000:role/service-role/reader") in clients.roles
    assert glue("GetCrawler", Name="c")["Crawler"]["Role"] == "service-role/reader"


def test_the_log_tells_the_crawl_from_start_to_ready(glue: Any, s3: Any, log_lines: Any) -> None:
    s3.put("s3://raw/flights/date=2024-01-01/a.csv", FLIGHTS)
    glue.create()
    last = glue.crawl()

    prefix = f"[{last['MessagePrefix']}] "
    lines = log_lines()
    assert last["LogGroup"] == "/aws-glue/crawlers"
    assert last["LogStream"] == "c"
    assert all(line.startswith(prefix) for line in lines)
    texts = [line.removeprefix(prefix) for line in lines]
    assert texts[0] == "BENCHMARK : Running Start Crawl for Crawler c"
    assert "BENCHMARK : Classification complete, writing results to database db" in texts
    assert "INFO : Created table flights in database db" in texts
    assert texts[-1] == "BENCHMARK : Crawler has finished running and is in state READY"


@pytest.mark.parametrize(
    ("path", "state", "created", "words"),
    [("s3://raw/flights/", "Succeeded", "1", "N/A"), ("s3://none/", "Failed", "0", "bucket")],
)
def test_eventbridge_hears_how_a_crawl_goes(
    glue: Any, s3: Any, clients: Any, path: str, state: str, created: str, words: str
) -> None:
    s3.put("s3://raw/flights/date=2024-01-01/a.csv", FLIGHTS)
    glue.create(path)
    glue.crawl()
    events = clients.services["events"]
    assert events.ended.wait(10)

    assert {kind for kind, _ in events.sent} == {"Glue Crawler State Change"}
    started, ended = (detail for _, detail in events.sent)
    assert (started["crawlerName"], started["state"]) == ("c", "Started")
    assert (ended["crawlerName"], ended["state"]) == ("c", state)
    assert (ended["tablesCreated"], ended["partitionsCreated"]) == (created, created)
    assert ended["message"] == f"Crawler {state}"
    assert words in ended["errorMessage"]


def test_keys_as_deep_as_s3_takes_are_crawled(glue: Any, s3: Any) -> None:
    s3.put(f"s3://raw/flights/{'a/' * 500}x.csv", FLIGHTS)
    glue.create()

    assert glue.crawl()["Status"] == "SUCCEEDED"
    assert len(glue.tables()["flights"]["PartitionKeys"]) == 500


def test_thousands_of_files_are_sampled_in_every_folder(glue: Any, s3: Any) -> None:
    for day in range(30):
        for part in range(50):
            s3.put(f"s3://raw/flights/date={day:02}/{part:02}.csv", FLIGHTS)
    glue.create()
    glue.crawl()

    assert len(glue.partitions("flights")) == 30
    assert len(s3.reads) == 30 * (1000 // 30)
    table = glue.tables()["flights"]
    assert table["Parameters"]["objectCount"] == "1500"
    assert table["Parameters"]["recordCount"] == "4500"


def test_sample_size_limits_what_is_read_of_a_folder(glue: Any, s3: Any) -> None:
    for part in range(9):
        s3.put(f"s3://raw/flights/{part}.csv", FLIGHTS)
    glue.create(target={"SampleSize": 2})
    glue.crawl()

    assert sorted(s3.reads) == ["flights/0.csv", "flights/8.csv"]
    assert glue.tables()["flights"]["Parameters"]["objectCount"] == "9"
