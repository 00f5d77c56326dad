"""DuckDB as the warehouse's engine: one file a database, inside this process."""

from etlocal.redshift.engines.duckdb.engine import DuckDBEngine

__all__ = ["DuckDBEngine"]
