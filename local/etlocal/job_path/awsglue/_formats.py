"""Reading lists of files in the formats Glue reads.

AWS Glue Developer Guide: "Data format options for inputs and outputs in AWS Glue for Spark".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as sf
from pyspark.sql import types as spark_types

from . import _json_source, _types
from ._columns import cast, column, file_name
from ._listing import flag
from ._loading import Loaded, only, reader
from ._paths import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import Column, DataFrame

    from ._catalog import Table

READABLE = ("csv", "json", "parquet", "orc")
_NULL = r"\N"
_CSV_OPTIONS = {
    "separator", "escaper", "quoteChar", "multiLine", "multiline", "withHeader", "writeHeader",
    "skipFirst", "optimizePerformance",
}  # fmt: skip


def load(
    spark: Any, paths: Sequence[str], format: str | None, options: Mapping[str, Any], attach: str
) -> Loaded:
    """Read files without a schema; `attach` names a column for each record's file, if any.

    Raises
    ------
    NotImplementedError
        For a format or a format option that is not supported.
    """
    if format == "json":
        return _json_source.load(spark, paths, options, attach)
    if format == "csv":
        df = _csv(spark, paths, options)
    elif format in ("parquet", "orc"):
        only(options, {"compression", "blockSize", "pageSize", "useGlueParquetWriter"}, format)
        df = reader(spark).option("mergeSchema", True).format(format).load(list(paths))
    else:
        raise NotImplementedError(
            f"Reading format {format!r} is not supported; it must be one of {', '.join(READABLE)}"
        )
    file = [file_name().alias(attach)] if attach else []
    return Loaded(df.select(*normal(df), *file))


def normal(df: DataFrame) -> list[Column]:
    """Return the columns in types that a DynamicFrame has."""
    return [
        cast(column(f.name), f.dataType, _types.plain(f.dataType)).alias(f.name) for f in df.schema
    ]


def csv_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return Spark's CSV options for Glue's.

    Raises
    ------
    NotImplementedError
        For an option that is not supported.
    """
    only(options, _CSV_OPTIONS, "csv")
    quote = str(options.get("quoteChar", '"'))
    escaper = str(options.get("escaper", "none"))
    multi = options.get("multiLine", options.get("multiline", False))
    return {
        "sep": str(options.get("separator", ",")),
        "quote": "" if quote == "-1" else quote,
        # Without an escaper a quote inside quotes is doubled (RFC 4180).
        "escape": ('"' if quote == "-1" else quote) if escaper in ("none", "") else escaper,
        "multiLine": flag(multi, "multiLine"),
    }


def _csv(spark: Any, paths: Sequence[str], options: Mapping[str, Any]) -> DataFrame:
    made = reader(spark).options(**csv_options(options))
    header = flag(options.get("withHeader", False), "withHeader")
    skip = flag(options.get("skipFirst", False), "skipFirst")
    if skip and header:
        raise NotImplementedError("format_options skipFirst with withHeader is not supported")
    if header:
        # Without enforceSchema a file whose header differs fails instead of shifting columns.
        df = made.option("header", True).option("enforceSchema", False).csv(list(paths))
    else:
        df = made.csv(list(paths))
        names = [f"col{i}" for i in range(len(df.columns))]
        schema = spark_types.StructType(
            [spark_types.StructField(name, spark_types.StringType(), True) for name in names]
        )
        if skip:
            df = made.option("header", True).schema(schema).csv(list(paths))
        else:
            df = df.toDF(*names)
    return df.select(*[sf.coalesce(column(name), sf.lit("")).alias(name) for name in df.columns])


def load_table(spark: Any, paths: Sequence[str], table: Table, base: str | None) -> DataFrame:
    """Read a catalog table's files as its columns; with `base`, partition columns as well.

    CSV values stay text, see `undecided`; other values not of their column's type are null.

    Raises
    ------
    NotImplementedError
        For a classification that is not supported.
    """
    keys = [(name, "string") for name, _ in table.partition_keys] if base else []
    kind = table.classification
    if kind == "csv":
        values = _csv_table(spark, paths, table, base, keys)
    elif kind == "json":
        values = _json_source.load_table(reader(spark, base), paths, table.columns, keys)
    elif kind in ("parquet", "orc"):
        values = _columnar(spark, paths, table, base, kind)
    else:
        raise NotImplementedError(
            f"The table {table.database}.{table.name} has classification {kind!r}, which is not "
            f"supported; it must be one of {', '.join(READABLE)}"
        )
    typed = [
        cast(column(name), _types.parse("string"), _types.parse(kind)).alias(name)
        for name, kind in (table.partition_keys if base else ())
    ]
    if not typed:
        return values
    names = {name for name, _ in keys}
    return values.select(*[column(n) for n in values.columns if n not in names], *typed)


def undecided(table: Table) -> dict[str, Any]:
    """Return the columns that `load_table` gives as text, with the types they are to have."""
    if table.classification != "csv":
        return {}
    kinds = {name: _types.parse(kind) for name, kind in table.columns}
    return {name: kind for name, kind in kinds.items() if decidable(kind)}


def _csv_table(
    spark: Any,
    paths: Sequence[str],
    table: Table,
    base: str | None,
    keys: list[tuple[str, str]],
) -> DataFrame:
    serde = table.serde_parameters
    skip = int(
        table.parameters.get("skip.header.line.count", serde.get("skip.header.line.count", 0))
    )
    if skip > 1:
        raise NotImplementedError(
            f"The table {table.database}.{table.name} has skip.header.line.count {skip}; "
            "only 0 and 1 are supported"
        )
    open_csv = "opencsvserde" in table.serde.lower()
    separator = serde.get("separatorChar", ",") if open_csv else _delimiter(table)
    quote = serde.get("quoteChar", serde.get("quote.delim", '"'))
    escape = serde.get("escapeChar", serde.get("escape.delim", "\\" if open_csv else quote))
    schema = spark_types.StructType(
        [
            spark_types.StructField(name, spark_types.StringType(), True)
            for name, _ in [*table.columns, *keys]
        ]
    )
    read = reader(spark, base).options(sep=separator, quote=quote, escape=escape, header=skip == 1)
    df = read.schema(schema).csv(list(paths))
    null = _literal(serde.get("serialization.null.format", _NULL))
    # As texts of SQL: every Column function is some calls to the JVM.
    given = [f"{_csv_value(name, kind, null)} AS {quoted(name)}" for name, kind in table.columns]
    texts = df.selectExpr(*given, *[quoted(name) for name, _ in keys])
    nested = {n: t for n, kind in table.columns if _types.is_complex(t := _types.parse(kind))}
    if not nested:
        return texts
    return texts.select(
        *[
            cast(column(n), spark_types.StringType(), nested[n]).alias(n)
            if n in nested
            else column(n)
            for n in texts.columns
        ]
    )


def _delimiter(table: Table) -> str:
    serde = table.serde_parameters
    named = serde.get(
        "field.delim", serde.get("serialization.format", table.parameters.get("delimiter", ","))
    )
    return {"\\t": "\t", "\\001": "\x01", "1": "\x01"}.get(named, named)


def _csv_value(name: str, kind: str, null: str) -> str:
    text = quoted(name)
    if isinstance(_types.parse(kind), spark_types.StringType):
        # Spark reads an empty field as null; in the file it is an empty string.
        return f"nullif(coalesce({text}, ''), {null})"
    return f"CASE WHEN {text} <> {null} AND trim({text}) <> '' THEN {text} END"


def _literal(text: str) -> str:
    """Return a text as SQL that nothing in the text can end."""
    return f"CAST(X'{text.encode().hex()}' AS string)"


def decidable(target: Any) -> bool:
    """Say whether a text may turn out to be a value of the type."""
    return not _types.is_complex(target) and not isinstance(target, spark_types.StringType)


def _columnar(
    spark: Any, paths: Sequence[str], table: Table, base: str | None, kind: str
) -> DataFrame:
    made = reader(spark, base).option("mergeSchema", True).format(kind)
    df = made.load(list(paths))
    present = {name.lower(): name for name in df.columns}
    out = []
    for name, type_name in table.columns:
        target = _types.parse(type_name)
        actual = present.get(name.lower())
        if actual is None:
            out.append(sf.lit(None).cast(target).alias(name))
        else:
            out.append(cast(column(actual), df.schema[actual].dataType, target).alias(name))
    keys = [column(present[n]).cast("string").alias(n) for n, _ in table.partition_keys if base]
    return df.select(*out, *keys)
