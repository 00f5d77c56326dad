"""Putting two frames' records together, their types included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as sf
from pyspark.sql import types as spark

from . import _types
from ._columns import column

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

    from ._paths import Path

_Side = tuple["DataFrame", frozenset["Path"]]


def union(left: _Side, right: _Side) -> tuple[DataFrame, frozenset[Path]]:
    """Return the records of both; a column of two types becomes a choice."""
    choices: set[Path] = set()
    first: list[Column] = []
    second: list[Column] = []
    names = list(dict.fromkeys([*left[0].columns, *right[0].columns]))
    for name in names:
        members = _members(left, name) | _members(right, name)
        split = len(members) > 1
        if split:
            choices.add((name,))
        for side, out in ((left, first), (right, second)):
            out.append(_value(side, name, members, split).alias(name))
        for side in (left, right):
            choices |= {p for p in side[1] if p[0] == name and not split}
    return left[0].select(*first).unionByName(right[0].select(*second)), frozenset(choices)


def _members(side: _Side, name: str) -> dict[str, Any]:
    df, choices = side
    if name not in df.columns:
        return {}
    dtype = df.schema[name].dataType
    if (name,) in choices:
        return {field.name: field.dataType for field in dtype.fields}
    if isinstance(dtype, spark.NullType):
        return {}
    return {_types.glue_name(dtype): dtype}


def _value(side: _Side, name: str, members: dict[str, Any], split: bool) -> Column:
    df, choices = side
    if name not in df.columns or isinstance(df.schema[name].dataType, spark.NullType):
        if split:
            empty = spark.StructType([spark.StructField(k, t, True) for k, t in members.items()])
            return sf.lit(None).cast(empty)
        dtype = next(iter(members.values()), spark.NullType())
        return sf.lit(None).cast(dtype)
    value, own = column(name), _members(side, name)
    if not split:
        [target] = members.values()
        return value if (name,) in choices else value.cast(target)
    parts = []
    for kind, dtype in members.items():
        if kind not in own:
            parts.append(sf.lit(None).cast(dtype).alias(kind))
        else:
            part = value.getField(kind) if (name,) in choices else value
            parts.append(part.cast(dtype).alias(kind))
    return sf.when(value.isNotNull(), sf.struct(*parts))
