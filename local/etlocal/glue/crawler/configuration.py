"""A crawler's ``Configuration``: the versioned JSON text of its output and grouping options.

Source: AWS Glue Developer Guide, "Setting crawler configuration options".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from etlocal.glue.errors import InvalidInputError

_KNOWN: dict[str, Any] = {
    "Version": None,
    "CrawlerOutput": {
        "Partitions": {"AddOrUpdateBehavior": ("InheritFromTable",)},
        "Tables": {"AddOrUpdateBehavior": ("MergeNewColumns",), "TableThreshold": int},
    },
    "Grouping": {
        "TableGroupingPolicy": ("CombineCompatibleSchemas",),
        "TableLevelConfiguration": int,
    },
    "CreatePartitionIndex": bool,
}


@dataclass(frozen=True)
class Configuration:
    """The options, with what AWS does where one is absent.

    Attributes
    ----------
    inherit_from_table : bool
        Partitions get the table's columns, formats and SerDe.
    merge_new_columns : bool
        A table gets new columns; what it has is left alone.
    table_threshold : int or None
        How many tables a crawl may find.
    combine_schemas : bool
        Schemas need not be similar to be one table.
    table_level : int or None
        The folder level that tables are at; the bucket is level 1.
    partition_index : bool
        Asked for, and said in the log not to be made.
    """

    inherit_from_table: bool = False
    merge_new_columns: bool = False
    table_threshold: int | None = None
    combine_schemas: bool = False
    table_level: int | None = None
    partition_index: bool = False


def parse_configuration(text: str | None) -> Configuration:
    """Read a crawler's configuration.

    Raises
    ------
    InvalidInputError
        If it is not JSON, not of version 1.0, or has an option that is not known here.
    """
    if not text:
        return Configuration()
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidInputError(f"Crawler configuration is not valid JSON: {error}") from error
    if not isinstance(given, Mapping):
        raise InvalidInputError("Crawler configuration must be a JSON object")
    if given.get("Version") not in (1, 1.0, "1", "1.0"):
        raise InvalidInputError("Crawler configuration must have Version 1.0")
    _check(given, _KNOWN, "")
    output, grouping = given.get("CrawlerOutput", {}), given.get("Grouping", {})
    tables = output.get("Tables", {})
    return Configuration(
        inherit_from_table="AddOrUpdateBehavior" in output.get("Partitions", {}),
        merge_new_columns="AddOrUpdateBehavior" in tables,
        table_threshold=tables.get("TableThreshold"),
        combine_schemas="TableGroupingPolicy" in grouping,
        table_level=grouping.get("TableLevelConfiguration"),
        partition_index=given.get("CreatePartitionIndex", False),
    )


def _check(given: Any, known: Mapping[str, Any], path: str) -> None:
    if not isinstance(given, Mapping):
        raise InvalidInputError(f"Crawler configuration: {path} must be an object")
    for name, value in given.items():
        where = f"{path}.{name}" if path else name
        if name not in known:
            raise InvalidInputError(f"Crawler configuration: {where} is not an option")
        rule = known[name]
        if isinstance(rule, dict):
            _check(value, rule, where)
        elif isinstance(rule, tuple) and value not in rule:
            raise InvalidInputError(f"Crawler configuration: {where} must be {' or '.join(rule)}")
        elif rule is bool and not isinstance(value, bool):
            raise InvalidInputError(f"Crawler configuration: {where} must be true or false")
        elif rule is int and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise InvalidInputError(f"Crawler configuration: {where} must be a positive number")
