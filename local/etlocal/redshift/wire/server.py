"""The listener: a thread that accepts, and one for each connection."""

from __future__ import annotations

import logging
import socket
import threading

from etlocal.aws.call import Runtime
from etlocal.redshift.wire.connection import Connection
from etlocal.redshift.wire.errors import FatalError
from etlocal.settings import LOOPBACK, REDSHIFT_PORT

_LOG = logging.getLogger(__name__)

# As many as a provisioned cluster takes.
_MAX_CONNECTIONS = 500
_BACKLOG = 128
_END_SECONDS = 5.0
_PAUSE_SECONDS = 0.1


class PortTakenError(Exception):
    """The port that was asked for cannot be bound; the message says what to do."""


class WireServer:
    """Redshift's port, for every workgroup and cluster of this process.

    Parameters
    ----------
    runtime : Runtime
        Its settings name the port.

    Attributes
    ----------
    port : int or None
        The port that is listened on; None before `start` and after `stop`.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._listener: socket.socket | None = None
        self._lock = threading.Lock()
        self._open: dict[Connection, tuple[socket.socket, threading.Thread]] = {}
        self._pause = threading.Event()
        self.port: int | None = None

    @property
    def address(self) -> str | None:
        """Where clients connect, ``host:port``; None where nothing listens."""
        return None if self.port is None else f"{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Listen on the address that the settings name: the loopback interface, unless asked.

        A port that was asked for must be free. The usual one need not be: if it is taken, another
        one is, and a warning names it.

        Raises
        ------
        PortTakenError
            If the port that was asked for is taken.
        """
        settings = self._runtime.settings
        asked, where = settings.redshift_port, settings.bind_address
        try:
            listener = _bound(where, REDSHIFT_PORT if asked is None else asked)
        except OSError as error:
            if asked is not None:
                raise PortTakenError(
                    f"port {asked} on {where}, where Redshift is to listen, cannot be used "
                    f"({error.strerror}); end what uses it or choose another port with "
                    "ETLOCAL_REDSHIFT_PORT"
                ) from error
            listener = _bound(where, 0)
            _LOG.warning(
                "port %s on %s is in use, so Redshift listens on %s; choose a port with "
                "ETLOCAL_REDSHIFT_PORT",
                REDSHIFT_PORT, where, listener.getsockname()[1],
            )  # fmt: skip
        self._listener, self.port = listener, int(listener.getsockname()[1])
        threading.Thread(
            target=self._accept, args=(listener,), name="redshift-wire", daemon=True
        ).start()

    def stop(self) -> None:
        """Stop listening and end every connection."""
        listener, port = self._listener, self.port
        self._listener = self.port = None
        if listener is not None and port is not None:
            _wake(port)
        self.disconnect()

    def disconnect(self) -> None:
        """End every connection: what runs is stopped, open transactions are undone."""
        with self._lock:
            found = dict(self._open)
        for connection, (client, _) in found.items():
            if connection.session is not None:
                connection.session.cancel()
            _shut(client)
        for _, thread in found.values():
            thread.join(_END_SECONDS)

    def cancel(self, pid: int, secret: int) -> None:
        """Stop what a session is doing; a request that names none does nothing."""
        with self._lock:
            found = list(self._open)
        for connection in found:
            session = connection.session
            if session is not None and (session.pid, connection.secret) == (pid, secret):
                session.cancel()

    def _accept(self, listener: socket.socket) -> None:
        with listener:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    # Out of descriptors, as a rule: those that end free some.
                    _LOG.exception("a connection could not be accepted")
                    self._pause.wait(_PAUSE_SECONDS)
                    continue
                if self._listener is not listener:
                    client.close()
                    return
                self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        with self._lock:
            full = len(self._open) >= _MAX_CONNECTIONS
            refusal = FatalError("too many connections", sqlstate="53300") if full else None
            connection = Connection(self._runtime, client, self.cancel, refusal)
            thread = threading.Thread(
                target=self._run, args=(connection, client), name="redshift-client", daemon=True
            )
            self._open[connection] = (client, thread)
        thread.start()

    def _run(self, connection: Connection, client: socket.socket) -> None:
        try:
            with client:
                # Answers are written whole; a client that vanished is noticed in the end.
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                connection.run()
        finally:
            with self._lock:
                self._open.pop(connection, None)


def _bound(where: str, port: int) -> socket.socket:
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((where, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _wake(port: int) -> None:
    """Wake the thread that accepts, by a connection of our own."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=_END_SECONDS).close()
    except OSError as error:
        _LOG.debug("the listener was gone already: %s", error)


def _shut(connection: socket.socket) -> None:
    """Wake whoever waits on a socket; it is closed by its own thread."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError as error:
        _LOG.debug("a socket was closed already: %s", error)
