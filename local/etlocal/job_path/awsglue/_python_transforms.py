"""Transforms that run a Python function on every record: `map`, `filter`, `flatMap`.

AWS Glue Developer Guide: "Map class", "Filter class", "ErrorsAsDynamicFrame class".
"""

from __future__ import annotations

import functools
import json
import traceback
from typing import TYPE_CHECKING, Any

from pyspark.sql import types as spark

from . import _records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pyspark import RDD
    from pyspark.sql import DataFrame

    from ._paths import Path

ERROR_SCHEMA = spark.StructType(
    [
        spark.StructField(
            "error",
            spark.StructType(
                [
                    spark.StructField(name, spark.StringType(), True)
                    for name in ("callsite", "msg", "stackTrace", "input", "dynamicRecord")
                ]
            ),
            True,
        )
    ]
)

# What a step of a transform yields: a kept value, or an error's texts.
_KEPT, _FAILED = 0, 1


def _error(info: str, record: Any, message: str, trace: str = "") -> tuple[int, Any]:
    text = json.dumps(record, default=str)
    return _FAILED, ((info, message, trace, None, text),)


def _filtered(
    rows: Iterable[Any],
    predicate: Callable[[Any], Any],
    info: str,
    schema: Any,
    choices: frozenset[Path],
) -> Iterator[tuple[int, Any]]:
    for row in rows:
        record = _records.to_record(row, schema, choices)
        try:
            keep = bool(predicate(record))
        except (KeyError, ValueError, TypeError):
            keep = False
        except Exception as error:  # noqa: BLE001 - a record that fails is an error record
            yield _error(info, record, f"{error}", traceback.format_exc())
            continue
        if keep:
            yield _KEPT, row


def _mapped(
    rows: Iterable[Any],
    function: Callable[[Any], Any],
    info: str,
    schema: Any,
    choices: frozenset[Path],
    many: bool,
) -> Iterator[tuple[int, Any]]:
    for row in rows:
        record = _records.to_record(row, schema, choices)
        try:
            made = function(record)
            if made is None:
                yield _error(info, record, "The mapping function returned None for a record")
                continue
            results = list(made) if many else [made]
            for result in results:
                if not isinstance(result, dict):
                    raise TypeError(  # noqa: TRY301 - becomes the record's error below
                        f"The mapping function must return a record, not a {type(result).__name__}"
                    )
        except Exception as error:  # noqa: BLE001 - a record that fails is an error record
            yield _error(info, record, f"{error}", traceback.format_exc())
            continue
        for result in results:
            yield _KEPT, result


def _kept(pair: tuple[int, Any]) -> bool:
    return pair[0] == _KEPT


def _failed(pair: tuple[int, Any]) -> bool:
    return pair[0] == _FAILED


def _value(pair: tuple[int, Any]) -> Any:
    return pair[1]


def errors_frame(spark_session: Any, steps: RDD[Any]) -> DataFrame:
    """Return the error records among a transform's steps."""
    return spark_session.createDataFrame(steps.filter(_failed).map(_value), ERROR_SCHEMA)


def filter_rows(
    df: DataFrame, choices: frozenset[Path], predicate: Callable[[Any], Any], info: str
) -> tuple[DataFrame, DataFrame]:
    """Return the rows the predicate holds for, and the errors it raised.

    KeyError, ValueError and TypeError mean False, as for a record without the field.
    """
    run = functools.partial(
        _filtered, predicate=predicate, info=info, schema=df.schema, choices=choices
    )
    steps = df.rdd.mapPartitions(run)
    session = df.sparkSession
    kept = session.createDataFrame(steps.filter(_kept).map(_value), df.schema)
    return kept, errors_frame(session, steps)


def map_rows(
    df: DataFrame,
    choices: frozenset[Path],
    function: Callable[[Any], Any],
    info: str,
    many: bool = False,
) -> tuple[DataFrame, frozenset[Path], DataFrame]:
    """Return what the function makes of the records, its choices, and the error records."""
    run = functools.partial(
        _mapped, function=function, info=info, schema=df.schema, choices=choices, many=many
    )
    # Cached: the types are found in a first pass, and the function must not run twice a record.
    steps = df.rdd.mapPartitions(run).cache()
    session = df.sparkSession
    made, left = from_records(
        session, steps.filter(_kept).map(_value), _records.kinds_of(df.schema)
    )
    return made, left, errors_frame(session, steps)


def from_records(
    session: Any, records: RDD[Any], hints: dict[Path, str]
) -> tuple[DataFrame, frozenset[Path]]:
    """Return a frame of Python dicts, its types found by looking at every one."""
    shapes = records.map(functools.partial(_records.shape_of, hints=hints))
    shape = shapes.fold({}, _records.merge)
    schema, choices = _records.schema_of(shape or {"struct": {}})
    rows = records.map(functools.partial(_records.to_row, dtype=schema, choices=choices))
    return session.createDataFrame(rows, schema), choices
