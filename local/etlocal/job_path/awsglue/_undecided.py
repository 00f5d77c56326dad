"""Columns read as text whose values may or may not all be of the catalog's type.

A DynamicFrame's record keeps a value that is not of its column's type as it stands in the file, and
the column is a choice of both then ("DynamicFrame class", "Code example: data preparation using
ResolveChoice"). Whether there is such a value takes a pass over the data to know, so it is put off
until a schema is needed; joins, casts and mappings need none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as sf
from pyspark.sql import types as spark_types

from . import _types
from ._columns import cast, column
from ._paths import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import Column, DataFrame

    from ._paths import Path

_TEXT = spark_types.StringType()


def typed(name: str, dtype: Any) -> Column:
    """Return a text column as its type; null where the text is no value of it."""
    return sf.expr(_typed(name, dtype))


def _typed(name: str, dtype: Any) -> str:
    # Unlike a plain cast this does not make 1 of the text 1.5.
    return f"try_cast({quoted(name)} AS {dtype.simpleString()})"


def as_type(name: str, dtype: Any, target: Any) -> Column:
    """Return a text column cast to a target type, whichever of its two types a value has."""
    if target == _TEXT:
        # As below, in fewer calls to the JVM.
        return sf.expr(f"coalesce(cast({_typed(name, dtype)} AS string), {quoted(name)})")
    return sf.coalesce(cast(typed(name, dtype), dtype, target), cast(column(name), _TEXT, target))


def as_typed(df: DataFrame, undecided: Mapping[str, Any]) -> DataFrame:
    """Return the frame in the catalog's types; other values are null."""
    return df.select(
        *[
            typed(name, undecided[name]).alias(name) if name in undecided else column(name)
            for name in df.columns
        ]
    )


def decide(df: DataFrame, undecided: Mapping[str, Any]) -> tuple[DataFrame, frozenset[Path]]:
    """Return the frame in the catalog's types, with a choice where a value is of another."""
    if not undecided:
        return df, frozenset()
    odd = [
        sf.max(column(name).isNotNull() & typed(name, dtype).isNull())
        for name, dtype in undecided.items()
    ]
    found = df.agg(*odd).first()
    mixed = {name for i, name in enumerate(undecided) if found is not None and found[i]}
    out = []
    for name in df.columns:
        if name in mixed:
            value = typed(name, undecided[name])
            kinds = sf.struct(
                value.alias(_types.glue_name(undecided[name])),
                sf.when(value.isNull(), column(name)).alias("string"),
            )
            out.append(sf.when(column(name).isNotNull(), kinds).alias(name))
        elif name in undecided:
            out.append(typed(name, undecided[name]).alias(name))
        else:
            out.append(column(name))
    return df.select(*out), frozenset((name,) for name in mixed)
