"""Rows that are inserted one by one, put together into one statement.

A driver's batch (``addBatch`` of JDBC, which Spark writes with) sends the same INSERT again and
again and asks what came of it at the end only. Each of them is work for the parser and the engine;
many rows in one statement are hardly more than one.
"""

from __future__ import annotations

from sqlglot import exp

from etlocal.redshift.dialect import statements
from etlocal.redshift.dialect.statements import Statement
from etlocal.redshift.wire.portals import Portal, Prepared
from etlocal.redshift.wire.session import Session

_MAX_ROWS = 5000


class Batch:
    """Rows of one INSERT that wait to be carried out together."""

    def __init__(self) -> None:
        self._prepared: Prepared | None = None
        self._rows: list[tuple[str | None, ...]] = []

    def __bool__(self) -> bool:
        """Whether any wait."""
        return bool(self._rows)

    def add(self, portal: Portal) -> bool:
        """Take a row up; False if it does not go with those that wait, or is none."""
        prepared = portal.prepared
        if prepared is None or len(self._rows) >= _MAX_ROWS:
            return False
        if self._rows and prepared is not self._prepared:
            return False
        if prepared is not self._prepared:
            if not is_row(prepared.command):
                return False
            self._prepared = prepared
        self._rows.append(portal.texts)
        return True

    def insert(self, session: Session) -> None:
        """Carry out what waits.

        Raises
        ------
        SqlError
            In Redshift's words; nothing waits any more.
        """
        rows, self._rows = self._rows, []
        assert self._prepared is not None
        session.insert(self._prepared.slots(), self._prepared.names, rows)

    def clear(self) -> None:
        """Forget the rows that wait."""
        self._rows = []


def is_row(command: Statement | object) -> bool:
    """Whether a statement inserts one row of parameters and constants, and nothing is read."""
    if not isinstance(command, statements.Write) or not isinstance(command.tree, exp.Insert):
        return False
    values = command.tree.expression
    return (
        isinstance(values, exp.Values)
        and len(values.expressions) == 1
        and isinstance(values.expressions[0], exp.Tuple)
        and values.find(exp.Placeholder) is not None
        and command.tree.find(exp.Query, exp.Anonymous, exp.Column) is None
    )
