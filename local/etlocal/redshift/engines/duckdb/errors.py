"""DuckDB's errors, told in Redshift's words."""

from __future__ import annotations

import re
from collections.abc import Callable

import duckdb

from etlocal.redshift.errors import (
    SerializableIsolationError,
    SqlError,
    SqlSyntaxError,
    StatementCanceledError,
    undefined_column,
    undefined_function,
)

_TYPES = {
    "INT16": "smallint",
    "INT32": "integer",
    "INT64": "bigint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "DOUBLE": "double precision",
    "FLOAT": "real",
    "BOOL": "boolean",
    "BOOLEAN": "boolean",
}


def translate(error: duckdb.Error) -> SqlError:
    """Make the error that Redshift would answer; what has no counterpart keeps DuckDB's words."""
    if isinstance(error, duckdb.InterruptException):
        return StatementCanceledError()
    text = str(error)
    for pattern, make in _RULES:
        match = re.search(pattern, text, re.DOTALL)
        if match:
            return make(match)
    first = text.splitlines()[0] if text else "unknown error"
    return SqlError(re.sub(r"^[\w ]+ Error: ", "", first), sqlstate=_state(error))


def _state(error: duckdb.Error) -> str:
    if isinstance(error, duckdb.ParserException):
        return "42601"
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException):
        return "42P10"
    if isinstance(error, duckdb.ConversionException | duckdb.OutOfRangeException):
        return "22000"
    return "XX000"


def _column(match: re.Match[str]) -> SqlError:
    return undefined_column(match[1].lower())


def _conversion(match: re.Match[str]) -> SqlError:
    value, kind = match[1], match[2]
    shown = _TYPES.get(kind.upper(), kind.lower())
    return SqlError(f'invalid input syntax for {shown}: "{value}"', sqlstate="22P02")


def _date(match: re.Match[str]) -> SqlError:
    kind = "date" if match[1] == "date" else "timestamp"
    return SqlError(f'invalid input syntax for type {kind}: "{match[2]}"', sqlstate="22007")


_RULES: list[tuple[str, Callable[[re.Match[str]], SqlError]]] = [
    (
        r"Conflict on (?:update|tuple deletion)|Transaction conflict|write-write conflict",
        lambda _match: SerializableIsolationError(),
    ),
    (
        r"NOT NULL constraint failed: [^.]*?(\w+)\.(\w+)\s*$",
        lambda match: SqlError(
            f"Cannot insert a NULL value into column {match[2]}", sqlstate="23502"
        ),
    ),
    (
        r"Invalid Input Error: (value too long for type .*\))",
        lambda match: SqlError(match[1], sqlstate="22001"),
    ),
    (r"Divide by zero", lambda _match: SqlError("Divide by zero", sqlstate="22012")),
    (r"Could not convert string '(.*?)' to '?(\w+)", _conversion),
    (r"invalid (date|timestamp) field format: \"(.*?)\"", _date),
    (r"(date|timestamp) field value out of range: \"(.*?)\"", _date),
    (r"Referenced column \"([^\"]+)\" (?:was )?not found", _column),
    (r"Column \"([^\"]+)\" referenced that exists in the SELECT clause", _column),
    (
        r"\* expression without FROM clause|STAR expression is only allowed",
        lambda _match: SqlError("SELECT * with no tables specified is not valid", sqlstate="42601"),
    ),
    (r"SELECT clause without selection list", lambda _match: SqlSyntaxError("")),
    (
        r"No function matches the given name and argument types '(\W+)\(",
        lambda match: SqlError(
            f"operator does not exist: {match[1]}",
            sqlstate="42883",
            detail="No operator matches the given name and argument type(s). "
            "You may need to add explicit type casts.",
        ),
    ),
    (
        r"Referenced table \"([^\"]+)\" not found",
        lambda match: SqlError(
            f'missing FROM-clause entry for table "{match[1]}"', sqlstate="42P01"
        ),
    ),
    (
        r"(?:Table|Values list) \"(\w+)\" does not have a column named \"(\w+)\"",
        lambda match: SqlError(f"column {match[1]}.{match[2]} does not exist", sqlstate="42703"),
    ),
    (
        r"Ambiguous reference to column name \"([^\"]+)\"",
        lambda match: SqlError(f'column reference "{match[1]}" is ambiguous', sqlstate="42702"),
    ),
    (
        r"Macro \"?rs_(\w+)\"?\(\) does not support the supplied arguments",
        lambda match: undefined_function(f"{match[1]}(unknown)"),
    ),
    (
        r"column \"([^\"]+)\" must appear in the GROUP BY clause",
        lambda match: SqlError(
            f'column "{match[1]}" must appear in the GROUP BY clause or be used in an aggregate '
            "function",
            sqlstate="42803",
        ),
    ),
    (
        r"(?:Overflow|out of range|Out of Range).*?INT(16|32|64)",
        lambda match: SqlError(
            f"{ {'16': 'smallint', '32': 'integer', '64': 'bigint'}[match[1]] } out of range",
            sqlstate="22003",
        ),
    ),
    (
        r"Could not cast value .* to DECIMAL|Casting value .* to type DECIMAL",
        lambda _match: SqlError("Numeric data overflow (result precision)", sqlstate="22003"),
    ),
    (
        r"More than one row returned by a subquery",
        lambda _match: SqlError(
            "more than one row returned by a subquery used as an expression", sqlstate="21000"
        ),
    ),
    (r"^Invalid Input Error: (.*)$", lambda match: SqlError(match[1].splitlines()[0])),
]
