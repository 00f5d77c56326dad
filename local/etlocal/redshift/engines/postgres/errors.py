"""PostgreSQL's errors, told in Redshift's words.

Source: PostgreSQL's documentation, "PostgreSQL Error Codes"; Redshift's codes are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from etlocal.redshift.errors import (
    FeatureNotSupportedError,
    SerializableIsolationError,
    SqlError,
    StatementCanceledError,
    undefined_function,
)

_NO_OPERATOR = (
    "No operator matches the given name and argument type(s). You may need to add explicit type "
    "casts."
)


@contextmanager
def told() -> Iterator[None]:
    """Tell what the server or the way to it answers in Redshift's words.

    Raises
    ------
    SqlError
    """
    from pg8000.exceptions import DatabaseError, Error

    try:
        yield
    except DatabaseError as error:
        raise translate(error) from error
    except (Error, OSError) as error:
        raise lost(error) from error


def lost(error: Exception) -> SqlError:
    """Make the error for a server that cannot be reached or went away."""
    return SqlError(f"The connection to the warehouse's server failed: {error}", sqlstate="08006")


def translate(error: Exception) -> SqlError:
    """Make the error that Redshift would answer; what has no counterpart keeps its words."""
    fields = error.args[0] if error.args and isinstance(error.args[0], dict) else None
    if fields is None:
        return lost(error)
    state, message = fields.get("C", "XX000"), fields.get("M", "unknown error")
    make = _STATES.get(state)
    if make is not None:
        return make(message, fields)
    return SqlError(message, sqlstate=state, detail=fields.get("D"))


def _not_null(message: str, fields: dict[str, Any]) -> SqlError:
    column = fields.get("c", "")
    if not column:
        return SqlError(message, sqlstate="23502")
    return SqlError(f"Cannot insert a NULL value into column {column}", sqlstate="23502")


def _function(message: str, _fields: dict[str, Any]) -> SqlError:
    own = re.search(r"function (?:\w+\.)?rs_(\w+)\(", message)
    if own:
        return undefined_function(f"{own[1]}(unknown)")
    if "operator" in message:
        if "json" in message:
            return FeatureNotSupportedError("comparing or sorting SUPER values")
        return SqlError(message, sqlstate="42883", detail=_NO_OPERATOR)
    return SqlError(message, sqlstate="42883")


def _input(message: str, _fields: dict[str, Any]) -> SqlError:
    return SqlError(
        re.sub(r"for type (smallint|integer|bigint|real|double precision|boolean|numeric)\b",
               r"for \1", message),
        sqlstate="22P02",
    )  # fmt: skip


def _range(message: str, _fields: dict[str, Any]) -> SqlError:
    if "numeric field overflow" in message:
        return SqlError("Numeric data overflow (result precision)", sqlstate="22003")
    # The text that did not fit is named by PostgreSQL and not by Redshift.
    match = re.search(r"out of range for type (\w+)$", message)
    return SqlError(f"{match[1]} out of range" if match else message, sqlstate="22003")


def _cardinality(message: str, _fields: dict[str, Any]) -> SqlError:
    if message.startswith("MERGE command cannot affect row"):
        message = "Found multiple matches to update the same tuple."
    return SqlError(message, sqlstate="21000")


_STATES: dict[str, Callable[[str, dict[str, Any]], SqlError]] = {
    "21000": _cardinality,
    "22003": _range,
    "22012": lambda _message, _fields: SqlError("Divide by zero", sqlstate="22012"),
    "22P02": _input,
    "23502": _not_null,
    "40001": lambda _message, _fields: SerializableIsolationError(),
    "42883": _function,
    "57014": lambda _message, _fields: StatementCanceledError(),
}
