"""Small makers of syntax trees in PostgreSQL's terms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sqlglot import exp
from sqlglot.errors import ErrorLevel, UnsupportedError

from etlocal.redshift.dialect.types import SqlType
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError

_TYPES = {
    "int2": "SMALLINT",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "float4": "REAL",
    "float8": "DOUBLE PRECISION",
    "bool": "BOOLEAN",
    "varchar": "TEXT",
    "bpchar": "TEXT",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMPTZ",
    "time": "TIME",
    "timetz": "TIMETZ",
    "super": "JSON",
    "varbyte": "BYTEA",
    "interval": "INTERVAL",
}


def pg_type(kind: SqlType) -> str:
    """Name the PostgreSQL type of an expression that holds a Redshift type's values."""
    if kind.name == "numeric":
        return f"NUMERIC({kind.precision or 38},{kind.scale})"
    return _TYPES[kind.name]


def column_type(kind: SqlType) -> str:
    """Name the PostgreSQL type of a column.

    A string's length is counted in characters there, never more than Redshift's bytes; the bytes
    are counted when a value is assigned, see `writes.assigned`.
    """
    if kind.is_text and kind.length:
        return f"VARCHAR({kind.length})"
    return pg_type(kind)


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """Make a call; the arguments move into it."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def cast(node: exp.Expr, kind: str) -> exp.Expr:
    """Make a cast to a PostgreSQL type."""
    return exp.Cast(this=node, to=_data_type(kind).copy())


@lru_cache(maxsize=256)
def _data_type(kind: str) -> exp.DataType:
    return exp.DataType.build(kind, dialect="postgres")


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
    """Write a tree as PostgreSQL's SQL, every name quoted.

    Raises
    ------
    SqlError
        If a NUL is in it, which no text of PostgreSQL's can hold, or a construct has no form there.
    """
    try:
        # Without comments: the client library would look for parameters in them.
        written = tree.sql(
            dialect="postgres", identify=True, comments=False, unsupported_level=ErrorLevel.RAISE
        )
    except UnsupportedError as error:
        raise FeatureNotSupportedError(f"this on PostgreSQL ({error}): the statement") from error
    return _without_nul(str(written))


def spread(row: exp.Expr, names: Sequence[str]) -> str:
    """Write a row of VALUES as a query of a row for each list in the JSON text ``:rows``."""
    for placeholder in list(row.find_all(exp.Placeholder)):
        placeholder.replace(exp.column(placeholder.name, quoted=True))
    shown = ", ".join(sql(node) for node in row.expressions[0].expressions)
    given = ", ".join(f"r ->> {place} AS {quote(name)}" for place, name in enumerate(names))
    rows = "json_array_elements(CAST(:rows AS json)) AS given(r)"
    return f"SELECT {shown} FROM (SELECT {given} FROM {rows}) AS given"  # noqa: S608  as in `sql`


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise SqlError('invalid byte sequence for encoding "UTF8": 0x00', sqlstate="22021")
    return text
