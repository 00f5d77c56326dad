"""Connections to a server that are kept for whoever comes next: making one takes longer than most
statements do.

Source: PostgreSQL's documentation, "DISCARD" (a session becomes as it was when it began).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from etlocal.redshift.engines.postgres.connection import Address, Connection
from etlocal.redshift.engines.postgres.errors import told
from etlocal.redshift.errors import SqlError

_KEPT = 4


class Pool:
    """A server's connections, a few idle ones of each database.

    Parameters
    ----------
    address : Address
        The server.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._lock = threading.Lock()
        self._idle: dict[str, list[Connection]] = {}
        self._used: dict[Connection, str] = {}

    def take(self, database: str | None = None) -> Connection:
        """Give a connection to a database, the address's own if none is named.

        Raises
        ------
        SqlError
            If the server cannot be reached or refuses.
        """
        name = database or self.address.database
        connection = self._alive(name)
        if connection is None:
            with told():
                connection = self.address.connect(name)
        with self._lock:
            self._used[connection] = name
        return connection

    def give_back(self, connection: Connection, *, reuse: bool = True) -> None:
        """Take a connection back, outside of a transaction; it is closed or kept for another use.

        Parameters
        ----------
        reuse : bool
            Whether it may be kept.
        """
        with self._lock:
            name = self._used.pop(connection, None)
        if reuse and name is not None and not connection.lost:
            try:
                with told():
                    connection.run("DISCARD ALL")
            except SqlError:
                reuse = False
            with self._lock:
                idle = self._idle.setdefault(name, [])
                if reuse and len(idle) < _KEPT:
                    idle.append(connection)
                    return
        connection.close()

    @contextmanager
    def borrowed(self) -> Iterator[Connection]:
        """Lend a connection to the address's own database for a block."""
        connection = self.take()
        try:
            with told():
                yield connection
        finally:
            self.give_back(connection)

    def close(self, database: str | None = None) -> None:
        """Close every connection; or, of one database, those that are idle."""
        with self._lock:
            names = [*self._idle] if database is None else [database]
            found = [one for name in names for one in self._idle.pop(name, [])]
            if database is None:
                found += self._used
                self._used.clear()
        for connection in found:
            connection.close()

    def _alive(self, name: str) -> Connection | None:
        """Give an idle connection whose server has not gone meanwhile."""
        while True:
            with self._lock:
                idle = self._idle.get(name)
                connection = idle.pop() if idle else None
            if connection is None:
                return None
            try:
                with told():
                    connection.rows("SELECT 1")
            except SqlError:
                connection.close()
            else:
                return connection
