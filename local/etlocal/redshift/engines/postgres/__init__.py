"""PostgreSQL as the warehouse's engine: a database on a server for each of Redshift's."""

from etlocal.redshift.engines.postgres.engine import PostgresEngine

__all__ = ["PostgresEngine"]
