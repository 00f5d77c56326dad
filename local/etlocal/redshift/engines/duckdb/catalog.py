"""What is kept of tables beside DuckDB's own catalog, and the system views made of both.

DuckDB knows nothing of distribution, sort keys, encodings or the lengths of strings: they are rows
of the schema ``pg_internal`` of each database, changed in the transaction that changes the table.
The views are in the process's memory, a schema for each database and system schema.
"""

# ruff: noqa: S608  names are quoted by `build.quote`, values by `build.quote_text` or bound
from __future__ import annotations

import json

import duckdb

from etlocal.redshift.dialect.statements import Column, Name, Table
from etlocal.redshift.dialect.types import SqlType
from etlocal.redshift.engines.duckdb.build import quote

INTERNAL = "pg_internal"

# What was read of tables, by database, schema and name; None for what is no table of ours.
Tables = dict[tuple[str, str, str], Table | None]

SCHEMA = f"""
CREATE SCHEMA IF NOT EXISTS {{db}}.public;
CREATE SCHEMA IF NOT EXISTS {{db}}.{INTERNAL};
CREATE TABLE IF NOT EXISTS {{db}}.{INTERNAL}.tables (
    schema_name VARCHAR, table_name VARCHAR, diststyle VARCHAR, sortstyle VARCHAR,
    backup BOOLEAN, constraints VARCHAR, remark VARCHAR);
CREATE TABLE IF NOT EXISTS {{db}}.{INTERNAL}.columns (
    schema_name VARCHAR, table_name VARCHAR, ordinal INTEGER, column_name VARCHAR,
    type_name VARCHAR, length INTEGER, "precision" INTEGER, scale INTEGER, nullable BOOLEAN,
    default_text VARCHAR, identity_seed BIGINT, identity_step BIGINT, by_default BOOLEAN,
    encoding VARCHAR, distkey BOOLEAN, sortkey INTEGER, formatted VARCHAR, remark VARCHAR);
CREATE TABLE IF NOT EXISTS {{db}}.{INTERNAL}.view_sources (
    schema_name VARCHAR, view_name VARCHAR, source_schema VARCHAR, source_name VARCHAR);
CREATE TABLE IF NOT EXISTS {{db}}.{INTERNAL}.rights (
    granted_at TIMESTAMP, granted_by VARCHAR, action VARCHAR, text VARCHAR);
CREATE TABLE IF NOT EXISTS {{db}}.{INTERNAL}.load_errors (
    query BIGINT, session INTEGER, user_name VARCHAR, start_time TIMESTAMP, table_id BIGINT,
    table_name VARCHAR, file_name VARCHAR, line_number BIGINT, column_name VARCHAR,
    column_type VARCHAR, column_length VARCHAR, "position" INTEGER, raw_line VARCHAR,
    raw_value VARCHAR, code INTEGER, reason VARCHAR);
"""

_TABLE_ROWS = f"""
SELECT diststyle, sortstyle, backup, constraints FROM {{db}}.{INTERNAL}.tables
WHERE schema_name = ? AND table_name = ?
"""
_COLUMN_ROWS = f"""
SELECT column_name, type_name, length, "precision", scale, nullable, default_text, identity_seed,
    identity_step, by_default, encoding, distkey, sortkey
FROM {{db}}.{INTERNAL}.columns WHERE schema_name = ? AND table_name = ? ORDER BY ordinal
"""


def read_table(
    connection: duckdb.DuckDBPyConnection, database: str, schema: str, name: str
) -> Table | None:
    """Read what is kept of a table; None for what is no table of ours (a view)."""
    db = quote(database)
    row = connection.execute(_TABLE_ROWS.format(db=db), [schema, name]).fetchone()
    if row is None:
        return None
    rows = connection.execute(_COLUMN_ROWS.format(db=db), [schema, name]).fetchall()
    columns = tuple(
        Column(
            name=values[0],
            type=SqlType(values[1], values[2], values[3], values[4]),
            nullable=values[5],
            default=values[6],
            identity=None if values[7] is None else (values[7], values[8]),
            identity_by_default=values[9],
            encoding=values[10],
            distkey=values[11],
            sortkey=values[12],
        )
        for values in rows
    )
    return Table(
        Name(name, schema, database), columns, row[0], row[1], row[2], False,
        tuple(json.loads(row[3])),
    )  # fmt: skip


def write_table(connection: duckdb.DuckDBPyConnection, database: str, table: Table) -> None:
    """Keep what there is to know of a table, in place of what was kept."""
    forget_table(connection, database, table.name)
    db, schema, name = quote(database), table.name.schema, table.name.relation
    connection.execute(
        f"INSERT INTO {db}.{INTERNAL}.tables VALUES (?, ?, ?, ?, ?, ?, NULL)",
        [schema, name, table.diststyle, table.sortstyle, table.backup,
         json.dumps(table.constraints)],
    )  # fmt: skip
    for ordinal, column in enumerate(table.columns, start=1):
        kind, identity = column.type, column.identity or (None, None)
        connection.execute(
            f"INSERT INTO {db}.{INTERNAL}.columns VALUES ({', '.join('?' * 17)}, NULL)",
            [schema, name, ordinal, column.name, kind.name, kind.length, kind.precision,
             kind.scale, column.nullable, column.default, identity[0], identity[1],
             column.identity_by_default, column.encoding, column.distkey, column.sortkey,
             kind.formatted()],
        )  # fmt: skip


def forget_table(connection: duckdb.DuckDBPyConnection, database: str, name: Name) -> None:
    """Drop what is kept of a table."""
    for kept in ("tables", "columns"):
        connection.execute(
            f"DELETE FROM {quote(database)}.{INTERNAL}.{kept} "
            "WHERE schema_name = ? AND table_name = ?",
            [name.schema, name.relation],
        )


def write_view(
    connection: duckdb.DuckDBPyConnection, database: str, view: Name, sources: list[Name]
) -> None:
    """Keep what a bound view reads, so that it holds those relations in place."""
    db = quote(database)
    connection.execute(
        f"DELETE FROM {db}.{INTERNAL}.view_sources WHERE schema_name = ? AND view_name = ?",
        [view.schema, view.relation],
    )
    for source in sources:
        connection.execute(
            f"INSERT INTO {db}.{INTERNAL}.view_sources VALUES (?, ?, ?, ?)",
            [view.schema, view.relation, source.schema, source.relation],
        )


def views_of(connection: duckdb.DuckDBPyConnection, database: str, source: Name) -> list[Name]:
    """List the bound views that read a relation."""
    rows = connection.execute(
        f"SELECT DISTINCT schema_name, view_name FROM {quote(database)}.{INTERNAL}.view_sources "
        "WHERE source_schema = ? AND source_name = ?",
        [source.schema, source.relation],
    ).fetchall()
    return [Name(row[1], row[0], database) for row in rows]
