"""Writing frames as files.

AWS Glue Developer Guide: "Data format options for inputs and outputs in AWS Glue for Spark".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import types as spark_types

from . import _formats, _loading, _types
from ._columns import column
from ._listing import flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame

WRITABLE = ("csv", "json", "parquet", "glueparquet", "orc")
_KNOWN = {
    "path", "partitionKeys", "compression", "enableUpdateCatalog", "updateBehavior",
    "groupFiles", "groupSize",
}  # fmt: skip


@dataclass(frozen=True)
class Target:
    """Where and how files are written."""

    path: str
    format: str
    partition_keys: tuple[str, ...]
    spark_options: Mapping[str, Any]
    header: bool = False
    separator: str = ","

    @classmethod
    def read(
        cls, options: Mapping[str, Any], format: str | None, format_options: Mapping[str, Any]
    ) -> Target:
        """Check the sink's options.

        Raises
        ------
        NotImplementedError
            For a format or an option that is not supported.
        """
        if format not in WRITABLE:
            raise NotImplementedError(
                f"Writing format {format!r} is not supported; it must be one of "
                f"{', '.join(WRITABLE)}"
            )
        unknown = sorted(set(options) - _KNOWN)
        if unknown:
            raise NotImplementedError(f"The S3 connection options {unknown} are not supported")
        if not options.get("path"):
            raise ValueError("An S3 sink needs the connection option path")
        keys = options.get("partitionKeys") or ()
        spark_options: dict[str, Any] = {}
        header = False
        if format == "csv":
            header = flag(format_options.get("writeHeader", True), "writeHeader")
            csv = _formats.csv_options(format_options)
            spark_options = {
                "sep": csv["sep"],
                "quote": csv["quote"] or "\u0000",
                "escape": csv["escape"],
                "header": header,
                "ignoreLeadingWhiteSpace": False,
                "ignoreTrailingWhiteSpace": False,
            }
        else:
            known = {"compression", "blockSize", "pageSize", "useGlueParquetWriter", "multiline"}
            _loading.only(format_options, known, str(format))
            if "blockSize" in format_options:
                spark_options["parquet.block.size"] = format_options["blockSize"]
            if "pageSize" in format_options:
                spark_options["parquet.page.size"] = format_options["pageSize"]
        compression = options.get("compression", format_options.get("compression"))
        if compression:
            spark_options["compression"] = str(compression)
        return cls(
            str(options["path"]),
            "parquet" if format == "glueparquet" else str(format),
            (keys,) if isinstance(keys, str) else tuple(keys),
            spark_options,
            header,
            str(spark_options.get("sep", ",")),
        )


@dataclass(frozen=True)
class Written:
    """What a write left for the catalog to learn."""

    columns: tuple[tuple[str, str], ...]
    partition_keys: tuple[tuple[str, str], ...]
    partitions: tuple[tuple[str, ...], ...]


def write(df: DataFrame, target: Target, partitions: bool) -> Written:
    """Add a frame's records to the path; files that are there stay.

    With `partitions`, the values of the partition keys written are returned.
    """
    missing = [key for key in target.partition_keys if key not in df.columns]
    if missing:
        raise ValueError(f"The partitionKeys {missing} are not fields of the frame")
    if not df.columns:
        # What an empty source gives has no columns: there is nothing to write.
        return Written((), (), ())
    df = df.select(*[_writable(field).alias(field.name) for field in df.schema.fields])
    values: tuple[tuple[str, ...], ...] = ()
    if partitions and target.partition_keys:
        df = df.persist()
        keys = [column(key).cast("string") for key in target.partition_keys]
        values = tuple(sorted(tuple(row) for row in df.select(*keys).distinct().collect()))
    writer = df.write.mode("append").options(**target.spark_options)
    if target.partition_keys:
        writer = writer.partitionBy(*target.partition_keys)
    writer.format(target.format).save(target.path)
    if values:
        df.unpersist()
    kinds = [(f.name, _types.hive_name(f.dataType)) for f in df.schema.fields]
    return Written(
        tuple(kind for kind in kinds if kind[0] not in target.partition_keys),
        tuple((key, dict(kinds)[key]) for key in target.partition_keys),
        values,
    )


def _writable(field: Any) -> Any:
    value = column(field.name)
    if isinstance(field.dataType, spark_types.NullType):
        return value.cast("string")
    return value
