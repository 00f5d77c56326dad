"""The Data API: statements, their states, results, sessions and batches."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from etlocal.aws.call import Call, Runtime
from etlocal.aws.errors import AwsError
from etlocal.redshift.data import records
from etlocal.redshift.data.operations import OPERATIONS
from etlocal.redshift.data.service import SERVICE
from etlocal.redshift.data.worker import Worker
from etlocal.waiting import await_answer

pytestmark = pytest.mark.both_engines

Rows = Callable[..., list[list[Any]]]
Run = Callable[..., dict[str, Any]]
Ok = Callable[..., None]
TARGET = {"WorkgroupName": "group", "Database": "dev"}
NO_ENDPOINT = r"^Redshift endpoint doesn't exist in this region\.$"


def test_a_statement_ends_with_a_typed_result(run: Run, call: Call) -> None:
    described = run("select 1 as a, 'x' as b, 1.5 as c, true as d, null as e, 2::float8 as f")
    assert described["Status"] == "FINISHED"
    assert described["HasResultSet"] is True
    assert described["ResultRows"] == 1
    assert described["Duration"] > 0
    answer = OPERATIONS.handle("GetStatementResult", {"Id": described["Id"]}, call)
    assert answer["Records"] == [
        [
            {"longValue": 1},
            {"stringValue": "x"},
            {"stringValue": "1.5"},
            {"booleanValue": True},
            {"isNull": True},
            {"doubleValue": 2.0},
        ]
    ]
    kinds = [column["typeName"] for column in answer["ColumnMetadata"]]
    assert kinds[:4] == ["int4", "varchar", "numeric", "bool"]


def test_an_unknown_relation_fails_in_redshifts_words(run: Run) -> None:
    described = run("select * from nowhere")
    assert described["Status"] == "FAILED"
    assert described["Error"] == 'ERROR: relation "nowhere" does not exist'


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"WorkgroupName": "gone", "Database": "dev"}, NO_ENDPOINT),
        ({"ClusterIdentifier": "gone", "Database": "dev"}, NO_ENDPOINT),
        ({"Database": "dev"}, "ClusterIdentifier or WorkgroupName must be provided"),
        ({"WorkgroupName": "group"}, "Database must be provided"),
        (
            {**TARGET, "Parameters": [{"name": "x", "value": "1"}]},
            "Parameters list contains unused parameters",
        ),
        ({**TARGET, "SessionId": "00000000-0000-0000-0000-000000000000"}, "must not be provided"),
        ({"SessionId": "00000000-0000-0000-0000-000000000000"}, "is not available"),
    ],
)
def test_a_request_that_cannot_be_is_refused_at_once(
    call: Call, request_: dict[str, Any], error: str
) -> None:
    with pytest.raises(AwsError, match=error) as caught:
        OPERATIONS.handle("ExecuteStatement", {"Sql": "select 1", **request_}, call)
    assert caught.value.code == "ValidationException"


def test_a_database_that_is_not_there_fails_the_statement(run: Run) -> None:
    described = run("select 1", Database="nope")
    assert described["Error"] == 'ERROR: FATAL: database "nope" does not exist'


def test_parameters_are_values_never_text(run: Run, ok: Ok, rows: Rows) -> None:
    ok("create table t (a int, b varchar(60))")
    evil = "x'); drop table t; --"
    given = [{"name": "a", "value": "5"}, {"name": "b", "value": evil}]
    described = run("insert into t values (:a, :b)", Parameters=given)
    assert described["Status"] == "FINISHED"
    assert described["QueryParameters"] == given
    found = rows(
        "select a, b, ':a' from t where a = :a limit :n",
        Parameters=[{"name": "a", "value": "5"}, {"name": "n", "value": "1"}],
    )
    assert found == [[5, evil, ":a"]]


def test_a_text_of_two_statements_fails(run: Run) -> None:
    described = run("select 1; select 2")
    assert described["Error"] == "ERROR: cannot insert multiple commands into a prepared statement"
    assert run("select 1 -- one; only\n;")["Status"] == "FINISHED"


def test_a_batch_is_one_transaction(run: Run, ok: Ok, rows: Rows, call: Call) -> None:
    ok("create table t (a int)")
    described = run(["insert into t values (1)", "select count(*) from t"])
    assert described["Status"] == "FINISHED"
    assert [part["Status"] for part in described["SubStatements"]] == ["FINISHED", "FINISHED"]
    assert described["SubStatements"][1]["Id"] == f"{described['Id']}:2"
    answer = OPERATIONS.handle("GetStatementResult", {"Id": f"{described['Id']}:2"}, call)
    assert answer["Records"] == [[{"longValue": 1}]]
    failed = run(["insert into t values (2)", "select * from nope", "select 1"])
    assert failed["Status"] == "FAILED"
    assert failed["Error"] == 'Query #2 failed with ERROR: relation "nope" does not exist'
    states = [part["Status"] for part in failed["SubStatements"]]
    assert states == ["FINISHED", "FAILED", "ABORTED"]
    assert rows("select a from t") == [[1]]


def test_a_batchs_counts_are_its_statements_sums(run: Run) -> None:
    described = run(["select 1", "create table t (a varchar(9))", "select 2", "select null, 'é'"])
    parts = [(part["ResultRows"], part["ResultSize"]) for part in described["SubStatements"]]
    assert parts == [(1, 11), (-1, 0), (1, 11), (1, 16)]
    assert (described["ResultRows"], described["ResultSize"]) == (3, 38)
    assert described["RedshiftQueryId"] == 0


def test_a_sessions_batch_sees_the_table_that_its_statement_before_made(
    run: Run, rows: Rows
) -> None:
    made = run("create table t (a int)", SessionKeepAliveSeconds=60)
    kept = {"SessionId": made["SessionId"]}
    assert (
        run(["insert into t values (1)", "insert into t values (2)"], **kept).get("Error") is None
    )
    assert rows("select sum(a) from t") == [[3]]


def test_a_batch_sees_the_tables_as_it_makes_them_and_others_do_not(
    run: Run, ok: Ok, rows: Rows, engine: str
) -> None:
    ok("create table t (a int)")
    kept = {"SessionId": run("begin", SessionKeepAliveSeconds=60)["SessionId"]}
    assert run("alter table t add column b int", **kept)["Status"] == "FINISHED"
    assert run("insert into t (a, b) values (1, 2)", **kept)["Status"] == "FINISHED"
    if engine == "duckdb":
        # On PostgreSQL, as on Redshift, who reads the table waits until its ALTER is committed.
        assert "column" in run("select b from t")["Error"]
    assert run("commit", **kept)["Status"] == "FINISHED"
    assert rows("select b from t") == [[2]]
    failed = run(["drop table t", "create table u (a int)", "select nope()"])
    assert failed["Status"] == "FAILED"
    assert rows("select b from t") == [[2]]
    assert run("select * from u")["Error"] == 'ERROR: relation "u" does not exist'


def test_a_long_result_comes_in_pages(rows: Rows) -> None:
    sql = (
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2500) "
        "select i from n order by i"
    )
    assert rows(sql) == [[i] for i in range(1, 2501)]


def test_a_page_behind_the_last_is_refused(run: Run, call: Call) -> None:
    described = run("select 1")
    token = base64.urlsafe_b64encode(b"offset:7").decode()
    with pytest.raises(AwsError, match="pagination token is not valid"):
        OPERATIONS.handle("GetStatementResult", {"Id": described["Id"], "NextToken": token}, call)


def test_a_statement_cancelled_before_its_turn_leaves_its_session_free(
    run: Run, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {"SessionId": run("begin", SessionKeepAliveSeconds=3600)["SessionId"]}
    worker = call.runtime.component(Worker)
    go_on = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(worker, "_pool", pool)
        pool.submit(go_on.wait)
        waiting = OPERATIONS.handle("ExecuteStatement", {"Sql": "select 1", **kept}, call)
        with pytest.raises(AwsError, match="another statement is running on it"):
            OPERATIONS.handle("ExecuteStatement", {"Sql": "select 2", **kept}, call)
        OPERATIONS.handle("CancelStatement", {"Id": waiting["Id"]}, call)
        go_on.set()
        described = OPERATIONS.handle("DescribeStatement", {"Id": waiting["Id"]}, call)
        assert described["Status"] == "ABORTED"
        assert run("select 3", **kept)["Status"] == "FINISHED"


def test_a_refused_statement_leaves_its_sessions_time_as_it_was(run: Run, call: Call) -> None:
    session = run("begin", SessionKeepAliveSeconds=3600)["SessionId"]
    worker = call.runtime.component(Worker)
    assert worker.claim(session, "another")
    request = {"Sql": "select 1", "SessionId": session, "SessionKeepAliveSeconds": 1}
    with pytest.raises(AwsError, match="another statement is running on it"):
        OPERATIONS.handle("ExecuteStatement", request, call)
    kept = worker.session(session)
    assert kept is not None
    assert kept.keep_alive == 3600


def test_a_result_as_csv(run: Run, call: Call) -> None:
    described = run("select 1 as a, 'x,\"y\"' as b, null as c", ResultFormat="CSV")
    answer = OPERATIONS.handle("GetStatementResultV2", {"Id": described["Id"]}, call)
    assert answer["Records"] == [{"CSVRecords": 'a,b,c\r\n1,"x,""y""",\r\n'}]
    with pytest.raises(AwsError, match="use GetStatementResultV2"):
        OPERATIONS.handle("GetStatementResult", {"Id": described["Id"]}, call)


def test_a_statement_without_rows_has_no_result(run: Run, call: Call) -> None:
    described = run("create table t (a int)")
    assert (described["HasResultSet"], described["ResultRows"]) == (False, -1)
    with pytest.raises(AwsError, match="does not have result") as caught:
        OPERATIONS.handle("GetStatementResult", {"Id": described["Id"]}, call)
    assert caught.value.code == "ResourceNotFoundException"
    assert run("insert into t values (1), (2)")["ResultRows"] == 2


def test_a_client_token_runs_a_statement_once(call: Call, ok: Ok, rows: Rows) -> None:
    ok("create table t (a int)")
    request = {"Sql": "insert into t values (1)", "ClientToken": "once", **TARGET}
    first = OPERATIONS.handle("ExecuteStatement", request, call)
    second = OPERATIONS.handle("ExecuteStatement", request, call)
    assert first["Id"] == second["Id"]
    call.runtime.component(Worker).wait(first["Id"], 30)
    assert rows("select count(*) from t") == [[1]]


def test_a_statement_that_waits_can_be_cancelled(run: Run, ok: Ok, call: Call) -> None:
    ok("create table t (a int)")
    kept = {"SessionId": run("begin", SessionKeepAliveSeconds=60)["SessionId"]}
    run("insert into t values (1)", **kept)
    waiting = OPERATIONS.handle(
        "ExecuteStatement", {"Sql": "insert into t values (2)", **TARGET}, call
    )

    def started() -> bool | None:
        status = OPERATIONS.handle("DescribeStatement", {"Id": waiting["Id"]}, call)["Status"]
        return status == "STARTED" or None

    await_answer(started, seconds=10, what="the statement to be STARTED")
    assert OPERATIONS.handle("CancelStatement", {"Id": waiting["Id"]}, call) == {"Status": True}
    call.runtime.component(Worker).wait(waiting["Id"], 30)
    described = OPERATIONS.handle("DescribeStatement", {"Id": waiting["Id"]}, call)
    assert described["Status"] == "ABORTED"
    with pytest.raises(AwsError, match=f"already in ABORTED state with ID: {waiting['Id']}$"):
        OPERATIONS.handle("CancelStatement", {"Id": waiting["Id"]}, call)
    assert run("commit", **kept)["Status"] == "FINISHED"


def test_a_cancellation_right_after_the_request_is_not_lost(call: Call) -> None:
    endless = (
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 4000) "
        "select count(*) from n a, n b, n c where a.i * b.i % 7919 = c.i"
    )
    for _ in range(20):
        made = OPERATIONS.handle("ExecuteStatement", {"Sql": endless, **TARGET}, call)
        OPERATIONS.handle("CancelStatement", {"Id": made["Id"]}, call)
        call.runtime.component(Worker).wait(made["Id"], 30)
        described = OPERATIONS.handle("DescribeStatement", {"Id": made["Id"]}, call)
        assert described["Status"] == "ABORTED"


def test_statements_are_listed_by_status_and_name(run: Run, call: Call) -> None:
    run("select 1", StatementName="load-a")
    run("select nope()", StatementName="load-b")
    listed = OPERATIONS.handle("ListStatements", {"Status": "ALL", "StatementName": "load"}, call)
    assert [item["StatementName"] for item in listed["Statements"]] == ["load-b", "load-a"]
    failed = OPERATIONS.handle("ListStatements", {"Status": "FAILED"}, call)
    assert [item["QueryString"] for item in failed["Statements"]] == ["select nope()"]


SECRETS = [
    ("copy t from 's3://b/x' credentials as 'aws_access_key_id=AK1;aws_secret_access_key=HUSH'", 0),
    ("copy t from 's3://b/x' access_key_id 'AK1' secret_access_key /* x */ 'HUSH' csv", 0),
    ("unload ('select ''a''') to 's3://b/x' session_token 'HUSH'", 0),
    ("create user ann password 'HU''SH'", 0),
    ("create user ann password\n$$HUSH$$", 0),
    ("alter user ann password 'HUSH", 0),
    ("copy t from 's3://b/x' credentials 'aws_iam_role=arn:r;master_symmetric_key=HUSH'", 1),
]


@pytest.mark.parametrize(("sql", "shows_role"), SECRETS)
def test_secrets_are_neither_kept_nor_shown(
    run: Run, call: Call, caplog: pytest.LogCaptureFixture, sql: str, shows_role: int
) -> None:
    described = run(sql)
    listed = OPERATIONS.handle("ListStatements", {"Status": "ALL"}, call)["Statements"][0]
    batch = run([sql, "select 1"])
    texts = [described["QueryString"], listed["QueryString"]]
    texts.append(batch["SubStatements"][0]["QueryString"])
    for text in texts:
        assert "***" in text
        assert "SH" not in text
        assert "AK1" not in text
        assert ("aws_iam_role=arn:r" in text) == bool(shows_role)
    kept = b"".join(path.read_bytes() for path in call.store.path.parent.glob("state.sqlite*"))
    assert texts[0].encode() in kept
    assert b"HUSH" not in kept
    assert b"HU''SH" not in kept
    assert "HUSH" not in caplog.text


def test_what_looks_like_a_secret_but_is_none_is_shown(run: Run) -> None:
    sql = "select 'x' as password, password from (select 1 as password) where 'token=1' <> ''"
    assert run(sql)["QueryString"] == sql


def test_what_a_dead_process_left_running_is_failed_at_start(runtime: Runtime, call: Call) -> None:
    left = "00000000-0000-0000-0000-00000000dead"
    values = {
        "id": left, "account": call.account, "region": call.region, "principal": "p",
        "request": "{}", "database": "dev", "db_user": "u", "batch": 0, "status": "STARTED",
        "created": time.time(), "updated": time.time(),
    }  # fmt: skip
    records.insert(runtime.store, values, ["select 1"])
    SERVICE.start(runtime)
    described = OPERATIONS.handle("DescribeStatement", {"Id": left}, call)
    assert described["Status"] == "FAILED"
    assert "endpoint stopped" in described["Error"]


def test_metadata_operations_match_patterns(ok: Ok, call: Call) -> None:
    ok(
        "create schema airlines",
        "create table airlines.dim (a bigint not null, b varchar(9) default 'x')",
        "create view airlines.v as select a from airlines.dim",
    )
    tables = OPERATIONS.handle("ListTables", {**TARGET, "SchemaPattern": "air%"}, call)
    assert tables["Tables"] == [
        {"name": "dim", "schema": "airlines", "type": "TABLE"},
        {"name": "v", "schema": "airlines", "type": "VIEW"},
    ]
    schemas = OPERATIONS.handle("ListSchemas", {**TARGET, "SchemaPattern": "%i_lines"}, call)
    assert schemas["Schemas"] == ["airlines"]
    databases = OPERATIONS.handle("ListDatabases", TARGET, call)
    assert databases["Databases"] == ["dev"]
    described = OPERATIONS.handle(
        "DescribeTable", {**TARGET, "Schema": "airlines", "Table": "dim"}, call
    )
    columns = [(c["name"], c["typeName"], c["nullable"]) for c in described["ColumnList"]]
    assert columns == [("a", "int8", 0), ("b", "varchar", 1)]
    assert described["ColumnList"][1]["length"] == 9


def test_an_event_is_sent_when_asked_for(run: Run, clients: Any) -> None:
    run("select 1", WithEvent=True, StatementName="told")
    event = clients.events.get(timeout=10)
    assert event["Source"] == "aws.redshift-data"
    assert '"state": "FINISHED"' in event["Detail"]
