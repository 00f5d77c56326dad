"""A session on PostgreSQL: its transactions, and which module carries out a statement.

A transaction sees the database as it was at its first statement (REPEATABLE READ), and whoever
writes waits for the writer before: Redshift's snapshot isolation and its locks on tables.

Source: PostgreSQL's documentation, "Transaction Isolation" and "Advisory Locks"; Amazon Redshift
Database Developer Guide, "Serializable isolation" and "Managing concurrent write operations".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from etlocal.redshift.dialect import statements, types
from etlocal.redshift.dialect.statements import Kind, Name, Statement, Table
from etlocal.redshift.engines.base import (
    Export,
    ExportedFile,
    Load,
    LoadProblem,
    LoadResult,
    Relation,
    Result,
    ResultColumn,
)
from etlocal.redshift.engines.postgres import (
    alter,
    ddl,
    exporting,
    loading,
    queries,
    utility,
    writes,
)
from etlocal.redshift.engines.postgres.connection import Connection
from etlocal.redshift.engines.postgres.context import SessionContext
from etlocal.redshift.engines.postgres.errors import told
from etlocal.redshift.engines.postgres.instance import Instance
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError, StatementCanceledError

_Handler = Callable[[SessionContext, Any], Result]
_HANDLERS: dict[type[Statement], _Handler] = {
    **queries.HANDLERS,
    **writes.HANDLERS,
    **ddl.HANDLERS,
    **alter.HANDLERS,
    **utility.HANDLERS,
}
# Between two tries to stop a statement that goes on.
_INTERRUPT_SECONDS = 0.05
# The lock that one writer of a database holds; PostgreSQL counts such locks by database.
_WRITERS = 4_566_001


class PostgresSession(SessionContext):
    """One client's connection; see `EngineSession`."""

    def __init__(
        self, instance: Instance, connection: Connection, database: str, user: str, pid: int
    ) -> None:
        super().__init__(instance, connection, database, user, pid)
        self._before = self._held()
        self._canceled = threading.Event()
        self._guard = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self._open = False
        self._started = False
        self._failed = False
        self._working = False
        self._locked = False
        self._interrupted = False

    @property
    def in_transaction(self) -> bool:
        """Whether BEGIN was called and the transaction has not ended."""
        return self._open

    @property
    def lost(self) -> bool:
        """Whether the server or the way to it has gone."""
        return self.connection.lost

    def begin(self, *, writes: bool = False) -> None:
        """Start a transaction; PostgreSQL's own begins with its first statement."""
        self._open, self._failed = True, False
        if writes:
            with told(), self._interruptible():
                self._start(writes=True)

    def commit(self) -> None:
        """Make what the transaction did last."""
        try:
            if self._started and not self._failed:
                with told():
                    self.close_cursors()
                    self.connection.run("COMMIT")
                self._started = False
        finally:
            self.rollback()

    def rollback(self) -> None:
        """Undo what the transaction did."""
        try:
            self._undo()
        finally:
            self._open = self._failed = False

    def execute(self, statement: Statement) -> Result:
        """Carry out a statement."""
        handler = _HANDLERS.get(type(statement))
        if handler is None:
            raise FeatureNotSupportedError(f"the statement {type(statement).__name__}")
        self._refuse_after_failure()
        with self.statement(writes=statement.kind in (Kind.WRITE, Kind.DDL)):
            result = handler(self, statement)
        if isinstance(statement, statements.Truncate) and self._open:
            self.commit()
        return result

    def insert(
        self,
        statement: statements.Write,
        names: Sequence[str],
        rows: Sequence[Sequence[str | None]],
    ) -> Result:
        """Insert rows by an INSERT of one row that has parameters."""
        self._refuse_after_failure()
        with self.statement(writes=True):
            return writes.insert_rows(self, statement, names, rows)

    def describe(self, statement: Statement) -> Sequence[ResultColumn]:
        """Tell the columns that a statement will give."""
        self._refuse_after_failure()
        if isinstance(statement, statements.Setting) and statement.action == "show":
            return [ResultColumn(statement.name.lower(), types.VARCHAR)]
        if isinstance(statement, statements.Explain):
            return [ResultColumn(queries.PLAN, types.VARCHAR)]
        if not isinstance(statement, statements.Query):
            return ()
        with self.statement(writes=False):
            return queries.describe(self, statement)

    @contextmanager
    def statement(self, *, writes: bool) -> Iterator[None]:
        """Run a block as a statement: in the open transaction, or in one of its own.

        Raises
        ------
        SqlError
            For what PostgreSQL refuses; an open transaction has then failed.
        """
        own = not self._open
        self.forget()
        self._working = True
        try:
            with told():
                with self._interruptible():
                    self._stop_if_canceled()
                    self._start(writes=writes)
                    yield
                self._stop_if_canceled()
                if own and self._started:
                    self.connection.run("COMMIT")
                    self._started = False
        except BaseException as error:
            self._undo()
            self._failed = not own and isinstance(error, SqlError)
            raise
        finally:
            self._working = False
            if own:
                self._undo()

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Run a block that `interrupt` may stop: neither a commit nor a rollback is in it."""
        with self._guard:
            self._idle.clear()
        try:
            yield
        finally:
            with self._guard:
                self._idle.set()

    def _start(self, *, writes: bool) -> None:
        self.close_cursors()
        if writes and not self._locked:
            # Before the transaction begins, so that it sees what the writer before has made.
            self.connection.rows(f"SELECT pg_advisory_lock({_WRITERS})")
            self._locked = True
        if not self._started:
            self.connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ")
            self._before = self._held()
            self._started = True

    def _held(self) -> tuple[dict[str, Table], tuple[str, ...], dict[str, str]]:
        """Give what goes back with a transaction: temporary tables, and what SET has set."""
        return dict(self.temporary), self.search_path, dict(self.settings)

    def _undo(self) -> None:
        try:
            with told():
                if self._started:
                    self._started = False
                    self.temporary, self.search_path, self.settings = self._before
                    self.cursors.clear()
                    self._surely("ROLLBACK")
                if self._locked:
                    self._locked = False
                    self._surely(f"SELECT pg_advisory_unlock({_WRITERS})")
        except SqlError as error:
            # A connection that is lost has neither a transaction nor a lock.
            if error.sqlstate != "08006":
                raise

    def _surely(self, sql: str) -> None:
        """Run what must be done, though an interrupt of the statement before it may reach it."""
        try:
            with told():
                self.connection.run(sql)
        except StatementCanceledError:
            self.connection.run(sql)

    def _stop_if_canceled(self) -> None:
        if self._canceled.is_set():
            raise StatementCanceledError

    def _refuse_after_failure(self) -> None:
        if self._failed:
            raise SqlError(
                "current transaction is aborted, commands ignored until end of transaction block",
                sqlstate="25P02",
            )

    @contextmanager
    def _looking(self) -> Iterator[None]:
        if self._working:
            yield
            return
        self.forget()
        with told():
            yield

    def table(self, name: Name) -> Table:
        """Describe a table or view."""
        with self._looking():
            return super().table(name)

    def relations(self) -> list[Relation]:
        """List the tables and views."""
        with self._looking():
            return super().relations()

    def schemas(self) -> list[str]:
        """List the schemas."""
        with self._looking():
            return super().schemas()

    def load(self, load: Load) -> LoadResult:
        """Put files' rows into a table."""
        self._refuse_after_failure()
        with self.statement(writes=True):
            return loading.run(self, load)

    def record_load_problems(self, load: Load, problems: Sequence[LoadProblem], query: int) -> None:
        """Keep problems in a transaction of their own."""
        with told():
            loading.record(self, load, problems, query)

    def export(self, export: Export) -> list[ExportedFile]:
        """Write a query's rows to files."""
        self._refuse_after_failure()
        with self.statement(writes=False):
            return exporting.run(self, export)

    def ready(self) -> None:
        """Take up another request."""
        self._canceled.clear()

    def interrupt(self) -> None:
        """Stop what the session is doing for its request."""
        self._interrupted = True
        self._canceled.set()
        threading.Thread(target=self._interrupt_until_idle, daemon=True).start()

    def _interrupt_until_idle(self) -> None:
        # What comes just before a statement begins stops nothing: once is not enough.
        while True:
            with self._guard:
                if self._idle.is_set() or not self._canceled.is_set():
                    return
                try:
                    self.instance.cancel(self.pid)
                except SqlError:
                    # A server that cannot be reached ends the statement by itself.
                    return
            if self._idle.wait(_INTERRUPT_SECONDS):
                return

    def close(self) -> None:
        """End the session."""
        try:
            self.rollback()
        finally:
            # One that was interrupted may be so once more, late: it is of use to nobody else.
            self.instance.released(self.connection, reuse=not self._interrupted)
