"""Small makers of syntax trees in DuckDB's terms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from etlocal.redshift.dialect.types import SqlType
from etlocal.redshift.errors import SqlError

_TYPES = {
    "int2": "SMALLINT",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "float4": "REAL",
    "float8": "DOUBLE",
    "bool": "BOOLEAN",
    "varchar": "VARCHAR",
    "bpchar": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMPTZ",
    "time": "TIME",
    "timetz": "TIMETZ",
    "super": "JSON",
    "varbyte": "BLOB",
    "interval": "INTERVAL",
}


def duck_type(kind: SqlType) -> str:
    """Name the DuckDB type that holds a Redshift type's values."""
    if kind.name == "numeric":
        return f"DECIMAL({kind.precision or 38},{kind.scale})"
    return _TYPES[kind.name]


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """Make a call; the arguments move into it."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def cast(node: exp.Expr, kind: str) -> exp.Expr:
    """Make a cast to a DuckDB type."""
    return exp.Cast(this=node, to=_data_type(kind).copy())


@lru_cache(maxsize=256)
def _data_type(kind: str) -> exp.DataType:
    return exp.DataType.build(kind, dialect="duckdb")


def text(value: str) -> exp.Expr:
    """Make a string constant."""
    return exp.Literal.string(value)


def number(value: int) -> exp.Expr:
    """Make a number constant."""
    return exp.Literal.number(value)


def quote(name: str) -> str:
    """Quote an identifier; `sql` says what becomes of a NUL in it."""
    return '"' + _without_nul(name).replace('"', '""') + '"'


def quote_text(value: str) -> str:
    """Quote a string; `sql` says what becomes of a NUL in it."""
    return "'" + _without_nul(value).replace("'", "''") + "'"


def sql(tree: exp.Expr) -> str:
    """Write a tree as DuckDB's SQL, every name quoted.

    Raises
    ------
    SqlError
        If a NUL is in it, which no text of PostgreSQL's can hold and DuckDB's SQL ends at.
    """
    written = str(tree.sql(dialect="duckdb", identify=True, unsupported_level=ErrorLevel.RAISE))
    return _without_nul(written)


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise SqlError('invalid byte sequence for encoding "UTF8": 0x00', sqlstate="22021")
    return text


def spread(row: exp.Expr, names: Sequence[str]) -> str:
    """Write a row of VALUES as a query that gives a row for each list of its parameters' values."""
    for placeholder in list(row.find_all(exp.Placeholder)):
        placeholder.replace(exp.column(placeholder.name, quoted=True))
    shown = ", ".join(sql(node) for node in row.expressions[0].expressions)
    given = ", ".join(f"r[{place}] AS {quote(name)}" for place, name in enumerate(names, start=1))
    rows = "SELECT unnest(from_json($1, '[[\"VARCHAR\"]]')) AS r"
    return f"SELECT {shown} FROM (SELECT {given} FROM ({rows}))"  # noqa: S608  as `sql` quotes it
