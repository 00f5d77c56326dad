"""The services' state: rows in one SQLite file, one transaction an operation."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Store:
    """One SQLite file, used by many threads.

    Parameters
    ----------
    path : Path
        The file; its folder is made when absent.

    Raises
    ------
    StoreError
        If the folder cannot be made or the file cannot be written; the message names it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # WAL lets readers go on while one writes; NORMAL survives the death of the process.
            self._connection().execute("PRAGMA journal_mode=WAL")
            self._connection().execute("PRAGMA user_version")
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"the state file {path} cannot be used ({error}); "
                "make its folder writable or name another one with ETLOCAL_STATE_DIR"
            ) from error

    def ensure(self, schema: str) -> None:
        """Run a script of ``CREATE … IF NOT EXISTS`` statements, whole or not at all."""
        self._connection().executescript(f"BEGIN IMMEDIATE;\n{schema}\nCOMMIT;")

    def ensure_column(self, table: str, definition: str) -> None:
        """Add a column that a file of an earlier version lacks.

        Parameters
        ----------
        table : str
            One of ours: it is not escaped.
        definition : str
            The column's name and type; rows that are there get NULL.
        """
        name = definition.split()[0]
        with self.transaction() as tx:
            known = {row["name"] for row in tx.execute(f'PRAGMA table_info("{table}")')}
            if name not in known:
                tx.execute(f'ALTER TABLE "{table}" ADD COLUMN {definition}')

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Open a write transaction: committed at the end of the block, rolled back on an exception.

        A block inside another of the same thread joins it.

        Yields
        ------
        sqlite3.Connection
            Its rows are `sqlite3.Row`; parameters are bound, never spliced.
        """
        connection = self._connection()
        if connection.in_transaction:
            yield connection
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self.path, timeout=60, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA foreign_keys=ON")
            self._local.connection = connection
        return connection


class StoreError(Exception):
    """The state file cannot be used."""
