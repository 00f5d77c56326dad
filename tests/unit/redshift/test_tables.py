"""Tables and rows: attributes kept, lengths enforced, transactions, writers that wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from etlocal.aws.call import Call
from etlocal.redshift.dialect.parser import parse
from etlocal.redshift.engines.base import Engine
from etlocal.redshift.engines.duckdb import DuckDBEngine
from etlocal.redshift.errors import SqlError

pytestmark = pytest.mark.both_engines

Rows = Callable[..., list[list[Any]]]
Run = Callable[..., dict[str, Any]]
Ok = Callable[..., None]


def test_attributes_of_a_table_are_shown_back(ok: Ok, rows: Rows) -> None:
    ok(
        "create table public.t (id int identity(1,1), a varchar(max) encode zstd, b char(3) "
        "not null, c decimal, d varchar, primary key (id), foreign key (a) references x (y)) "
        "diststyle key distkey (a) compound sortkey (b, c) backup no"
    )
    assert rows(
        'select "column", type, encoding, distkey, sortkey, "notnull" from pg_table_def '
        "where tablename = 't'"
    ) == [
        ["id", "integer", "az64", False, 0, True],
        ["a", "character varying(65535)", "zstd", True, 0, False],
        ["b", "character(3)", "lzo", False, 1, True],
        ["c", "numeric(18,0)", "az64", False, 2, False],
        ["d", "character varying(256)", "lzo", False, 0, False],
    ]
    info = 'select "table", diststyle, sortkey1, sortkey_num from svv_table_info'
    assert rows(info) == [["t", "KEY(a)", "b", 2]]
    listed = "select column_name, data_type from svv_columns where table_name = 't' limit 2"
    assert rows(listed) == [["id", "integer"], ["a", "character varying"]]


def test_keys_are_accepted_and_not_enforced(ok: Ok, rows: Rows) -> None:
    ok("create table t (a int primary key, b int unique)", "insert into t values (1, 1), (1, 1)")
    assert rows("select count(*) from t") == [[2]]


def test_a_varchars_length_is_in_bytes(run: Run, ok: Ok, rows: Rows) -> None:
    ok("create table t (a varchar(4))", "insert into t values ('éé'), ('ab    '), (null)")
    error = "ERROR: value too long for type character varying(4)"
    assert run("insert into t values ('ééé')")["Error"] == error
    assert run("update t set a = a || 'xx'")["Error"] == error
    assert rows("select a from t order by a") == [["ab  "], ["éé"], [None]]


def test_identity_cannot_be_set_and_default_is_known(run: Run, ok: Ok, rows: Rows) -> None:
    ok("create table t (id int identity(5,2), a int default 7, b timestamp default getdate())")
    ok("insert into t (a) values (1), (default)", "insert into t default values")
    assert rows("select id, a, b is not null from t order by id") == [
        [5, 1, True],
        [7, 7, True],
        [9, 7, True],
    ]
    assert "cannot set an identity column" in run("insert into t (id) values (1)")["Error"]


def test_merge_updates_deletes_and_inserts(run: Run, ok: Ok, rows: Rows) -> None:
    ok(
        "create table t (id int, v varchar(9))",
        "create table s (id int, v varchar(9))",
        "insert into t values (1, 'a'), (2, 'b')",
        "insert into s values (2, 'bb'), (3, 'cc')",
        "merge into t using s on t.id = s.id when matched then update set v = s.v "
        "when not matched then insert values (s.id, s.v)",
    )
    assert rows("select * from t order by id") == [[1, "a"], [2, "bb"], [3, "cc"]]
    ok("merge into t using s on t.id = s.id when matched then delete "
       "when not matched then insert (id) values (s.id)")  # fmt: skip
    assert rows("select * from t") == [[1, "a"]]
    ok("insert into s values (3, 'cc')", "insert into t values (3, 'old'), (3, 'old')")
    described = run(
        "merge into t using s on t.id = s.id when matched then update set v = s.v "
        "when not matched then insert values (s.id, s.v)"
    )
    assert described["Error"] == "ERROR: Found multiple matches to update the same tuple."
    ok("merge into t using s on t.id = s.id remove duplicates")
    assert rows("select * from t order by id") == [[1, "a"], [2, "bb"], [3, "cc"]]


def test_delete_using_update_from_truncate_and_append(ok: Ok, rows: Rows) -> None:
    ok(
        "create table t (a int, b int)",
        "create table s as select 1 as a, 10 as b union all select 2, 20",
        "insert into t select * from s",
        "update t set b = s.b + 1 from s where t.a = s.a and s.a = 1",
        "delete from t using s where t.a = s.a and s.a = 2",
    )
    assert rows("select * from t") == [[1, 11]]
    ok("alter table t append from s")
    assert rows("select (select count(*) from t), (select count(*) from s)") == [[3, 0]]
    ok("truncate table t", "vacuum full t", "analyze t")
    assert rows("select count(*) from t") == [[0]]


def test_alter_table_changes_what_is_shown(run: Run, ok: Ok, rows: Rows) -> None:
    ok(
        "create table t (a int, b varchar(2))",
        "insert into t values (1, 'x')",
        "alter table t add column c int default 5",
        "alter table t alter column b type varchar(4)",
        "alter table t rename column a to aa",
        "alter table t drop column c",
        "alter table t rename to t2",
        "insert into t2 values (2, 'long')",
    )
    shown = "select \"column\", type from pg_table_def where tablename = 't2'"
    assert rows(shown) == [["aa", "integer"], ["b", "character varying(4)"]]
    assert "only the size of VARCHAR" in run("alter table t2 alter column aa type int8")["Error"]


def test_a_view_holds_its_table_unless_it_binds_late(run: Run, ok: Ok, rows: Rows) -> None:
    ok(
        "create table t (a int)",
        "create view v as select a, count(*) from t group by a",
        "create view w as select a from public.t with no schema binding",
    )
    described = run("drop table t")
    assert "because other objects depend on it" in described["Error"]
    ok("drop table t cascade")
    assert rows("select table_name from svv_tables where table_schema = 'public'") == [["w"]]


def test_a_temporary_table_belongs_to_its_session(run: Run, rows: Rows) -> None:
    first = run("create temp table tt (a varchar(3) default 'x')", SessionKeepAliveSeconds=60)
    kept = {"SessionId": first["SessionId"]}
    assert run("insert into tt default values", **kept)["Status"] == "FINISHED"
    assert rows("select a from tt", **kept) == [["x"]]
    assert run("select a from tt")["Error"] == 'ERROR: relation "tt" does not exist'


def test_a_failed_transaction_changes_nothing_and_refuses_more(
    run: Run, ok: Ok, rows: Rows
) -> None:
    ok("create table t (a int)")
    kept = {"SessionId": run("begin", SessionKeepAliveSeconds=60)["SessionId"]}
    run("insert into t values (1)", **kept)
    run("create table made (a int)", **kept)
    assert run("select 1 / 0", **kept)["Status"] == "FAILED"
    assert "current transaction is aborted" in run("select 1", **kept)["Error"]
    run("rollback", **kept)
    assert rows("select count(*) from t", **kept) == [[0]]
    assert run("select * from made")["Error"] == 'ERROR: relation "made" does not exist'


def test_a_second_writer_waits_for_the_first(make_engine: Callable[[], Engine]) -> None:
    engine = make_engine()
    one, two = engine.connect("dev", "a"), engine.connect("dev", "b")
    one.execute(parse("create table t (n int)"))
    one.execute(parse("insert into t values (0)"))
    one.begin(writes=True)
    one.execute(parse("update t set n = n + 1"))
    done = threading.Event()

    def write() -> None:
        two.execute(parse("update t set n = n + 10"))
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    assert not done.wait(0.2)
    assert two is not one
    one.commit()
    thread.join(10)
    assert one.execute(parse("select n from t")).rows() == [(11,)]
    one.close()
    two.close()


def test_writing_rows_that_changed_since_the_snapshot_is_error_1023(
    make_engine: Callable[[], Engine],
) -> None:
    engine = make_engine()
    one, two = engine.connect("dev", "a"), engine.connect("dev", "b")
    one.execute(parse("create table t (n int)"))
    one.execute(parse("insert into t values (0)"))
    one.begin()
    one.execute(parse("select n from t")).rows()
    two.execute(parse("update t set n = 5"))
    with pytest.raises(SqlError, match="1023"):
        one.execute(parse("update t set n = 6"))
    one.close()
    two.close()


def test_what_was_committed_is_there_after_the_process_was_killed(tmp_path: Path) -> None:
    import subprocess
    import sys

    script = (
        "import os, pathlib, sys\n"
        "from etlocal.redshift.dialect.parser import parse\n"
        "from etlocal.redshift.engines.duckdb import DuckDBEngine\n"
        "session = DuckDBEngine(pathlib.Path(sys.argv[1])).connect('dev', 'a')\n"
        "session.execute(parse('create table t (a varchar(3) distkey)'))\n"
        "session.execute(parse(\"insert into t values ('x')\"))\n"
        "session.begin(writes=True)\n"
        "session.execute(parse(\"insert into t values ('y')\"))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert ended.returncode == -9
    engine = DuckDBEngine(tmp_path)
    session = engine.connect("dev", "a")
    assert session.execute(parse("select a from t")).rows() == [("x",)]
    shown = session.execute(parse("select type, distkey from pg_table_def")).rows()
    assert shown == [("character varying(3)", True)]
    session.close()
    engine.close()


def test_databases_are_made_read_across_and_dropped(
    ok: Ok, run: Run, rows: Rows, call: Call, engine: str
) -> None:
    ok("create database sales", "create table here (a int)", "insert into here values (4)")
    assert run("create table t (a int)", Database="sales")["Status"] == "FINISHED"
    error = run("insert into dev.public.here values (5)", Database="sales")["Error"]
    if engine == "postgres":
        # A server's database cannot read another one: said, and not answered wrongly.
        assert "across databases" in error
        assert "across databases" in run("select a from dev.public.here", Database="sales")["Error"]
    else:
        assert "read only" in error
        assert rows("select a from dev.public.here", Database="sales") == [[4]]
    ok("drop database sales")
    assert 'database "sales" does not exist' in run("select 1", Database="sales")["Error"]


def test_rights_are_checked_and_kept_without_passwords(run: Run, ok: Ok, rows: Rows) -> None:
    ok(
        "create table t (a int)",
        "create user ann password 'Secret123'",
        "create group analysts with user ann",
        "grant usage on schema public to group analysts",
        "grant select, insert on table public.t to ann",
        "revoke all on t from public",
    )
    kept = rows("select action, text from pg_etlocal_rights order by granted_at")
    assert kept[0] == ["CREATE USER", "CREATE USER ann"]
    assert kept[3] == ["GRANT", "grant select, insert on table public.t to ann"]
    assert "does not exist" in run("grant select on nowhere to ann")["Error"]
    assert "does not exist" in run("grant usage on schema nowhere to ann")["Error"]
