"""Redshift as a source and a target: files on S3, moved by COPY and UNLOAD.

AWS Glue Developer Guide: "Redshift connections".
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as sf
from pyspark.sql import types as spark_types

from . import _aws, _catalog, _connections, _formats, _keyed, _leftovers, _loading, _redshift_sql
from ._bookmarks_jdbc import Keys
from ._columns import column
from ._listing import ListOptions, list_files, split_s3
from ._redshift_api import Target, target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import Column, DataFrame

    from ._connections import Connection

_KNOWN = {
    "url", "dbtable", "query", "sampleQuery", "redshiftTmpDir", "tempdir", "user", "password",
    "secretId", "aws_iam_role", "aws_iam_user", "preactions", "postactions", "extracopyoptions",
    "tempformat", "useConnectionProperties", "connectionName", "database", "jobBookmarkKeys",
    "jobBookmarkKeysSortOrder", "jobBookmarksKeysSortOrder", "catalog_connection",
}  # fmt: skip
_FORMS = ("CSV", "CSV GZIP", "PARQUET")


class Options:
    """The Redshift connection options, checked."""

    def __init__(self, options: Mapping[str, Any], connection: Connection | None = None) -> None:
        unknown = sorted(set(options) - _KNOWN)
        if unknown:
            raise NotImplementedError(
                f"The Redshift connection options {unknown} are not supported"
            )
        self.options = options
        self._connection = connection

    def get(self, *names: str) -> str:
        """Return the first of the options that is set, empty for none."""
        for name in names:
            if self.options.get(name):
                return str(self.options[name])
        return ""

    def target(self) -> Target:
        """Return where the statements go: by the connection, or by `url`.

        Raises
        ------
        ValueError
            When neither says where.
        """
        name = self.get("connectionName", "catalog_connection")
        if self.get("url"):
            _read_login(self.get("secretId"))
            return target(self.get("url"), self.get("secretId"), self.get("user"))
        if not name:
            raise ValueError("A Redshift connection needs the option url or connectionName")
        connection = self._connection or _connections.get(name)
        url = connection.url
        if self.get("database"):
            url = url.rpartition("/")[0] + "/" + self.get("database")
        _read_login(connection.secret)
        return target(url, connection.secret, connection.user)

    def temporary(self) -> str:
        """Return a new folder's path under the temporary directory.

        Raises
        ------
        ValueError
            When none is given, or it is not on S3.
        """
        given = self.get("redshiftTmpDir", "tempdir")
        if not given:
            raise ValueError(
                "Redshift is read and written through files on Amazon S3: redshift_tmp_dir (the "
                "connection option redshiftTmpDir) is required, usually the job's --TempDir"
            )
        split_s3(given)
        return f"{given.rstrip('/')}/{uuid.uuid4()}/"

    @property
    def role(self) -> str:
        """The ARN of the role Redshift uses on S3, empty for its default."""
        return self.get("aws_iam_role", "aws_iam_user")


def _read_login(secret: str) -> None:
    """Read a login as the job's role, by which Glue's JDBC connection is let in.

    The Data API, which stands for that connection, is asked by the account and reads it anew.
    """
    if secret and _aws.goes_by_login():
        _connections.secret_credentials(secret)


def _unloaded(prefix: str) -> str:
    """Return the path in the scheme Redshift takes, whichever Spark was given."""
    _, bucket, key = split_s3(prefix)
    return f"s3://{bucket}/{key}"


def read(spark: Any, options: Mapping[str, Any], ctx: str) -> DataFrame:
    """Return a table's or a query's rows, by UNLOAD to the temporary directory."""
    chosen = Options(options)
    folder = chosen.temporary()
    _leftovers.warn(folder)
    query = chosen.get("query", "sampleQuery")
    table = chosen.get("dbtable")
    if not query and not table:
        raise ValueError("A Redshift source needs the option dbtable or query")
    if query:
        source = f"({query.rstrip().rstrip(';')}) AS q"
    elif table.lstrip().startswith("("):
        source = table
    else:
        source = _redshift_sql.table_name(table)
    warehouse = chosen.target()
    where = _keyed.restrict(
        source,
        ctx,
        Keys.from_options(options),
        _redshift_sql.identifier,
        lambda sql: warehouse.rows(sql)[1][0][0],
    )
    everything = f"SELECT * FROM {source}"  # noqa: S608 - the job's own query or quoted table
    statement = f"{everything} WHERE {where}" if where else everything
    warehouse.execute([_redshift_sql.unload(statement, _unloaded(folder), chosen.role)])
    files = [f for f in list_files(folder, ListOptions(), lambda: _aws.client("s3")) if f.size]
    if not files:
        columns, _ = warehouse.rows(f"{everything} LIMIT 0")
        kinds = [(str(c["name"]), _redshift_sql.result_type(c)) for c in columns]
        return _catalog.empty_frame(spark, kinds)
    df = _loading.reader(spark).parquet(*[file.path for file in files])
    return df.select(*_formats.normal(df))


def write(df: DataFrame, options: Mapping[str, Any], connection: Connection | None = None) -> None:
    """Load a frame into a table: preactions, COPY and postactions in one transaction.

    A table that is absent after the preactions is created from the frame's types. The connection
    that the options name is read from the catalog unless it is given.

    Raises
    ------
    RedshiftError
        With Redshift's words; nothing was loaded then.
    """
    chosen = Options(options, connection)
    folder = chosen.temporary()
    if not chosen.get("dbtable"):
        raise ValueError("A Redshift target needs the option dbtable")
    table = _redshift_sql.table_name(chosen.get("dbtable"))
    form = (chosen.get("tempformat") or "CSV").upper()
    if form not in _FORMS:
        raise NotImplementedError(f"tempformat {form!r} is not supported: {', '.join(_FORMS)} are")
    _leftovers.warn(folder)
    warehouse = chosen.target()
    statements = _redshift_sql.actions(chosen.get("preactions"))
    if df.columns:
        kinds = [(f.name, str(f.dataType.simpleString())) for f in df.schema.fields]
        statements.append(_redshift_sql.create(table, kinds))
        _write_files(df, folder, form)
        files = list_files(folder, ListOptions(), lambda: _aws.client("s3"))
        if any(file.size for file in files):
            statements.append(
                _redshift_sql.copy(
                    table,
                    df.columns,
                    f"{_unloaded(folder)}part-",
                    chosen.role,
                    form,
                    chosen.get("extracopyoptions"),
                )
            )
    statements += _redshift_sql.actions(chosen.get("postactions"))
    if statements:
        warehouse.execute(statements)


# A folder that only this COPY reads, and only after the write is over, needs no careful commit:
# on S3 each rename is a copy.
_COMMIT = {
    "mapreduce.fileoutputcommitter.algorithm.version": "2",
    "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}


def _write_files(df: DataFrame, folder: str, form: str) -> None:
    if form == "PARQUET":
        df.write.mode("append").options(**_COMMIT).parquet(folder)
        return
    fields = df.schema.fields
    if all(_is_plain(field) for field in fields):
        texts = df
    else:
        texts = df.select(*[_plain(field).alias(field.name) for field in fields])
    options = {
        **_COMMIT,
        "nullValue": _redshift_sql.NULL,
        "escape": '"',
        "ignoreLeadingWhiteSpace": False,
        "ignoreTrailingWhiteSpace": False,
        "timestampFormat": "yyyy-MM-dd HH:mm:ss.SSSSSS",
        "timestampNTZFormat": "yyyy-MM-dd HH:mm:ss.SSSSSS",
        "dateFormat": "yyyy-MM-dd",
        "compression": "gzip" if form == "CSV GZIP" else "none",
    }
    texts.write.mode("append").options(**options).csv(folder)


def _is_plain(field: Any) -> bool:
    if isinstance(field.dataType, spark_types.DecimalType):
        # Spark would write small ones with an exponent.
        return bool(field.dataType.scale <= 6)
    return not isinstance(field.dataType, spark_types.NullType)


def _plain(field: Any) -> Column:
    value = column(field.name)
    if _is_plain(field):
        return value
    if isinstance(field.dataType, spark_types.DecimalType):
        return sf.replace(sf.format_number(value, field.dataType.scale), sf.lit(","), sf.lit(""))
    return value.cast("string")
