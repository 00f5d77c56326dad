"""What every format's reader starts from and gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import DataFrame

    from ._paths import Path


@dataclass
class Loaded:
    """What was read: rows, the columns of several types, and the records that could not be.

    With `nothing`, there was no file to read; the columns are those that the catalog has.
    """

    df: DataFrame
    choices: frozenset[Path] = field(default_factory=frozenset)
    errors: DataFrame | None = None
    undecided: dict[str, Any] = field(default_factory=dict)
    nothing: bool = False


def reader(spark: Any, base: str | None = None) -> Any:
    """Return a Spark reader that takes paths literally, whatever characters they hold."""
    made = spark.read.option("__globPaths__", "false")
    return made.option("basePath", base) if base else made


def only(options: Mapping[str, Any], known: set[str], format: str) -> None:
    """Raise for format options that would be ignored."""
    unknown = sorted(set(options) - known)
    if unknown:
        raise NotImplementedError(f"format_options {unknown} are not supported for {format}")
