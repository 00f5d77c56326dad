"""What is kept of tables beside PostgreSQL's own catalog.

PostgreSQL knows nothing of distribution, sort keys, encodings or the lengths of strings in bytes:
they are rows of the schema ``etlocal`` of each database, changed in the transaction that changes
the table. A view's columns are kept with their types too, since PostgreSQL keeps no scale of a
NUMERIC that was computed.
"""

# ruff: noqa: S608  names are quoted by `build.quote`, values bound
from __future__ import annotations

import json
from collections.abc import Sequence

from etlocal.redshift.dialect.statements import Column, Name, Table
from etlocal.redshift.dialect.types import SqlType
from etlocal.redshift.engines.postgres.connection import Connection

INTERNAL = "etlocal"

SCHEMA = f"""
CREATE SCHEMA IF NOT EXISTS public;
CREATE SCHEMA IF NOT EXISTS {INTERNAL};
CREATE TABLE IF NOT EXISTS {INTERNAL}.tables (
    schema_name TEXT, table_name TEXT, kind TEXT, diststyle TEXT, sortstyle TEXT,
    backup BOOLEAN, constraints TEXT, remark TEXT, definition TEXT,
    PRIMARY KEY (schema_name, table_name));
CREATE TABLE IF NOT EXISTS {INTERNAL}.columns (
    schema_name TEXT, table_name TEXT, ordinal INTEGER, column_name TEXT,
    type_name TEXT, length INTEGER, "precision" INTEGER, scale INTEGER, nullable BOOLEAN,
    default_text TEXT, identity_seed BIGINT, identity_step BIGINT, by_default BOOLEAN,
    encoding TEXT, distkey BOOLEAN, sortkey INTEGER, formatted TEXT, remark TEXT,
    PRIMARY KEY (schema_name, table_name, ordinal));
CREATE TABLE IF NOT EXISTS {INTERNAL}.view_sources (
    schema_name TEXT, view_name TEXT, source_schema TEXT, source_name TEXT);
CREATE TABLE IF NOT EXISTS {INTERNAL}.rights (
    granted_at TIMESTAMP, granted_by TEXT, action TEXT, text TEXT);
CREATE TABLE IF NOT EXISTS {INTERNAL}.load_errors (
    query BIGINT, session INTEGER, user_name TEXT, start_time TIMESTAMP, table_id BIGINT,
    table_name TEXT, file_name TEXT, line_number BIGINT, column_name TEXT, column_type TEXT,
    column_length TEXT, "position" INTEGER, raw_line TEXT, raw_value TEXT, code INTEGER,
    reason TEXT);
CREATE TABLE IF NOT EXISTS {INTERNAL}.version (digest TEXT);
"""

_FIND = f"""
SELECT n.nspname, c.relkind IN ('v', 'm'), t.kind, t.diststyle, t.sortstyle, t.backup,
    t.constraints, t.definition
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN {INTERNAL}.tables t ON t.schema_name = n.nspname AND t.table_name = c.relname
WHERE c.relname = CAST(:name AS text) AND n.nspname = ANY(CAST(:schemas AS text[]))
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY array_position(CAST(:schemas AS text[]), CAST(n.nspname AS text)) LIMIT 1
"""
_COLUMNS = f"""
SELECT column_name, type_name, length, "precision", scale, nullable, default_text, identity_seed,
    identity_step, by_default, encoding, distkey, sortkey
FROM {INTERNAL}.columns WHERE schema_name = :schema AND table_name = :name ORDER BY ordinal
"""
_TABLE_ROW = (
    f"INSERT INTO {INTERNAL}.tables VALUES (:schema, :name, :kind, :diststyle, :sortstyle, "
    ":backup, :constraints, NULL, :definition)"
)
_COLUMN_ROW = (
    f"INSERT INTO {INTERNAL}.columns VALUES (:schema, :name, :ordinal, :column, :type, :length, "
    ":precision, :scale, :nullable, :default, :seed, :step, :by_default, :encoding, :distkey, "
    ":sortkey, :formatted, NULL)"
)


def find(
    connection: Connection, database: str, schemas: Sequence[str], name: str
) -> tuple[str, bool, Table | None, str] | None:
    """Find a relation in the first of some schemas that has it.

    Returns
    -------
    tuple or None
        The schema, whether it is a view, what is kept of it (None for what another client made),
        and a late-binding view's text. None if there is no such relation.
    """
    found = connection.rows(_FIND, name=name, schemas=list(schemas))
    if not found:
        return None
    schema, is_view, kind, diststyle, sortstyle, backup, constraints, definition = found[0]
    if kind is None:
        return str(schema), bool(is_view), None, ""
    rows = connection.rows(_COLUMNS, schema=schema, name=name)
    columns = tuple(_column(row) for row in rows)
    table = Table(
        Name(name, str(schema), database), columns, str(diststyle), str(sortstyle), bool(backup),
        False, tuple(json.loads(str(constraints))),
    )  # fmt: skip
    return str(schema), bool(is_view), table, str(definition or "")


def _column(row: Sequence[object]) -> Column:
    (name, kind, length, precision, scale, nullable, default, seed, step, by_default, encoding,
     distkey, sortkey) = row  # fmt: skip
    return Column(
        name=str(name),
        type=SqlType(str(kind), _int(length), _int(precision), _int(scale)),
        nullable=bool(nullable),
        default=None if default is None else str(default),
        identity=None if seed is None else (_int(seed), _int(step)),
        identity_by_default=bool(by_default),
        encoding=str(encoding),
        distkey=bool(distkey),
        sortkey=_int(sortkey),
    )


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value


def write_table(
    connection: Connection, table: Table, kind: str = "TABLE", definition: str | None = None
) -> None:
    """Keep what there is to know of a table or view, in place of what was kept.

    Parameters
    ----------
    definition : str or None
        The text of a view without schema binding, which means what it says when it is read.
    """
    forget_table(connection, table.name)
    place = {"schema": table.name.schema, "name": table.name.relation}
    connection.run(
        _TABLE_ROW, **place, kind=kind, diststyle=table.diststyle, sortstyle=table.sortstyle,
        backup=table.backup, constraints=json.dumps(table.constraints),
        definition=definition,
    )  # fmt: skip
    for ordinal, column in enumerate(table.columns, start=1):
        seed, step = column.identity or (None, None)
        connection.run(
            _COLUMN_ROW, **place, ordinal=ordinal, column=column.name, type=column.type.name,
            length=column.type.length, precision=column.type.precision, scale=column.type.scale,
            nullable=column.nullable, default=column.default, seed=seed, step=step,
            by_default=column.identity_by_default, encoding=column.encoding,
            distkey=column.distkey, sortkey=column.sortkey, formatted=column.type.formatted(),
        )  # fmt: skip


def forget_table(connection: Connection, name: Name) -> None:
    """Drop what is kept of a table or view."""
    for kept in ("tables", "columns"):
        connection.run(
            f"DELETE FROM {INTERNAL}.{kept} WHERE schema_name = :schema AND table_name = :name",
            schema=name.schema,
            name=name.relation,
        )


def write_view(connection: Connection, view: Name, sources: list[Name]) -> None:
    """Keep what a bound view reads, so that it holds those relations in place."""
    connection.run(
        f"DELETE FROM {INTERNAL}.view_sources WHERE schema_name = :schema AND view_name = :name",
        schema=view.schema,
        name=view.relation,
    )
    for source in sources:
        connection.run(
            f"INSERT INTO {INTERNAL}.view_sources VALUES (:schema, :name, :from_schema, :source)",
            schema=view.schema, name=view.relation, from_schema=source.schema,
            source=source.relation,
        )  # fmt: skip


def views_of(connection: Connection, database: str, source: Name) -> list[Name]:
    """List the bound views that read a relation."""
    rows = connection.rows(
        f"SELECT DISTINCT schema_name, view_name FROM {INTERNAL}.view_sources "
        "WHERE source_schema = :schema AND source_name = :name",
        schema=source.schema,
        name=source.relation,
    )
    return [Name(str(row[1]), str(row[0]), database) for row in rows]


def version(connection: Connection) -> str:
    """Give the digest of the definitions that a database was prepared with; empty for none."""
    ((there,),) = connection.rows(f"SELECT to_regclass('{INTERNAL}.version') IS NOT NULL")
    rows = connection.rows(f"SELECT digest FROM {INTERNAL}.version") if there else []
    return str(rows[0][0]) if rows else ""


def set_version(connection: Connection, digest: str) -> None:
    """Note the digest of the definitions that a database is prepared with."""
    connection.run(f"DELETE FROM {INTERNAL}.version")
    connection.run(f"INSERT INTO {INTERNAL}.version VALUES (:digest)", digest=digest)
