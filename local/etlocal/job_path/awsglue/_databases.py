"""Which library reads or writes a database: Redshift's way, or JDBC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _connections, _jdbc, _redshift

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame

    from ._catalog import Table


def _check(kind: str) -> None:
    if kind != "redshift" and kind not in _jdbc.DRIVERS and kind not in _jdbc.CUSTOM:
        known = ", ".join(["s3", "file", "redshift", *_jdbc.DRIVERS, *_jdbc.CUSTOM])
        raise NotImplementedError(
            f"The connection type {kind!r} is not supported; it must be one of {known}"
        )


def read(spark: Any, kind: str, options: Mapping[str, Any], ctx: str) -> DataFrame:
    """Read by a connection type (`create_dynamic_frame.from_options`)."""
    _check(kind)
    if kind == "redshift":
        return _redshift.read(spark, options, ctx)
    return _jdbc.read(spark, kind, options, ctx)


def write(df: DataFrame, kind: str, options: Mapping[str, Any]) -> None:
    """Write by a connection type (`write_dynamic_frame.from_options`)."""
    _check(kind)
    if kind == "redshift":
        _redshift.write(df, options)
    else:
        _jdbc.write(df, kind, options)


def _table_options(table: Table, tmp_dir: str, options: Mapping[str, Any]) -> dict[str, Any]:
    if not table.connection:
        raise ValueError(
            f"The table {table.database}.{table.name} is of classification "
            f"{table.classification} and has no parameter connectionName"
        )
    database, _, rest = table.location.partition(".")
    made = {
        "connectionName": table.connection,
        "useConnectionProperties": "true",
        **options,
    }
    if table.classification == "redshift":
        made.setdefault("database", database)
        if tmp_dir:
            made.setdefault("redshiftTmpDir", tmp_dir)
    if "query" not in made and "sampleQuery" not in made:
        made.setdefault("dbtable", rest or table.location)
    return made


def read_table(
    spark: Any, table: Table, tmp_dir: str, options: Mapping[str, Any], ctx: str
) -> DataFrame:
    """Read a catalog table whose location is `database.schema.table` of a connection."""
    return read(spark, table.classification, _table_options(table, tmp_dir, options), ctx)


def write_table(df: DataFrame, table: Table, tmp_dir: str, options: Mapping[str, Any]) -> None:
    """Write to a catalog table whose location is `database.schema.table` of a connection."""
    write(df, table.classification, _table_options(table, tmp_dir, options))


def write_by_connection(df: DataFrame, name: str, options: Mapping[str, Any]) -> None:
    """Write by a Glue connection (`write_dynamic_frame.from_jdbc_conf`)."""
    connection = _connections.get(name)
    made = {"connectionName": name, "useConnectionProperties": "true", **options}
    if connection.vendor == "redshift":
        _redshift.write(df, made, connection)
        return
    database = made.pop("database", None)
    if database:
        made["url"] = connection.url.rpartition("/")[0] + f"/{database}"
        user, password = connection.credentials()
        made.setdefault("user", user)
        made.setdefault("password", password)
    write(df, connection.vendor, made)
