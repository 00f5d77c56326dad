"""SET, SHOW, VACUUM, ANALYZE and COMMENT."""

# ruff: noqa: S608  names are quoted by `build.quote`, values by `build.quote_text` or bound
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from etlocal.redshift.dialect import statements, types
from etlocal.redshift.dialect.reader import Reader
from etlocal.redshift.engines.base import Result, ResultColumn
from etlocal.redshift.engines.postgres.build import quote_text
from etlocal.redshift.engines.postgres.catalog import INTERNAL
from etlocal.redshift.engines.postgres.context import SessionContext
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError, undefined_schema

# What a session may set without a difference here: results do not depend on it.
_HARMLESS = {
    "statement_timeout": "0",
    "query_group": "default",
    "application_name": "",
    "client_encoding": "UTF8",
    "extra_float_digits": "0",
    "wlm_query_slot_count": "1",
    "enable_result_cache_for_session": "on",
    "autocommit": "on",
    "analyze_threshold_percent": "10",
    "json_serialization_enable": "off",
    "enable_vacuum_boost": "off",
    "max_cursor_result_set_size": "0",
    "describe_field_name_in_uppercase": "off",
}
_FIXED = {
    "enable_case_sensitive_identifier": "off",
    "datestyle": "ISO, MDY",
    "server_version": "8.0.2",
    "transaction_isolation": "serializable",
    "standard_conforming_strings": "off",
}


def setting(session: SessionContext, statement: statements.Setting) -> Result:
    """Carry out SET, RESET or SHOW.

    Raises
    ------
    SqlError
        If there is no such parameter.
    FeatureNotSupportedError
        If the parameter would change results and is not supported.
    """
    name = statement.name.lower()
    if statement.action == "show":
        value = _current(session, name)
        return Result([ResultColumn(name, types.VARCHAR)], iter([[(value,)]]))
    value = _default(name) if statement.action == "reset" else _value(statement.value)
    if name == "search_path":
        _search_path(session, value if statement.action == "reset" else statement.value)
    elif name == "timezone":
        session.connection.rows(f"SELECT set_config('TimeZone', {quote_text(value)}, false)")
        session.settings[name] = value
    elif name in _HARMLESS:
        session.settings[name] = value
    elif name in _FIXED:
        if value.lower() not in (_FIXED[name].lower(), "false" if _FIXED[name] == "off" else ""):
            raise FeatureNotSupportedError(f"SET {name} TO {value}")
    else:
        raise SqlError(f'unrecognized configuration parameter "{name}"', sqlstate="42704")
    return Result()


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


def _value(text: str) -> str:
    text = text.strip()
    if text[:1] == "'" and text[-1:] == "'":
        return Reader(text).string()
    return text


def _default(name: str) -> str:
    if name == "search_path":
        return "public"
    return "UTC" if name == "timezone" else _HARMLESS.get(name, _FIXED.get(name, ""))


def _current(session: SessionContext, name: str) -> str:
    if name == "search_path":
        return '"$user", ' + ", ".join(session.search_path)
    if name in session.settings:
        return session.settings[name]
    if name == "timezone" or name in _HARMLESS or name in _FIXED:
        return _default(name)
    raise SqlError(f'unrecognized configuration parameter "{name}"', sqlstate="42704")


def _search_path(session: SessionContext, text: str) -> None:
    wanted = [part.strip().strip("'\"").lower() for part in text.split(",")]
    known = session.schemas()
    session.search_path = tuple(
        name for name in wanted if name not in ("$user", "pg_catalog") and name in known
    )
    session.use()


HANDLERS: dict[type[statements.Statement], Callable[[SessionContext, Any], Result]] = {
    statements.Setting: setting,
    statements.Maintenance: maintenance,
    statements.Comment: comment,
    statements.Right: right,
}
