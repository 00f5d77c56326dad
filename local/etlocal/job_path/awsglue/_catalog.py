"""Tables and partitions of the Data Catalog, as a job reads them.

AWS Glue Developer Guide: "Managing partitions for ETL output in AWS Glue" (push-down predicates).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf
from pyspark.sql.types import StructField, StructType

from . import _aws, _types
from ._aws import catalog_args
from ._columns import column

if TYPE_CHECKING:
    from collections.abc import Sequence

_JDBC = ("redshift", "mysql", "postgresql", "oracle", "sqlserver")


@dataclass(frozen=True)
class Partition:
    """One partition: the values of the partition keys and where its files are."""

    values: tuple[str, ...]
    location: str


@dataclass(frozen=True)
class Table:
    """A catalog table: where its data is, in which form, and its columns."""

    database: str
    name: str
    location: str
    classification: str
    columns: tuple[tuple[str, str], ...]
    partition_keys: tuple[tuple[str, str], ...]
    serde: str = ""
    serde_parameters: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def all_columns(self) -> tuple[tuple[str, str], ...]:
        """Columns and partition keys with their types."""
        return self.columns + self.partition_keys

    @property
    def connection(self) -> str:
        """The Glue connection of a JDBC table, empty for a table on S3."""
        return self.parameters.get("connectionName", "")

    @property
    def is_jdbc(self) -> bool:
        """Whether the table is one of a database rather than files."""
        return self.classification in _JDBC


def get_table(glue: Any, database: str, name: str, catalog_id: str | None = None) -> Table:
    """Read a table from the catalog; boto3's EntityNotFoundException when there is none."""
    answer = glue.get_table(DatabaseName=database, Name=name, **catalog_args(catalog_id))["Table"]
    storage = answer.get("StorageDescriptor", {})
    serde = storage.get("SerdeInfo", {})
    parameters = {**storage.get("Parameters", {}), **answer.get("Parameters", {})}
    library = serde.get("SerializationLibrary", "")
    return Table(
        database,
        name,
        storage.get("Location", ""),
        _classification(parameters, library, storage.get("InputFormat", "")),
        tuple((c["Name"], c.get("Type", "string")) for c in storage.get("Columns", ())),
        tuple((c["Name"], c.get("Type", "string")) for c in answer.get("PartitionKeys", ())),
        library,
        dict(serde.get("Parameters", {})),
        parameters,
    )


def columns_of(
    database: str, name: str, catalog_id: str | None = None
) -> tuple[tuple[str, str], ...]:
    """Return a table's columns and partition keys with their types."""
    return get_table(_aws.client("glue"), database, name, catalog_id).all_columns


def _classification(parameters: dict[str, str], serde: str, input_format: str) -> str:
    named = parameters.get("classification", "").lower()
    if named:
        return named
    for word, kind in (
        ("parquet", "parquet"),
        ("orc", "orc"),
        ("avro", "avro"),
        ("json", "json"),
        ("xml", "xml"),
        ("csv", "csv"),
        ("lazysimple", "csv"),
    ):
        if word in serde.lower() or word in input_format.lower():
            return kind
    return ""


def partitions(
    glue: Any, table: Table, expression: str = "", catalog_id: str | None = None
) -> list[Partition]:
    """Return a table's partitions, filtered by the catalog when an expression is given."""
    arguments: dict[str, Any] = {"DatabaseName": table.database, "TableName": table.name}
    if expression:
        arguments["Expression"] = expression
    pages = glue.get_paginator("get_partitions").paginate(**arguments, **catalog_args(catalog_id))
    return [
        Partition(tuple(item["Values"]), item.get("StorageDescriptor", {}).get("Location", ""))
        for page in pages
        for item in page.get("Partitions", ())
    ]


def matching(
    spark: Any, keys: Sequence[tuple[str, str]], found: list[Partition], predicate: str
) -> list[Partition]:
    """Return the partitions for which a Spark SQL predicate on the partition columns holds."""
    if not predicate.strip() or not found:
        return found
    rows = [
        {"~i": str(i), **{f"~{n}": value for n, value in enumerate(partition.values)}}
        for i, partition in enumerate(found)
    ]
    fields = ["`~i`:string", *[f"`~{n}`:string" for n in range(len(keys))]]
    # One JSON literal, so that the rows reach Spark without being spliced into SQL.
    literal = sf.from_json(sf.lit(json.dumps(rows)), f"array<struct<{','.join(fields)}>>")
    frame = spark.range(1).select(sf.inline(literal))
    typed = [
        column(f"~{n}").cast(_types.parse(kind)).alias(name) for n, (name, kind) in enumerate(keys)
    ]
    kept = frame.select("`~i`", *typed).filter(predicate).select("`~i`").collect()
    chosen = sorted(int(row[0]) for row in kept)
    return [found[i] for i in chosen]


def hive_style(table: Table, partition: Partition) -> bool:
    """Say whether a partition lies where Spark itself would look for it: `key=value` folders."""
    if not all(re.fullmatch(r"[\w .-]+", value) for value in partition.values):
        return False
    names = [name for name, _ in table.partition_keys]
    folders = "/".join(f"{n}={v}" for n, v in zip(names, partition.values, strict=True))
    return partition.location.rstrip("/") == f"{table.location.rstrip('/')}/{folders}"


def empty_frame(spark: Any, columns: Sequence[tuple[str, str]]) -> Any:
    """Return a frame of no rows that has the columns."""
    fields = [StructField(name, _types.parse(kind)) for name, kind in columns]
    # By the JVM: PySpark's createDataFrame imports pandas, which takes as long as a small job.
    session = spark._jsparkSession
    schema = session.parseDataType(StructType(fields).json())
    return DataFrame(session.createDataFrame(spark._jvm.java.util.ArrayList(), schema), spark)
