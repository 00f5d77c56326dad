"""DuckDB as an engine: an instance, and the sessions on it."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

from etlocal.redshift.engines.base import Engine, EngineSession
from etlocal.redshift.engines.duckdb.build import quote_text
from etlocal.redshift.engines.duckdb.instance import Instance
from etlocal.redshift.engines.duckdb.session import DuckDBSession

_pids = itertools.count(1_073_741_824)


class DuckDBEngine(Engine):
    """The databases in one folder.

    Parameters
    ----------
    folder : Path
        Where the databases' files are; made when absent.
    first : str
        The database that a new namespace begins with.
    """

    def __init__(self, folder: Path, first: str = "dev") -> None:
        self._instance = Instance(folder, first)

    def databases(self) -> list[str]:
        """List the databases, sorted."""
        return self._instance.databases()

    def create_database(self, name: str) -> None:
        """Make an empty database."""
        self._instance.create_database(name)

    def drop_database(self, name: str) -> None:
        """Delete a database and its files."""
        self._instance.drop_database(name)

    def connect(self, database: str, user: str) -> EngineSession:
        """Open a session."""
        connection, lock = self._instance.claim(database)
        pid = next(_pids)
        connection.execute(
            f"SET VARIABLE rs_user = {quote_text(user)}; SET VARIABLE rs_pid = {pid}"
        )
        return DuckDBSession(self._instance, connection, database, user, lock, pid)

    def delete(self) -> None:
        """Delete every database's files."""
        self.close()
        shutil.rmtree(self._instance.folder, ignore_errors=True)

    def close(self) -> None:
        """Close every file."""
        self._instance.close()
