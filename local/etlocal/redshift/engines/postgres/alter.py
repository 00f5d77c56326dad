"""ALTER TABLE, action by action.

Source: Amazon Redshift Database Developer Guide, "ALTER TABLE".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from etlocal.redshift.dialect.statements import AlterTable, Column, Statement, Table
from etlocal.redshift.engines.base import Result
from etlocal.redshift.engines.postgres import catalog
from etlocal.redshift.engines.postgres.build import column_type, quote
from etlocal.redshift.engines.postgres.context import SessionContext
from etlocal.redshift.engines.postgres.ddl import column_definition
from etlocal.redshift.errors import (
    FeatureNotSupportedError,
    SqlError,
    undefined_column,
    undefined_schema,
)


def alter(session: SessionContext, statement: AlterTable) -> Result:
    """Carry out one action.

    Raises
    ------
    SqlError
        If the table or column is not there, or the change is not allowed.
    """
    table = session.table(statement.name)
    if table.temporary:
        raise FeatureNotSupportedError("ALTER TABLE of a temporary table")
    if session.kind(statement.name) == "system":
        raise SqlError(f"permission denied for relation {table.name.relation}", sqlstate="42501")
    changed = _ACTIONS[statement.action](session, statement, table)
    if changed.name != table.name:
        catalog.forget_table(session.connection, table.name)
    catalog.write_table(session.connection, changed)
    session.forget()
    return Result()


def _known(table: Table, name: str) -> Column:
    column = table.column(name)
    if column is None:
        raise undefined_column(name, table.name.relation)
    return column


def _refuse_bound(session: SessionContext, table: Table, what: str) -> None:
    views = catalog.views_of(session.connection, session.database, table.name)
    if views:
        raise SqlError(
            f"cannot {what} because other objects depend on it", sqlstate="2BP01",
            detail=f"view {views[0].schema}.{views[0].relation} depends on table "
            f"{table.name.relation}.",
        )  # fmt: skip


def _add_column(session: SessionContext, statement: AlterTable, table: Table) -> Table:
    column = statement.definition
    assert column is not None
    if table.column(column.name) is not None:
        raise SqlError(
            f'column "{column.name}" of relation "{table.name.relation}" already exists',
            sqlstate="42701",
        )
    if column.identity is not None:
        raise SqlError("ALTER TABLE ADD COLUMN does not support IDENTITY columns", sqlstate="0A000")
    if not column.nullable and column.default is None:
        raise SqlError(
            "ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression",
            sqlstate="42601",
        )
    text = column_definition(session, column)
    session.connection.run(f"ALTER TABLE {session.full_name(table)} ADD COLUMN {text}")
    return replace(table, columns=(*table.columns, column))


def _drop_column(session: SessionContext, statement: AlterTable, table: Table) -> Table:
    column = _known(table, statement.column)
    _refuse_bound(session, table, f"drop table {table.name.relation} column {column.name}")
    if column.distkey or column.sortkey:
        kind = "dist" if column.distkey else "sort"
        raise SqlError(f"cannot drop {kind}key column: {column.name}", sqlstate="0A000")
    session.connection.run(
        f"ALTER TABLE {session.full_name(table)} DROP COLUMN {quote(column.name)}"
    )
    return replace(table, columns=tuple(c for c in table.columns if c.name != column.name))


def _rename_to(session: SessionContext, statement: AlterTable, table: Table) -> Table:
    target = replace(table.name, relation=statement.target)
    if session.find(target) is not None:
        raise SqlError(f'Relation "{statement.target}" already exists', sqlstate="42P07")
    _refuse_bound(session, table, f"rename table {table.name.relation}")
    session.connection.run(
        f"ALTER TABLE {session.full_name(table)} RENAME TO {quote(statement.target)}"
    )
    return replace(table, name=target)


def _rename_column(session: SessionContext, statement: AlterTable, table: Table) -> Table:
    column = _known(table, statement.column)
    if table.column(statement.target) is not None:
        raise SqlError(f'column "{statement.target}" already exists', sqlstate="42701")
    session.connection.run(
        f"ALTER TABLE {session.full_name(table)} "
        f"RENAME COLUMN {quote(column.name)} TO {quote(statement.target)}"
    )
    return _replaced(table, column, replace(column, name=statement.target))


def _replaced(table: Table, old: Column, new: Column) -> Table:
    return replace(table, columns=tuple(new if c is old else c for c in table.columns))


def _alter_type(session: SessionContext, statement: AlterTable, table: Table) -> Table:
    column = _known(table, statement.column)
    assert statement.definition is not None
    wanted = statement.definition.type
    if column.type.name != "varchar" or wanted.name != "varchar":
        raise SqlError(
            f'cannot alter type of a column "{column.name}": only the size of VARCHAR columns '
            "can be changed",
            sqlstate="0A000",
        )
    if column.default is not None or column.encoding in ("bytedict", "text255", "text32k"):
        raise SqlError(f'cannot alter type of column "{column.name}"', sqlstate="0A000")
    if wanted.length < column.type.length:
        raise SqlError(
            f'cannot alter column "{column.name}": target column size should not be less than the '
            "current maximum column size",
            sqlstate="0A000",
        )
    session.connection.run(
        f"ALTER TABLE {session.full_name(table)} ALTER COLUMN {quote(column.name)} "
        f"TYPE {column_type(wanted)}"
    )
    return _replaced(table, column, replace(column, type=wanted))


def _alter_encode(_session: SessionContext, statement: AlterTable, table: Table) -> Table:
    if not statement.column:
        return table
    column = _known(table, statement.column)
    return _replaced(table, column, replace(column, encoding=statement.target))


def _alter_diststyle(_session: SessionContext, statement: AlterTable, table: Table) -> Table:
    columns = tuple(replace(column, distkey=False) for column in table.columns)
    return replace(table, diststyle=statement.target, columns=columns)


def _alter_distkey(_session: SessionContext, statement: AlterTable, table: Table) -> Table:
    _known(table, statement.column)
    columns = tuple(replace(c, distkey=c.name == statement.column) for c in table.columns)
    return replace(table, diststyle="KEY", columns=columns)


def _alter_sortkey(_session: SessionContext, statement: AlterTable, table: Table) -> Table:
    for name in statement.names:
        _known(table, name)
    places = {name: index for index, name in enumerate(statement.names, start=1)}
    columns = tuple(replace(c, sortkey=places.get(c.name, 0)) for c in table.columns)
    style = "COMPOUND" if statement.names else "AUTO"
    return replace(table, sortstyle=style, columns=columns)


def _set_schema(session: SessionContext, statement: AlterTable, _table: Table) -> Table:
    if statement.target not in session.schemas():
        raise undefined_schema(statement.target)
    raise FeatureNotSupportedError("ALTER TABLE SET SCHEMA")


def _add_constraint(_session: SessionContext, statement: AlterTable, table: Table) -> Table:
    return replace(table, constraints=(*table.constraints, statement.target))


def _drop_constraint(_session: SessionContext, statement: AlterTable, table: Table) -> Table:
    kept = tuple(text for text in table.constraints if statement.target not in text.lower())
    if len(kept) == len(table.constraints):
        raise SqlError(
            f'constraint "{statement.target}" of relation "{table.name.relation}" does not exist',
            sqlstate="42704",
        )
    return replace(table, constraints=kept)


def _owner(session: SessionContext, statement: AlterTable, table: Table) -> Table:
    if statement.target != session.user:
        raise SqlError(f'user "{statement.target}" does not exist', sqlstate="42704")
    return table


_ACTIONS = {
    "add column": _add_column,
    "drop column": _drop_column,
    "rename to": _rename_to,
    "rename column": _rename_column,
    "alter type": _alter_type,
    "alter encode": _alter_encode,
    "alter diststyle": _alter_diststyle,
    "alter distkey": _alter_distkey,
    "alter sortkey": _alter_sortkey,
    "add constraint": _add_constraint,
    "drop constraint": _drop_constraint,
    "set schema": _set_schema,
    "owner to": _owner,
}

HANDLERS: dict[type[Statement], Callable[[SessionContext, Any], Result]] = {AlterTable: alter}
