"""Queries: PostgreSQL's rows in Redshift's types, a batch at a time.

Source: PostgreSQL's documentation, "DECLARE" (a cursor WITH HOLD outlives its transaction).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from etlocal.redshift.dialect import statements, types
from etlocal.redshift.dialect.scope import Columns
from etlocal.redshift.engines.base import Result, ResultColumn, Row
from etlocal.redshift.engines.postgres.build import sql
from etlocal.redshift.engines.postgres.connection import Connection
from etlocal.redshift.engines.postgres.context import SessionContext
from etlocal.redshift.engines.postgres.errors import told
from etlocal.redshift.engines.postgres.pg_types import aligned, refine, type_from_pg

_BATCH = 2000
_cursors = itertools.count(1)


def run(session: SessionContext, statement: statements.Query) -> Result:
    """Run a query."""
    prepared, columns = session.prepared(statement.tree)
    return fetch(session.connection, sql(prepared), columns)


def explain(session: SessionContext, statement: statements.Explain) -> Result:
    """Show the plan of a query: the engine's own, since there is no other."""
    prepared, _ = session.prepared(statement.tree)
    lines = session.connection.rows(f"EXPLAIN {sql(prepared)}")
    return Result([ResultColumn("QUERY PLAN", types.VARCHAR)], iter([lines]))


def fetch(connection: Connection, query: str, inferred: Columns) -> Result:
    """Run PostgreSQL's SQL and give its rows in Redshift's forms.

    What errors there are in the first batch are raised here; the cursor is closed with its last
    row, or with the connection.
    """
    cursor = f"etlocal_{next(_cursors)}"
    connection.run(f"DECLARE {cursor} NO SCROLL CURSOR WITH HOLD FOR {query}")
    first = connection.rows(f"FETCH {_BATCH} FROM {cursor}")
    described = connection.columns()
    inferred = aligned(inferred, len(described))
    columns = []
    for index, (name, oid, modifier) in enumerate(described):
        known = inferred[index] if inferred else (name, None)
        kind = refine(type_from_pg(oid, modifier) or types.VARCHAR, known[1])
        columns.append(ResultColumn(known[0], kind))
    if len(first) < _BATCH:
        connection.run(f"CLOSE {cursor}")
        return Result(columns, iter([first] if first else []))
    return Result(columns, _batches(connection, cursor, first))


def _batches(connection: Connection, cursor: str, first: list[Row]) -> Iterator[list[Row]]:
    rows = first
    while rows:
        yield rows
        with told():
            rows = connection.rows(f"FETCH {_BATCH} FROM {cursor}")
    with told():
        connection.run(f"CLOSE {cursor}")


HANDLERS: dict[type[statements.Statement], Callable[[SessionContext, Any], Result]] = {
    statements.Query: run,
    statements.Explain: explain,
}
