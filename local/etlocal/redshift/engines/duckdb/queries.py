"""Queries: DuckDB's results in Redshift's types."""

# ruff: noqa: S608  names are quoted by `build.quote`, values by `build.quote_text` or bound
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import duckdb

from etlocal.redshift.dialect import statements, types
from etlocal.redshift.dialect.scope import Columns
from etlocal.redshift.dialect.types import SqlType
from etlocal.redshift.engines.base import Result, ResultColumn, Row
from etlocal.redshift.engines.duckdb.build import quote, sql
from etlocal.redshift.engines.duckdb.context import SessionContext
from etlocal.redshift.engines.duckdb.duck_types import aligned, refine, type_from_duck
from etlocal.redshift.engines.duckdb.errors import translate

_BATCH = 2000
PLAN = "QUERY PLAN"


def run(session: SessionContext, statement: statements.Query) -> Result:
    """Run a query."""
    prepared, columns = session.prepared(statement.tree)
    return fetch(session.connection, sql(prepared), columns)


def describe(session: SessionContext, statement: statements.Query) -> list[ResultColumn]:
    """Tell a query's columns without running it."""
    prepared, columns = session.prepared(statement.tree)
    described = session.connection.execute(f"DESCRIBE {sql(prepared)}").fetchall()
    return _columns(described, aligned(columns, len(described)))


def explain(session: SessionContext, statement: statements.Explain) -> Result:
    """Show the plan of a query: the engine's own, since there is no other."""
    prepared, _ = session.prepared(statement.tree)
    row = session.connection.execute(f"EXPLAIN {sql(prepared)}").fetchone()
    lines: list[Row] = [(line,) for line in str(row[1] if row else "").splitlines()]
    return Result([ResultColumn(PLAN, types.VARCHAR)], iter([lines]))


def fetch(connection: duckdb.DuckDBPyConnection, query: str, inferred: Columns) -> Result:
    """Run DuckDB's SQL and give its rows in Redshift's forms.

    What has no plain form in JSON is made text by DuckDB itself: exact, and faster than in Python.
    """
    described = connection.execute(f"DESCRIBE {query}").fetchall()
    columns = _columns(described, aligned(inferred, len(described)))
    given = [f"c{index}" for index in range(len(described))]
    shown = [
        _shown(name, row[1], type_from_duck(row[1]) or types.VARCHAR)
        for name, row in zip(given, described, strict=True)
    ]
    wrapped = f"SELECT {', '.join(shown)} FROM ({query}) AS q({', '.join(given)})"
    cursor = connection.execute(wrapped)
    return Result(columns, _batches(cursor))


def _columns(described: Sequence[tuple[Any, ...]], inferred: Columns) -> list[ResultColumn]:
    columns = []
    for index, row in enumerate(described):
        kind = type_from_duck(row[1]) or types.VARCHAR
        known = inferred[index][1] if index < len(inferred) else None
        columns.append(ResultColumn(_name(row[0], inferred, index), refine(kind, known)))
    return columns


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


HANDLERS: dict[type[statements.Statement], Callable[[SessionContext, Any], Result]] = {
    statements.Query: run,
    statements.Explain: explain,
}
