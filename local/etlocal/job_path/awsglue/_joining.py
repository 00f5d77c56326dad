"""Joining two frames.

AWS Glue Developer Guide: "Join class".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as sf

from . import _paths, _undecided
from ._columns import column, find

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import Column, DataFrame

    # A frame and its columns of undecided types.
    Side = tuple[DataFrame, Mapping[str, Any]]


def join(
    left_side: Side, right_side: Side, left_keys: Sequence[str], right_keys: Sequence[str]
) -> tuple[DataFrame, dict[str, str]]:
    """Return the inner equi-join and what the right side's columns are called in it.

    A column that both sides have gets a leading dot on the right; both key columns stay.

    Raises
    ------
    ValueError
        When a key is not a field, or the sides name different numbers of keys.
    """
    if len(left_keys) != len(right_keys) or not left_keys:
        raise ValueError("Join: both sides need the same number of key paths, at least one")
    left, right = left_side[0], right_side[0]
    names: dict[str, str] = {}
    taken = set(left.columns)
    for name in right.columns:
        new = name
        while new in taken:
            new = f".{new}"
        names[name] = new
        taken.add(new)
    # Names of their own on either side keep the condition unambiguous when a frame meets itself.
    first = left.select(*[column(n).alias(f"l{i}") for i, n in enumerate(left.columns)])
    second = right.select(*[column(n).alias(f"r{i}") for i, n in enumerate(right.columns)])
    conditions = [
        _key(left_side, a, "l") == _key(right_side, b, "r")
        for a, b in zip(left_keys, right_keys, strict=True)
    ]
    joined = first.join(second, conditions, "inner")
    out = [sf.col(f"l{i}").alias(n) for i, n in enumerate(left.columns)]
    out += [sf.col(f"r{i}").alias(names[n]) for i, n in enumerate(right.columns)]
    return joined.select(*out), names


def _key(side: Side, text: str, prefix: str) -> Column:
    df, undecided = side
    path = _paths.parse(text)
    if find(df, path) is None:
        raise ValueError(f"Join: there is no field {text!r}; the frame has {', '.join(df.columns)}")
    name = f"{prefix}{df.columns.index(path[0])}"
    if path[0] in undecided:
        return _undecided.typed(name, undecided[path[0]])
    value = sf.col(name)
    for inner in path[1:]:
        value = value.getField(inner)
    return value
