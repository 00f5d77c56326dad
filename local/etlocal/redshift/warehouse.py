"""The warehouse: engines of namespaces and clusters, opened when first used.

It is kept in the runtime (``runtime.component(Warehouse)``) and knows neither operations nor SQL.
"""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

from etlocal.aws.call import Runtime
from etlocal.redshift.engines.base import Engine
from etlocal.redshift.errors import SqlError


class Warehouse:
    """The engines of this process, by the id of their namespace or cluster.

    Parameters
    ----------
    runtime : Runtime
    """

    def __init__(self, runtime: Runtime) -> None:
        self._folder = runtime.settings.state_dir / "warehouse"
        self._url = runtime.settings.warehouse_address() or ""
        self._engines: dict[str, Engine] = {}
        self._lock = threading.Lock()

    @property
    def scratch(self) -> Path:
        """The folder of files that live as long as one statement; made empty by `clear_scratch`."""
        folder = self._folder / "scratch"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def results(self) -> Path:
        """The folder of statements' results."""
        folder = self._folder / "results"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def clear_scratch(self) -> None:
        """Delete what a process that died left of its statements' files."""
        shutil.rmtree(self._folder / "scratch", ignore_errors=True)

    def engine(self, key: str, first: str = "dev") -> Engine:
        """Give the engine of a namespace or cluster.

        Parameters
        ----------
        key : str
            Its id, which names a folder: letters, digits and dashes.
        first : str
            The database that a new one begins with.
        """
        with self._lock:
            if key not in self._engines:
                self._engines[key] = self._make(key, first)
            return self._engines[key]

    def _make(self, key: str, first: str) -> Engine:
        # Each is imported when it is chosen: neither costs the other's users its memory.
        path = self._path(key)
        if not self._url:
            from etlocal.redshift.engines.duckdb import DuckDBEngine

            return DuckDBEngine(path, first)
        try:
            from etlocal.redshift.engines.postgres import PostgresEngine

            return PostgresEngine(self._url, key, first)
        except ImportError as error:
            raise SqlError(
                "ETLOCAL_WAREHOUSE_URL names a PostgreSQL server, and its client is not "
                "installed: install etlocal[postgres]"
            ) from error
        except ValueError as error:
            raise SqlError(str(error)) from error

    def delete(self, key: str) -> None:
        """Delete a namespace's or cluster's databases."""
        with self._lock:
            engine = self._engines.pop(key, None)
            if engine is None and self._url:
                engine = self._make(key, "dev")
            if engine is not None:
                engine.delete()
            shutil.rmtree(self._path(key), ignore_errors=True)

    def close(self) -> None:
        """Close every engine."""
        with self._lock:
            for engine in self._engines.values():
                engine.close()
            self._engines.clear()

    def _path(self, key: str) -> Path:
        if not key.replace("-", "").isalnum():
            raise ValueError(f"not the id of a namespace or cluster: {key!r}")
        return self._folder / key
