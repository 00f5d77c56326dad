"""COPY's rows into a table of PostgreSQL's: read by DuckDB, put in by COPY … FROM STDIN.

Files are read as the other engine reads them, so that what a field means and what is wrong with it
is told once: DuckDB writes the values in the one form that leaves nothing to guess (every value in
double quotes, an unquoted ``\\N`` for NULL), which PostgreSQL takes in as a stream.

Source: PostgreSQL's documentation, "COPY".
"""

# ruff: noqa: S608  names are quoted by `build.quote`
from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from etlocal.redshift.dialect.statements import Column
from etlocal.redshift.engines.base import CANONICAL_NULL, Load, LoadProblem, LoadResult
from etlocal.redshift.engines.duckdb import loading as reading
from etlocal.redshift.engines.duckdb.errors import translate
from etlocal.redshift.engines.duckdb.instance import without_databases
from etlocal.redshift.engines.postgres.build import quote, quote_text
from etlocal.redshift.engines.postgres.catalog import INTERNAL
from etlocal.redshift.engines.postgres.context import SessionContext
from etlocal.redshift.errors import SqlError

FORM = f"FORMAT csv, DELIMITER ',', QUOTE '\"', ESCAPE '\"', HEADER false, NULL '{CANONICAL_NULL}'"
_WRITTEN = FORM.replace("NULL ", "NULLSTR ")


def run(session: SessionContext, load: Load) -> LoadResult:
    """Load files into a table; all rows, or those that MAXERROR leaves, or none.

    Raises
    ------
    LoadFailedError
        With the problems, if there are more than MAXERROR allows.
    SqlError
        If the table is a view or a system table.
    """
    if not load.table.temporary and session.kind(load.table.name) != "table":
        raise SqlError(f"cannot copy to {load.table.name.relation}", sqlstate="42809")
    connection = without_databases()
    try:

        def insert(columns: Sequence[Column], query: str) -> int:
            return _insert(session, load, connection, columns, query)

        return reading.read(reading.Sink(connection, connection.cursor, insert), load)
    except duckdb.Error as error:
        raise translate(error) from error
    finally:
        connection.close()


def _insert(
    session: SessionContext,
    load: Load,
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[Column],
    query: str,
) -> int:
    names = ", ".join(quote(column.name) for column in columns)
    folder = load.files[0].path.parent
    number, name = tempfile.mkstemp(".rows", dir=folder)
    os.close(number)
    path = Path(name)
    try:
        given = ", ".join(f"v{i}" for i in range(len(columns)))
        connection.execute(
            f"COPY (SELECT * FROM ({query}) AS q({given})) TO {quote_text(name)} "
            f"({_WRITTEN}, FORCE_QUOTE *)"
        )
        return session.connection.copy_in(
            f"COPY {session.full_name(load.table)} ({names}) FROM STDIN ({FORM})", path
        )
    finally:
        path.unlink(missing_ok=True)


def record(
    session: SessionContext, load: Load, problems: Sequence[LoadProblem], query: int
) -> None:
    """Keep problems for ``stl_load_errors``, in a transaction of their own."""
    connection = session.instance.connect(session.database)
    table = load.table.name
    try:
        for problem in problems:
            connection.run(
                f"INSERT INTO {INTERNAL}.load_errors VALUES (:query, :session, :user, "
                "CAST(:start AS timestamp), coalesce((SELECT CAST(c.oid AS bigint) "
                "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
                "ON n.oid = c.relnamespace WHERE n.nspname = :schema AND c.relname = :table), 0), "
                ":table, :file, :line, :column, :type, :length, :position, :raw_line, :raw_value, "
                ":code, :reason)",
                query=query, session=session.pid, user=session.user,
                start=datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" "),
                schema=table.schema, table=table.relation, file=problem.filename,
                line=problem.line_number, column=problem.column, type=problem.type,
                length=problem.length, position=problem.position,
                raw_line=_storable(problem.raw_line), raw_value=_storable(problem.raw_value),
                code=problem.code, reason=_storable(problem.reason),
            )  # fmt: skip
    finally:
        session.instance.released(connection)


def _storable(text: str) -> str:
    # No text of PostgreSQL's holds a NUL.
    return text.replace("\0", "\ufffd")
