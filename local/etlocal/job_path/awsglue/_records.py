"""Records as Python dicts: what `map`, `filter` and `flatMap` functions see and return.

A record's types are found by looking at every record, because a function may return anything;
values of several types become choices.
"""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

from pyspark.sql import types as spark

from ._paths import ELEMENT, Path

# A shape is what was seen at one place: type names, each with what is below it. `struct` has a
# dict of names to shapes, `array` the shape of its elements, the others None.
Shape = dict[str, Any]

_SPARK: dict[str, Any] = {
    "int": spark.IntegerType(),
    "long": spark.LongType(),
    "short": spark.ShortType(),
    "byte": spark.ByteType(),
    "float": spark.FloatType(),
    "double": spark.DoubleType(),
    "string": spark.StringType(),
    "boolean": spark.BooleanType(),
    "date": spark.DateType(),
    "timestamp": spark.TimestampType(),
    "binary": spark.BinaryType(),
}
_RANGES = {"byte": 7, "short": 15, "int": 31, "long": 63}


def to_record(value: Any, dtype: Any, choices: frozenset[Path], path: Path = ()) -> Any:
    """Return a Row's value as plain Python, a choice as the value it has."""
    if value is None:
        return None
    if path in choices:
        for field in dtype.fields:
            if value[field.name] is not None:
                inner = choices - {path}
                return to_record(value[field.name], field.dataType, inner, (*path, field.name))
        return None
    if isinstance(dtype, spark.StructType):
        return {
            field.name: to_record(value[i], field.dataType, choices, (*path, field.name))
            for i, field in enumerate(dtype.fields)
        }
    if isinstance(dtype, spark.ArrayType):
        return [to_record(item, dtype.elementType, choices, (*path, ELEMENT)) for item in value]
    if isinstance(dtype, spark.MapType):
        return {
            k: to_record(v, dtype.valueType, choices, (*path, ELEMENT)) for k, v in value.items()
        }
    return value


def kinds_of(dtype: Any, path: Path = ()) -> dict[Path, str]:
    """Return the number types of a schema, which Python values alone do not tell apart."""
    if isinstance(dtype, spark.StructType):
        out: dict[Path, str] = {}
        for field in dtype.fields:
            out.update(kinds_of(field.dataType, (*path, field.name)))
        return out
    if isinstance(dtype, spark.ArrayType):
        return kinds_of(dtype.elementType, (*path, ELEMENT))
    if isinstance(dtype, spark.DecimalType):
        return {path: f"decimal({dtype.precision},{dtype.scale})"}
    for kind in ("byte", "short", "int", "long", "float", "double"):
        if dtype == _SPARK[kind]:
            return {path: kind}
    return {}


def shape_of(value: Any, hints: dict[Path, str], path: Path = ()) -> Shape:
    """Return the shape of one value.

    Raises
    ------
    TypeError
        When the value is of a type that a DynamicRecord cannot hold.
    """
    if value is None:
        return {}
    if isinstance(value, dict):
        return {"struct": {str(k): shape_of(v, hints, (*path, str(k))) for k, v in value.items()}}
    if isinstance(value, list | tuple | set):
        element: Shape = {}
        for item in value:
            element = merge(element, shape_of(item, hints, (*path, ELEMENT)))
        return {"array": element}
    return {_kind(value, hints.get(path, "")): None}


def _kind(value: Any, hint: str) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        for kind in (hint, "int", "long"):
            bits = _RANGES.get(kind)
            if bits is not None and -(2**bits) <= value < 2**bits:
                return kind
        raise TypeError(f"The integer {value} does not fit a long")
    if isinstance(value, float):
        return "float" if hint == "float" else "double"
    if isinstance(value, decimal.Decimal):
        return hint if hint.startswith("decimal") else "decimal(38,18)"
    if isinstance(value, dt.datetime):
        return "timestamp"
    for python, kind in (
        (str, "string"),
        (dt.date, "date"),
        (bytes, "binary"),
        (bytearray, "binary"),
    ):
        if isinstance(value, python):
            return kind
    raise TypeError(f"A DynamicRecord cannot hold a {type(value).__name__}")


def merge(left: Shape, right: Shape) -> Shape:
    """Return the shape of a place where both were seen; an int among longs is a long."""
    out = dict(left)
    for kind, detail in right.items():
        if kind not in out:
            out[kind] = detail
        elif kind == "array":
            out[kind] = merge(out[kind], detail)
        elif kind == "struct":
            fields = dict(out[kind])
            for name, shape in detail.items():
                fields[name] = merge(fields.get(name, {}), shape)
            out[kind] = fields
    if "long" in out:
        out.pop("int", None)
    return out


def schema_of(shape: Shape, path: Path = ()) -> tuple[Any, frozenset[Path]]:
    """Return the Spark type of a shape and the paths at which it is a choice."""
    if not shape:
        return spark.NullType(), frozenset()
    if len(shape) == 1:
        [(kind, detail)] = shape.items()
        return _single(kind, detail, path)
    fields = []
    choices = {path}
    for kind, detail in shape.items():
        name = "decimal" if kind.startswith("decimal") else kind
        dtype, inner = _single(kind, detail, (*path, name))
        fields.append(spark.StructField(name, dtype, True))
        choices |= inner
    return spark.StructType(fields), frozenset(choices)


def _single(kind: str, detail: Any, path: Path) -> tuple[Any, frozenset[Path]]:
    if kind == "struct":
        fields = []
        choices: frozenset[Path] = frozenset()
        for name, shape in detail.items():
            dtype, inner = schema_of(shape, (*path, name))
            fields.append(spark.StructField(name, dtype, True))
            choices |= inner
        return spark.StructType(fields), choices
    if kind == "array":
        element, choices = schema_of(detail, (*path, ELEMENT))
        return spark.ArrayType(element, True), choices
    if kind.startswith("decimal"):
        precision, scale = kind[len("decimal(") : -1].split(",")
        return spark.DecimalType(int(precision), int(scale)), frozenset()
    return _SPARK[kind], frozenset()


def to_row(value: Any, dtype: Any, choices: frozenset[Path], path: Path = ()) -> Any:
    """Return a Python value in the form Spark takes for the type that `schema_of` gave."""
    if value is None:
        return None
    if path in choices:
        kind = _member(value, dtype)
        inner = choices - {path}
        return tuple(
            to_row(value, field.dataType, inner, (*path, field.name))
            if field.name == kind
            else None
            for field in dtype.fields
        )
    if isinstance(dtype, spark.StructType):
        return tuple(
            to_row(value.get(field.name), field.dataType, choices, (*path, field.name))
            for field in dtype.fields
        )
    if isinstance(dtype, spark.ArrayType):
        return [to_row(item, dtype.elementType, choices, (*path, ELEMENT)) for item in value]
    return bytearray(value) if isinstance(value, bytes) else value


def _member(value: Any, dtype: Any) -> str | None:
    if isinstance(value, dict):
        return "struct"
    if isinstance(value, list | tuple | set):
        return "array"
    if isinstance(value, bool):
        return "boolean"
    groups = [
        (int, ("byte", "short", "int", "long")),
        (float, ("float", "double")),
        (decimal.Decimal, ("decimal",)),
        (dt.datetime, ("timestamp",)),
        (dt.date, ("date",)),
        (str, ("string",)),
        (bytes, ("binary",)),
        (bytearray, ("binary",)),
    ]
    for python, names in groups:
        if isinstance(value, python):
            return next((name for name in dtype.names if name in names), None)
    return None
