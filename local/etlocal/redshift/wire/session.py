"""What a connection does with statements: transactions, results, cancelling.

It knows statements and rows, not messages. A group of statements (those of one simple query, or
those between two Syncs) is one transaction unless it begins or ends one itself, as in PostgreSQL.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from etlocal.aws.call import Runtime
from etlocal.redshift import execution
from etlocal.redshift.dialect import statements
from etlocal.redshift.dialect.statements import Kind, Statement
from etlocal.redshift.engines.base import EngineSession, Result, Row
from etlocal.redshift.errors import SqlError, StatementCanceledError
from etlocal.redshift.transfer.context import Context, acting_as
from etlocal.redshift.warehouse import Warehouse
from etlocal.redshift.wire.authentication import Login
from etlocal.redshift.wire.errors import aborted_transaction
from etlocal.redshift.wire.rows import Rows

_LOG = logging.getLogger(__name__)

# Settings whose values a client is told when they change, by the names that it knows them by.
REPORTED = {
    "application_name": "application_name",
    "client_encoding": "client_encoding",
    "datestyle": "DateStyle",
    "timezone": "TimeZone",
}
_ENCODINGS = ("utf8", "utf-8", "unicode", "sql_ascii", "default")


class Session:
    """A client's session.

    Parameters
    ----------
    runtime : Runtime
    login : Login
        Who is connected, to what.

    Raises
    ------
    SqlError
        If there is no such database.
    """

    def __init__(self, runtime: Runtime, login: Login) -> None:
        self._runtime = runtime
        self._login = login
        self._warehouse = runtime.component(Warehouse)
        engine = self._warehouse.engine(login.key, login.first)
        self._engine: EngineSession = engine.connect(login.database, login.user)
        self._guard = threading.Lock()
        self._canceled = threading.Event()
        self._busy = False
        self._failed = False
        self._grouped = False
        self._open: Rows | None = None

    @property
    def pid(self) -> int:
        """The number by which a CancelRequest names the session."""
        return self._engine.pid

    @property
    def lost(self) -> bool:
        """Whether the engine's session has ended by itself: the client has to connect anew."""
        return self._engine.lost

    @property
    def status(self) -> bytes:
        """``I`` outside of a transaction, ``T`` in one, ``E`` in one that has failed."""
        if self._failed:
            return b"E"
        return b"T" if self._engine.in_transaction and not self._grouped else b"I"

    def execute(self, statement: Statement) -> tuple[list[Any], Rows, int]:
        """Carry out a statement.

        Returns
        -------
        tuple of (list of ResultColumn, Rows, int)
            The columns, the rows, and how many rows were written.

        Raises
        ------
        SqlError
            In Redshift's words; the transaction has then failed (see `failed`).
        """
        ends = isinstance(statement, statements.Transaction) and statement.action != "begin"
        self._begin_work(ends=ends)
        if isinstance(statement, statements.Setting):
            self._check_setting(statement)
        if isinstance(statement, statements.Transaction):
            self._transaction(statement.action)
            return [], Rows(iter(())), -1
        self._group(statement)
        result: Result = execution.execute(self._engine, statement, self._context(statement))
        rows = Rows(self._guarded(result.batches))
        self._open = rows if result.columns else None
        return list(result.columns), rows, result.affected

    def insert(
        self,
        statement: statements.Write,
        names: Sequence[str],
        rows: Sequence[Sequence[str | None]],
    ) -> None:
        """Insert rows; see `EngineSession.insert`."""
        self._begin_work()
        self._group(statement)
        self._engine.insert(statement, names, rows)

    def describe(self, statement: Statement) -> list[Any]:
        """Tell the columns that a statement will give.

        Raises
        ------
        SqlError
            In Redshift's words.
        """
        self._begin_work()
        return list(self._engine.describe(statement))

    def setting(self, name: str) -> str:
        """Tell a setting's value."""
        shown = self._engine.execute(statements.Setting("show", name)).rows()
        return str(shown[0][0])

    def set(self, name: str, value: str) -> None:
        """Set a parameter that a client gives when it connects.

        Raises
        ------
        SqlError
            If there is no such parameter, or it cannot have the value.
        """
        setting = statements.Setting("set", name.lower(), value)
        self._check_setting(setting)
        self._engine.execute(setting)

    def failed(self) -> None:
        """Note that a statement was answered with an error."""
        if self._grouped or not self._engine.in_transaction:
            self._grouped = False
            self._engine.rollback()
        else:
            self._failed = True
        self._open = None

    def end_group(self) -> None:
        """End a group of statements: what they did lasts, unless they began a transaction.

        Raises
        ------
        SqlError
            If it cannot be committed.
        """
        with self._guard:
            self._busy = False
        if self._grouped:
            # Portals end with their transaction: nobody fetches what is left.
            self._open = None
            self._grouped = False
            self._engine.commit()

    def release(self, rows: Rows | None) -> None:
        """Give up rows that nobody fetches any more."""
        if rows is not None and self._open is rows:
            self._open = None

    def cancel(self) -> None:
        """Stop what the session is doing; called from another thread."""
        with self._guard:
            if self._busy:
                self._canceled.set()
                self._engine.interrupt()

    def close(self) -> None:
        """End the session; an open transaction is undone."""
        try:
            self._engine.close()
        except Exception:  # noqa: BLE001  its namespace or cluster may have been deleted meanwhile
            _LOG.debug("a session had ended already", exc_info=True)

    def _begin_work(self, *, ends: bool = False) -> None:
        if self._failed and not ends:
            raise aborted_transaction()
        self._detach()
        with self._guard:
            if not self._busy:
                self._busy = True
                self._canceled.clear()
                self._engine.ready()

    def _group(self, statement: Statement) -> None:
        if self._engine.in_transaction or statement.kind is Kind.UTILITY or _alone(statement):
            return
        self._engine.begin(writes=statement.kind is not Kind.QUERY)
        self._grouped = True

    def _transaction(self, action: str) -> None:
        if action == "begin":
            if not self._engine.in_transaction:
                self._engine.begin()
        elif action == "commit" and not self._failed:
            self._grouped = False
            self._engine.commit()
            return
        else:
            self._engine.rollback()
            self._failed = False
        self._grouped = False

    def _detach(self) -> None:
        """Fetch what is left of a result: the next statement would end it."""
        if self._open is not None:
            rows, self._open = self._open, None
            rows.keep()

    def _guarded(self, batches: Iterator[list[Row]]) -> Iterator[list[Row]]:
        for batch in batches:
            if self._canceled.is_set():
                raise StatementCanceledError
            yield batch

    def _check_setting(self, setting: statements.Setting) -> None:
        if setting.action != "set" or setting.name.lower() != "client_encoding":
            return
        value = setting.value.strip().strip("'\"").lower()
        if value not in _ENCODINGS:
            raise SqlError(
                f"conversion between {value.upper()} and UTF8 is not supported", sqlstate="0A000"
            )

    def _context(self, statement: Statement) -> Context:
        def client(role_arn: str | None) -> Any:
            return self._runtime.client(
                "s3",
                account=self._login.account,
                region=self._login.region,
                acting=acting_as(role_arn),
            )

        return Context(
            s3=client,
            scratch=self._warehouse.scratch,
            query=self._query(statement),
            default_role=self._login.default_role,
        )

    def _query(self, statement: Statement) -> int:
        """Number a statement that is looked up by its number (``stl_load_errors``)."""
        if not isinstance(statement, statements.Copy | statements.Unload):
            return 0
        with self._runtime.store.transaction() as tx:
            return tx.execute("INSERT INTO redshift_query_ids DEFAULT VALUES").lastrowid or 0


def _alone(statement: Statement) -> bool:
    """Whether a statement cannot run within a transaction."""
    if isinstance(statement, statements.CreateDatabase | statements.Truncate):
        return True
    return isinstance(statement, statements.Drop) and statement.what == "database"
