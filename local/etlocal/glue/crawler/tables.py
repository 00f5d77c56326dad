"""What the catalog is given of a table that was found: ``TableInput`` and ``PartitionInput``.

Source: AWS Glue Developer Guide, "Parameters set on Data Catalog tables by crawler"; the SerDe of
each format from "Defining and managing classifiers".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from etlocal.formats.hive_types import Column, render
from etlocal.formats.recognised import UNKNOWN, Recognised
from etlocal.glue.crawler.found import Folder, FoundTable
from etlocal.glue.crawler.listing import Location

DEPRECATED = "DEPRECATED_BY_CRAWLER"
UPDATED_BY = "UPDATED_BY_CRAWLER"
STATISTICS = frozenset({"objectCount", "recordCount", "averageRecordSize", "sizeKey"})

_TEXT = (
    "org.apache.hadoop.mapred.TextInputFormat",
    "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
)
_FORMATS = {
    "csv": _TEXT,
    "json": _TEXT,
    "parquet": (
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    ),
    "avro": (
        "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat",
        "org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat",
    ),
}


@dataclass(frozen=True)
class Counts:
    """The sizes that a table's or a partition's parameters tell."""

    objects: int
    size: int
    records: int
    record_size: int

    @classmethod
    def of(cls, folders: Sequence[Folder], shape: Recognised) -> Counts:
        """Sum up folders."""
        records = sum(folder.records for folder in folders)
        size = sum(folder.size for folder in folders)
        return cls(sum(folder.objects for folder in folders), size, records, shape.record_size)


def location(root: Location, found: FoundTable) -> str:
    """Give the location of a table that was found below `root`."""
    below = "/".join(found.path)
    if found.is_file:
        return f"{root.url}{below}"
    return f"{root.url}{below}/" if below else root.url


def table_input(crawler: str, name: str, root: Location, found: FoundTable) -> dict[str, Any]:
    """Give the ``TableInput`` of a table that was found.

    Parameters
    ----------
    crawler, name : str
        The crawler's name and the table's.
    root : Location
        The include path.
    found : FoundTable
    """
    counts = Counts.of(found.folders, found.shape)
    parameters = _parameters(crawler, found.shape, counts)
    return {
        "Name": name,
        "Owner": "owner",
        "Retention": 0,
        "StorageDescriptor": _descriptor(
            found.shape, found.shape.columns, location(root, found), parameters
        ),
        "PartitionKeys": [{"Name": key, "Type": "string"} for key in found.keys],
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
    }


def partition_input(
    crawler: str, root: Location, found: FoundTable, folder: Folder
) -> dict[str, Any]:
    """Give the ``PartitionInput`` of a folder of a table."""
    parameters = _parameters(crawler, folder.shape, Counts.of([folder], folder.shape))
    where = f"{root.url}{'/'.join(folder.path)}/"
    descriptor = _descriptor(folder.shape, folder.shape.columns, where, parameters)
    return {
        "Values": found.values(folder),
        "StorageDescriptor": descriptor,
        "Parameters": parameters,
    }


def columns_of(columns: Sequence[Column]) -> list[dict[str, str]]:
    """Write columns as the catalog does."""
    return [{"Name": column.name, "Type": render(column.type)} for column in columns]


def _descriptor(
    shape: Recognised, columns: Sequence[Column], where: str, parameters: dict[str, str]
) -> dict[str, Any]:
    formats = _FORMATS.get(shape.classification)
    descriptor = {
        "Columns": columns_of(columns),
        "Location": where,
        "Compressed": shape.compression != "none",
        "NumberOfBuckets": -1,
        "SerdeInfo": _serde(shape),
        "BucketColumns": [],
        "SortColumns": [],
        "Parameters": parameters,
        "StoredAsSubDirectories": False,
    }
    if formats is not None:
        descriptor |= {"InputFormat": formats[0], "OutputFormat": formats[1]}
    return descriptor


def _serde(shape: Recognised) -> dict[str, Any]:
    details = shape.details
    match shape.classification:
        case "csv" if details["serde"] == "OpenCSVSerDe":
            library = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
            parameters = {"separatorChar": details["delimiter"], "quoteChar": details["quote"]}
        case "csv":
            library = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
            parameters = {"field.delim": details["delimiter"]}
        case "json":
            library = "org.openx.data.jsonserde.JsonSerDe"
            parameters = {"paths": details["paths"]}
        case "parquet":
            library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
            parameters = {"serialization.format": "1"}
        case "avro":
            library = "org.apache.hadoop.hive.serde2.avro.AvroSerDe"
            literal = details["avro.schema.literal"]
            parameters = {"avro.schema.literal": literal, "serialization.format": "1"}
        case _:
            return {}
    return {"SerializationLibrary": library, "Parameters": parameters}


def _parameters(crawler: str, shape: Recognised, counts: Counts) -> dict[str, str]:
    parameters = {
        "CrawlerSchemaDeserializerVersion": "1.0",
        "CrawlerSchemaSerializerVersion": "1.0",
        UPDATED_BY: crawler,
        "averageRecordSize": str(counts.record_size),
        "classification": shape.classification,
        "compressionType": shape.compression,
        "objectCount": str(counts.objects),
        "recordCount": str(counts.records),
        "sizeKey": str(counts.size),
        "typeOfData": "file",
    }
    if shape.classification == UNKNOWN:
        return parameters
    details = shape.details
    if shape.classification == "csv":
        parameters["areColumnsQuoted"] = details["quoted"]
        parameters["columnsOrdered"] = "true"
        parameters["delimiter"] = details["delimiter"]
        if details["header"] == "true":
            parameters["skip.header.line.count"] = "1"
    for name in ("jsonPath", "avro.schema.literal"):
        if name in details:
            parameters[name] = details[name]
    return parameters
