"""Queries: DuckDB's results in Redshift's types."""

# ruff: noqa: S608  names are quoted by `build.quote`, values by `build.quote_text` or bound
from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import duckdb
from sqlglot import exp

from etlocal.redshift.dialect import types
from etlocal.redshift.dialect.infer import Columns
from etlocal.redshift.dialect.types import SqlType
from etlocal.redshift.engines.base import Result, ResultColumn, Row
from etlocal.redshift.engines.duckdb.build import quote, sql
from etlocal.redshift.engines.duckdb.errors import translate

if TYPE_CHECKING:
    from etlocal.redshift.engines.duckdb.session import DuckDBSession

_BATCH = 2000
_TYPES = {
    "TINYINT": types.INT2,
    "SMALLINT": types.INT2,
    "INTEGER": types.INT4,
    "BIGINT": types.INT8,
    "UTINYINT": types.INT2,
    "USMALLINT": types.INT4,
    "UINTEGER": types.INT8,
    "UBIGINT": SqlType("numeric", precision=20),
    "HUGEINT": SqlType("numeric", precision=38),
    "FLOAT": types.FLOAT4,
    "DOUBLE": types.FLOAT8,
    "BOOLEAN": types.BOOL,
    "VARCHAR": types.VARCHAR,
    "DATE": types.DATE,
    "TIMESTAMP": types.TIMESTAMP,
    "TIMESTAMP WITH TIME ZONE": types.TIMESTAMPTZ,
    "TIME": types.TIME,
    "TIME WITH TIME ZONE": types.TIMETZ,
    "JSON": types.SUPER,
    "INTERVAL": types.INTERVAL,
    "BLOB": SqlType("varbyte"),
    '"NULL"': types.VARCHAR,
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


def type_from_duck(name: str) -> SqlType | None:
    """Give the Redshift type for the name of one of DuckDB's; None if there is none."""
    match = _DECIMAL.fullmatch(name)
    if match:
        return SqlType("numeric", precision=int(match[1]), scale=int(match[2]))
    if name.endswith("[]") or name.startswith(("STRUCT", "MAP")):
        return types.SUPER
    return _TYPES.get(name)


def run(session: DuckDBSession, tree: exp.Expr) -> Result:
    """Run a query."""
    prepared, columns = session.prepared(tree)
    return fetch(session.connection, sql(prepared), columns)


def explain(session: DuckDBSession, tree: exp.Expr) -> Result:
    """Show the plan of a query: the engine's own, since there is no other."""
    prepared, _ = session.prepared(tree)
    row = session.connection.execute(f"EXPLAIN {sql(prepared)}").fetchone()
    lines: list[Row] = [(line,) for line in str(row[1] if row else "").splitlines()]
    return Result([ResultColumn("QUERY PLAN", types.VARCHAR)], iter([lines]))


def fetch(connection: duckdb.DuckDBPyConnection, query: str, inferred: Columns) -> Result:
    """Run DuckDB's SQL and give its rows in Redshift's forms.

    What has no plain form in JSON is made text by DuckDB itself: exact, and faster than in Python.
    """
    described = connection.execute(f"DESCRIBE {query}").fetchall()
    inferred = aligned(inferred, len(described))
    columns, shown, given = [], [], []
    for index, row in enumerate(described):
        kind = type_from_duck(row[1]) or types.VARCHAR
        known = inferred[index][1] if index < len(inferred) else None
        columns.append(ResultColumn(_name(row[0], inferred, index), refine(kind, known)))
        given.append(f"c{index}")
        shown.append(_shown(f"c{index}", row[1], kind))
    wrapped = f"SELECT {', '.join(shown)} FROM ({query}) AS q({', '.join(given)})"
    cursor = connection.execute(wrapped)
    return Result(columns, _batches(cursor))


def aligned(inferred: Columns, count: int) -> Columns:
    """Give what was inferred, or nothing if it does not have the result's number of columns."""
    return inferred if len(inferred) == count else []


def refine(kind: SqlType, inferred: SqlType | None) -> SqlType:
    """Prefer what inference says where the engine's type holds the same values."""
    if inferred is None:
        return kind
    if inferred.name == kind.name or (inferred.is_text and kind.is_text):
        same_scale = inferred.name != "numeric" or inferred.scale == kind.scale
        return inferred if same_scale else kind
    return kind


def _name(name: str, inferred: Columns, index: int) -> str:
    # DuckDB renames the second of two columns of one name; the query's own name is right.
    return inferred[index][0] if index < len(inferred) else name


def _shown(name: str, duck: str, kind: SqlType) -> str:
    column = quote(name)
    if kind.is_integer or kind.is_float or kind.name == "bool" or duck == "VARCHAR":
        return column
    if kind.name == "varbyte":
        return f"lower(hex({column}))"
    return f"CAST({column} AS VARCHAR)"


def _batches(cursor: duckdb.DuckDBPyConnection) -> Iterator[list[Row]]:
    while True:
        try:
            rows = cursor.fetchmany(_BATCH)
        except duckdb.Error as error:
            raise translate(error) from error
        if not rows:
            return
        yield rows
