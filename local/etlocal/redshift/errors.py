"""The errors of Redshift's SQL, in Redshift's words.

What the API's operations answer is in the packages of the operations; here is what a statement
ends with (``DescribeStatement``'s ``Error``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class SqlError(Exception):
    """A statement failed.

    Parameters
    ----------
    message : str
        What Redshift says, without ``ERROR:``.
    sqlstate : str
        The five characters of SQLSTATE.
    detail : str or None
        What stands under ``Detail:``.
    """

    def __init__(self, message: str, *, sqlstate: str = "XX000", detail: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.sqlstate = sqlstate
        self.detail = detail

    def __str__(self) -> str:
        """Give the text as Redshift's clients show it."""
        text = f"ERROR: {self.message}"
        return f"{text}\n  Detail: {self.detail}" if self.detail else text


class SqlSyntaxError(SqlError):
    """The text is not Redshift's SQL."""

    def __init__(self, near: str, detail: str | None = None) -> None:
        where = f'at or near "{near}"' if near else "at end of input"
        super().__init__(f"syntax error {where}", sqlstate="42601", detail=detail)


class FeatureNotSupportedError(SqlError):
    """Redshift can do it and this emulation cannot; the message names what."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not supported by etlocal", sqlstate="0A000")


class StatementCanceledError(SqlError):
    """The user cancelled the statement (``CancelStatement``)."""

    def __init__(self) -> None:
        super().__init__("Query cancelled on user's request", sqlstate="57014")


class SerializableIsolationError(SqlError):
    """Two transactions changed the same rows.

    Source: Amazon Redshift Database Developer Guide, "Serializable isolation".
    """

    def __init__(self, table: str = "") -> None:
        where = f" on table - {table}" if table else ""
        super().__init__(
            "1023",
            sqlstate="40001",
            detail=f"Serializable isolation violation{where}, "
            "transactions forming the cycle are aborted.",
        )


class LoadFailedError(SqlError):
    """A load had more bad lines than it allows; what was bad is for ``stl_load_errors``.

    Attributes
    ----------
    problems : sequence
        What could not be loaded (`engines.base.LoadProblem`).

    Source: Amazon Redshift Database Developer Guide, "SYS_LOAD_ERROR_DETAIL", which the error
    names where there was ``stl_load_errors`` before; both are there.
    """

    def __init__(self, problems: Sequence[Any], table: str = "") -> None:
        super().__init__(
            f"Load into table '{table}' failed.  Check 'sys_load_error_detail' system table for "
            "details."
        )
        self.problems = problems


def undefined_relation(name: str) -> SqlError:
    """Make the error for a table or view that is not there."""
    return SqlError(f'relation "{name}" does not exist', sqlstate="42P01")


def undefined_schema(name: str) -> SqlError:
    """Make the error for a schema that is not there."""
    return SqlError(f'schema "{name}" does not exist', sqlstate="3F000")


def undefined_column(name: str, relation: str | None = None) -> SqlError:
    """Make the error for a column that is not there."""
    if relation is None:
        return SqlError(f'column "{name}" does not exist', sqlstate="42703")
    return SqlError(f'column "{name}" of relation "{relation}" does not exist', sqlstate="42703")


def undefined_function(signature: str) -> SqlError:
    """Make the error for a function that is not there, ``name(types)``."""
    return SqlError(
        f"function {signature} does not exist",
        sqlstate="42883",
        detail="No function matches the given name and argument types. "
        "You may need to add explicit type casts.",
    )
