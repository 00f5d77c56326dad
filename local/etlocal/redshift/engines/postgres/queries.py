"""Queries: PostgreSQL's rows in Redshift's types, a batch at a time.

Source: PostgreSQL's documentation, "DECLARE" (a cursor WITH HOLD outlives its transaction).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from etlocal.redshift.dialect import statements, types
from etlocal.redshift.dialect.scope import Columns
from etlocal.redshift.engines.base import Result, ResultColumn, Row
from etlocal.redshift.engines.postgres.build import sql
from etlocal.redshift.engines.postgres.context import SessionContext
from etlocal.redshift.engines.postgres.errors import told
from etlocal.redshift.engines.postgres.pg_types import aligned, refine, type_from_pg
from etlocal.redshift.errors import SqlError

_BATCH = 2000
PLAN = "QUERY PLAN"
_cursors = itertools.count(1)


def run(session: SessionContext, statement: statements.Query) -> Result:
    """Run a query."""
    prepared, columns = session.prepared(statement.tree)
    return fetch(session, sql(prepared), columns)


def describe(session: SessionContext, statement: statements.Query) -> list[ResultColumn]:
    """Tell a query's columns without running it."""
    prepared, inferred = session.prepared(statement.tree)
    return _columns(session.described(sql(prepared)), inferred)


def explain(session: SessionContext, statement: statements.Explain) -> Result:
    """Show the plan of a query: the engine's own, since there is no other."""
    prepared, _ = session.prepared(statement.tree)
    lines = session.connection.rows(f"EXPLAIN {sql(prepared)}")
    return Result([ResultColumn(PLAN, types.VARCHAR)], iter([lines]))


def fetch(session: SessionContext, query: str, inferred: Columns) -> Result:
    """Run PostgreSQL's SQL and give its rows in Redshift's forms.

    What errors there are in the first batch are raised here; the cursor is closed with its last
    row, or when the session begins or ends something else.
    """
    connection, cursor = session.connection, f"etlocal_{next(_cursors)}"
    connection.run(f"DECLARE {cursor} NO SCROLL CURSOR WITH HOLD FOR {query}")
    session.cursors.add(cursor)
    first = connection.rows(f"FETCH {_BATCH} FROM {cursor}")
    columns = _columns(connection.columns(), inferred)
    if len(first) < _BATCH:
        session.close_cursors()
        return Result(columns, iter([first] if first else []))
    return Result(columns, _batches(session, cursor, first))


def _columns(described: Sequence[tuple[str, int, int]], inferred: Columns) -> list[ResultColumn]:
    inferred = aligned(inferred, len(described))
    columns = []
    for index, (name, oid, modifier) in enumerate(described):
        known = inferred[index] if inferred else (name, None)
        kind = refine(type_from_pg(oid, modifier) or types.VARCHAR, known[1])
        columns.append(ResultColumn(known[0], kind))
    return columns


def _batches(session: SessionContext, cursor: str, first: list[Row]) -> Iterator[list[Row]]:
    rows = first
    while rows:
        yield rows
        if cursor not in session.cursors:
            raise SqlError(f'cursor "{cursor}" was closed by what came after it', sqlstate="34000")
        with told():
            rows = session.connection.rows(f"FETCH {_BATCH} FROM {cursor}")
    with told():
        session.close_cursors()


HANDLERS: dict[type[statements.Statement], Callable[[SessionContext, Any], Result]] = {
    statements.Query: run,
    statements.Explain: explain,
}
