"""A connection's bytes: messages read, and answers written in large pieces."""

from __future__ import annotations

import socket
from typing import BinaryIO

from etlocal.redshift.wire import messages
from etlocal.redshift.wire.messages import Body, DisconnectedError, Startup

_BUFFER = 64 * 1024


class Channel:
    """What a client sends and is sent.

    Parameters
    ----------
    client : socket
        The accepted connection; closed by whoever made this.
    """

    def __init__(self, client: socket.socket) -> None:
        self._socket = client
        self._stream: BinaryIO = client.makefile("rb")
        self._pending: list[bytes] = []
        self._size = 0
        self._mark: int | None = None

    def limit(self, seconds: float | None) -> None:
        """Wait so long for the client at most; None is without end."""
        self._socket.settimeout(seconds)

    def startup(self) -> Startup:
        """Read the message that a connection begins with; see `messages.read_startup`."""
        return messages.read_startup(self._stream)

    def message(self) -> tuple[bytes, Body]:
        """Read a message; see `messages.read_message`."""
        return messages.read_message(self._stream)

    def refuse_encryption(self) -> None:
        """Answer a demand of TLS or GSSAPI: one byte, no message."""
        self.send(b"N")
        self.flush()

    def send(self, data: bytes) -> None:
        """Write an answer, now or with those that follow."""
        self._pending.append(data)
        self._size += len(data)
        if self._size >= _BUFFER and self._mark is None:
            self.flush()

    def flush(self) -> None:
        """Let the client have every answer.

        Raises
        ------
        DisconnectedError
            If the client is gone.
        """
        data, self._pending, self._size = b"".join(self._pending), [], 0
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise DisconnectedError from error

    def hold(self) -> None:
        """Keep the answers from here on, until it is known whether they hold good."""
        if self._mark is None:
            self._mark = len(self._pending)

    def release(self) -> None:
        """Let the answers that were kept go."""
        self._mark = None

    def drop(self) -> None:
        """Take back the answers that were kept."""
        if self._mark is not None:
            del self._pending[self._mark :]
            self._mark = None

    def close(self) -> None:
        """Give up what reads the socket."""
        self._stream.close()
