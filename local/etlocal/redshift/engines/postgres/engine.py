"""PostgreSQL as an engine: a server's databases, and the sessions on them."""

from __future__ import annotations

from etlocal.redshift.engines.base import Engine, EngineSession
from etlocal.redshift.engines.postgres.build import quote_text
from etlocal.redshift.engines.postgres.connection import Address
from etlocal.redshift.engines.postgres.errors import told
from etlocal.redshift.engines.postgres.instance import Instance
from etlocal.redshift.engines.postgres.session import PostgresSession

# A client that was killed is noticed by the server while it works, and its locks are given back.
_NOTICED = "2s"
_SETTINGS = ", ".join(
    f"set_config('{name}', '{value}', false)"
    for name, value in (
        ("TimeZone", "UTC"),
        ("DateStyle", "ISO, MDY"),
        ("standard_conforming_strings", "on"),
        ("client_connection_check_interval", _NOTICED),
    )
)


class PostgresEngine(Engine):
    """The databases of a namespace or cluster on a server.

    Parameters
    ----------
    url : str
        ``postgresql://user:password@host:port/database``; the user must be allowed to create
        databases.
    key : str
        The namespace's or cluster's id, which the databases are marked with.
    first : str
        The database that a new namespace begins with.

    Raises
    ------
    ValueError
        If it is no such URL.
    """

    def __init__(self, url: str, key: str, first: str = "dev") -> None:
        self._instance = Instance(Address(url), key, first)

    def databases(self) -> list[str]:
        """List the databases, sorted."""
        return self._instance.databases()

    def create_database(self, name: str) -> None:
        """Make an empty database."""
        self._instance.create_database(name)

    def drop_database(self, name: str) -> None:
        """Delete a database."""
        self._instance.drop_database(name)

    def connect(self, database: str, user: str) -> EngineSession:
        """Open a session."""
        connection = self._instance.connect(database)
        try:
            with told():
                ((pid,),) = connection.rows(
                    f"SELECT set_config('etlocal.user', {quote_text(user)}, false), "
                    f"set_config('etlocal.database', {quote_text(database)}, false), "
                    f"{_SETTINGS}; SELECT pg_backend_pid()"
                )[-1:]
                return PostgresSession(self._instance, connection, database, user, int(str(pid)))
        except BaseException:
            self._instance.released(connection, reuse=False)
            raise

    def delete(self) -> None:
        """Delete every database."""
        self._instance.delete()

    def close(self) -> None:
        """Close every connection."""
        self._instance.close()
