"""Statements for Redshift are whole, quoted and in one transaction."""

from __future__ import annotations

from typing import Any

import pytest
from awsglue import _aws, _redshift_api, _redshift_sql


@pytest.mark.parametrize(
    ("name", "quoted"),
    [
        ("t", '"public"."t"'),
        ("s.t", '"s"."t"'),
        ("dev.s.t", '"dev"."s"."t"'),
        ('s."odd.name"', '"s"."odd.name"'),
        ('s."x""; drop table y; --"', '"s"."x""; drop table y; --"'),
    ],
)
def test_table_names_are_quoted(name: str, quoted: str) -> None:
    assert _redshift_sql.table_name(name) == quoted


@pytest.mark.parametrize("name", ["", "a.b.c.d", "a..b", ".t", 's.x"; drop table y; --'])
def test_what_is_no_table_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a table"):
        _redshift_sql.table_name(name)


def test_scripts_are_split_at_their_semicolons_only() -> None:
    script = """
        create table t (a varchar default ';'); -- one; comment
        /* two; */ insert into "odd;name" values ('it''s; here');
        create procedure p() as $$ begin; end; $$ language plpgsql;
        -- nothing more;
    """
    statements = _redshift_sql.split(script)
    assert len(statements) == 3
    assert statements[0] == "create table t (a varchar default ';')"
    assert statements[2].endswith("language plpgsql")


def test_transactions_of_generated_merges_are_left_to_the_batch() -> None:
    script = "BEGIN; MERGE INTO t USING s ON t.a = s.a REMOVE DUPLICATES; DROP TABLE s; END;"
    assert _redshift_sql.actions(script) == [
        "MERGE INTO t USING s ON t.a = s.a REMOVE DUPLICATES",
        "DROP TABLE s",
    ]


def test_copy_names_its_columns_and_tells_null_from_empty() -> None:
    sql = _redshift_sql.copy(
        '"s"."t"', ["a", 'b"c'], "s3://b/x'y/part-", "", "CSV", "TRUNCATECOLUMNS"
    )
    assert sql == (
        'COPY "s"."t" ("a", "b""c") FROM \'s3://b/x\'\'y/part-\' IAM_ROLE DEFAULT '
        "FORMAT AS CSV NULL AS '@NULL@' DATEFORMAT 'auto' TIMEFORMAT 'auto' TRUNCATECOLUMNS"
    )
    assert "FORMAT AS PARQUET" in _redshift_sql.copy("t", ["a"], "s3://b/", "arn", "PARQUET", "")


def test_unload_carries_the_query_as_a_text() -> None:
    sql = _redshift_sql.unload("SELECT * FROM t WHERE a > 'x'", "s3://b/k/", "arn:role")
    assert sql == (
        "UNLOAD ('SELECT * FROM t WHERE a > ''x''') TO 's3://b/k/' IAM_ROLE 'arn:role' "
        "FORMAT AS PARQUET"
    )


def test_an_absent_table_is_made_of_the_frames_types() -> None:
    kinds = [("a", "bigint"), ("b", "string"), ("c", "decimal(12,2)"), ("d", "double")]
    assert _redshift_sql.create("t", kinds) == (
        'CREATE TABLE IF NOT EXISTS t ("a" BIGINT, "b" VARCHAR(65535), "c" DECIMAL(12,2), '
        '"d" DOUBLE PRECISION)'
    )
    with pytest.raises(ValueError, match="'s' is of type struct<a:int>"):
        _redshift_sql.create("t", [("s", "struct<a:int>")])


def test_urls_name_workgroups_and_clusters() -> None:
    serverless = (
        "jdbc:redshift://wg.123456789012.eu-west-1.redshift-serverless.amazonaws.com:5439/dev"
    )
    assert _redshift_api.target(serverless, "arn:secret") == _redshift_api.Target(
        "dev", {"WorkgroupName": "wg", "SecretArn": "arn:secret"}
    )
    cluster = (
        "jdbc:redshift://c1.abc.eu-west-1.redshift.localhost.localstack.cloud:5439/db?ssl=true"
    )
    assert _redshift_api.target(cluster, "", "etl") == _redshift_api.Target(
        "db", {"ClusterIdentifier": "c1", "DbUser": "etl"}
    )
    with pytest.raises(ValueError, match="names no Redshift"):
        _redshift_api.target("jdbc:redshift://127.0.0.1:5439/dev")


class DataApi:
    """A Data API whose statements end after some questions, as told."""

    def __init__(self, *statuses: str) -> None:
        self.statuses = list(statuses)
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def execute_statement(self, **arguments: Any) -> dict[str, str]:
        self.calls.append(("execute", arguments))
        return {"Id": "s1"}

    def batch_execute_statement(self, **arguments: Any) -> dict[str, str]:
        self.calls.append(("batch", arguments))
        return {"Id": "b1"}

    def describe_statement(self, Id: str) -> dict[str, str]:  # noqa: N803
        status = self.statuses.pop(0)
        if status == "interrupt":
            raise KeyboardInterrupt
        error = {"Error": 'ERROR: relation "t" does not exist'} if status == "FAILED" else {}
        return {"Id": Id, "Status": status, **error}

    def cancel_statement(self, Id: str) -> None:  # noqa: N803
        self.calls.append(("cancel", {"Id": Id}))


def test_statements_run_as_one_batch_and_are_waited_for() -> None:
    api = DataApi("SUBMITTED", "STARTED", "FINISHED")
    _aws.use_client("redshift-data", api)
    target = _redshift_api.Target("dev", {"WorkgroupName": "wg"})
    assert target.execute(["TRUNCATE t", "COPY t"])["Status"] == "FINISHED"
    assert api.calls == [
        ("batch", {"Sqls": ["TRUNCATE t", "COPY t"], "Database": "dev", "WorkgroupName": "wg"})
    ]


def test_a_failed_statement_raises_in_redshifts_words() -> None:
    _aws.use_client("redshift-data", DataApi("FAILED"))
    with pytest.raises(_redshift_api.RedshiftError, match='relation "t" does not exist'):
        _redshift_api.Target("dev").execute(["SELECT 1"])


def test_a_stopped_run_cancels_its_statement() -> None:
    api = DataApi("STARTED", "interrupt")
    _aws.use_client("redshift-data", api)
    with pytest.raises(KeyboardInterrupt):
        _redshift_api.Target("dev").execute(["SELECT 1"])
    assert api.calls[-1] == ("cancel", {"Id": "s1"})


def test_more_statements_than_a_batch_takes_are_refused() -> None:
    with pytest.raises(_redshift_api.RedshiftError, match="at most 40"):
        _redshift_api.Target("dev").execute(["SELECT 1"] * 41)
