"""VACUUM, ANALYZE and COMMENT."""

# ruff: noqa: S608  names are quoted by `build.quote`, values by `build.quote_text` or bound
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from etlocal.redshift.dialect import statements
from etlocal.redshift.engines import parameters
from etlocal.redshift.engines.base import Result
from etlocal.redshift.engines.postgres.catalog import INTERNAL
from etlocal.redshift.engines.postgres.context import SessionContext
from etlocal.redshift.errors import undefined_schema


def maintenance(session: SessionContext, statement: statements.Maintenance) -> Result:
    """Check that the table exists: the engine keeps its order and statistics itself."""
    if statement.name is not None:
        session.table(statement.name)
    return Result()


def comment(session: SessionContext, statement: statements.Comment) -> Result:
    """Keep a remark on a table or column."""
    table = session.table(statement.name)
    target, where = "tables", "schema_name = :schema AND table_name = :name"
    values = {"schema": table.name.schema, "name": table.name.relation}
    if statement.column is not None:
        target, where = "columns", f"{where} AND column_name = :column"
        values["column"] = statement.column
    session.connection.run(
        f"UPDATE {INTERNAL}.{target} SET remark = :remark WHERE {where}",
        **values,
        remark=statement.text,
    )
    return Result()


def right(session: SessionContext, statement: statements.Right) -> Result:
    """Keep a GRANT and its like; what it names must be there."""
    for name in statement.names:
        if statement.what == "TABLE":
            session.table(name)
        elif statement.what == "SCHEMA" and name.relation not in session.schemas():
            raise undefined_schema(name.relation)
    session.connection.run(
        f"INSERT INTO {INTERNAL}.rights "
        "VALUES (timezone('UTC', clock_timestamp()), :by, :action, :text)",
        by=session.user,
        action=statement.action,
        text=statement.text,
    )
    return Result()


HANDLERS: dict[type[statements.Statement], Callable[[SessionContext, Any], Result]] = {
    statements.Setting: parameters.setting,
    statements.Maintenance: maintenance,
    statements.Comment: comment,
    statements.Right: right,
}
