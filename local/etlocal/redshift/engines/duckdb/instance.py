"""A DuckDB instance: one for each namespace or cluster, its databases' files attached.

Every commit is in DuckDB's write-ahead log before it is acknowledged, so that a killed process
loses none; the log is folded into the file when it has grown, and when the engine is closed.
"""

from __future__ import annotations

import threading
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote as percent
from urllib.parse import unquote

import duckdb

from etlocal.redshift.engines.duckdb import catalog, views
from etlocal.redshift.engines.duckdb.build import quote, quote_text
from etlocal.redshift.engines.duckdb.locks import WriteLock
from etlocal.redshift.errors import SqlError

_SUFFIX = ".duckdb"
_RESERVED = ("memory", "system", "temp", "template0", "template1", "padb_harvest")
# Rows have no order that a query does not ask for, in Redshift as here; keeping one would cost a
# large INSERT … SELECT a second pass over its rows.
_SETTINGS = """
SET GLOBAL autoinstall_known_extensions = false;
SET GLOBAL python_enable_replacements = false;
SET GLOBAL integer_division = true;
SET GLOBAL TimeZone = 'UTC';
SET GLOBAL preserve_insertion_order = false;
"""
# A new file is in the format of the engine that is pinned, whose compression is faster than that of
# the oldest format, DuckDB's default; a file that is there keeps its own.
_STORAGE = "latest"


def without_databases(*, ordered: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB in memory that reads and writes files as an instance does.

    Parameters
    ----------
    ordered : bool
        Whether the rows of a file keep their order.
    """
    connection = duckdb.connect(":memory:")
    connection.execute(_SETTINGS)
    if ordered:
        connection.execute("SET GLOBAL preserve_insertion_order = true")
    connection.execute(files(__package__).joinpath("macros.sql").read_text(encoding="utf-8"))
    return connection


class Instance:
    """The databases in one folder.

    Parameters
    ----------
    folder : Path
        Where the databases' files are; made when absent.
    first : str
        The database that a new namespace begins with.

    Attributes
    ----------
    tables : dict
        What sessions have read of tables since the last change; they add to it.
    """

    def __init__(self, folder: Path, first: str = "dev") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._locks: dict[str, WriteLock] = {}
        self._sessions: dict[str, int] = {}
        self.tables: catalog.Tables = {}
        self._root = without_databases()
        found = [unquote(path.stem) for path in sorted(folder.glob(f"*{_SUFFIX}"))]
        for name in found or [first]:
            self._attach(name)

    def databases(self) -> list[str]:
        """List the databases, sorted."""
        with self._lock:
            return sorted(self._locks)

    def create_database(self, name: str) -> None:
        """Make an empty database.

        Raises
        ------
        SqlError
            If there is one.
        """
        with self._lock:
            if name in self._locks or name in _RESERVED:
                raise SqlError(f'database "{name}" already exists', sqlstate="42P04")
            self._attach(name)
        self.changed()

    def drop_database(self, name: str) -> None:
        """Delete a database and its files.

        Raises
        ------
        SqlError
            If there is none or it is in use.
        """
        with self._lock:
            if name not in self._locks:
                raise SqlError(f'database "{name}" does not exist', sqlstate="3D000")
            if self._sessions.get(name):
                raise SqlError(
                    f'database "{name}" is being accessed by other users', sqlstate="55006"
                )
            self._root.execute(f"DETACH {quote(name)}")
            views.drop(self._root, name)
            del self._locks[name]
            for path in (self._path(name), self._path(name).with_suffix(f"{_SUFFIX}.wal")):
                path.unlink(missing_ok=True)
        self.changed()

    def claim(self, database: str) -> tuple[duckdb.DuckDBPyConnection, WriteLock]:
        """Give a session's connection and its database's lock; see `released`.

        Raises
        ------
        SqlError
            If there is no such database.
        """
        with self._lock:
            lock = self._locks.get(database)
            if lock is None:
                raise SqlError(f'FATAL: database "{database}" does not exist', sqlstate="3D000")
            self._sessions[database] = self._sessions.get(database, 0) + 1
            return self._root.cursor(), lock

    def changed(self) -> None:
        """Note that what is kept of tables was changed: whoever reads it next reads it anew.

        Those who hold the old dictionary are in transactions from before.
        """
        self.tables = {}

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Give a connection of its own, outside of any session's transaction."""
        with self._lock:
            cursor = self._root.cursor()
        cursor.execute("SET search_path = 'memory.main'")
        return cursor

    def released(self, database: str) -> None:
        """Note that a session of a database ended."""
        with self._lock:
            self._sessions[database] -= 1

    def close(self) -> None:
        """Close every file."""
        with self._lock:
            self._root.close()

    def _attach(self, name: str) -> None:
        path = self._path(name)
        storage = "" if path.exists() else f" (STORAGE_VERSION {quote_text(_STORAGE)})"
        self._root.execute(f"ATTACH {quote_text(str(path))} AS {quote(name)}{storage}")
        self._root.execute(catalog.SCHEMA.format(db=quote(name)))
        views.create(self._root, name)
        self._locks[name] = WriteLock()

    def _path(self, name: str) -> Path:
        # A name may hold any character; percent-encoded it cannot leave the folder.
        return self.folder / f"{percent(name, safe='').replace('.', '%2E')}{_SUFFIX}"
