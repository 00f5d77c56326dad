"""Unnesting structs and pivoting arrays into tables of their own.

AWS Glue Developer Guide: "Relationalize class", "UnnestFrame class".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as sf
from pyspark.sql import types as spark

from ._columns import column

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


def flatten(dtype: Any, get: Any, prefix: str = "") -> list[tuple[str, Column, Any]]:
    """Return the leaves of a struct as dotted names with their values and types."""
    out: list[tuple[str, Column, Any]] = []
    for field in dtype.fields:
        name, value = f"{prefix}{field.name}", get(field.name)
        if isinstance(field.dataType, spark.StructType):
            out += flatten(field.dataType, value.getField, f"{name}.")
        else:
            out.append((name, value, field.dataType))
    return out


def unnest(df: DataFrame) -> DataFrame:
    """Return the frame with the fields of structs as top-level columns, names dotted."""
    return df.select(*[value.alias(name) for name, value, _ in flatten(df.schema, column)])


def relationalize(df: DataFrame, root: str) -> dict[str, DataFrame]:
    """Return the root table and one table for every array or map, joined by generated keys.

    Where an array was, the parent has a key; the child table has it as `id`, the position in the
    array as `index`, and the element as `<column>.val` or its fields as `<column>.val.<field>`.
    """
    tables: dict[str, DataFrame] = {}
    pending = [(root, df)]
    while pending:
        name, frame = pending.pop(0)
        leaves = flatten(frame.schema, column)
        nested = [leaf for leaf in leaves if isinstance(leaf[2], spark.ArrayType | spark.MapType)]
        if not nested:
            tables[name] = frame.select(*[value.alias(leaf) for leaf, value, _ in leaves])
            continue
        # The keys must be the same in parent and child, so they are made once and kept.
        keyed = frame.withColumn("~key", sf.monotonically_increasing_id()).cache()
        out = []
        for leaf, value, dtype in leaves:
            if isinstance(dtype, spark.ArrayType | spark.MapType):
                key = sf.when(value.isNotNull(), sf.col("`~key`"))
                out.append(key.alias(leaf))
                pending.append(
                    (
                        f"{root}_{leaf}" if name == root else f"{name}_{leaf}",
                        _pivot(keyed, leaf, value, dtype),
                    )
                )
            else:
                out.append(value.alias(leaf))
        tables[name] = keyed.select(*out)
    return tables


def _pivot(keyed: DataFrame, leaf: str, value: Column, dtype: Any) -> DataFrame:
    key = sf.col("`~key`").alias("id")
    if isinstance(dtype, spark.MapType):
        entries = sf.map_entries(value)
        inner = keyed.select(key, sf.posexplode(entries).alias("index", "entry"))
        return inner.select(
            "id",
            "index",
            sf.col("entry.key").alias(f"{leaf}.key"),
            sf.col("entry.value").alias(f"{leaf}.val"),
        )
    inner = keyed.select(key, sf.posexplode(value).alias("index", "val"))
    return inner.select("id", "index", sf.col("val").alias(f"{leaf}.val"))
