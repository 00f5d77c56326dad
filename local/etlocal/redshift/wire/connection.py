"""One client's connection: how it begins, and its messages, one after the other.

Source: PostgreSQL documentation, "Message Flow".
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Sequence

from etlocal.aws.call import Runtime
from etlocal.redshift.dialect import statements
from etlocal.redshift.engines.base import ResultColumn, Row
from etlocal.redshift.errors import SqlError
from etlocal.redshift.wire import errors, handshake, messages, portals, tags, types
from etlocal.redshift.wire.authentication import Login
from etlocal.redshift.wire.batches import Batch
from etlocal.redshift.wire.channel import Channel
from etlocal.redshift.wire.errors import FatalError
from etlocal.redshift.wire.messages import (
    Body,
    DisconnectedError,
    ProtocolError,
    Startup,
)
from etlocal.redshift.wire.portals import Command, Deallocate, Portal, Prepared
from etlocal.redshift.wire.session import REPORTED, Session

_LOG = logging.getLogger(__name__)

_STARTUP_SECONDS = 60.0
_COMMIT = statements.Transaction("commit")
_STATIC = {
    "server_version": "8.0.2",
    "server_encoding": "UTF8",
    "integer_datetimes": "on",
    "is_superuser": "on",
    "standard_conforming_strings": "off",
}


class Connection:
    """A client's connection.

    Parameters
    ----------
    runtime : Runtime
    client : socket
        The accepted connection; closed by whoever made this.
    cancel : callable
        Stops what the session of a process id and secret is doing.
    refusal : FatalError or None
        Why the client is not let in, whoever it is.
    """

    def __init__(
        self,
        runtime: Runtime,
        client: socket.socket,
        cancel: handshake.Cancel,
        refusal: FatalError | None = None,
    ) -> None:
        self._runtime = runtime
        self._channel = Channel(client)
        self._send = self._channel.send
        self._cancel = cancel
        self._refusal = refusal
        self._prepared: dict[str, Prepared] = {}
        self._portals: dict[str, Portal] = {}
        self._reported: dict[str, str] = {}
        self._skipping = False
        self._batch = Batch()
        self.secret = int.from_bytes(os.urandom(4), "big", signed=True)
        self.session: Session | None = None

    def run(self) -> None:
        """Serve the client until it goes away or breaks the protocol."""
        try:
            self._channel.limit(_STARTUP_SECONDS)
            startup = handshake.receive(self._channel, self._cancel)
            if startup is None:
                return
            if self._refusal is not None:
                raise self._refusal  # noqa: TRY301  told as any other error is
            login = handshake.authenticate(self._runtime, self._channel, startup)
            self._channel.limit(None)
            self._begin(login, startup)
            while self._next():
                continue
        except DisconnectedError:
            _LOG.debug("a client went away")
        except ProtocolError as error:
            self._end(FatalError(str(error), sqlstate="08P01"))
        except FatalError as error:
            self._end(error)
        except SqlError as error:
            # Not the client's fault: the databases cannot be reached.
            self._end(FatalError(error.message, sqlstate=error.sqlstate, detail=error.detail))
        except Exception:  # noqa: BLE001  whatever it is, the client is told and others go on
            _LOG.exception("a connection failed inside the emulator")
            self._end(FatalError("internal error of etlocal; its log has the traceback"))
        finally:
            if self.session is not None:
                self.session.close()
            self._channel.close()

    def _begin(self, login: Login, startup: Startup) -> None:
        self.session = handshake.open_session(self._runtime, login, startup)
        for name, value in (*_STATIC.items(), ("session_authorization", login.user)):
            self._send(messages.parameter_status(name, value))
        self._report()
        self._send(messages.backend_key(self.session.pid, self.secret))
        self._ready()

    def _next(self) -> bool:
        kind, body = self._channel.message()
        if kind == b"X":
            return False
        if kind == b"S":
            self._skipping = False
            self._finish()
            return True
        if self._skipping or kind in _IGNORED:
            return True
        handler = _HANDLERS.get(kind)
        if handler is None:
            raise ProtocolError(f"invalid frontend message type {kind[0]}")
        try:
            handler(self, body)
        except FatalError:
            raise
        except SqlError as error:
            self._fail(error)
            # Of a simple query the rest is over; otherwise all up to the next Sync is left out.
            self._skipping = kind != b"Q"
        if kind == b"Q":
            self._finish()
        return True

    @property
    def _sql(self) -> Session:
        assert self.session is not None
        return self.session

    def _query(self, body: Body) -> None:
        found = portals.commands(body.string())
        if not found:
            self._send(messages.EMPTY_QUERY)
        for command in found:
            portal = Portal(Prepared(command))
            self._run(portal)
            if portal.columns:
                self._send(messages.row_description(portal.fields))
            self._fetch(portal, 0)

    def _parse(self, body: Body) -> None:
        name, text, oids = body.string(), body.string(), body.oids()
        if name and name in self._prepared:
            raise SqlError(f'prepared statement "{name}" already exists', sqlstate="42P05")
        self._prepared[name] = portals.prepare(text, oids)
        self._send(messages.PARSE_COMPLETE)

    def _bind(self, body: Body) -> None:
        portal, statement = body.string(), body.string()
        formats, values, results = body.numbers(), body.values(), body.numbers()
        prepared = self._statement(statement)
        self._drop_portal(portal)
        self._portals[portal] = Portal(prepared, prepared.read(values, formats), results)
        self._send(messages.BIND_COMPLETE)

    def _describe(self, body: Body) -> None:
        what, name = body.take(1), body.string()
        if what == b"P":
            portal = self._portal(name)
            if isinstance(portal.prepared.command, statements.Query):
                self._run(portal)
                self._describe_columns(portal.fields)
            elif isinstance(portal.prepared.command, statements.Write):
                self._describe_columns(())
            else:
                self._describe_columns(portal.describe(self._columns(portal.command)))
            return
        prepared = self._statement(name)
        self._send(messages.parameter_description([oid or types.VARCHAR for oid in prepared.oids]))
        try:
            columns = self._columns(prepared.unbound())
        except SqlError:
            # PostgreSQL finds such a fault in Parse already; a client then uses the name again.
            self._prepared.pop(name, None)
            raise
        self._describe_columns([types.described(column) for column in columns])

    def _columns(self, command: Command) -> Sequence[ResultColumn]:
        if not isinstance(command, statements.Query | statements.Explain | statements.Setting):
            return ()
        self._insert_batch()
        return self._sql.describe(command)

    def _describe_columns(self, fields: Sequence[messages.Field]) -> None:
        self._send(messages.row_description(fields) if fields else messages.NO_DATA)

    def _execute(self, body: Body) -> None:
        portal, limit = self._portal(body.string()), body.int32()
        if portal.prepared.command is None:
            self._send(messages.EMPTY_QUERY)
            return
        if self._take_up(portal):
            return
        self._run(portal)
        self._fetch(portal, max(limit, 0))

    def _take_up(self, portal: Portal) -> bool:
        """Let a row's INSERT wait for those that follow it; False if it is none."""
        if portal.rows is not None:
            return False
        if not self._batch.add(portal):
            self._insert_batch()
            if not self._batch.add(portal):
                return False
        self._channel.hold()
        self._send(messages.command_complete("INSERT 0 1"))
        return True

    def _insert_batch(self) -> None:
        """Carry out the INSERT statements that wait; of none that fails was the end announced."""
        if not self._batch:
            return
        try:
            self._batch.insert(self._sql)
        except SqlError:
            self._channel.drop()
            raise
        self._channel.release()

    def _close(self, body: Body) -> None:
        what, name = body.take(1), body.string()
        if what == b"P":
            self._drop_portal(name)
        else:
            self._prepared.pop(name, None)
        self._send(messages.CLOSE_COMPLETE)

    def _answer_now(self, _body: Body) -> None:
        self._insert_batch()
        self._channel.flush()

    def _drop_portal(self, name: str) -> None:
        portal = self._portals.pop(name, None)
        if portal is not None:
            self._sql.release(portal.rows)

    def _refuse_call(self, _body: Body) -> None:
        raise SqlError("function calls by message are not supported by etlocal", sqlstate="0A000")

    def _statement(self, name: str) -> Prepared:
        if name not in self._prepared:
            raise SqlError(f'prepared statement "{name}" does not exist', sqlstate="26000")
        return self._prepared[name]

    def _portal(self, name: str) -> Portal:
        if name not in self._portals:
            raise SqlError(f'portal "{name}" does not exist', sqlstate="34000")
        return self._portals[name]

    def _run(self, portal: Portal) -> None:
        if portal.rows is not None or not isinstance(portal.command, statements.Statement):
            return
        self._insert_batch()
        portal.undone = portal.command == _COMMIT and self._sql.status == b"E"
        portal.columns, portal.rows, portal.written = self._sql.execute(portal.command)
        portal.fields = portal.describe(portal.columns)

    def _fetch(self, portal: Portal, limit: int) -> None:
        """Send rows, all of them for a limit of 0, and how the statement ended."""
        command = portal.command
        if isinstance(command, Deallocate):
            self._deallocate(command)
            return
        if command is None or portal.rows is None:
            return
        sent = 0
        if limit:
            rows = portal.rows.take(limit)
            sent = self._send_rows(portal, rows)
            if not portal.rows.done:
                self._send(messages.PORTAL_SUSPENDED)
                return
        else:
            for rows in portal.rows.batches():
                sent += self._send_rows(portal, rows)
        if isinstance(command, statements.Copy):
            self._notify_loaded(command, portal.written)
        tag = "ROLLBACK" if portal.undone else tags.tag(command, sent or portal.written)
        self._send(messages.command_complete(tag))
        if isinstance(command, statements.Setting) and command.action != "show":
            self._report()

    def _send_rows(self, portal: Portal, rows: Sequence[Row]) -> int:
        for row in portal.encode(rows):
            self._send(messages.data_row(row))
        return len(rows)

    def _notify_loaded(self, command: statements.Copy, rows: int) -> None:
        text = (
            f"Load into table '{command.table.relation}' completed, "
            f"{max(rows, 0)} record(s) loaded successfully."
        )
        self._send(messages.notice_response({"S": "INFO", "C": "00000", "M": text}))

    def _deallocate(self, command: Deallocate) -> None:
        if command.name is None:
            self._prepared.clear()
        elif self._prepared.pop(command.name, None) is None:
            raise SqlError(f'prepared statement "{command.name}" does not exist', sqlstate="26000")
        self._send(messages.command_complete("DEALLOCATE"))

    def _finish(self) -> None:
        """End a group of statements, and tell the client that it may go on."""
        try:
            self._insert_batch()
            self._sql.end_group()
        except SqlError as error:
            self._fail(error)
        if self._sql.status == b"I":
            self._portals.clear()
        self._ready()

    def _fail(self, error: SqlError) -> None:
        # Rows that still wait are a part of what has failed.
        self._batch.clear()
        self._channel.release()
        self._sql.failed()
        if self._sql.lost:
            raise FatalError(error.message, sqlstate=error.sqlstate) from error
        self._send(messages.error_response(errors.fields(error)))

    def _report(self) -> None:
        for name, shown in REPORTED.items():
            value = self._sql.setting(name)
            if self._reported.get(name) != value:
                self._reported[name] = value
                self._send(messages.parameter_status(shown, value))

    def _ready(self) -> None:
        self._send(messages.ready(self._sql.status))
        self._channel.flush()

    def _end(self, error: FatalError) -> None:
        try:
            self._send(messages.error_response(errors.fields(error)))
            self._channel.flush()
        except DisconnectedError:
            _LOG.debug("a client went away before it was told: %s", error)


# A client that was told of an error in the middle of a copy may go on sending it.
_IGNORED = (b"d", b"c", b"f")
_HANDLERS: dict[bytes, Callable[[Connection, Body], None]] = {
    b"Q": Connection._query,
    b"P": Connection._parse,
    b"B": Connection._bind,
    b"D": Connection._describe,
    b"E": Connection._execute,
    b"C": Connection._close,
    b"H": Connection._answer_now,
    b"F": Connection._refuse_call,
}
