"""Choosing rows by comparisons and by other frames' keys."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as sf

from . import _paths
from ._columns import column, find

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pyspark.sql import Column, DataFrame

_COMPARATORS: dict[str, Callable[[Any, Any], Any]] = {
    ">": lambda value, other: value > other,
    "<": lambda value, other: value < other,
    ">=": lambda value, other: value >= other,
    "<=": lambda value, other: value <= other,
    "=": lambda value, other: value == other,
    "==": lambda value, other: value == other,
    "!=": lambda value, other: value != other,
}


def comparison(df: DataFrame, wanted: dict[str, dict[str, Any]]) -> Column:
    """Return the condition that every comparison holds: `{"age": {">": 10, "<": 20}}`.

    Raises
    ------
    ValueError
        When a field or a comparator does not exist.
    """
    condition = sf.lit(True)
    for text, comparisons in wanted.items():
        found = find(df, _paths.parse(text))
        if found is None:
            raise ValueError(f"split_rows: there is no field {text!r}")
        for operator, value in comparisons.items():
            if operator not in _COMPARATORS:
                raise ValueError(f"split_rows: {operator!r} is no comparator")
            condition = condition & _COMPARATORS[operator](found[0], sf.lit(value))
    # A comparison with null holds as little as one that fails.
    return sf.coalesce(condition, sf.lit(False))


def without(df: DataFrame, other: DataFrame, keys: Sequence[str]) -> DataFrame:
    """Return the rows whose keys no row of the other frame has."""
    staged = other.select(*[column(key).alias(f"~{i}") for i, key in enumerate(keys)]).distinct()
    condition = [column(key).eqNullSafe(sf.col(f"`~{i}`")) for i, key in enumerate(keys)]
    return df.join(staged, condition, "left_anti")


def empty_columns(df: DataFrame) -> list[str]:
    """Return the columns that are null in every row; none when there are no rows to judge by."""
    seen = [sf.max(column(name).isNotNull()) for name in df.columns]
    found = df.agg(*seen).first() if seen else None
    return [name for i, name in enumerate(df.columns) if found is not None and found[i] is False]


def sampled(df: DataFrame, options: Mapping[str, Any]) -> DataFrame:
    """Return a sample: of the share `prob` of the rows, or of the first `topk`, or both."""
    if "prob" in options:
        df = df.sample(fraction=float(options["prob"]))
    return df.limit(int(options["topk"])) if "topk" in options else df


def with_ingestion_time(df: DataFrame, granularity: str) -> DataFrame:
    """Return the frame with `ingest_year`, `ingest_month`, ... down to day, hour or minute.

    Raises
    ------
    ValueError
        When the granularity is none of the three.
    """
    formats = {"year": "yyyy", "month": "MM", "day": "dd", "hour": "HH", "minute": "mm"}
    if granularity not in ("day", "hour", "minute"):
        raise ValueError(f"timeGranularity must be day, hour or minute, not {granularity!r}")
    wanted = list(formats)[: list(formats).index(granularity) + 1]
    # Taken once, here: a column of Spark's clock would differ from task to task.
    now = sf.lit(dt.datetime.now(dt.UTC))
    return df.select(
        "*", *[sf.date_format(now, formats[unit]).alias(f"ingest_{unit}") for unit in wanted]
    )
