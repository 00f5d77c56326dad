"""Values on the wire: as text, in binary, and back."""

from __future__ import annotations

import struct
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from etlocal.redshift.dialect import parser, statements
from etlocal.redshift.dialect import types as sql
from etlocal.redshift.dialect.types import SqlType
from etlocal.redshift.engines.base import ResultColumn, Value
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError
from etlocal.redshift.wire import parameters, types

NUMERIC = SqlType("numeric", precision=10, scale=2)


@pytest.mark.parametrize(
    ("kind", "oid", "size", "modifier"),
    [
        (sql.INT2, 21, 2, -1),
        (sql.INT4, 23, 4, -1),
        (sql.INT8, 20, 8, -1),
        (sql.BOOL, 16, 1, -1),
        (SqlType("varchar", length=20), 1043, -1, 24),
        (SqlType("bpchar", length=3), 1042, -1, 7),
        (NUMERIC, 1700, -1, (10 << 16 | 2) + 4),
        (sql.TIMESTAMPTZ, 1184, 8, -1),
        (sql.SUPER, 4000, -1, -1),
        (SqlType("varbyte", length=9), 6551, -1, -1),
    ],
)
def test_a_column_is_described_by_number_size_and_modifier(
    kind: SqlType, oid: int, size: int, modifier: int
) -> None:
    described = types.described(ResultColumn("c", kind))
    assert (described.oid, described.size, described.modifier) == (oid, size, modifier)


@pytest.mark.parametrize(
    ("kind", "value", "text", "binary"),
    [
        (sql.BOOL, True, b"t", b"\1"),
        (sql.BOOL, False, b"f", b"\0"),
        (sql.INT2, -2, b"-2", b"\xff\xfe"),
        (sql.INT4, 7, b"7", b"\0\0\0\7"),
        (sql.INT8, 1 << 40, b"1099511627776", struct.pack("!q", 1 << 40)),
        (sql.FLOAT8, 1.0, b"1", struct.pack("!d", 1.0)),
        (sql.FLOAT8, 0.1, b"0.1", struct.pack("!d", 0.1)),
        (sql.FLOAT8, float("-inf"), b"-Infinity", struct.pack("!d", float("-inf"))),
        (sql.FLOAT4, 0.10000000149011612, b"0.1", struct.pack("!f", 0.1)),
        (sql.VARCHAR, "é", "é".encode(), "é".encode()),
        (sql.DATE, "2000-01-02", b"2000-01-02", struct.pack("!i", 1)),
        (sql.DATE, "1999-12-31", b"1999-12-31", struct.pack("!i", -1)),
        (sql.TIMESTAMP, "2000-01-01 00:00:01.5", b"2000-01-01 00:00:01.5",
         struct.pack("!q", 1_500_000)),
        (sql.TIMESTAMPTZ, "2000-01-01 02:00:00+02", b"2000-01-01 02:00:00+02", bytes(8)),
        (sql.TIMESTAMPTZ, "1999-12-31 18:30:00-05:30", b"1999-12-31 18:30:00-05:30", bytes(8)),
        (sql.TIME, "00:00:01", b"00:00:01", struct.pack("!q", 1_000_000)),
        (NUMERIC, "12345.67", b"12345.67", struct.pack("!hhHhhhh", 3, 1, 0, 2, 1, 2345, 6700)),
        (NUMERIC, "-0.05", b"-0.05", struct.pack("!hhHhh", 1, -1, 0x4000, 2, 500)),
        (NUMERIC, "0.00", b"0.00", struct.pack("!hhHh", 0, 0, 0, 2)),
        (SqlType("varbyte"), "00ff", b"00ff", b"\0\xff"),
    ],
)  # fmt: skip
def test_a_value_is_written_in_both_formats(
    kind: SqlType, value: Value, text: bytes, binary: bytes
) -> None:
    assert types.encoder(kind, types.TEXT)(value) == text
    assert types.encoder(kind, types.BINARY)(value) == binary


def test_what_has_no_binary_format_is_refused() -> None:
    with pytest.raises(FeatureNotSupportedError):
        types.encoder(sql.INTERVAL, types.BINARY)
    with pytest.raises(SqlError, match="format code"):
        types.encoder(sql.INT4, 2)


decimals = st.decimals(allow_nan=False, allow_infinity=False, places=7, max_value=10**28,
                       min_value=-(10**28))  # fmt: skip


@given(decimals)
def test_a_numeric_in_binary_comes_back_as_it_was(number: Decimal) -> None:
    kind = SqlType("numeric", precision=38, scale=7)
    written = types.encoder(kind, types.BINARY)(f"{number:f}")
    assert Decimal(types.decode(written, kind, types.BINARY)) == number


@given(st.binary())
def test_bytes_that_are_no_value_end_in_an_error_of_sql(data: bytes) -> None:
    states = set()
    for oid in (16, 20, 21, 23, 25, 700, 701, 1082, 1083, 1114, 1184, 1700):
        for form in (types.TEXT, types.BINARY):
            try:
                types.decode(data, types.parameter_type(oid), form)
            except SqlError as error:
                states.add(error.sqlstate)
    assert states <= {"22P02", "22P03", "22021"}


def test_a_type_that_parameters_cannot_have_is_named() -> None:
    with pytest.raises(FeatureNotSupportedError, match="1007"):
        types.parameter_type(1007)


@pytest.mark.parametrize(
    ("text", "named", "count"),
    [
        ("select $1, $12", "select :p1, :p12", 12),
        ("insert into t values ($1,$2)", "insert into t values (:p1,:p2)", 2),
        ("select '$1', \"$1\", a$1 from t -- $1\n where b = $1",
         "select '$1', \"$1\", a$1 from t -- $1\n where b = :p1", 1),
        ("select 'it''s \\' $1', $1", "select 'it''s \\' $1', :p1", 1),
        ("select $tag$ $1 $tag$, $$ $2 $$, $1", "select $tag$ $1 $tag$, $$ $2 $$, :p1", 1),
        ("select /* $1 */ $1::int", "select /* $1 */ :p1::int", 1),
    ],
)  # fmt: skip
def test_parameters_are_found_outside_of_quotes_and_comments(
    text: str, named: str, count: int
) -> None:
    assert parameters.named(text) == (named, count)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0")))
def test_a_value_stays_one_constant_whatever_it_holds(text: str) -> None:
    statement = parser.template("select :p1 from t where a = :p1")
    bound = parser.bound(statement, parameters.values([parameters.constant(text, None)]))
    assert isinstance(bound, statements.Query)
    constants = list(bound.tree.find_all(exp.Literal))
    assert [node.name for node in constants] == [text, text]
    assert parser.template("select :p1 from t where a = :p1") == statement


@pytest.mark.parametrize(
    ("text", "kind", "written"),
    [
        ("-5", sql.INT8, "CAST((-5) AS BIGINT)"),
        (None, sql.INT4, "CAST(NULL AS INTEGER)"),
        ("t", sql.BOOL, "TRUE"),
        ("12.50", NUMERIC, "12.50"),
        (None, NUMERIC, "NULL"),
        (None, None, "NULL"),
        ("2024-01-02", sql.DATE, "CAST('2024-01-02' AS DATE)"),
    ],
)
def test_a_declared_type_is_that_of_the_constant(
    text: str | None, kind: SqlType | None, written: str
) -> None:
    assert parameters.constant(text, kind).sql(dialect="redshift") == written
