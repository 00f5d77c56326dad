"""Databases by JDBC, through Spark's own reader and writer.

AWS Glue Developer Guide: "JDBC connections", "Reading from JDBC tables in parallel".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from . import _connections, _keyed
from ._bookmarks_jdbc import Keys, sequential
from ._listing import flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame

DRIVERS = {
    "mysql": "com.mysql.cj.jdbc.Driver",
    "postgresql": "org.postgresql.Driver",
    "sqlserver": "com.microsoft.sqlserver.jdbc.SQLServerDriver",
    "oracle": "oracle.jdbc.OracleDriver",
}
CUSTOM = ("custom.jdbc", "marketplace.jdbc")
# Ours; every other option goes to Spark's data source as it is.
_OWN = {
    "dbTable", "useConnectionProperties", "connectionName", "className", "secretId",
    "redshiftTmpDir", "customJdbcDriverClassName", "hashfield", "hashexpression", "hashpartitions",
    "jobBookmarkKeys", "jobBookmarkKeysSortOrder", "jobBookmarksKeysSortOrder", "sampleQuery",
    "filterPredicate",
}  # fmt: skip
_UNSUPPORTED = (
    "customJdbcDriverS3Path", "dataTypeMapping", "enablePartitioningForSampleQuery",
)  # fmt: skip
_DEFAULT_PARTITIONS = 7


def _spark_options(kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    for name in _UNSUPPORTED:
        if name in options:
            raise NotImplementedError(f"The JDBC connection option {name} is not supported")
    out = {name: value for name, value in options.items() if name not in _OWN}
    if "dbTable" in options:
        out["dbtable"] = options["dbTable"]
    driver = options.get("customJdbcDriverClassName", options.get("className", DRIVERS.get(kind)))
    if driver:
        out.setdefault("driver", driver)
    if options.get("secretId"):
        out["user"], out["password"] = _connections.secret_credentials(str(options["secretId"]))
    name = str(options.get("connectionName", ""))
    wanted = flag(options.get("useConnectionProperties", bool(name)), "useConnectionProperties")
    if name and wanted:
        connection = _connections.get(name)
        out.setdefault("url", connection.url)
        user, password = connection.credentials()
        out.setdefault("user", user)
        out.setdefault("password", password)
    if not out.get("url"):
        raise ValueError(f"A {kind} connection needs the option url or connectionName")
    return out


def quote(kind: str, name: str) -> str:
    """Return a column's name for a database; plain names stay as they are, whatever their case.

    Raises
    ------
    ValueError
        When the name cannot be quoted safely.
    """
    if re.fullmatch(r"[A-Za-z_]\w*", name):
        return name
    if kind == "mysql":
        escaped = name.replace("`", "``")
        return f"`{escaped}`"
    if kind == "sqlserver":
        escaped = name.replace("]", "]]")
        return f"[{escaped}]"
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def read(spark: Any, kind: str, options: Mapping[str, Any], ctx: str) -> DataFrame:
    """Return a table's or a query's rows."""
    given = _spark_options(kind, options)
    query = given.pop("query", None) or options.get("sampleQuery")
    table = given.pop("dbtable", None)
    if not query and not table:
        raise ValueError(f"A {kind} source needs the option dbtable or query")
    source = f"({query}) q" if query else str(table)

    def scalar(sql: str) -> Any:
        row = spark.read.format("jdbc").options(**{**_bare(given), "query": sql}).load().first()
        return None if row is None else row[0]

    keys = Keys.from_options(options)
    if keys is None and table and _keyed.tracked(ctx):
        keys = _sequential_key(spark, kind, given, str(table), scalar)
    where = _keyed.restrict(source, ctx, keys, lambda n: quote(kind, n), scalar, kind == "mysql")
    conditions = [c for c in (where, options.get("filterPredicate")) if c]
    if conditions:
        where = " AND ".join(f"({item})" for item in conditions)
        source = f"(SELECT * FROM {source} WHERE {where}) r"  # noqa: S608 - the job's own names
    given["dbtable"] = source
    parallel = _hash_conditions(kind, options)
    if not parallel:
        return spark.read.format("jdbc").options(**given).load()
    url = given.pop("url")
    name = given.pop("dbtable")
    properties = {key: str(value) for key, value in given.items()}
    return spark.read.jdbc(url, name, predicates=parallel, properties=properties)


def _bare(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options without those that split a table among tasks."""
    split = ("partitionColumn", "lowerBound", "upperBound", "numPartitions")
    return {name: value for name, value in given.items() if name not in split}


def _hash_conditions(kind: str, options: Mapping[str, Any]) -> list[str]:
    """Return the conditions that split a table by `hashexpression` or an integer `hashfield`."""
    expression = options.get("hashexpression")
    if not expression and options.get("hashfield"):
        raise NotImplementedError(
            "hashfield is not supported: give a hashexpression that returns a whole number"
        )
    if not expression:
        return []
    count = int(options.get("hashpartitions", _DEFAULT_PARTITIONS))
    modulo = f"({expression}) % {count}" if kind == "sqlserver" else f"MOD({expression}, {count})"
    conditions = [f"ABS({modulo}) = {i}" for i in range(count)]
    conditions[0] += f" OR ({expression}) IS NULL"
    return conditions


def _sequential_key(
    spark: Any, kind: str, given: Mapping[str, Any], table: str, scalar: Any
) -> Keys | None:
    """Return the primary key when it is numeric and without gaps: the default bookmark key."""
    names = primary_key(spark, given, table)
    if len(names) != 1:
        return None
    name = quote(kind, names[0])
    wanted = [f"{function}({name})" for function in ("MIN", "MAX", "COUNT")]
    least, greatest, count = (
        scalar(f"SELECT {item} AS v FROM {table}")  # noqa: S608 - the job's own names
        for item in wanted
    )
    return Keys((names[0],)) if sequential(least, greatest, count) else None


def primary_key(spark: Any, given: Mapping[str, Any], table: str) -> list[str]:
    """Return the names of a table's primary key columns, from the driver's metadata."""
    jvm = spark._jvm
    options = {str(k): str(v) for k, v in {**_bare(given), "dbtable": table}.items()}
    scala = jvm.PythonUtils.toScalaMap(options)
    jdbc = jvm.org.apache.spark.sql.execution.datasources.jdbc.JDBCOptions(scala)
    dialect = jvm.org.apache.spark.sql.jdbc.JdbcDialects.get(options["url"])
    connection = dialect.createConnectionFactory(jdbc).apply(-1)
    try:
        schema, _, name = table.rpartition(".")
        metadata = connection.getMetaData()
        if metadata.storesUpperCaseIdentifiers():
            schema, name = schema.upper(), name.upper()
        found = metadata.getPrimaryKeys(None, schema or None, name)
        keys = []
        while found.next():
            keys.append((found.getInt("KEY_SEQ"), found.getString("COLUMN_NAME")))
        return [column for _, column in sorted(keys)]
    finally:
        connection.close()


def write(df: DataFrame, kind: str, options: Mapping[str, Any]) -> None:
    """Add a frame's rows to a table, which is created when it is absent."""
    given = _spark_options(kind, options)
    if not given.get("dbtable"):
        raise ValueError(f"A {kind} target needs the option dbtable")
    df.write.format("jdbc").mode("append").options(**given).save()
