"""The databases of one namespace or cluster on a server.

Redshift's databases are databases of the server, so that psql and JDBC find schemas and tables
under their own names. Two namespaces may both have a ``dev``: the server's name of a database has
a digest behind Redshift's, and a comment says whose it is.

Source: PostgreSQL's documentation, "CREATE DATABASE", "COMMENT" and "Collation Support".
"""

from __future__ import annotations

import hashlib
import json
import threading
from importlib.resources import files

from etlocal.redshift.engines.postgres import catalog, views
from etlocal.redshift.engines.postgres.build import quote, quote_text
from etlocal.redshift.engines.postgres.connection import Address, Connection
from etlocal.redshift.engines.postgres.errors import told
from etlocal.redshift.engines.postgres.pool import Pool
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError

_RESERVED = ("memory", "system", "temp", "template0", "template1", "padb_harvest")
_OLDEST = 150_000
_SHOWN = 40
# Strings are ordered by their bytes, as Redshift orders them; upper and lower case are Unicode's
# where the server's system has such a locale.
_CHARACTERS = ("C.UTF-8", "C.utf8", "en_US.UTF-8", "en_US.utf8", "UTF-8", "C")
# Two processes that prepare one database do it one after the other.
_PREPARING = 4566


class Instance:
    """The databases that are marked with one key.

    Parameters
    ----------
    address : Address
        The server, and the database of it from which others are made.
    key : str
    first : str
        The database that a new namespace begins with.

    Attributes
    ----------
    template : str
        The server's database that new ones are copies of; one that is prepared is not prepared
        again.
    """

    template = "template0"

    def __init__(self, address: Address, key: str, first: str = "dev") -> None:
        self._pool = Pool(address)
        self._key = key
        self._first = first
        self._lock = threading.RLock()
        self._prepared: set[str] = set()
        self._known: dict[str, str] = {}
        self._begun = False

    def databases(self) -> list[str]:
        """List the databases, sorted."""
        self._begin()
        return sorted(self._listed())

    def create_database(self, name: str) -> None:
        """Make an empty database.

        Raises
        ------
        SqlError
            If there is one.
        """
        if name in _RESERVED or name in self.databases():
            raise SqlError(f'database "{name}" already exists', sqlstate="42P04")
        self._create(name)

    def drop_database(self, name: str) -> None:
        """Delete a database.

        Raises
        ------
        SqlError
            If there is none or it is in use.
        """
        found = self._listed().get(name)
        if found is None:
            raise SqlError(f'database "{name}" does not exist', sqlstate="3D000")
        self._pool.close(found)
        try:
            self._command(f"DROP DATABASE {quote(found)}")
        except SqlError as error:
            if error.sqlstate != "55006":
                raise
            raise SqlError(
                f'database "{name}" is being accessed by other users', sqlstate="55006"
            ) from error
        self._prepared.discard(name)
        self._known.pop(name, None)

    def delete(self) -> None:
        """Delete every database, whoever is connected."""
        self.close()
        for found in self._listed().values():
            self._command(f"DROP DATABASE IF EXISTS {quote(found)} WITH (FORCE)")
        self._prepared.clear()
        self._known.clear()
        self._begun = False

    def connect(self, database: str) -> Connection:
        """Open a connection to a database; see `released`.

        Raises
        ------
        SqlError
            If there is no such database, or the server cannot be reached.
        """
        self._begin()
        found = self._known.get(database) or self._listed().get(database)
        if found is None:
            raise SqlError(f'FATAL: database "{database}" does not exist', sqlstate="3D000")
        connection = self._pool.take(found)
        try:
            if database not in self._prepared:
                with told():
                    self._prepare(connection)
                self._prepared.add(database)
        except BaseException:
            self.released(connection, reuse=False)
            raise
        return connection

    def released(self, connection: Connection, *, reuse: bool = True) -> None:
        """Take a connection back, which is in no transaction; see `Pool.give_back`."""
        self._pool.give_back(connection, reuse=reuse)

    def cancel(self, pid: int) -> None:
        """Stop the statement that a connection's server process carries out, if any.

        Raises
        ------
        SqlError
            If the server cannot be reached.
        """
        self._command(f"SELECT pg_cancel_backend({pid})")

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def _begin(self) -> None:
        with self._lock:
            if self._begun:
                return
            ((version,),) = self._query("SHOW server_version_num")
            if int(str(version)) < _OLDEST:
                raise FeatureNotSupportedError(
                    f"PostgreSQL {int(str(version)) // 10_000} as the warehouse (15 or later is)"
                )
            if not self._listed():
                self._create(self._first)
            self._begun = True

    def _listed(self) -> dict[str, str]:
        """Give the server's names of the databases by Redshift's."""
        found = {}
        for name, remark in self._query(
            "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database "
            "WHERE shobj_description(oid, 'pg_database') LIKE '{\"etlocal\":%'"
        ):
            mark = json.loads(str(remark))
            if mark["etlocal"] == self._key:
                found[mark["database"]] = str(name)
        self._known = found
        return found

    def _create(self, name: str) -> None:
        digest = hashlib.sha256(f"{self._key}/{name}".encode()).hexdigest()[:12]
        shown = name.encode()[:_SHOWN].decode(errors="ignore")
        target = f"{shown}_{digest}"
        for place, characters in enumerate(_CHARACTERS):
            try:
                self._command(
                    f"CREATE DATABASE {quote(target)} TEMPLATE {quote(self.template)} "
                    f"ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE {quote_text(characters)}"
                )
            except SqlError as error:
                # 42P04: one without its mark, from a process that died or begins just now.
                if error.sqlstate == "42P04":
                    break
                if "locale" not in error.message or place == len(_CHARACTERS) - 1:
                    raise
            else:
                break
        mark = json.dumps({"etlocal": self._key, "database": name}, separators=(",", ":"))
        self._command(f"COMMENT ON DATABASE {quote(target)} IS {quote_text(mark)}")

    def _prepare(self, connection: Connection) -> None:
        """Make the schemas of etlocal's own: functions, what is kept of tables, system views."""
        own = files(__package__).joinpath("functions.sql").read_text(encoding="utf-8")
        connection.run("BEGIN")
        try:
            connection.rows(f"SELECT pg_advisory_xact_lock({_PREPARING})")
            text = catalog.SCHEMA + own + views.script()
            digest = hashlib.sha256(text.encode()).hexdigest()
            if digest != catalog.version(connection):
                connection.run(catalog.SCHEMA)
                connection.run(own)
                connection.run(views.script())
                catalog.set_version(connection, digest)
            connection.run("COMMIT")
        except BaseException:
            if not connection.lost:
                connection.run("ROLLBACK")
            raise

    def _query(self, sql: str) -> list[tuple[object, ...]]:
        with self._pool.borrowed() as connection:
            return [*connection.rows(sql)]

    def _command(self, sql: str) -> None:
        with self._pool.borrowed() as connection:
            connection.run(sql)
