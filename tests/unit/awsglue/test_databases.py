"""Redshift and JDBC databases are read and written whole, in one transaction where there is one."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from awsglue import DynamicFrame, _aws, _jdbc, _redshift, _run
from awsglue._bookmarks_s3 import FileEntry
from awsglue.context import GlueContext

pytestmark = [pytest.mark.spark, pytest.mark.xdist_group("spark")]

URL = "jdbc:redshift://wg.000000000000.eu-west-1.redshift-serverless.amazonaws.com:5439/dev"


class DataApi:
    """A warehouse that keeps the statements it was sent."""

    def __init__(self) -> None:
        self.statements: list[list[str]] = []
        self.arguments: dict[str, Any] = {}

    def execute_statement(self, Sql: str, **arguments: Any) -> dict[str, str]:  # noqa: N803
        return self.batch_execute_statement([Sql], **arguments)

    def batch_execute_statement(
        self,
        Sqls: list[str],  # noqa: N803
        **arguments: Any,
    ) -> dict[str, str]:
        self.statements.append(Sqls)
        self.arguments = arguments
        return {"Id": "s"}

    def describe_statement(self, Id: str) -> dict[str, str]:  # noqa: N803
        return {"Id": Id, "Status": "FINISHED"}

    def get_paginator(self, name: str) -> DataApi:
        return self

    def paginate(self, Id: str) -> list[dict[str, Any]]:  # noqa: N803
        columns = [
            {"name": "code", "typeName": "int8"},
            {"name": "name", "typeName": "varchar"},
            {"name": "price", "typeName": "numeric", "precision": 9, "scale": 2},
        ]
        return [{"ColumnMetadata": columns, "Records": []}]


class EmptyBucket:
    """A bucket in which nothing lies."""

    def get_paginator(self, name: str) -> EmptyBucket:
        return self

    def paginate(self, **arguments: str) -> list[dict[str, Any]]:
        return [{}]

    def get_bucket_lifecycle_configuration(self, **arguments: str) -> dict[str, Any]:
        return {"Rules": [{"Status": "Enabled", "Prefix": ""}]}


@pytest.fixture
def api(catalog: Any) -> DataApi:
    made = DataApi()
    _aws.use_client("redshift-data", made)
    _aws.use_client("s3", EmptyBucket())
    catalog.connections["wh"] = {"JDBC_CONNECTION_URL": URL, "SECRET_ID": "arn:secret"}
    catalog.add(
        "wh_t",
        "dev.shop.codes",
        [("code", "bigint"), ("name", "string")],
        classification="redshift",
        parameters={"connectionName": "wh"},
    )
    return made


def test_a_redshift_table_is_unloaded_to_the_temporary_directory(
    glue_context: GlueContext, api: DataApi
) -> None:
    frame = glue_context.create_dynamic_frame.from_catalog(
        database="db", table_name="wh_t", redshift_tmp_dir="s3a://tmp/x/", transformation_ctx="c"
    )
    [[unload], [probe]] = api.statements
    assert unload.startswith('UNLOAD (\'SELECT * FROM "shop"."codes"\') TO \'s3://tmp/x/')
    assert unload.endswith("IAM_ROLE DEFAULT FORMAT AS PARQUET")
    assert api.arguments == {"Database": "dev", "WorkgroupName": "wg", "SecretArn": "arn:secret"}
    # No file came of it: the columns are those of the query, with no rows.
    assert probe == 'SELECT * FROM "shop"."codes" LIMIT 0'
    assert frame.toDF().dtypes == [
        ("code", "bigint"), ("name", "string"), ("price", "decimal(9,2)"),
    ]  # fmt: skip


def test_a_redshift_source_with_ctx_and_no_keys_is_read_whole_each_time(
    glue_context: GlueContext, api: DataApi
) -> None:
    run = _run.Run("job", None, _run.ENABLE)
    _run._current[:] = [run]
    for _ in range(2):
        glue_context.create_dynamic_frame.from_catalog(
            "db", "wh_t", redshift_tmp_dir="s3://tmp/", transformation_ctx="dim"
        )
        run.states.update(run.pending)
    unloads = [s for [s] in api.statements if s.startswith("UNLOAD")]
    assert len(unloads) == 2
    assert not any("WHERE" in sql for sql in unloads)
    assert run.states == {}


def test_without_a_temporary_directory_redshift_is_refused(
    glue_context: GlueContext, api: DataApi, spark: Any
) -> None:
    with pytest.raises(ValueError, match="redshift_tmp_dir"):
        glue_context.create_dynamic_frame.from_catalog(database="db", table_name="wh_t")
    frame = DynamicFrame.fromDF(spark.range(1), glue_context, "f")
    with pytest.raises(ValueError, match="redshift_tmp_dir"):
        glue_context.write_dynamic_frame.from_catalog(frame, "db", "wh_t")
    with pytest.raises(ValueError, match="not an S3 path"):
        glue_context.write_dynamic_frame.from_catalog(frame, "db", "wh_t", "hdfs://x/")
    assert api.statements == []


def test_a_write_is_one_batch_of_preactions_copy_and_postactions(
    glue_context: GlueContext,
    api: DataApi,
    spark: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_redshift, "_write_files", lambda df, folder, form: None)
    files = [FileEntry("s3://tmp/x/part-0.csv", 0, 5)]
    monkeypatch.setattr(_redshift, "list_files", lambda *args: iter(files))
    df = spark.createDataFrame([(1, "x")], "code bigint, name string")
    glue_context.write_dynamic_frame.from_options(
        frame=DynamicFrame.fromDF(df, glue_context, "f"),
        connection_type="redshift",
        connection_options={
            "redshiftTmpDir": "s3://tmp/x",
            "useConnectionProperties": "true",
            "dbtable": "shop.codes",
            "connectionName": "wh",
            "preactions": "DELETE FROM shop.codes WHERE name = ';'; TRUNCATE TABLE shop.stage;",
            "postactions": "BEGIN; ANALYZE shop.codes; END;",
            "aws_iam_role": "arn:aws:iam::000000000000:role/r",
        },
    )
    [batch] = api.statements
    assert [sql.split("(")[0].strip() for sql in batch] == [
        "DELETE FROM shop.codes WHERE name = ';'",
        "TRUNCATE TABLE shop.stage",
        'CREATE TABLE IF NOT EXISTS "shop"."codes"',
        'COPY "shop"."codes"',
        "ANALYZE shop.codes",
    ]
    assert "IAM_ROLE 'arn:aws:iam::000000000000:role/r'" in batch[3]


def test_an_empty_frame_runs_its_actions_without_copy(
    glue_context: GlueContext, api: DataApi, spark: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_redshift, "_write_files", lambda df, folder, form: None)
    frame = DynamicFrame.fromDF(spark.createDataFrame([], "code bigint"), glue_context, "f")
    options = {"dbtable": "codes", "database": "other", "preactions": "TRUNCATE TABLE codes"}
    glue_context.write_dynamic_frame.from_jdbc_conf(
        frame, catalog_connection="wh", connection_options=options, redshift_tmp_dir="s3://tmp/"
    )
    [batch] = api.statements
    assert len(batch) == 2
    assert api.arguments["Database"] == "other"


def test_a_write_by_a_connection_reads_it_once(
    glue_context: GlueContext, api: DataApi, catalog: Any, spark: Any
) -> None:
    frame = DynamicFrame.fromDF(spark.createDataFrame([], "struct<>"), glue_context, "f")
    options = {"dbtable": "codes", "database": "dev", "preactions": "TRUNCATE TABLE codes"}
    glue_context.write_dynamic_frame.from_jdbc_conf(frame, "wh", options, "s3://tmp/")
    assert api.statements == [["TRUNCATE TABLE codes"]]
    assert catalog.connections_read == ["wh"]


def test_options_that_redshift_would_ignore_are_refused(
    glue_context: GlueContext, api: DataApi, spark: Any
) -> None:
    frame = DynamicFrame.fromDF(spark.range(1), glue_context, "f")
    options = {"redshiftTmpDir": "s3://tmp/", "dbtable": "t", "url": URL}
    with pytest.raises(NotImplementedError, match="diststyle"):
        glue_context.write_dynamic_frame.from_options(
            frame, "redshift", {**options, "diststyle": "ALL"}
        )
    with pytest.raises(NotImplementedError, match="'AVRO' is not supported"):
        glue_context.write_dynamic_frame.from_options(
            frame, "redshift", {**options, "tempformat": "avro"}
        )


# ruff: noqa: DTZ001 - a warehouse's timestamps have no zone
@pytest.mark.parametrize("form", ["CSV", "CSV GZIP", "PARQUET"])
def test_the_files_a_copy_loads_keep_every_value(spark: Any, tmp_path: Path, form: str) -> None:
    moments = [dt.datetime(2024, 1, 2, 3, 4, 5, 6), dt.datetime(1969, 12, 31, 23, 59, 59)]
    values = [
        (1, "plain", Decimal("1E-7"), moments[0], dt.date(2024, 2, 29), True, 0.1),
        (2, "", Decimal("-12.5"), moments[1], dt.date(1900, 1, 1), False, 1e300),
        (3, None, None, None, None, None, None),
        (4, ' a,"b"\n\r\\c\t ', Decimal(1), None, None, None, -0.0),
        (5, "\u00e9\u4e16'", Decimal(1), None, None, None, 3.0),
    ]
    schema = "i int, s string, d decimal(20,10), t timestamp_ntz, y date, b boolean, f double"
    df = spark.createDataFrame(values, schema)
    folder = tmp_path / "load"
    _redshift._write_files(df.coalesce(1), f"file://{folder}", form)
    db = duckdb.connect()
    types = "i INTEGER, s VARCHAR, d DECIMAL(20,10), t TIMESTAMP, y DATE, b BOOLEAN, f DOUBLE"
    db.execute(f"CREATE TABLE t ({types})")
    if form == "PARQUET":
        source = f"SELECT * FROM read_parquet('{folder}/part-*')"
    else:
        columns = dict(pair.split(" ", 1) for pair in types.split(", "))
        source = (
            f"SELECT * FROM read_csv('{folder}/part-*', header=false, nullstr='@NULL@', "
            f"quote='\"', escape='\"', delim=',', columns={columns}, auto_detect=false, "
            "strict_mode=true, new_line='\\n')"
        )
    db.execute(f"INSERT INTO t SELECT i, s, d, t, y, b, f FROM ({source})")
    loaded = db.execute("SELECT * FROM t ORDER BY i").fetchall()
    assert loaded == values


# -- JDBC, against the database that comes inside Spark


@pytest.fixture
def derby() -> dict[str, str]:
    url = f"jdbc:derby:memory:{uuid.uuid4().hex}"
    driver = "org.apache.derby.jdbc.AutoloadedDriver"
    return {"url": f"{url};create=true", "className": driver}


def execute(spark: Any, url: str, *statements: str) -> None:
    connection = spark._jvm.java.sql.DriverManager.getConnection(url)
    for sql in statements:
        connection.createStatement().execute(sql)
    connection.close()


def read(glue_context: GlueContext, options: dict[str, Any], ctx: str = "") -> list[Any]:
    frame = glue_context.create_dynamic_frame.from_options(
        "custom.jdbc", options, transformation_ctx=ctx
    )
    return sorted(row[0] for row in frame.toDF().collect())


def test_jdbc_tables_are_written_and_read(
    glue_context: GlueContext, spark: Any, derby: dict[str, str]
) -> None:
    df = spark.createDataFrame([(1, "x"), (2, None)], "A int, B string")
    frame = DynamicFrame.fromDF(df, glue_context, "f")
    options = {**derby, "dbtable": "items"}
    glue_context.write_dynamic_frame.from_options(frame, "custom.jdbc", options)
    assert read(glue_context, options) == [1, 2]
    query = {**derby, "query": 'SELECT "A" FROM items WHERE "A" > 1'}
    assert read(glue_context, query) == [2]


def test_jdbc_rows_are_read_once_by_keys(
    glue_context: GlueContext, spark: Any, derby: dict[str, str]
) -> None:
    run = _run.Run("job", None, _run.ENABLE)
    _run._current[:] = [run]
    execute(spark, derby["url"], "create table t (k int)", "insert into t values 3, 9")
    options = {**derby, "dbtable": "t", "jobBookmarkKeys": ["k"]}
    assert read(glue_context, options, "src") == [3, 9]
    run.states.update(json.loads(json.dumps(run.pending)))
    execute(spark, derby["url"], "insert into t values 4, 12")
    assert read(glue_context, options, "src") == [12]


def test_a_primary_key_without_gaps_is_the_default_key(
    glue_context: GlueContext, spark: Any, derby: dict[str, str]
) -> None:
    run = _run.Run("job", None, _run.ENABLE)
    _run._current[:] = [run]
    execute(spark, derby["url"], "create table t (k int primary key)", "insert into t values 1, 2")
    options = {**derby, "dbtable": "t"}
    assert read(glue_context, options, "src") == [1, 2]
    run.states.update(run.pending)
    execute(spark, derby["url"], "insert into t values 3")
    assert read(glue_context, options, "src") == [3]


def test_a_primary_key_with_gaps_is_not(
    glue_context: GlueContext, spark: Any, derby: dict[str, str]
) -> None:
    run = _run.Run("job", None, _run.ENABLE)
    _run._current[:] = [run]
    execute(spark, derby["url"], "create table t (k int primary key)", "insert into t values 1, 5")
    for _ in range(2):
        assert read(glue_context, {**derby, "dbtable": "t"}, "src") == [1, 5]
    assert run.pending == {}


def test_a_hash_expression_splits_the_read_and_loses_no_row(
    glue_context: GlueContext, spark: Any, derby: dict[str, str]
) -> None:
    execute(spark, derby["url"], "create table t (k int)", "insert into t values -4, 0, 7, 8")
    execute(spark, derby["url"], "insert into t values cast(null as int)")
    options = {**derby, "dbtable": "t", "hashexpression": "k", "hashpartitions": "3"}
    frame = glue_context.create_dynamic_frame.from_options("custom.jdbc", options)
    assert frame.count() == 5
    assert frame.getNumPartitions() == 3
    by_field = {**derby, "dbtable": "t", "hashfield": "k"}
    with pytest.raises(NotImplementedError, match="hashfield"):
        glue_context.create_dynamic_frame.from_options("custom.jdbc", by_field)


def test_connections_give_url_and_secret(glue_context: GlueContext, catalog: Any) -> None:
    class Secrets:
        def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803
            assert SecretId == "my-secret"
            return {"SecretString": json.dumps({"username": "u", "password": "p"})}

    _aws.use_client("secretsmanager", Secrets())
    catalog.connections["pg"] = {
        "JDBC_CONNECTION_URL": "jdbc:postgresql://db.local:5432/shop",
        "SECRET_ID": "my-secret",
    }
    conf = glue_context.extract_jdbc_conf("pg")
    assert conf["url"] == "jdbc:postgresql://db.local:5432"
    assert conf["fullUrl"] == "jdbc:postgresql://db.local:5432/shop"
    assert (conf["user"], conf["password"], conf["vendor"]) == ("u", "p", "postgresql")
    options = _jdbc._spark_options("postgresql", {"connectionName": "pg", "dbtable": "t"})
    assert options == {
        "dbtable": "t",
        "driver": "org.postgresql.Driver",
        "url": "jdbc:postgresql://db.local:5432/shop",
        "user": "u",
        "password": "p",
    }
    catalog.connections["none"] = {}
    with pytest.raises(ValueError, match="no JDBC_CONNECTION_URL"):
        glue_context.extract_jdbc_conf("none")


def test_column_names_are_quoted_for_their_database() -> None:
    assert _jdbc.quote("mysql", "plain") == "plain"
    assert _jdbc.quote("mysql", "a`b") == "`a``b`"
    assert _jdbc.quote("sqlserver", "a]b") == "[a]]b]"
    assert _jdbc.quote("oracle", 'a"b') == '"a""b"'
