"""Random SQL: it ends in rows or in an error in Redshift's words, and parameters are values."""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from etlocal.aws.call import Call
from etlocal.redshift.data.errors import InvalidRequestError
from etlocal.redshift.data.operations import OPERATIONS
from etlocal.redshift.data.worker import Worker
from etlocal.redshift.errors import SqlError
from tests.hypothesis_profiles import examples

from .test_copy_by_model import House

Run = Callable[..., dict[str, Any]]
Rows = Callable[..., list[list[Any]]]
SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
ROLE = "iam_role 'arn:aws:iam::000000000000:role/r'"
# What only the emulation's inside would say.
INSIDE = re.compile(
    r"duckdb|sqlglot|Traceback|INTERNAL|Binder Error|Catalog Error|Parser Error|Exception\b"
    r"|Expression of type|object at 0x|<class|/tmp/|rs_[a-z]+",
)
TABLES = (
    "create table t (a int not null, b varchar(20), c numeric(8,2), d date, e timestamp)",
    "insert into t values (1, 'x', 1.5, '2024-01-01', '2024-01-01 10:00:00'), "
    "(2, null, 2, null, null)",
    "create table u (a bigint identity(1,1), s super, f float8, g boolean) diststyle even",
    "insert into u (s, f, g) values (json_parse('{\"k\": [1, 2]}'), 1.5, true)",
    "create view v as select a, count(*) as n from t group by a",
    "create schema other",
)
STATEMENTS = [
    "select a, b from t where c > 1.0 and b like 'x%' order by a desc limit 5",
    "select t.a, sum(c) over (partition by b order by a rows unbounded preceding) from t",
    "select a from t union all select a from u except select 3",
    "with w as (select a, max(c) as m from t group by 1 having count(*) > 0) select * from w, u",
    "select case when a = 1 then 'one' else b end, nvl(b, 'n'), coalesce(c, 0)::int from t",
    "select date_trunc('month', e), dateadd(day, 1, d), datediff(hour, d, e), getdate() from t",
    "select s.k[0], json_extract_path_text('{\"a\": 1}', 'a'), listagg(b) from t, u group by 1",
    "select substring(b, 1, 2), split_part(b, 'x', 1), regexp_replace(b, '[a-z]', 'y') from t",
    "select * from t left join u on t.a = u.a qualify row_number() over (order by t.a) = 1",
    "select approximate count(distinct a), stddev(c), median(c), percentile_cont(0.5) "
    "within group (order by c) from t",
    "select cast('2024-01-01' as date) + interval '1 day', extract(year from d), d - d from t",
    "insert into t (a, b) select a + 10, 'new' from t where exists (select 1 from u)",
    "insert into t values (5, default, 3.14159, '2024-02-30', null)",
    "update t set b = 'y', c = c * 2 from u where t.a = u.a",
    "delete from t using u where t.a = u.a or b is null",
    "merge into t using u on t.a = u.a when matched then update set b = 'm' when not matched "
    "then insert (a, b) values (u.a, 'i')",
    "create table w (a int primary key, b varchar(max) encode zstd, c char(3) default 'abc') "
    "distkey(a) compound sortkey(a, b)",
    "create table x as select a, b from t where a > 0",
    "create temp table y (like t)",
    "create or replace view v as select b from t with no schema binding",
    "alter table t add column z int default 5",
    "alter table t rename column b to bb",
    "alter table t alter column b type varchar(100)",
    "alter table t drop column c cascade",
    "drop table if exists t, u cascade",
    "truncate other.t",
    f"copy t from 's3://b/in/' {ROLE} csv ignoreheader 1 dateformat 'auto' maxerror 5",
    f"unload ('select * from t') to 's3://b/out/' {ROLE} parquet partition by (a)",
    "grant select on t to public",
    "begin; commit",
    "vacuum full t; analyze t",
    "set search_path to other, public",
    "show search_path",
    "explain select * from t",
    "select * from svv_table_info where \"table\" = 't'",
    "select * from stl_load_errors order by starttime desc",
    "call p(1)",
    "select $$dollar$$, e'a\\nb', 'it''s', \"a\" from t -- comment\n/* more */",
]
TOKEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\w+|\s+|[^\w\s]")
PIECES = [
    *sorted({token for text in STATEMENTS for token in TOKEN.findall(text) if token.strip()}),
    "'", '"', "$$", ";", "--", "/*", "\x00", "\ud7ff", "é", "😀", "::", ":=", "?", ":p", "$1", "%",
    "9" * 40, "1e999", "0x", "''", '""', "((((", "))))", "[", "{", "NaN", "null", "\\", "\n",
    "read_csv('/etc/passwd')", "pragma", "attach", "install", "duckdb_tables()", "range(10)",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A valid statement with some tokens gone, doubled, exchanged or put in."""
    tokens = TOKEN.findall(draw(st.sampled_from(STATEMENTS)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, max(0, len(tokens) - 1)))
        piece = draw(st.sampled_from(PIECES))
        match draw(st.sampled_from(["drop", "double", "change", "put", "cut"])):
            case "drop":
                del tokens[at : at + 1]
            case "double":
                tokens[at:at] = tokens[at : at + 1]
            case "change":
                tokens[at : at + 1] = [piece]
            case "put":
                tokens.insert(at, f" {piece} ")
            case "cut":
                del tokens[at:]
    return "".join(tokens)


GARBAGE = st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An engine with some tables."""
    made = House(tmp_path)
    for sql in TABLES:
        made.execute(sql)
    made.s3.put("s3://b/in/1", "h\n7,x,1,2024-01-01,\n")
    yield made
    made.session.close()
    made.engine.close()


@examples(120, suppress_health_check=SHARED)
@given(sql=st.one_of(mutated(), mutated(), mutated(), GARBAGE, st.text(max_size=30)))
def test_any_text_ends_in_rows_or_in_redshifts_error(house: House, sql: str) -> None:
    house.session.begin(writes=True)
    try:
        house.execute(sql)
    except SqlError as error:
        text = str(error)
        assert text.startswith("ERROR: ")
        shown = re.sub(r"[\"'][^\"']*[\"']", "", text)
        assert not INSIDE.search(shown) or INSIDE.search(sql), text
    finally:
        house.session.rollback()
    assert house.execute("select count(*) from public.t") == [(2,)]


TEXTS = st.one_of(
    st.text(min_size=1, max_size=20),
    st.sampled_from(
        ["'", "''", "';--", "\\'", ":p", "$1", "%s", "x'); drop table t; --", "\\", "é😀", "{}"]
    ),
)


@examples(40, suppress_health_check=SHARED)
@given(value=TEXTS)
def test_a_parameter_comes_back_as_it_was_given(run: Run, rows: Rows, value: str) -> None:
    given_ = [{"name": "p", "value": value}]
    if "\x00" in value:
        described = run("select :p::varchar", Parameters=given_)
        assert described["Error"] == 'ERROR: invalid byte sequence for encoding "UTF8": 0x00'
        return
    assert rows("select :p::varchar, ':p', length(:p)", Parameters=given_) == [
        [value, ":p", len(value)]
    ]


@examples(12, suppress_health_check=SHARED)
@given(
    before=st.lists(st.sampled_from(["insert", "delete", "create", "alter", "update"]), max_size=4),
    bad=mutated(),
    after=st.lists(st.sampled_from(["insert", "delete"]), max_size=2),
)
def test_a_batch_is_done_whole_or_not_at_all(
    run: Run, rows: Rows, before: list[str], bad: str, after: list[str]
) -> None:
    texts = {
        "insert": "insert into t (a) values (7)",
        "delete": "delete from t",
        "create": "create table made (a int)",
        "alter": "alter table t add column more int",
        "update": "update t set a = a + 1",
    }
    for sql in ("drop table if exists made", "drop table if exists t cascade", *TABLES[:2]):
        assert run(sql)["Status"] == "FINISHED"
    look = (
        "select * from t order by a",
        "select count(*) from svv_tables where table_name = 'made'",
    )
    seen = [rows(sql) for sql in look]
    sqls = [*(texts[name] for name in before), bad or " ", *(texts[name] for name in after)]
    described = run([*sqls, "select nothing_such()"])
    if re.search(r"\b(commit|end|truncate|rollback|abort)\b", bad):
        # These end the transaction themselves.
        assert described["Status"] in ("FINISHED", "FAILED")
        return
    assert described["Status"] == "FAILED"
    assert re.match(r"Query #\d+ failed with ERROR: ", described["Error"]), described["Error"]
    assert "internal error" not in described["Error"]
    assert [rows(sql) for sql in look] == seen


@examples(12, suppress_health_check=SHARED)
@given(pause=st.integers(0, 4), batch=st.booleans())
def test_what_is_cancelled_is_done_whole_or_not_at_all(
    run: Run, rows: Rows, call: Call, pause: int, batch: bool
) -> None:
    for sql in ("drop table if exists c", "create table c (a int)"):
        assert run(sql)["Status"] == "FINISHED"
    many = (
        "insert into c with recursive n(i) as "
        "(select 1 union all select i + 1 from n where i < {}) select i from n"
    )
    target = {"WorkgroupName": "group", "Database": "dev"}
    if batch:
        request = {"Sqls": [many.format(500), many.format(300)], **target}
        made = OPERATIONS.handle("BatchExecuteStatement", request, call)
        whole = 800
    else:
        made = OPERATIONS.handle("ExecuteStatement", {"Sql": many.format(900), **target}, call)
        whole = 900
    for _ in range(pause):
        # A look takes some time, which is what differs from one example to the next.
        OPERATIONS.handle("DescribeStatement", {"Id": made["Id"]}, call)
    with contextlib.suppress(InvalidRequestError):  # it has ended by now
        OPERATIONS.handle("CancelStatement", {"Id": made["Id"]}, call)
    call.runtime.component(Worker).wait(made["Id"], 60)
    status = OPERATIONS.handle("DescribeStatement", {"Id": made["Id"]}, call)["Status"]
    assert status in ("ABORTED", "FINISHED")
    assert rows("select count(*) from c") == [[whole if status == "FINISHED" else 0]]


@examples(40, suppress_health_check=SHARED)
@given(data=st.data())
def test_any_page_token_gives_the_next_rows_or_is_refused(
    run: Run, call: Call, data: st.DataObject
) -> None:
    sql = (
        "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2100) "
        "select i from n order by i"
    )
    described = run(sql, ClientToken="always the same")
    token = data.draw(
        st.one_of(
            st.text(min_size=1, max_size=12),
            st.integers(-5, 10**30).map(lambda n: _token(f"offset:{n}")),
            st.sampled_from(
                [_token("offset:" + "9" * 5000), _token("offset:٣"), _token("x"), "===="]
            ),
        )
    )
    try:
        answer = OPERATIONS.handle(
            "GetStatementResult", {"Id": described["Id"], "NextToken": token}, call
        )
    except InvalidRequestError:
        return
    first = answer["Records"][0][0]["longValue"]
    assert (first - 1) % 1000 == 0
    assert token in (_token("offset:0"), _token("offset:1"), _token("offset:2"))


def _token(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()
