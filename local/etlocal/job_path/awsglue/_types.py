"""Between the catalog's (Hive's) type names, Spark's types and DynamicFrame's.

AWS Glue Developer Guide: "AWS Glue type systems".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pyspark.sql import types as spark

from . import gluetypes
from ._paths import ELEMENT

if TYPE_CHECKING:
    from ._paths import Path

_ATOMIC: dict[str, Any] = {
    "bigint": spark.LongType,
    "long": spark.LongType,
    "int": spark.IntegerType,
    "integer": spark.IntegerType,
    "smallint": spark.ShortType,
    "short": spark.ShortType,
    "tinyint": spark.ByteType,
    "byte": spark.ByteType,
    "double": spark.DoubleType,
    "float": spark.FloatType,
    "real": spark.FloatType,
    "boolean": spark.BooleanType,
    "string": spark.StringType,
    "char": spark.StringType,
    "varchar": spark.StringType,
    "binary": spark.BinaryType,
    "date": spark.DateType,
    "timestamp": spark.TimestampType,
    "null": spark.NullType,
    "void": spark.NullType,
}
_GLUE: dict[str, type[gluetypes.DataType]] = {
    "bigint": gluetypes.LongType,
    "int": gluetypes.IntegerType,
    "smallint": gluetypes.ShortType,
    "tinyint": gluetypes.ByteType,
    "double": gluetypes.DoubleType,
    "float": gluetypes.FloatType,
    "boolean": gluetypes.BooleanType,
    "string": gluetypes.StringType,
    "binary": gluetypes.BinaryType,
    "date": gluetypes.DateType,
    "timestamp": gluetypes.TimestampType,
    "timestamp_ntz": gluetypes.TimestampType,
    "void": gluetypes.NullType,
}


def parse(text: str) -> Any:
    """Return Spark's type for a type named as in the catalog or in a mapping.

    Raises
    ------
    ValueError
        When the name is of no type, or of one that Spark cannot hold (`uniontype`).
    """
    reader = _Reader(text)
    result = reader.type()
    if reader.rest.strip():
        raise ValueError(f"Type {text!r}: unexpected {reader.rest.strip()!r}")
    return result


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.rest = text

    def take(self, pattern: str) -> str | None:
        match = re.match(rf"\s*({pattern})", self.rest, re.IGNORECASE)
        if not match:
            return None
        self.rest = self.rest[match.end() :]
        return match.group(1)

    def expect(self, pattern: str, what: str) -> str:
        found = self.take(pattern)
        if found is None:
            raise ValueError(f"Type {self.text!r}: {what} expected at {self.rest!r}")
        return found

    def type(self) -> Any:
        name = self.expect(r"[a-z_]+", "a type name").lower()
        if name == "struct":
            return self.struct()
        if name in ("array", "map"):
            self.expect("<", "'<'")
            first = self.type()
            if name == "map":
                self.expect(",", "','")
                second = self.type()
            self.expect(">", "'>'")
            return spark.MapType(first, second) if name == "map" else spark.ArrayType(first)
        if name in ("decimal", "numeric", "dec"):
            return self.decimal()
        if name not in _ATOMIC:
            raise ValueError(f"Type {self.text!r}: {name!r} is not a type that is supported")
        self.take(r"\(\s*\d+\s*\)")
        return _ATOMIC[name]()

    def decimal(self) -> Any:
        if self.take(r"\(") is None:
            return spark.DecimalType(10, 2)
        precision = int(self.expect(r"\d+", "a precision"))
        scale = int(self.expect(r"-?\d+", "a scale")) if self.take(",") else 0
        self.expect(r"\)", "')'")
        return spark.DecimalType(precision, scale)

    def struct(self) -> Any:
        fields: list[Any] = []
        self.expect("<", "'<'")
        while self.take(">") is None:
            if fields:
                self.expect(",", "','")
            name = self.take(r"`[^`]*`") or self.expect(r"[^:<>,`]+", "a field's name")
            self.expect(":", "':'")
            fields.append(spark.StructField(name.strip().strip("`"), self.type(), True))
        return spark.StructType(fields)


def hive_name(dtype: Any) -> str:
    """Return the catalog's name of a Spark type."""
    if isinstance(dtype, spark.StructType):
        inner = ",".join(f"{field.name}:{hive_name(field.dataType)}" for field in dtype.fields)
        return f"struct<{inner}>"
    if isinstance(dtype, spark.ArrayType):
        return f"array<{hive_name(dtype.elementType)}>"
    if isinstance(dtype, spark.MapType):
        return f"map<{hive_name(dtype.keyType)},{hive_name(dtype.valueType)}>"
    name = str(dtype.simpleString())
    return {"void": "string", "timestamp_ntz": "timestamp"}.get(name, name)


def is_complex(dtype: Any) -> bool:
    """Say whether a Spark type has parts."""
    return isinstance(dtype, spark.StructType | spark.ArrayType | spark.MapType)


def to_glue(dtype: Any, choices: frozenset[Path], path: Path = ()) -> gluetypes.DataType:
    """Return the DynamicFrame type of a Spark type, its choices restored."""
    if path in choices:
        inner = frozenset(choice for choice in choices if choice != path)
        return gluetypes.ChoiceType(
            to_glue(field.dataType, inner, (*path, field.name)) for field in dtype.fields
        )
    if isinstance(dtype, spark.StructType):
        return gluetypes.StructType(
            gluetypes.Field(field.name, to_glue(field.dataType, choices, (*path, field.name)))
            for field in dtype.fields
        )
    if isinstance(dtype, spark.ArrayType):
        return gluetypes.ArrayType(to_glue(dtype.elementType, choices, (*path, ELEMENT)))
    if isinstance(dtype, spark.MapType):
        return gluetypes.MapType(to_glue(dtype.valueType, choices, (*path, ELEMENT)))
    if isinstance(dtype, spark.DecimalType):
        return gluetypes.DecimalType(dtype.precision, dtype.scale)
    return _GLUE.get(str(dtype.simpleString()), gluetypes.UnknownType)()


def glue_name(dtype: Any) -> str:
    """Return the DynamicFrame name of a Spark type: `long` for bigint, `struct` for a struct."""
    return to_glue(dtype, frozenset()).typeName()


def plain(dtype: Any) -> Any:
    """Return the type as a DynamicFrame holds it: no NTZ timestamps, everything nullable."""
    if isinstance(dtype, spark.StructType):
        return spark.StructType(
            [spark.StructField(f.name, plain(f.dataType), True) for f in dtype.fields]
        )
    if isinstance(dtype, spark.ArrayType):
        return spark.ArrayType(plain(dtype.elementType), True)
    if isinstance(dtype, spark.MapType):
        return spark.MapType(plain(dtype.keyType), plain(dtype.valueType), True)
    if dtype.typeName() == "timestamp_ntz":
        return spark.TimestampType()
    return dtype
