"""Errors and notices as the protocol's fields.

Source: PostgreSQL documentation, "Error and Notice Message Fields".
"""

from __future__ import annotations

from etlocal.redshift.errors import SqlError


class FatalError(SqlError):
    """An error that ends the connection, or does not let it begin."""


def fields(error: SqlError) -> dict[str, str]:
    """Give an error's fields by their letters."""
    found = {
        "S": "FATAL" if isinstance(error, FatalError) else "ERROR",
        "C": error.sqlstate,
        # The engine says FATAL itself where there is no database to connect to.
        "M": error.message.removeprefix("FATAL: "),
    }
    if error.detail:
        found["D"] = error.detail
    return found


def aborted_transaction() -> SqlError:
    """Make the error of a statement in a transaction that has failed."""
    return SqlError(
        "current transaction is aborted, commands ignored until end of transaction block",
        sqlstate="25P02",
    )
