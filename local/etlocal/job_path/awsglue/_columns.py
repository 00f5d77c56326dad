"""Spark column expressions for nested fields: finding, casting, rewriting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as sf
from pyspark.sql import types as spark

from ._paths import ELEMENT, quoted
from ._types import is_complex

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import Column, DataFrame

    from ._paths import Path

    # Given a field's name, value and type: what stands in its place, none to drop it.
    Change = Callable[[str, Column, Any], list[tuple[str, Column]]]


_WHOLE = (spark.ByteType, spark.ShortType, spark.IntegerType, spark.LongType)


def column(name: str) -> Column:
    """Return a top-level column by its literal name."""
    return sf.col(quoted(name))


def file_name() -> Column:
    """Return the path of the file a record was read from, as it is listed."""
    # Spark gives it URL-encoded, and its decoder would take a plus for a space.
    return sf.url_decode(sf.replace(sf.input_file_name(), sf.lit("+"), sf.lit("%2B")))


def find(df: DataFrame, path: Path) -> tuple[Column, Any] | None:
    """Return the value and type at a path, None when the frame has no such field."""
    dtype = df.schema
    value: Column | None = None
    for name in path:
        if not isinstance(dtype, spark.StructType) or name not in dtype.names:
            return None
        value = column(name) if value is None else value.getField(name)
        dtype = dtype[name].dataType
    return value, dtype


def type_at(dtype: Any, path: Path) -> Any | None:
    """Return the type at a path that may enter arrays, None when there is none."""
    for name in path:
        if name == ELEMENT and isinstance(dtype, spark.ArrayType):
            dtype = dtype.elementType
        elif isinstance(dtype, spark.StructType) and name in dtype.names:
            dtype = dtype[name].dataType
        else:
            return None
    return dtype


def rewrite(df: DataFrame, path: Path, change: Change) -> DataFrame:
    """Replace the field at a path by what `change` makes of it; the rest stays as it is."""
    return df.select(*_fields(df.schema, column, path, change))


def _fields(dtype: Any, get: Any, path: Path, change: Change) -> list[Column]:
    out = []
    for field in dtype.fields:
        value = get(field.name)
        if field.name != path[0]:
            out.append(value.alias(field.name))
        elif len(path) == 1:
            out += [new.alias(name) for name, new in change(field.name, value, field.dataType)]
        else:
            out.append(_inside(value, field.dataType, path[1:], change).alias(field.name))
    return out


def _inside(value: Column, dtype: Any, path: Path, change: Change) -> Column:
    if path[0] == ELEMENT and isinstance(dtype, spark.ArrayType):
        element = dtype.elementType

        def of_element(item: Column) -> Column:
            if len(path) == 1:
                [(_, new)] = change(ELEMENT, item, element)
                return new
            return _inside(item, element, path[1:], change)

        return sf.transform(value, of_element)
    if isinstance(dtype, spark.StructType):
        parts = _fields(dtype, value.getField, path, change)
        # An absent struct stays absent instead of turning into one of nulls.
        return sf.when(value.isNotNull(), sf.struct(*parts))
    return value


def cast(value: Column, source: Any, target: Any) -> Column:
    """Cast a value; what cannot be cast is null, structures become JSON text."""
    if source == target:
        return value
    if isinstance(target, spark.StringType) and is_complex(source):
        return sf.to_json(value)
    if isinstance(source, spark.StringType) and isinstance(target, _WHOLE):
        # A plain cast would make 1 of the text 1.5.
        return sf.when(value.rlike(r"^\s*[+-]?\d+\s*$"), value.cast(target))
    if isinstance(source, spark.StringType) or isinstance(target, spark.StringType):
        castable = not is_complex(target)
    else:
        castable = _can_cast(source, target)
    return value.cast(target) if castable else sf.lit(None).cast(target)


def _can_cast(source: Any, target: Any) -> bool:
    from pyspark import SparkContext

    jvm = SparkContext._active_spark_context._jvm
    types = jvm.org.apache.spark.sql.types.DataType
    return bool(
        jvm.org.apache.spark.sql.catalyst.expressions.Cast.canCast(
            types.fromJson(source.json()), types.fromJson(target.json())
        )
    )
