"""A connection to a PostgreSQL server: the client library, and nothing of Redshift.

Everything but whole and floating-point numbers and booleans arrives as the text that the server
writes: exact, and what Redshift's results hold.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from etlocal.redshift.engines.base import Row
from etlocal.waiting import WaitTimeoutError, await_answer

_CONNECT_SECONDS = 10.0
# A server that starts up says so, and is ready when it has gone through its log.
_STARTING = "57P03"
_START_SECONDS = 60.0
_PIECE = 256 * 1024
_PORT = 5432
# The server's numbers of bool, int8, int2, int4, oid, float4 and float8; bytea is written in hex.
_PLAIN: Mapping[int, Any] = {
    16: lambda text: text == "t",
    20: int,
    21: int,
    23: int,
    26: int,
    700: float,
    701: float,
    17: lambda text: text.removeprefix("\\x"),
}


class Address:
    """Where a server is and who asks; its text never shows the password.

    Parameters
    ----------
    url : str
        ``postgresql://user:password@host:port/database``.

    Raises
    ------
    ValueError
        If it is no such URL; the message does not repeat it.
    """

    def __init__(self, url: str) -> None:
        rule = "ETLOCAL_WAREHOUSE_URL: postgresql://user:password@host:port/database is expected"
        try:
            parts = urlsplit(url)
            self.port = parts.port or _PORT
        except ValueError:
            raise ValueError(rule) from None
        if parts.scheme not in ("postgresql", "postgres") or not parts.hostname:
            raise ValueError(rule)
        if parts.query or parts.fragment:
            raise ValueError(f"{rule}, without ? or #")
        self.host = parts.hostname
        self.user = unquote(parts.username or "postgres")
        self.database = unquote(parts.path.strip("/")) or self.user
        # None at all is told by the server as a wrong one is; one that asks for none gets none.
        self._password = unquote(parts.password or "")

    def __repr__(self) -> str:
        return f"postgresql://{self.user}@{self.host}:{self.port}/{self.database}"

    def connect(self, database: str | None = None) -> Connection:
        """Open a connection, to another database than the URL's if one is named.

        A server that is just starting is waited for.

        Raises
        ------
        pg8000.exceptions.Error, OSError
            If the server is not there or refuses.
        """
        try:
            return await_answer(
                lambda: self._connected(database, wait=True),
                seconds=_START_SECONDS,
                what="the start of the warehouse's server",
            )
        except WaitTimeoutError:
            found = self._connected(database, wait=False)
            assert found is not None
            return found

    def _connected(self, database: str | None, *, wait: bool) -> Connection | None:
        """Open a connection; None, if it is to be waited for, where the server is starting."""
        # Imported here, so that an endpoint whose warehouse is in the state folder does without.
        import pg8000.native
        from pg8000.exceptions import DatabaseError

        plug = socket.create_connection((self.host, self.port), timeout=_CONNECT_SECONDS)
        try:
            plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # A server whose machine is gone ends a statement, in the end.
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            raw = pg8000.native.Connection(
                self.user,
                sock=plug,
                database=database or self.database,
                password=self._password,
                application_name="etlocal",
            )
        except DatabaseError as error:
            plug.close()
            fields = error.args[0] if error.args else None
            if wait and isinstance(fields, dict) and fields.get("C") == _STARTING:
                return None
            raise
        except BaseException:
            plug.close()
            raise
        # The time-out was for reaching the server; a statement may take as long as it takes. TLS
        # has made another socket of `plug`.
        raw._usock.settimeout(None)
        return Connection(raw)


class Connection:
    """A connection; used by one thread at a time.

    Attributes
    ----------
    lost : bool
        Whether the server or the way to it has gone; nothing works on it any more.
    """

    def __init__(self, raw: Any) -> None:
        from pg8000.converters import string_in

        self.lost = False
        self._raw = raw
        raw.pg_types.clear()
        raw.pg_types.default_factory = lambda: string_in
        raw.pg_types.update(_PLAIN)
        # The library knows the commands whose answers count rows but for this one.
        raw._commands_with_count = (*raw._commands_with_count, b"MERGE")

    def rows(self, sql: str, **values: object) -> list[Row]:
        """Run a statement and give its rows; `values` stand in it as ``:name``."""
        with self._noticing_loss():
            return [tuple(row) for row in self._raw.run(sql, **values) or []]

    def run(self, sql: str, **values: object) -> int:
        """Run a statement and give the number of rows that it wrote; -1 where it counts none."""
        with self._noticing_loss():
            self._raw.run(sql, **values)
            return int(self._raw.row_count)

    def columns(self) -> list[tuple[str, int, int]]:
        """Give the last result's columns: name, the type's number and its modifier."""
        return _described(self._raw.columns)

    def described(self, sql: str) -> list[tuple[str, int, int]]:
        """Give a query's columns, as `columns` does, without running it."""
        with self._noticing_loss():
            statement, columns, _ = self._raw.prepare_statement(sql, ())
            self._raw.close_prepared_statement(statement)
        return _described(columns)

    def copy_in(self, sql: str, path: Path) -> int:
        """Run COPY … FROM STDIN with a file's bytes; gives the number of rows."""
        with self._noticing_loss():
            self._raw.run(sql, stream=_pieces(path))
            return int(self._raw.row_count)

    def copy_out(self, sql: str, path: Path) -> int:
        """Run COPY … TO STDOUT into a file; gives the number of rows."""
        with path.open("wb") as target, self._noticing_loss():
            self._raw.run(sql, stream=target)
            return int(self._raw.row_count)

    def close(self) -> None:
        """Close the connection; one that the server has closed is closed already."""
        from pg8000.exceptions import InterfaceError

        self.lost = True
        try:
            self._raw.close()
        except (InterfaceError, OSError):
            return

    @contextmanager
    def _noticing_loss(self) -> Iterator[None]:
        from pg8000.exceptions import InterfaceError

        try:
            yield
        except (InterfaceError, OSError):
            self.lost = True
            raise
        except (AttributeError, ValueError) as error:
            # What the library ends in on a connection that another thread has closed.
            if not self.lost:
                raise
            raise InterfaceError("the connection was closed") from error


def _described(columns: Any) -> list[tuple[str, int, int]]:
    return [
        (column["name"], column["type_oid"], column["type_modifier"]) for column in columns or []
    ]


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while piece := source.read(_PIECE):
            yield piece
