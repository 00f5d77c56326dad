"""SQL conformance: what Redshift's documentation says a query answers, on our engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from etlocal.redshift.dialect.parser import parse, split
from etlocal.redshift.engines.base import Engine, EngineSession
from etlocal.redshift.errors import SqlError

pytestmark = pytest.mark.both_engines

SALES = """
create table sales (id int, seller varchar(20), qty smallint, price numeric(8,2), big bigint,
    ratio float, sold date, at timestamp, ok boolean, code char(4));
insert into sales values
    (1, 'ann', 2, 10.50, 100, 0.5, '2008-01-31', '2008-01-31 23:59:59', true, 'ab'),
    (2, 'bob', 3, 20.25, 201, 1.5, '2008-02-01', '2008-02-01 00:00:00', false, 'cd'),
    (3, 'ann', 5, null, 300, null, '2008-12-31', '2008-12-31 12:30:15.5', null, null),
    (4, null, null, 1.01, null, 2.25, null, null, true, 'ab')
"""


@pytest.fixture(scope="module")
def session(make_engine: Callable[[], Engine]) -> Iterator[EngineSession]:
    """A session on a database with a small table."""
    made = make_engine().connect("dev", "admin")
    for text in split(SALES):
        made.execute(parse(text))
    yield made
    made.close()


def answer(session: EngineSession, sql: str) -> Any:
    """Run a query; one value alone is given as it is."""
    found = session.execute(parse(sql)).rows()
    if len(found) == 1 and len(found[0]) == 1:
        return found[0][0]
    return [row[0] if len(row) == 1 else row for row in found]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # arithmetic: whole numbers truncate, decimals keep their scale
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("7 % 2", 1),
        ("mod(-7, 2)", -1),
        ("7.0 / 2", "3.500000000000"),
        ("7::float / 2", 3.5),
        ("2 ^ 3", 8.0),
        ("|/ 25.0", 5.0),
        ("round(2.5)", "3"),
        ("round(-2.5)", "-3"),
        ("round(28.05, 1)", "28.1"),
        ("trunc(111.86, 1)", "111.8"),
        ("trunc(-42.8)", "-42"),
        ("ceil(1.2)", "2"),
        ("floor(-1.2)", "-2"),
        ("sign(-3)", -1),
        ("abs(-3)", 3),
        ("cbrt(27)", pytest.approx(3.0)),
        ("log(100)", 2.0),
        ("greatest(1, 5, null)", 5),
        ("least('b', 'a')", "a"),
        ("cast(2.5 as int)", 3),
        ("'42'::int + 1", 43),
        ("1.239::decimal(8,2)", "1.24"),
        ("123.456::numeric", "123"),
        # text
        ("len('français')", 8),
        ("octet_length('français')", 9),
        ("'a' || null", None),
        ("concat('a', null)", None),
        ("'n' || 5", "n5"),
        ("charindex('fish', 'dogfish')", 4),
        ("position('dog' in 'fish')", 0),
        ("strpos('dogfish', 'fish')", 4),
        ("split_part('abc$def$ghi', '$', 2)", "def"),
        ("strtol('0xf', 16)", 15),
        ("strtol('abcd1234', 16)", 2882343476),
        ("strtol('1234567', 10)", 1234567),
        ("strtol('110101', 2)", 53),
        ("substring('caterpillar', 6, 4)", "pill"),
        ("substring('caterpillar', 6, 8)", "pillar"),
        ("substring('caterpillar' from 6 for 4)", "pill"),
        ("substring('abc', 0, 2)", "a"),
        ("left('Chicago', 3)", "Chi"),
        ("lpad('abc', 5)", "  abc"),
        ("rpad('abc', 6, 'xy')", "abcxyx"),
        ("ltrim('2008-01', '2-8-0')", "1"),
        ("btrim('xyzaxyzbxyz', 'xyz')", "axyzb"),
        ("trim('    dog    ')", "dog"),
        ("trim(both '\"' from '\"dog\"')", "dog"),
        ("trim(leading 'x' from 'xax')", "ax"),
        ("initcap('nibh.ENIM egestas')", "Nibh.Enim Egestas"),
        ("translate('mint tea', 'inea', 'osin')", "most tin"),
        ("replace('abab', 'b', 'x')", "axax"),
        ("replicate('ab', 2)", "abab"),
        ("reverse('abc')", "cba"),
        ("ascii('amazon')", 97),
        ("chr(65)", "A"),
        ("md5('Amazon Redshift')", "f7415e33f972c03abd4f3fed36748f7a"),
        ("to_hex(2147676847)", "8002f2af"),
        ("regexp_replace('a1b22', '[0-9]+', '#')", "a#b#"),
        ("regexp_replace('the fox', '(.) (.)', '$2 $1')", "thf eox"),
        ("regexp_substr('the fox', 'f.x')", "fox"),
        ("regexp_substr('the fox', 'z')", ""),
        ("regexp_count('abcdefghijklmnopqrstuvwxyz', '[a-z]{3}')", 8),
        ("regexp_instr('the fox', 'f')", 5),
        ("'abc' similar to '(a|b)%'", True),
        ("'abc' similar to 'b%'", False),
        ("'Abc' ilike 'a%'", True),
        ("'50%' like '50\\\\%'", True),
        ("'500' like '50\\\\%'", False),
        ("'abc' ~ 'b.$'", True),
        ("quote_ident('my col')", '"my col"'),
        ("'toolong'::varchar(4)", "tool"),
        ("'é€x'::varchar(5)", "é€"),
        # conditions
        ("nvl(null, null, 3)", 3),
        ("nvl2(null, 'not null', 'null')", "null"),
        ("decode(null, null, 'same', 'other')", "same"),
        ("decode(2, 1, 'one', 2, 'two')", "two"),
        ("nullif(1, 1)", None),
        ("case when null then 1 else 2 end", 2),
        # dates
        ("datediff(week, '2009-01-01', '2009-12-31')", 52),
        ("datediff(week, '2019-12-31', '2019-12-27')", -1),
        ("datediff(week, '2019-12-31', '2019-12-30')", 0),
        ("datediff(week, '2019-12-31', '2020-01-02 23:59')", 0),
        ("datediff(week, '2019-12-31', '2020-01-06 02:00')", 1),
        ("datediff(century, '2000-12-31', '2001-01-01')", 1),
        ("datediff(qtr, '1998-07-01', '2008-02-01')", 38),
        ("datediff(day, timestamp '2008-01-01 23:59', timestamp '2008-01-02 00:00')", 1),
        ("datediff(year, '2008-12-31', '2009-01-01')", 1),
        ("datediff(month, '2008-01-31', '2008-02-01')", 1),
        ("datediff('hour', '2008-01-01 00:59', '2008-01-01 01:00')", 1),
        ("datediff(min, '2008-01-01 00:00', '2007-12-31 23:58')", -2),
        ("datediff(msec, '2008-01-01 00:00:00', '2008-01-01 00:00:01.5')", 1500),
        ("dateadd(month, 1, '2008-01-31')", "2008-02-29 00:00:00"),
        ("dateadd(day, -1, date '2008-03-01')", "2008-02-29 00:00:00"),
        ("dateadd(qtr, 2, '2008-01-15 10:00')", "2008-07-15 10:00:00"),
        ("add_months('2008-02-29', 1)", "2008-03-31 00:00:00"),
        ("last_day('2004-02-10')", "2004-02-29"),
        ("next_day('2014-08-20', 'Tuesday')", "2014-08-26"),
        ("months_between('1969-01-18', '1969-03-18')", -2.0),
        ("date_trunc('month', timestamp '2008-09-08 14:30:25')", "2008-09-01 00:00:00"),
        ("date_trunc('week', date '2008-09-08')", "2008-09-08 00:00:00"),
        ("trunc(timestamp '2011-07-21 10:32:38')", "2011-07-21"),
        ("date_part(dow, timestamp '2008-01-06 04:05:06')", 0.0),
        ("date_part(minute, timestamp '2008-01-01 02:43:00')", 43.0),
        ("extract(second from timestamp '2008-01-01 00:00:07.8')", 7),
        ("extract(epoch from timestamp '1970-01-02 00:00:00')", 86400),
        ("to_char(timestamp '2009-12-31 23:15:59', 'MONTH-DY-DD-YYYY HH12:MIPM')",
         "DECEMBER -THU-31-2009 11:15PM"),
        ("to_char(date '2008-01-06', 'YYYY-MM-DD')", "2008-01-06"),
        ("to_char(date '2008-01-06', 'Q')", "1"),
        ("to_char(125.8, '999.99')", " 125.80"),
        ("to_char(-125.8, '999D99')", "-125.80"),
        ("to_char(125, '0000')", " 0125"),
        ("to_char(1234567, 'FM9,999,999')", "1,234,567"),
        ("to_date('02 Oct 2001', 'DD Mon YYYY')", "2001-10-02"),
        ("to_timestamp('2011-12-18 23:38:15', 'YYYY-MM-DD HH24:MI:SS')",
         "2011-12-18 23:38:15+00"),
        ("convert_timezone('America/New_York', '2013-02-01 08:00:00')", "2013-02-01 03:00:00"),
        ("convert_timezone('EST', 'UTC', '2013-02-01 08:00:00')", "2013-02-01 13:00:00"),
        ("date '2008-02-01' - date '2008-01-01'", 31),
        ("date '2008-01-31' + 1", "2008-02-01"),
        ("timestamp '2008-01-31 10:00' + interval '1 day'", "2008-02-01 10:00:00"),
        ("date_cmp('2008-01-01', '2008-01-04')", -1),
        ("to_number('12,454.8-', '99G999D9S')", "-12454.8"),
        # SUPER and JSON
        ("json_parse('{\"a\": [1, {\"b\": \"x\"}]}').a[1].b::varchar", "x"),
        ("json_extract_path_text('{\"f2\":{\"f3\":1},\"f4\":{\"f5\":99}}', 'f4', 'f5')", "99"),
        ("json_extract_array_element_text('[111,112,113]', 2)", "113"),
        ("json_array_length('[11,12,13]')", 3),
        ("is_valid_json('{\"id\": 3')", False),
        ("get_array_length(array(1, 50, 100))", 3),
        ("json_typeof(array(1,2))", "array"),
        ("json_serialize(object('a', 1))", '{"a":1}'),
        # who and where
        ("current_database()", "dev"),
        ("current_schema()", "public"),
        ("current_user", "admin"),
    ],
)  # fmt: skip
def test_an_expression_has_redshifts_value(
    session: EngineSession, expression: str, expected: object
) -> None:
    assert answer(session, f"select {expression} as value") == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select avg(qty) from sales", 3),
        ("select avg(id) from sales", 2),
        ("select avg(big) from sales", 200),
        ("select avg(price) from sales", "10.58"),
        ("select avg(price) from sales where id = 3", None),
        ("select avg(price) from sales where id = 0", None),
        ("select avg(ratio) from sales", pytest.approx(1.4166667)),
        ("select sum(qty) from sales", 10),
        ("select sum(big) from sales", "601"),
        ("select sum(price) from sales", "31.76"),
        ("select count(*) from sales", 4),
        ("select count(distinct seller) from sales", 2),
        ("select approximate count(distinct seller) from sales", 2),
        ("select median(id) from sales", 2.5),
        ("select percentile_cont(0.5) within group (order by id) from sales", 2.5),
        ("select percentile_disc(0.5) within group (order by id) from sales", 2),
        ("select listagg(seller, ', ') within group (order by id) from sales", "ann, bob, ann"),
        ("select listagg(distinct seller, '|') within group (order by seller) from sales",
         "ann|bob"),
        ("select bool_or(ok) from sales", True),
        ("select stddev_pop(id) from sales", pytest.approx(1.1180339)),
        # NULLs are the largest
        ("select price from sales order by price", ["1.01", "10.50", "20.25", None]),
        ("select price from sales order by price desc", [None, "20.25", "10.50", "1.01"]),
        ("select price from sales order by price desc nulls last limit 1", "20.25"),
        ("select id from sales qualify row_number() over (partition by seller order by id) = 1"
         " order by id", [1, 2, 4]),
        ("select * from (select seller, sum(qty) from sales group by 1) where sum > 3 order by 1",
         [("ann", 7)]),
        ("select id, ratio_to_report(qty) over () from sales order by id",
         [(1, 0.2), (2, 0.3), (3, 0.5), (4, None)]),
        ("select id, avg(qty) over (partition by seller) from sales order by id",
         [(1, 3), (2, 3), (3, 3), (4, None)]),
        ("select id, sum(qty) over (order by id rows unbounded preceding) from sales order by id",
         [(1, 2), (2, 5), (3, 10), (4, 10)]),
        ("select id, lag(seller) ignore nulls over (order by id) from sales order by id",
         [(1, None), (2, "ann"), (3, "bob"), (4, "ann")]),
        ("select first_value(qty ignore nulls) over (order by id desc rows between unbounded"
         " preceding and unbounded following) from sales limit 1", 5),
        ("select top 2 id from sales order by id desc", [4, 3]),
        ("select a.id from sales a, sales b where a.id = b.id + 1 and b.seller = 'ann' order by 1",
         [2, 4]),
        ("select public.sales.id from public.sales where sales.id = 1", 1),
        ("select seller from sales where id = 1 union select 'z' order by 1", ["ann", "z"]),
        ("select 1 union all select 2 minus select 3 order by 1", [1, 2]),
        ("with w as (select id from sales) select max(id) from w", 4),
        ("with recursive r(n) as (select 1 union all select n + 1 from r where n < 4)"
         " select sum(n) from r", 10),
        ("select id + 1 as next, next * 2 as twice from sales where id = 1", [(2, 4)]),
        ("select SELLER from Sales where Id = 2", "bob"),
        ('select "ID" from "SALES" where "Seller" = \'bob\'', 2),
        ("select code || '!' from sales where id = 1", "ab!"),
        ("select count(*) from sales where exists (select 1 from sales s where s.id > sales.id)",
         3),
        ("select (select max(id) from sales) - 1", 3),
        ("select sum(case when ok then 1 else 0 end) from sales", 2),
        ("select seller, avg(price)::decimal(10,1) from sales where seller is not null"
         " group by seller having count(*) > 1", [("ann", "10.5")]),
        ("select date_trunc('month', sold), count(*) from sales where sold is not null"
         " group by 1 order by 1 limit 1", [("2008-01-01 00:00:00", 1)]),
    ],
)  # fmt: skip
def test_a_query_has_redshifts_rows(session: EngineSession, sql: str, expected: object) -> None:
    assert answer(session, sql) == expected


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("select count(*), sum(id), id / 2, 'x', avg(qty) from sales group by id",
         ["count", "sum", "?column?", "?column?", "avg"]),
        ("select nvl(id, 1), id::float, seller, SELLER as Who from sales",
         ["coalesce", "id", "seller", "who"]),
        (
            "select * from sales join (select id, 1 as one from sales) x using (id)",
            ["id", "seller", "qty", "price", "big", "ratio", "sold", "at", "ok", "code", "one"],
        ),
        (
            "select * from (select 1 as a, 2 as b) x natural join (select 1 as a, 3 as c) y",
            ["a", "b", "c"],
        ),
        ("select 1::int, date_trunc('day', at), row_number() over (order by id) from sales",
         ["int4", "date_trunc", "row_number"]),
    ],
)  # fmt: skip
def test_columns_without_a_name_get_redshifts(
    session: EngineSession, sql: str, names: list[str]
) -> None:
    assert [column.name for column in session.execute(parse(sql)).columns] == names


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("qty", "smallint"),
        ("qty + id", "integer"),
        ("id * big", "bigint"),
        ("sum(id)", "bigint"),
        ("sum(big)", "numeric(38,0)"),
        ("avg(id)", "bigint"),
        ("count(*)", "bigint"),
        ("max(price)", "numeric(8,2)"),
        ("sum(price)", "numeric(38,2)"),
        ("avg(price)", "numeric(38,2)"),
        ("price / price", "numeric(17,9)"),
        ("avg(ratio)", "double precision"),
        ("max(seller)", "character varying(20)"),
        ("min(sold)", "date"),
        ("max(at)", "timestamp without time zone"),
        ("len(max(seller))", "integer"),
    ],
)
def test_results_have_redshifts_types(session: EngineSession, expression: str, kind: str) -> None:
    group = " group by qty, id, big, price"
    result = session.execute(parse(f"select {expression} from sales{group}"))
    assert result.columns[0].type.formatted() == kind


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("select nope(1)", "function nope(integer) does not exist"),
        ("select read_csv('/etc/passwd')", "function read_csv(character varying"),
        ("select * from read_csv('/etc/passwd')", "a function in FROM is not supported"),
        ('select * from "/etc/passwd"', 'relation "/etc/passwd" does not exist'),
        ("select getvariable('rs_user')", "function getvariable("),
        ("select soundex('a')", "the function SOUNDEX is not supported by etlocal"),
        ("select len('a', 'b')", "function len(character varying(1), character varying(1))"),
        ("select nocol from sales", 'column "nocol" does not exist'),
        ("select s.nocol from sales s", "does not exist"),
        ("select * from pg_internal.tables", 'relation "pg_internal.tables" does not exist'),
        ("select * from duckdb_tables", 'relation "duckdb_tables" does not exist'),
        ("select id from sales group by seller", "must appear in the GROUP BY clause"),
        ("select 'x'::int", 'invalid input syntax for integer: "x"'),
        ("select 1 / 0", "Divide by zero"),
        ("select mod(1, id - id) from sales", "Divide by zero"),
        ("select rank() from sales", "requires an OVER clause"),
        ("selec 1", 'syntax error at or near "selec"'),
        ("select 1 from", "syntax error at end of input"),
        ("select dateadd(fortnight, 1, '2008-01-01')", 'Date part "fortnight" not recognized'),
        ("create materialized view v as select 1", "CREATE MATERIALIZED VIEW is not supported"),
        ("create function f() returns int as 'x'", "CREATE FUNCTION is not supported"),
        ("call p()", "CALL is not supported"),
        ("attach 'x' as y", "not supported"),
        ("pragma version", "syntax error"),
        ("install httpfs", "syntax error"),
        ("set enable_case_sensitive_identifier to true", "is not supported by etlocal"),
        ("set memory_limit to '1GB'", 'unrecognized configuration parameter "memory_limit"'),
        ("create table t (a geometry)", "data type geometry is not supported"),
        ("create table t (a int) distkey(b)", 'column "b" named in key does not exist'),
        ("create table nowhere.t (a int)", 'schema "nowhere" does not exist'),
        ("create table pg_internal.t (a int)", 'schema "pg_internal" does not exist'),
        ("drop table nothing", 'Table "nothing" does not exist'),
        ("insert into svv_tables values (1)", "permission denied"),
        ("select id from sales tablesample (10)", "not supported"),
    ],
)
def test_what_cannot_be_done_is_an_error(session: EngineSession, sql: str, error: str) -> None:
    with pytest.raises(SqlError) as caught:
        session.execute(parse(sql)).rows()
    assert error in str(caught.value)
    assert answer(session, "select 1") == 1


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("create table w (b varchar(wide))", 'invalid input syntax for integer: "WIDE"'),
        ("create table w (b numeric(99999999999))", "invalid input syntax for integer"),
        ("select substring('x')", "function substring(unknown) does not exist"),
        ("select nosuch", 'column "nosuch" does not exist'),
        ("select *", "SELECT * with no tables specified is not valid"),
        ("select 'a\x00b'", 'invalid byte sequence for encoding "UTF8": 0x00'),
    ],
)
def test_what_only_the_engine_would_refuse_is_told_as_redshift_tells_it(
    session: EngineSession, sql: str, error: str
) -> None:
    with pytest.raises(SqlError) as caught:
        session.execute(parse(sql))
    assert caught.value.message.startswith(error)
