"""Tables of the Glue Data Catalog as Spark's data source tables, and back. Pure.

See "AWS Glue Data Catalog support for Spark SQL jobs"
(https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-data-catalog-hive.html).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# In the shapes of botocore's Glue model.
Table = Mapping[str, Any]

_CSV_SERDE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
_OPEN_CSV_SERDE = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
_PROVIDER = "spark.sql.sources.provider"
_SCHEMA = "spark.sql.sources.schema"
_FORMATS = {
    "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe": "parquet",
    "org.apache.hadoop.hive.ql.io.orc.OrcSerde": "orc",
    "org.openx.data.jsonserde.JsonSerDe": "json",
    "org.apache.hive.hcatalog.data.JsonSerDe": "json",
    "org.apache.hadoop.hive.serde2.JsonSerDe": "json",
    "org.apache.hadoop.hive.serde2.avro.AvroSerDe": "avro",
    _CSV_SERDE: "csv",
    _OPEN_CSV_SERDE: "csv",
}
_HIVE = {
    "parquet": (
        "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    ),
    "orc": (
        "org.apache.hadoop.hive.ql.io.orc.OrcSerde",
        "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
        "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat",
    ),
    "json": (
        "org.openx.data.jsonserde.JsonSerDe",
        "org.apache.hadoop.mapred.TextInputFormat",
        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    ),
    "csv": (
        _CSV_SERDE,
        "org.apache.hadoop.mapred.TextInputFormat",
        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
    ),
    "avro": (
        "org.apache.hadoop.hive.serde2.avro.AvroSerDe",
        "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat",
        "org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat",
    ),
}

_STORED_AS = {
    "avro": _HIVE["avro"][0],
    "jsonfile": "org.apache.hive.hcatalog.data.JsonSerDe",
    "orc": _HIVE["orc"][0],
    "parquet": _HIVE["parquet"][0],
    "textfile": _CSV_SERDE,
}


class UnsupportedTableError(Exception):
    """A table of the Data Catalog is of a kind that Spark SQL cannot read here."""


@dataclass(frozen=True)
class SparkTable:
    """A table as Spark's in-memory catalog defines it.

    Attributes
    ----------
    database, name : str
    provider : str
        A data source, e.g. ``csv``.
    columns, partition_keys : tuple
        Pairs of name and type in Spark's DDL.
    options : dict
        The data source's options.
    location : str
    schema : str or None
        The schema as Spark wrote it (JSON), when Spark wrote the table.
    """

    database: str
    name: str
    provider: str
    columns: tuple[tuple[str, str], ...]
    partition_keys: tuple[tuple[str, str], ...]
    options: dict[str, str]
    location: str

    def ddl(self) -> str:
        """Give the statement that creates it."""
        columns = ", ".join(
            f"{quote(name)} {kind}" for name, kind in (*self.columns, *self.partition_keys)
        )
        parts = [f"CREATE TABLE {quote(self.database, self.name)} ({columns})"]
        parts.append(f"USING {self.provider}")
        if self.options:
            pairs = (f"{literal(k)} = {literal(v)}" for k, v in sorted(self.options.items()))
            parts.append(f"OPTIONS ({', '.join(pairs)})")
        if self.partition_keys:
            keys = ", ".join(quote(name) for name, _ in self.partition_keys)
            parts.append(f"PARTITIONED BY ({keys})")
        parts.append(f"LOCATION {literal(self.location)}")
        return " ".join(parts)


def spark_table(table: Table) -> SparkTable:
    """Give the Spark table that reads a table of the Data Catalog.

    Raises
    ------
    UnsupportedTableError
        If Spark's data sources cannot read it as its SerDe would.
    """
    database, name = table.get("DatabaseName", ""), table["Name"]
    storage = table.get("StorageDescriptor", {})
    parameters = table.get("Parameters", {})
    where = f"{database}.{name}"
    kind = parameters.get("table_type", "").upper()
    if table.get("TableType") == "VIRTUAL_VIEW" or kind in ("ICEBERG", "DELTA", "HUDI"):
        raise UnsupportedTableError(
            f"{where} is {'a view' if not kind else 'an ' + kind + ' table'}: "
            "Spark SQL over the Data Catalog does not emulate it"
        )
    location = storage.get("Location", "")
    if not location:
        raise UnsupportedTableError(f"{where} has no location")
    provider, options = _source(where, storage, parameters)
    return SparkTable(
        database=database,
        name=name,
        provider=provider,
        columns=_pairs(storage.get("Columns", [])),
        partition_keys=_pairs(table.get("PartitionKeys", [])),
        options=options,
        location=location,
    )


def hive_source(
    where: str,
    *,
    stored_as: str,
    serde: str,
    properties: Mapping[str, str],
    parameters: Mapping[str, str],
) -> tuple[str, dict[str, str]]:
    """Give the data source that writes and reads as a Hive table would.

    Parameters
    ----------
    where : str
        The table, for messages.
    stored_as, serde : str
        What ``STORED AS`` and ``ROW FORMAT SERDE`` say; may be empty. Hive's default is text.
    properties, parameters : mapping
        The SerDe's properties, and the table's.

    Returns
    -------
    tuple
        The data source and its options.

    Raises
    ------
    UnsupportedTableError
        If there is none.
    """
    library = serde or _STORED_AS.get(stored_as.lower() or "textfile", "")
    if not library:
        known = ", ".join(sorted(_STORED_AS)).upper()
        raise UnsupportedTableError(
            f"{where} is STORED AS {stored_as}, which Spark SQL over the Data Catalog does not "
            f"emulate; {known} it does"
        )
    storage = {"SerdeInfo": {"SerializationLibrary": library, "Parameters": properties}}
    return _source(where, storage, parameters)


def _source(
    where: str, storage: Mapping[str, Any], parameters: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    serde = storage.get("SerdeInfo", {})
    given: dict[str, str] = dict(serde.get("Parameters", {}))
    library = serde.get("SerializationLibrary", "")
    if provider := str(parameters.get(_PROVIDER, "")):
        # Written by Spark: its options are kept as the SerDe's parameters.
        return provider, {k: v for k, v in given.items() if k not in ("path", _FORMAT)}
    form = _FORMATS.get(str(library), "")
    if not form:
        raise UnsupportedTableError(
            f"{where} has the SerDe {library or '(none)'}, "
            "which Spark SQL over the Data Catalog does not emulate"
        )
    if form != "csv":
        return form, {}
    options = {"header": str(_skips_header({**parameters, **given})).lower()}
    if library == _OPEN_CSV_SERDE:
        options["sep"] = given.get("separatorChar", ",")
        options["quote"] = given.get("quoteChar", '"')
        options["escape"] = given.get("escapeChar", "\\")
    else:
        options["sep"] = given.get("field.delim", given.get(_FORMAT, "\x01"))
        # LazySimpleSerDe knows no quotes.
        options["quote"] = ""
        options["nullValue"] = given.get("serialization.null.format", "\\N")
        if "escape.delim" in given:
            options["escape"] = given["escape.delim"]
    return "csv", options


_FORMAT = "serialization.format"


def _skips_header(parameters: Mapping[str, str]) -> bool:
    text = parameters.get("skip.header.line.count", "0")
    return text.isdigit() and int(text) > 0


def _pairs(columns: Iterable[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    return tuple((column["Name"], column.get("Type", "string")) for column in columns)


def quote(*parts: str) -> str:
    """Quote a name of one or more parts for Spark SQL."""
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)


def literal(text: str) -> str:
    """Give a text as a literal of Spark SQL."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    # Control characters, such as Hive's field delimiter, have no other spelling.
    return "'" + "".join(c if c >= " " else f"\\u{ord(c):04x}" for c in escaped) + "'"


def partition_clauses(
    keys: Sequence[str], partitions: Mapping[tuple[str, ...], str]
) -> Iterable[str]:
    """Give a ``PARTITION (…) LOCATION …`` clause for each partition.

    Parameters
    ----------
    keys : sequence of str
        The partition keys.
    partitions : mapping
        Values → location.
    """
    for values, location in partitions.items():
        spec = ", ".join(
            f"{quote(key)} = {literal(value)}" for key, value in zip(keys, values, strict=True)
        )
        clause = f"PARTITION ({spec})"
        yield f"{clause} LOCATION {literal(location)}" if location else clause


def table_input(
    name: str,
    *,
    provider: str,
    schema: str,
    partition_columns: Sequence[str],
    location: str,
    options: Mapping[str, str],
    managed: bool,
    properties: Mapping[str, str] | None = None,
    comment: str = "",
) -> dict[str, Any]:
    """Give the Data Catalog's table for one that Spark made, as Spark's Hive catalog stores it.

    Parameters
    ----------
    name, provider, location : str
    schema : str
        Spark's schema in JSON.
    partition_columns : sequence of str
    options : mapping
        The data source's options.
    managed : bool
        Whether Spark chose the location.
    properties, comment
        What ``TBLPROPERTIES`` and ``COMMENT`` say.

    Raises
    ------
    UnsupportedTableError
        If the Data Catalog has no form for the data source.
    """
    hive = _HIVE.get(provider.lower())
    if hive is None:
        raise UnsupportedTableError(
            f"a table of the data source {provider} cannot be stored in the Data Catalog here"
        )
    serde, reader, writer = hive
    columns = [
        {"Name": each["name"].lower(), "Type": hive_type(each["type"]), **_comment(each)}
        for each in json.loads(schema)["fields"]
    ]
    keys = [name.lower() for name in partition_columns]
    parameters = {
        **(properties or {}),
        _PROVIDER: provider,
        f"{_SCHEMA}": schema,
        "classification": provider.lower(),
        **({} if managed else {"EXTERNAL": "TRUE"}),
    }
    serde_parameters = {"serialization.format": "1", "path": location, **options}
    if provider.lower() == "csv":
        serde_parameters["field.delim"] = options.get("sep", options.get("delimiter", ","))
        if options.get("header", "").lower() == "true":
            parameters["skip.header.line.count"] = "1"
    return {
        "Name": name.lower(),
        **({"Description": comment} if comment else {}),
        "TableType": "MANAGED_TABLE" if managed else "EXTERNAL_TABLE",
        "Parameters": parameters,
        "PartitionKeys": [column for column in columns if column["Name"] in keys],
        "StorageDescriptor": {
            "Columns": [column for column in columns if column["Name"] not in keys],
            "Location": location,
            "InputFormat": reader,
            "OutputFormat": writer,
            "SerdeInfo": {"SerializationLibrary": serde, "Parameters": serde_parameters},
        },
    }


def partition_input(table: Table, values: Sequence[str], location: str) -> dict[str, Any]:
    """Give the Data Catalog's partition of a table."""
    storage: dict[str, Any] = dict(table.get("StorageDescriptor", {}))
    return {"Values": list(values), "StorageDescriptor": {**storage, "Location": location}}


def _comment(field: Mapping[str, Any]) -> dict[str, str]:
    said = field.get("metadata", {}).get("comment")
    return {"Comment": str(said)} if said else {}


def hive_type(kind: Any) -> str:
    """Give Hive's word for a type of a Spark schema in JSON.

    Parameters
    ----------
    kind : str or dict
        As in the ``type`` of a field.
    """
    if isinstance(kind, str):
        plain = {"long": "bigint", "integer": "int", "short": "smallint", "byte": "tinyint"}
        return plain.get(kind, "timestamp" if kind == "timestamp_ntz" else kind)
    if kind["type"] == "array":
        return f"array<{hive_type(kind['elementType'])}>"
    if kind["type"] == "map":
        return f"map<{hive_type(kind['keyType'])},{hive_type(kind['valueType'])}>"
    if kind["type"] == "struct":
        inner = ",".join(f"{each['name']}:{hive_type(each['type'])}" for each in kind["fields"])
        return f"struct<{inner}>"
    # A user-defined type is stored as what it is made of.
    return hive_type(kind["sqlType"])
