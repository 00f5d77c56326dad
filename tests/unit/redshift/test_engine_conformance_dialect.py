"""The dialect on both engines: what transpiling got wrong, with the values of AWS's documentation.

The pages named are of the Amazon Redshift Database Developer Guide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from etlocal.redshift.dialect.parser import parse, split
from etlocal.redshift.engines.base import Engine, EngineSession
from etlocal.redshift.errors import SqlError

pytestmark = pytest.mark.both_engines

TABLES = """
create table sales (id int identity(1, 1), seller varchar(20) encode zstd distkey, qty int,
    sold date, price decimal(8, 2)) sortkey auto;
insert into sales (seller, qty, sold, price) values
    ('ann', 2, '2008-01-31', 10.50), ('bob', 3, '2008-02-01', 20.25),
    ('ann', 5, '2008-12-31', null), ('cid', null, null, 1.01);
create table target (id int, name char(10));
insert into target values (101, 'Bob'), (102, 'John'), (103, 'Susan');
create table source (id int, name char(10));
insert into source values (102, 'Tony'), (103, 'Alice'), (104, 'Bill')
"""


@pytest.fixture(scope="module")
def session(make_engine: Callable[[], Engine]) -> Iterator[EngineSession]:
    """A session on a database with small tables."""
    made = make_engine().connect("dev", "admin")
    for text in split(TABLES):
        made.execute(parse(text))
    yield made
    made.close()


@pytest.fixture
def undone(session: EngineSession) -> Iterator[EngineSession]:
    """The session in a transaction that is rolled back."""
    session.begin()
    yield session
    session.rollback()


def rows(session: EngineSession, sql: str) -> list[Any]:
    """Run a statement and give its rows."""
    return session.execute(parse(sql)).rows()


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        # "DATEDIFF function": boundaries are counted, not spans
        ("select datediff(month, '2008-01-31', '2008-02-01'), datediff(qtr, '1998-07-01',"
         " '2008-02-01'), datediff(year, '2008-12-31', '2009-01-01'),"
         " datediff(week, '2009-01-01', '2009-12-31')", [(1, 38, 1, 52)]),
        # "QUALIFY clause": with *, names of the list, ORDER BY what is not shown, DISTINCT
        ("select * from (select seller, qty from sales) where qty is not null"
         " qualify row_number() over (partition by seller order by qty desc) = 1 order by seller",
         [("ann", 5), ("bob", 3)]),
        ("select *, row_number() over (partition by seller order by qty desc) as place from"
         " (select seller, qty from sales) qualify place = 1 order by qty desc nulls last",
         [("ann", 5, 1), ("bob", 3, 1), ("cid", None, 1)]),
        ("select id from sales qualify rank() over (order by qty) <= 2 order by seller desc, 1",
         [(2,), (1,)]),
        ("select distinct seller from sales qualify count(*) over (partition by seller) > 1",
         [("ann",)]),
        ("select seller, sum(qty) as total from sales group by seller"
         " qualify rank() over (order by total desc nulls last) = 1", [("ann", 7)]),
        # "SELECT list": a name may be used behind the expression that it stands for
        ("select qty * 2 as twice, twice + 1 as more from sales where id = 2 order by more + 1",
         [(6, 7)]),
        # "LISTAGG function"
        ("select listagg(distinct seller, '; ') within group (order by seller) from sales",
         [("ann; bob; cid",)]),
        # "RATIO_TO_REPORT window function", "APPROXIMATE", "MEDIAN function"
        ("select ratio_to_report(qty) over () from sales order by id",
         [(0.2,), (0.3,), (0.5,), (None,)]),
        ("select approximate count(distinct seller) from sales", [(3,)]),
        ("select median(qty) from sales", [(3.0,)]),
        # "LAG window function", "FIRST_VALUE and LAST_VALUE window functions": IGNORE NULLS
        ("select lead(qty) ignore nulls over (order by id desc) from sales order by id",
         [(None,), (2,), (3,), (5,)]),
        ("select last_value(qty ignore nulls) over (order by id rows between unbounded preceding"
         " and unbounded following) from sales limit 1", [(5,)]),
        # "ORDER BY clause": NULLs are last, or first where the order descends
        ("select qty from sales order by qty desc", [(None,), (5,), (3,), (2,)]),
        ("select qty from sales order by qty", [(2,), (3,), (5,), (None,)]),
        # "Computations with numeric values"
        ("select 7 / 2, avg(qty), avg(price), 1.00 / 3.00 from sales", [(3, 3, "10.58", "0.3333")]),
        # "CONVERT function", "CAST function", "TRY_CAST function"
        ("select convert(integer, 2008.4), cast('2008-02-18' as date) + 1, try_cast('x' as int)",
         [(2008, "2008-02-19", None)]),
        # "SUPER data type", "Querying semistructured data"
        ("select j.a[0].b, j.c::int + 1 from (select json_parse('{\"a\":[{\"b\":\"x\"}],\"c\":4}')"
         " as j)", [('"x"', 5)]),
        # "TOP"
        ("select top 1 seller from sales order by id", [("ann",)]),
    ],
)  # fmt: skip
def test_a_query_is_answered_as_documented(session: EngineSession, sql: str, expected: Any) -> None:
    assert rows(session, sql) == expected


def test_merge_is_that_of_the_guides_examples(undone: EngineSession) -> None:
    # "MERGE", Examples
    rows(
        undone,
        "merge into target using source on target.id = source.id "
        "when matched then update set id = source.id, name = source.name "
        "when not matched then insert values (source.id, source.name)",
    )
    assert rows(undone, "select * from target order by id") == [
        (101, "Bob"), (102, "Tony"), (103, "Alice"), (104, "Bill"),
    ]  # fmt: skip
    rows(undone, "merge into target using source on target.id = source.id remove duplicates")
    assert rows(undone, "select count(*) from target") == [(4,)]


def test_temporary_tables_like_others_and_selected_into(undone: EngineSession) -> None:
    # "CREATE TABLE", LIKE; "SELECT INTO"; "CREATE TABLE AS"
    rows(undone, "create temp table copied (like sales including defaults)")
    rows(undone, "insert into copied (id, seller) values (7, 'dan')")
    rows(undone, "select seller, price into #picked from sales where id = 1")
    rows(undone, "create table kept distkey (seller) sortkey (price) as select * from #picked")
    shown = 'select "column", type, distkey, sortkey from pg_table_def where tablename = '
    assert rows(undone, f"{shown} 'kept'") == [
        ("seller", "character varying(20)", True, 0),
        ("price", "numeric(8,2)", False, 1),
    ]
    assert rows(undone, "select seller, qty from copied") == [("dan", None)]
    assert rows(undone, "select * from #picked") == [("ann", "10.50")]


@pytest.mark.parametrize(
    "sql",
    [
        "select id from sales tablesample (10)",
        "select soundex('a')",
        "create materialized view mv as select 1",
        "create external schema e from data catalog database 'd' iam_role default",
    ],
)
def test_what_cannot_be_done_is_refused_and_never_answered(
    session: EngineSession, sql: str
) -> None:
    with pytest.raises(SqlError) as caught:
        rows(session, sql)
    assert caught.value.sqlstate == "0A000"


def test_super_and_varbyte_stand_beside_nulls(undone: EngineSession) -> None:
    # "SUPER data type", "VARBYTE data type"
    rows(undone, "create table mixed (s super, v varbyte, f float)")
    rows(undone, "insert into mixed values (json_parse('{\"x\": 1}'), 'ab'::varbyte, 1e3),"
                 " (null, null, null)")  # fmt: skip
    assert rows(undone, "select s, v, f from mixed where f is not null") == [
        ('{"x":1}', "6162", 1000.0)
    ]
    assert rows(undone, "select 1e3, array(1, null, 'a')") == [(1000.0, '[1,null,"a"]')]


def test_pivot_is_answered_or_refused(session: EngineSession, engine: str) -> None:
    # "PIVOT and UNPIVOT examples"
    sql = "select * from (select seller, qty from sales) pivot (sum(qty) for seller in ('ann'))"
    if engine == "postgres":
        with pytest.raises(SqlError, match="PIVOT is not supported"):
            rows(session, sql)
    else:
        assert rows(session, sql) == [("7",)]


def test_an_error_aborts_the_transaction_and_rollback_ends_it(session: EngineSession) -> None:
    session.begin()
    rows(session, "insert into target values (1, 'lost')")
    with pytest.raises(SqlError, match="Divide by zero"):
        rows(session, "select 1 / 0")
    with pytest.raises(SqlError, match="current transaction is aborted"):
        rows(session, "select 1")
    session.commit()
    assert rows(session, "select count(*) from target where id = 1") == [(0,)]
