"""Working on statements: a bounded pool of threads, and the sessions that outlive a statement."""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from etlocal.aws.call import Runtime
from etlocal.redshift import execution
from etlocal.redshift.data import events, records, results
from etlocal.redshift.data.records import Record
from etlocal.redshift.dialect import parser
from etlocal.redshift.dialect.statements import Kind
from etlocal.redshift.engines.base import EngineSession, Result
from etlocal.redshift.errors import SqlError, StatementCanceledError
from etlocal.redshift.targets import Target
from etlocal.redshift.transfer.context import Clients, Context, acting_as
from etlocal.redshift.warehouse import Warehouse

_LOG = logging.getLogger(__name__)
_THREADS = 32


@dataclass
class OpenSession:
    """A session that a client keeps; it ends when it was not used for so long.

    Attributes
    ----------
    busy : str or None
        The statement that has it.
    """

    id: str
    session: EngineSession
    target: Target
    database: str
    user: str
    keep_alive: int
    busy: str | None = None
    used: float = field(default_factory=time.monotonic)


class Worker:
    """Works on the statements of one process.

    Parameters
    ----------
    runtime : Runtime
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._warehouse = runtime.component(Warehouse)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="redshift")
        self._lock = threading.Lock()
        self._running: dict[str, EngineSession] = {}
        self._futures: dict[str, Future[None]] = {}
        self._done: dict[str, threading.Event] = {}
        self._canceled: set[str] = set()
        self._sessions: dict[str, OpenSession] = {}

    def submit(self, record: Record, target: Target, sqls: Sequence[str]) -> None:
        """Work on a statement when a thread is free.

        Parameters
        ----------
        record : Record
        target : Target
        sqls : sequence of str
            The texts of its parts; the record's own are masked.
        """
        with self._lock:
            self._done[record.id] = threading.Event()
            self._futures[record.id] = self._pool.submit(self._work, record, target, sqls)

    def wait(self, statement: str, seconds: float) -> None:
        """Wait until a statement has ended or the time is over."""
        with self._lock:
            done = self._done.get(statement)
        if done is not None:
            done.wait(seconds)

    def cancel(self, statement: str) -> None:
        """Stop a statement that has not ended."""
        with self._lock:
            self._canceled.add(statement)
            future = self._futures.get(statement)
            session = self._running.get(statement)
            # Under the lock, so that the session cannot be at its next statement by now.
            if session is not None:
                session.interrupt()
        if future is not None and future.cancel():
            self._end(statement, "ABORTED", None, -1)
            self._release(statement)
            self._forget(statement)

    def open_session(self, target: Target, database: str, user: str, keep_alive: int) -> str:
        """Open a session that outlives its statement; gives its id.

        Raises
        ------
        SqlError
            If there is no such database.
        """
        self.expire_sessions()
        engine = self._warehouse.engine(target.key, target.database)
        kept = OpenSession(
            str(uuid.uuid4()), engine.connect(database, user), target, database, user, keep_alive
        )
        with self._lock:
            self._sessions[kept.id] = kept
        return kept.id

    def session(self, session: str) -> OpenSession | None:
        """Find a session that has not ended."""
        self.expire_sessions()
        with self._lock:
            return self._sessions.get(session)

    def claim(self, session: str, statement: str) -> bool:
        """Take a session for a statement; False if another statement has it."""
        with self._lock:
            kept = self._sessions.get(session)
            if kept is None or kept.busy is not None:
                return False
            kept.busy = statement
            return True

    def _release(self, statement: str) -> None:
        """Give back the session that a statement has, if it has one."""
        with self._lock:
            for kept in self._sessions.values():
                if kept.busy == statement:
                    kept.used, kept.busy = time.monotonic(), None

    def count_sessions(self) -> int:
        """Count the sessions that clients keep."""
        with self._lock:
            return len(self._sessions)

    def expire_sessions(self) -> None:
        """End the sessions whose time is over."""
        now = time.monotonic()
        with self._lock:
            over = [
                kept
                for kept in self._sessions.values()
                if kept.busy is None
                and now - kept.used > self._runtime.clock.scaled(kept.keep_alive)
            ]
            for kept in over:
                del self._sessions[kept.id]
        for kept in over:
            kept.session.close()

    def stop(self) -> None:
        """Stop what runs and close every session."""
        with self._lock:
            self._canceled.update(self._running)
            for session in self._running.values():
                session.interrupt()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for kept in self._sessions.values():
            kept.session.close()
        self._sessions.clear()

    def _work(self, record: Record, target: Target, sqls: Sequence[str]) -> None:
        started = time.monotonic_ns()
        status, error = "FAILED", None
        try:
            records.update(self._runtime.store, record.id, status="PICKED", updated=time.time())
            self._run(record, target, sqls)
            status = "FINISHED"
        except StatementCanceledError as canceled:
            status, error = "ABORTED", str(canceled)
        except SqlError as failed:
            error = str(failed)
        except Exception:  # noqa: BLE001  whatever it is, the statement must end
            _LOG.exception("statement %s failed inside the emulator", record.id)
            error = "ERROR: internal error of etlocal; its log has the traceback"
        finally:
            self._end(record.id, status, error, time.monotonic_ns() - started)
            self._forget(record.id)
        if record.request.get("WithEvent"):
            events.send(self._runtime, record, status)

    def _end(self, statement: str, status: str, error: str | None, duration: int) -> None:
        now = time.time()
        ended = {"FINISHED": "FINISHED", "FAILED": "ABORTED", "ABORTED": "ABORTED"}[status]
        records.end_open_parts(self._runtime.store, statement, ended, now)
        records.update(
            self._runtime.store, statement, status=status, error=error, updated=now,
            duration=duration,
        )  # fmt: skip

    def _forget(self, statement: str) -> None:
        with self._lock:
            self._running.pop(statement, None)
            self._futures.pop(statement, None)
            self._canceled.discard(statement)
            done = self._done.pop(statement, None)
        if done is not None:
            done.set()

    def _run(self, record: Record, target: Target, sqls: Sequence[str]) -> None:
        kept = self._sessions.get(record.session) if record.session else None
        if kept is not None:
            session = kept.session
        else:
            engine = self._warehouse.engine(target.key, target.database)
            session = engine.connect(record.database, record.db_user)
        try:
            self._register(record.id, session)
            records.update(
                self._runtime.store, record.id, status="STARTED", updated=time.time(),
                pid=getattr(session, "pid", 0),
            )  # fmt: skip
            self._run_parts(record, target, sqls, session)
        finally:
            if kept is None:
                session.close()
            else:
                self._release(record.id)
                self._drop_if_lost(kept)

    def _drop_if_lost(self, kept: OpenSession) -> None:
        """End a kept session whose server went: what it held (settings, a transaction) is gone."""
        if not kept.session.lost:
            return
        with self._lock:
            self._sessions.pop(kept.id, None)
        kept.session.close()

    def _register(self, statement: str, session: EngineSession) -> None:
        with self._lock:
            if statement in self._canceled:
                raise StatementCanceledError
            session.ready()
            self._running[statement] = session

    def _run_parts(
        self,
        record: Record,
        target: Target,
        sqls: Sequence[str],
        session: EngineSession,
    ) -> None:
        parsed = [
            self._parse(record, part.number, sql)
            for part, sql in zip(record.parts, sqls, strict=True)
        ]
        if record.batch and not session.in_transaction:
            writes = any(item.kind in (Kind.WRITE, Kind.DDL) for item in parsed)
            session.begin(writes=writes)
        scratch = self._warehouse.scratch
        try:
            for part, statement in zip(record.parts, parsed, strict=True):
                context = Context(
                    s3=self._s3(record),
                    scratch=scratch,
                    query=part.query,
                    default_role=target.default_role,
                )
                self._run_part(record, part.number, session, statement, context)
            if record.batch and session.in_transaction:
                session.commit()
        except BaseException:
            if record.batch:
                session.rollback()
            raise

    def _parse(self, record: Record, number: int, sql: str) -> Any:
        try:
            given = {item["name"]: item["value"] for item in record.request.get("Parameters", [])}
            return parser.parse(_only(sql), given)
        except SqlError as error:
            self._failed(record, number, error, -1)
            raise self._numbered(record, number, error) from error

    def _run_part(
        self,
        record: Record,
        number: int,
        session: EngineSession,
        statement: Any,
        context: Context,
    ) -> None:
        if record.id in self._canceled:
            raise StatementCanceledError
        store, started = self._runtime.store, time.monotonic_ns()
        records.update_part(store, record.id, number, status="STARTED", updated=time.time())
        try:
            result = execution.execute(session, statement, context)
            values = self._kept(record, number, result)
        except SqlError as error:
            self._failed(record, number, error, time.monotonic_ns() - started)
            raise self._numbered(record, number, error) from error
        records.update_part(
            store, record.id, number, status="FINISHED", updated=time.time(),
            duration=time.monotonic_ns() - started, **values,
        )  # fmt: skip

    def _kept(self, record: Record, number: int, result: Result) -> dict[str, Any]:
        if not result.columns:
            return {"rows": result.affected, "size": 0}
        file = results.path(self._warehouse.results, record.id, number)
        try:
            kept = results.write(file, result.batches)
        except results.ResultTooLargeError as error:
            file.unlink(missing_ok=True)
            raise SqlError("Query result size exceeds 500 MB", sqlstate="54000") from error
        columns = [results.column_metadata(column) for column in result.columns]
        return {
            "has_result": 1,
            "rows": kept.rows,
            "size": kept.size,
            "columns": json.dumps(columns),
            "pages": json.dumps(kept.pages),
        }

    def _failed(self, record: Record, number: int, error: SqlError, duration: int) -> None:
        status = "ABORTED" if isinstance(error, StatementCanceledError) else "FAILED"
        records.update_part(
            self._runtime.store, record.id, number, status=status, error=str(error),
            updated=time.time(), duration=duration,
        )  # fmt: skip

    def _numbered(self, record: Record, number: int, error: SqlError) -> Exception:
        if not record.batch or isinstance(error, StatementCanceledError):
            return error
        return _BatchError(number, error)

    def _s3(self, record: Record) -> Clients:
        def client(role_arn: str | None) -> Any:
            return self._runtime.client(
                "s3",
                account=record.account,
                region=record.region,
                acting=acting_as(role_arn),
            )

        return client


def _only(sql: str) -> str:
    """Give the one statement of a text; ``ExecuteStatement`` takes no more.

    Source: Amazon Redshift Data API Reference, "ExecuteStatement".
    """
    texts = parser.split(sql)
    if len(texts) != 1:
        raise SqlError(
            "cannot insert multiple commands into a prepared statement", sqlstate="42601"
        )
    return texts[0]


class _BatchError(SqlError):
    """The error of a batch, which says which of its statements failed."""

    def __init__(self, number: int, error: SqlError) -> None:
        super().__init__(error.message, sqlstate=error.sqlstate, detail=error.detail)
        self._text = f"Query #{number} failed with {error}"

    def __str__(self) -> str:
        """Give the text that ``DescribeStatement`` shows."""
        return self._text
