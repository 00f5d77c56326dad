"""Keeping the Data Catalog up to date with what a sink wrote.

AWS Glue Developer Guide: "Updating schema, and adding new partitions in the Data Catalog using AWS
Glue ETL jobs".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from . import _aws

if TYPE_CHECKING:
    from ._s3_sink import Target, Written

_BEHAVIORS = ("UPDATE_IN_DATABASE", "LOG")
_BATCH = 100
_FORMS = {
    "csv": (
        "org.apache.hadoop.mapred.TextInputFormat",
        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
    ),
    "json": (
        "org.apache.hadoop.mapred.TextInputFormat",
        "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "org.openx.data.jsonserde.JsonSerDe",
    ),
    "parquet": (
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    ),
    "orc": (
        "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
        "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat",
        "org.apache.hadoop.hive.ql.io.orc.OrcSerde",
    ),
}
# What of a stored table may be sent back in UpdateTable.
_INPUT = (
    "Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys", "TableType",
    "Parameters", "ViewOriginalText", "ViewExpandedText", "TargetTable",
)  # fmt: skip


def update(database: str, name: str, written: Written, target: Target, behavior: str) -> None:
    """Create or update the table and add the partitions that were written.

    With `LOG` a table that exists keeps its columns; partitions are added all the same.

    Raises
    ------
    ValueError
        When the behaviour is unknown, or the table has other partition keys.
    """
    if behavior not in _BEHAVIORS:
        raise ValueError(f"updateBehavior must be one of {', '.join(_BEHAVIORS)}, not {behavior!r}")
    if not written.columns:
        return
    glue = _aws.client("glue")
    try:
        stored = glue.get_table(DatabaseName=database, Name=name)["Table"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityNotFoundException":
            raise
        stored = None
    if stored is None:
        table = _new_table(name, written, target)
        glue.create_table(DatabaseName=database, TableInput=table)
        storage = table["StorageDescriptor"]
    else:
        storage = _existing(glue, database, stored, written, behavior)
    _add_partitions(glue, database, name, written, storage, target.path)


def _new_table(name: str, written: Written, target: Target) -> dict[str, Any]:
    input_format, output_format, serde = _FORMS[target.format]
    parameters = {"classification": target.format, "typeOfData": "file"}
    serde_parameters = {"serialization.format": "1"}
    if target.format == "csv":
        serde_parameters = {"field.delim": target.separator}
        parameters["delimiter"] = target.separator
        if target.header:
            parameters["skip.header.line.count"] = "1"
    storage = {
        "Columns": _columns(written.columns),
        "Location": target.path,
        "InputFormat": input_format,
        "OutputFormat": output_format,
        "SerdeInfo": {"SerializationLibrary": serde, "Parameters": serde_parameters},
        "Parameters": parameters,
    }
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "StorageDescriptor": storage,
        "PartitionKeys": _columns(written.partition_keys),
        "Parameters": dict(parameters),
    }


def _existing(
    glue: Any, database: str, stored: dict[str, Any], written: Written, behavior: str
) -> dict[str, Any]:
    keys = [key["Name"] for key in stored.get("PartitionKeys", ())]
    if [key for key, _ in written.partition_keys] != keys:
        raise ValueError(
            f"The table {database}.{stored['Name']} has partition keys {keys}, the sink writes "
            f"{[key for key, _ in written.partition_keys]}"
        )
    storage: dict[str, Any] = dict(stored["StorageDescriptor"])
    columns = _columns(written.columns)
    before = [{k: c[k] for k in ("Name", "Type")} for c in storage.get("Columns", ())]
    if behavior == "UPDATE_IN_DATABASE" and columns != before:
        storage["Columns"] = columns
        table = {k: stored[k] for k in _INPUT if k in stored}
        table["StorageDescriptor"] = storage
        glue.update_table(DatabaseName=database, TableInput=table)
    return storage


def _columns(kinds: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"Name": name, "Type": kind} for name, kind in kinds]


def _add_partitions(
    glue: Any, database: str, name: str, written: Written, storage: dict[str, Any], path: str
) -> None:
    names = [key for key, _ in written.partition_keys]
    inputs = []
    for values in written.partitions:
        texts = [v if v is not None else "__HIVE_DEFAULT_PARTITION__" for v in values]
        folders = "/".join(f"{k}={_escaped(v)}" for k, v in zip(names, texts, strict=True))
        location = f"{path.rstrip('/')}/{folders}/"
        inputs.append({"Values": texts, "StorageDescriptor": {**storage, "Location": location}})
    for start in range(0, len(inputs), _BATCH):
        answer = glue.batch_create_partition(
            DatabaseName=database, TableName=name, PartitionInputList=inputs[start : start + _BATCH]
        )
        for error in answer.get("Errors", ()):
            detail = error.get("ErrorDetail", {})
            if detail.get("ErrorCode") != "AlreadyExistsException":
                raise RuntimeError(
                    f"The partition {error.get('PartitionValues')} of {database}.{name} could not "
                    f"be added: {detail.get('ErrorCode')}: {detail.get('ErrorMessage')}"
                )


def _escaped(value: str) -> str:
    """Escape a value as Spark does in folder names."""
    special = set("\"#%'*/:=?\\{[]^\x7f") | {chr(code) for code in range(32)}
    return "".join(quote(char, safe="") if char in special else char for char in value)
