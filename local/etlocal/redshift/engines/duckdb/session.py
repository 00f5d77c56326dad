"""A session on DuckDB: its transactions, and which module carries out a statement."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb

from etlocal.redshift.dialect import statements, types
from etlocal.redshift.dialect.statements import Kind, Name, Statement, Table
from etlocal.redshift.engines.base import (
    Export,
    ExportedFile,
    Load,
    LoadProblem,
    LoadResult,
    Result,
    ResultColumn,
)
from etlocal.redshift.engines.duckdb import alter, ddl, exporting, loading, queries, utility, writes
from etlocal.redshift.engines.duckdb.context import SessionContext
from etlocal.redshift.engines.duckdb.errors import translate
from etlocal.redshift.engines.duckdb.instance import Instance
from etlocal.redshift.engines.duckdb.locks import WriteLock
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError, StatementCanceledError

_Handler = Callable[[SessionContext, Any], Result]
_HANDLERS: dict[type[Statement], _Handler] = {
    **queries.HANDLERS,
    **writes.HANDLERS,
    **ddl.HANDLERS,
    **alter.HANDLERS,
    **utility.HANDLERS,
}


# Between two interrupts of a query that goes on.
_INTERRUPT_SECONDS = 0.02


class DuckDBSession(SessionContext):
    """One client's connection; see `EngineSession`."""

    def __init__(
        self,
        instance: Instance,
        connection: duckdb.DuckDBPyConnection,
        database: str,
        user: str,
        lock: WriteLock,
        pid: int,
    ) -> None:
        super().__init__(instance, connection, database, user, pid)
        self._before: dict[str, Table] = {}
        self._lock = lock
        self._canceled = threading.Event()
        self._guard = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self._open = False
        self._started = False
        self._failed = False
        self._working = False
        self._changes = False

    @property
    def in_transaction(self) -> bool:
        """Whether BEGIN was called and the transaction has not ended."""
        return self._open

    def begin(self, *, writes: bool = False) -> None:
        """Start a transaction; DuckDB's own begins with its first statement."""
        self._open, self._failed = True, False
        if writes:
            self._start(writes=True)
            # Not what the session's last statement knew: it may have been the one that made them.
            self.remember(self.instance.tables)

    def commit(self) -> None:
        """Make what the transaction did last."""
        failed, started = self._failed, self._started
        try:
            if started and not failed:
                self._commit()
        except duckdb.Error as error:
            self._undo()
            raise translate(error) from error
        finally:
            self._ended()

    def rollback(self) -> None:
        """Undo what the transaction did."""
        self._undo()
        self._ended()

    def execute(self, statement: Statement) -> Result:
        """Carry out a statement."""
        handler = _HANDLERS.get(type(statement))
        if handler is None:
            raise FeatureNotSupportedError(f"the statement {type(statement).__name__}")
        self._refuse_after_failure()
        writes = statement.kind in (Kind.WRITE, Kind.DDL)
        with self.statement(writes=writes):
            if statement.kind is Kind.DDL:
                # Nobody else may see what it makes before the transaction is committed.
                self._changes = True
                self.remember({})
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
            For what DuckDB refuses; an open transaction has then failed.
        """
        own = not self._open
        self._begin_statement()
        self._working = True
        try:
            with self._interruptible():
                self._stop_if_canceled()
                if writes or not own:
                    self._start(writes=writes)
                yield
            # DuckDB takes no notice of an interrupt between two of a statement's queries.
            self._stop_if_canceled()
            if own and self._started:
                self._commit()
        except (duckdb.Error, SqlError) as error:
            self._undo()
            self._failed = not own
            raise (error if isinstance(error, SqlError) else translate(error)) from error
        except BaseException:
            self._undo()
            raise
        finally:
            self._working = False
            if own:
                self._ended()

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

    def _begin_statement(self) -> None:
        if self._changes:
            self.remember({})
        elif self._started:
            # A transaction goes on seeing the tables as they were when it began.
            self.remember(self._tables)
        else:
            self.remember(self.instance.tables)

    def _commit(self) -> None:
        self.connection.execute("COMMIT")
        if self._changes:
            self.instance.changed()

    def _start(self, *, writes: bool) -> None:
        if writes and not self._lock.held_by(self):
            self._lock.acquire(self, self._canceled)
        if not self._started:
            self.connection.execute("BEGIN")
            self._before = dict(self.temporary)
            self._started = True

    def _undo(self) -> None:
        if self._started:
            self._started = False
            self.temporary = self._before
            # DuckDB has already ended a transaction whose commit failed.
            with contextlib.suppress(duckdb.TransactionException):
                self.connection.execute("ROLLBACK")
        self._lock.release(self)

    def _ended(self) -> None:
        self._open = self._started = self._failed = self._changes = False
        self._lock.release(self)

    def _stop_if_canceled(self) -> None:
        if self._canceled.is_set():
            raise StatementCanceledError

    def _refuse_after_failure(self) -> None:
        if self._failed:
            raise SqlError(
                "current transaction is aborted, commands ignored until end of transaction block",
                sqlstate="25P02",
            )

    def table(self, name: Name) -> Table:
        """Describe a table or view."""
        if not self._working:
            self._begin_statement()
        return super().table(name)

    def load(self, load: Load) -> LoadResult:
        """Put files' rows into a table."""
        self._refuse_after_failure()
        with self.statement(writes=True):
            return loading.run(self, load)

    def record_load_problems(self, load: Load, problems: Sequence[LoadProblem], query: int) -> None:
        """Keep problems in a transaction of their own."""
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
        self._canceled.set()
        self._lock.wake()
        threading.Thread(target=self._interrupt_until_idle, daemon=True).start()

    def _interrupt_until_idle(self) -> None:
        # DuckDB forgets an interrupt that comes just before a query begins: one is not enough.
        while True:
            with self._guard:
                if self._idle.is_set() or not self._canceled.is_set():
                    return
                self.connection.interrupt()
            if self._idle.wait(_INTERRUPT_SECONDS):
                return

    def close(self) -> None:
        """End the session."""
        self.rollback()
        self.connection.close()
        self.instance.released(self.database)
