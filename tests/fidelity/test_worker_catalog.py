"""Spark SQL in a job over the Glue Data Catalog, with ``--enable-glue-datacatalog``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from etlocal.worker.protocol import RunState
from tests.fidelity.test_worker import Bench, bench, worker_url

__all__ = ["bench", "worker_url"]

pytestmark = pytest.mark.spark

ON = {"--enable-glue-datacatalog": "true"}
SPARK = "from pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\n"


def storage(location: str) -> dict[str, Any]:
    return {
        "Columns": [
            {"Name": "id", "Type": "bigint"},
            {"Name": "city", "Type": "string"},
            {"Name": "v", "Type": "double"},
        ],
        "Location": location,
        "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "SerdeInfo": {
            "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
            "Parameters": {"field.delim": ","},
        },
    }


@pytest.fixture
def database(bench: Bench, client: Callable[[str], Any], name: str) -> str:
    """A database with a partitioned CSV table ``orders`` of two days, three rows each."""
    glue = client("glue")
    database = name.replace("-", "_")
    glue.create_database(
        DatabaseInput={"Name": database, "LocationUri": f"s3://{bench.bucket}/warehouse/"}
    )
    root = f"s3://{bench.bucket}/orders/"
    glue.create_table(
        DatabaseName=database,
        TableInput={
            "Name": "orders",
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"classification": "csv", "skip.header.line.count": "1"},
            "PartitionKeys": [{"Name": "day", "Type": "string"}],
            "StorageDescriptor": storage(root),
        },
    )
    for day in ("1", "2"):
        bench.put(
            f"orders/day={day}/a.csv", f"id,city,v\n{day}1,Oslo,1.5\n{day}2,Lima,2\n{day}3,Oslo,3\n"
        )
        glue.create_partition(
            DatabaseName=database,
            TableName="orders",
            PartitionInput={"Values": [day], "StorageDescriptor": storage(f"{root}day={day}/")},
        )
    return database


def test_a_query_reads_a_table_of_the_catalog(bench: Bench, database: str) -> None:
    said = bench.printed(
        SPARK + f"rows = spark.sql('select city, count(*), sum(v) from {database}.orders "
        "group by city order by city').collect()\n"
        "print([tuple(row) for row in rows])\n"
        f"print(spark.table('{database}.orders').where(\"day = '2'\").count())\n"
        f"spark.sql('use {database}')\n"
        "print(spark.sql('with o as (select * from orders) select max(id) from o where id in "
        '(select id from orders where city = "Oslo")\').first()[0])\n'
        "print([table.name for table in spark.catalog.listTables()])\n",
        ON,
    )
    assert said == ["[('Lima', 2, 4.0), ('Oslo', 4, 9.0)]", "3", "23", "['orders']"]


def test_a_partition_added_meanwhile_is_read(bench: Bench, database: str) -> None:
    bench.put("orders/day=3/a.csv", "id,city,v\n31,Rome,1\n")
    said = bench.printed(
        SPARK + f"print(spark.table('{database}.orders').count())\n"
        "import boto3\n"
        "glue = boto3.client('glue')\n"
        f"one = glue.get_partition(DatabaseName='{database}', TableName='orders', "
        "PartitionValues=['1'])['Partition']['StorageDescriptor']\n"
        "one['Location'] = one['Location'].replace('day=1', 'day=3')\n"
        f"glue.create_partition(DatabaseName='{database}', TableName='orders', "
        "PartitionInput={'Values': ['3'], 'StorageDescriptor': one})\n"
        f"print(spark.table('{database}.orders').count())\n"
        f"glue.delete_partition(DatabaseName='{database}', TableName='orders', "
        "PartitionValues=['1'])\n"
        f"print(spark.table('{database}.orders').count())\n",
        ON,
    )
    assert said == ["6", "7", "4"]


def test_what_spark_writes_is_in_the_catalog(
    bench: Bench, database: str, client: Callable[[str], Any]
) -> None:
    said = bench.printed(
        SPARK + f"frame = spark.sql('select id, city, day from {database}.orders')\n"
        f"frame.write.partitionBy('day').saveAsTable('{database}.copies')\n"
        f'spark.sql(\'insert into {database}.copies select 91, "Rome", "9"\')\n'
        f"frame.limit(1).write.insertInto('{database}.copies')\n"
        f"print(spark.table('{database}.copies').count())\n"
        f"spark.sql('create table {database}.short using parquet as select 1 as one')\n"
        f"spark.sql('drop table {database}.short')\n",
        ON,
    )
    assert said == ["8"]
    glue = client("glue")
    tables = glue.get_tables(DatabaseName=database)["TableList"]
    assert sorted(table["Name"] for table in tables) == ["copies", "orders"]
    table = glue.get_table(DatabaseName=database, Name="copies")["Table"]
    assert table["StorageDescriptor"]["Location"] == f"s3://{bench.bucket}/warehouse/copies"
    assert [column["Name"] for column in table["StorageDescriptor"]["Columns"]] == ["id", "city"]
    assert [key["Name"] for key in table["PartitionKeys"]] == ["day"]
    found = glue.get_partitions(DatabaseName=database, TableName="copies")["Partitions"]
    assert sorted(each["Values"][0] for each in found) == ["1", "2", "9"]
    # Another run reads what this one wrote.
    assert bench.printed(SPARK + f"print(spark.table('{database}.copies').count())", ON) == ["8"]


def test_hive_tables_are_made_filled_and_in_the_catalog(
    bench: Bench, database: str, client: Callable[[str], Any]
) -> None:
    said = bench.printed(
        SPARK + f"d, lake = '{database}', 's3://{bench.bucket}/hive'\n"
        "spark.sql(f\"create external table {d}.days (id bigint, city string comment 'where') "
        "comment 'by day' partitioned by (day string) stored as parquet "
        "location '{lake}/days/' tblproperties ('team'='me')\")\n"
        "spark.sql(f'with o as (select * from {d}.orders) insert into {d}.days "
        "select id, city, day from o')\n"
        "spark.sql(f\"create table {d}.text row format delimited fields terminated by '|' "
        "stored as textfile location '{lake}/text/' as select id, city from {d}.days\")\n"
        "spark.sql(f'create table {d}.plain as select max(id) as top from {d}.days')\n"
        "print(spark.table(f'{d}.days').count(), spark.table(f'{d}.plain').first()[0])\n"
        "print(spark.read.text(f'{lake}/text/').orderBy('value').first()[0])\n",
        ON,
    )
    assert said == ["6 23", "11|Oslo"]
    glue = client("glue")
    days = glue.get_table(DatabaseName=database, Name="days")["Table"]
    assert days["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"].endswith(
        "ParquetHiveSerDe"
    )
    assert (days["TableType"], days["Description"]) == ("EXTERNAL_TABLE", "by day")
    assert days["Parameters"]["team"] == "me"
    assert days["StorageDescriptor"]["Columns"][1] == {
        "Name": "city",
        "Type": "string",
        "Comment": "where",
    }
    found = glue.get_partitions(DatabaseName=database, TableName="days")["Partitions"]
    assert sorted(each["Values"] for each in found) == [["1"], ["2"]]
    text = glue.get_table(DatabaseName=database, Name="text")["Table"]
    assert text["StorageDescriptor"]["SerdeInfo"]["Parameters"]["field.delim"] == "|"
    # Another run reads what this one wrote.
    assert bench.printed(SPARK + f"print(spark.table('{database}.text').count())", ON) == ["6"]


def test_hive_support_is_the_data_catalog_in_every_run(bench: Bench, database: str) -> None:
    """Hive's own metastore would find the table that an earlier run named, and refuse it."""
    script = (
        "from pyspark.sql import SparkSession\n"
        "spark = SparkSession.builder.enableHiveSupport().getOrCreate()\n"
        f"print(spark.sql('select count(*) from {database}.orders').first()[0])\n"
    )
    assert bench.printed(script, ON) == ["6"]
    conf = {"--conf": "spark.sql.catalogImplementation=hive"}
    assert bench.printed(script, {**ON, **conf}) == ["6"]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("create table {d}.t (a int) stored as rcfile", "STORED AS rcfile"),
        ("create table {d}.t like {d}.orders", "CreateTableLikeCommand on the Data Catalog"),
        ("comment on table {d}.orders is 'x'", "CommentOnTable on the Data Catalog"),
    ],
)
def test_what_cannot_be_stored_is_refused_before_it_is_done(
    bench: Bench, database: str, client: Callable[[str], Any], statement: str, words: str
) -> None:
    status = bench.run(SPARK + f'spark.sql("{statement.format(d=database)}")', ON)
    assert status.state is RunState.FAILED
    assert words in str(status.error_message)
    tables = client("glue").get_tables(DatabaseName=database)["TableList"]
    assert [table["Name"] for table in tables] == ["orders"]


def test_a_table_of_a_database_without_a_location_is_refused(
    bench: Bench, client: Callable[[str], Any], name: str
) -> None:
    database = name.replace("-", "_")
    client("glue").create_database(DatabaseInput={"Name": database})
    status = bench.run(SPARK + f"spark.range(1).write.saveAsTable('{database}.t')", ON)
    assert status.state is RunState.FAILED
    assert f"database {database} has no location" in str(status.error_message)
    assert client("glue").get_tables(DatabaseName=database)["TableList"] == []


def test_a_change_that_is_not_written_back_is_refused(bench: Bench, database: str) -> None:
    status = bench.run(
        SPARK + f"spark.sql('alter table {database}.orders add columns (w int)')", ON
    )
    assert status.state is RunState.FAILED
    assert "AddColumns on the Data Catalog is not emulated" in str(status.error_message)


def test_without_the_switch_the_catalog_is_not_there(bench: Bench, database: str) -> None:
    status = bench.run(SPARK + f"spark.table('{database}.orders')")
    assert status.state is RunState.FAILED
    assert "TABLE_OR_VIEW_NOT_FOUND" in str(status.error_message)
