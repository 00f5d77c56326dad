"""The type system of DynamicFrames.

AWS Glue Developer Guide: "PySpark extension types".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class DataType:
    """A type of a field in a DynamicFrame."""

    def __init__(self, properties: dict[str, Any] | None = None) -> None:
        self.properties = dict(properties or {})

    @classmethod
    def typeName(cls) -> str:
        """Return the type's name: `long` for LongType."""
        return cls.__name__.removesuffix("Type").lower()

    def jsonValue(self) -> dict[str, Any]:
        """Return the type as a JSON-ready dict."""
        value: dict[str, Any] = {"dataType": self.typeName()}
        if self.properties:
            value["properties"] = self.properties
        return value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DataType) and self.jsonValue() == other.jsonValue()

    def __hash__(self) -> int:
        return hash(json.dumps(self.jsonValue(), sort_keys=True))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.describe()})"

    def describe(self) -> str:
        """Return what stands between the parentheses of `repr`."""
        return ""

    def label(self) -> str:
        """Return the type as a printed schema names it."""
        return self.typeName()

    def tree(self, indent: str) -> Iterator[str]:  # noqa: ARG002 - those with parts use it
        """Yield the printed lines below this type."""
        yield from ()


class AtomicType(DataType):
    """A type without parts."""


class NullType(AtomicType):
    """The type of a field that never had a value."""


class BinaryType(AtomicType):
    """Bytes."""


class BooleanType(AtomicType):
    """True or false."""


class ByteType(AtomicType):
    """An 8-bit integer."""


class DateType(AtomicType):
    """A day."""


class DoubleType(AtomicType):
    """A 64-bit floating-point number."""


class FloatType(AtomicType):
    """A 32-bit floating-point number."""


class IntegerType(AtomicType):
    """A 32-bit integer, named `int`."""

    @classmethod
    def typeName(cls) -> str:
        """Return `int`."""
        return "int"


class LongType(AtomicType):
    """A 64-bit integer."""


class ShortType(AtomicType):
    """A 16-bit integer."""


class StringType(AtomicType):
    """Text."""


class TimestampType(AtomicType):
    """A point in time."""


class UnknownType(AtomicType):
    """A type that has no other name here."""


class DecimalType(AtomicType):
    """A decimal number of a precision and a scale."""

    def __init__(
        self, precision: int = 10, scale: int = 2, properties: dict[str, Any] | None = None
    ) -> None:
        super().__init__(properties)
        self.precision = precision
        self.scale = scale

    def jsonValue(self) -> dict[str, Any]:
        """Return the type with its precision and scale."""
        return {**super().jsonValue(), "precision": self.precision, "scale": self.scale}

    def describe(self) -> str:
        """Return precision and scale."""
        return f"{self.precision}, {self.scale}"


class ArrayType(DataType):
    """A list of elements of one type."""

    def __init__(
        self, elementType: DataType | None = None, properties: dict[str, Any] | None = None
    ) -> None:
        super().__init__(properties)
        self.elementType = elementType or UnknownType()

    def jsonValue(self) -> dict[str, Any]:
        """Return the type with its element's."""
        return {**super().jsonValue(), "elementType": self.elementType.jsonValue()}

    def describe(self) -> str:
        """Return the element type."""
        return repr(self.elementType)

    def tree(self, indent: str) -> Iterator[str]:
        """Yield the element's lines."""
        yield f"{indent}|-- element: {self.elementType.label()}"
        yield from self.elementType.tree(indent + "|    ")


class MapType(DataType):
    """A map from strings to values of one type."""

    def __init__(
        self, valueType: DataType | None = None, properties: dict[str, Any] | None = None
    ) -> None:
        super().__init__(properties)
        self.valueType = valueType or UnknownType()

    def jsonValue(self) -> dict[str, Any]:
        """Return the type with its values'."""
        return {**super().jsonValue(), "valueType": self.valueType.jsonValue()}

    def describe(self) -> str:
        """Return the value type."""
        return repr(self.valueType)

    def tree(self, indent: str) -> Iterator[str]:
        """Yield the lines of key and value."""
        yield f"{indent}|-- keyType: string"
        yield f"{indent}|-- valueType: {self.valueType.label()}"
        yield from self.valueType.tree(indent + "|    ")


class ChoiceType(DataType):
    """A field whose values are of several types."""

    def __init__(
        self, choices: Iterable[DataType] = (), properties: dict[str, Any] | None = None
    ) -> None:
        super().__init__(properties)
        self.choices = {choice.typeName(): choice for choice in choices}

    def add(self, choice: DataType) -> None:
        """Allow one more type."""
        self.choices[choice.typeName()] = choice

    def jsonValue(self) -> dict[str, Any]:
        """Return the type with the types it may be."""
        return {**super().jsonValue(), "choices": [c.jsonValue() for c in self.choices.values()]}

    def describe(self) -> str:
        """Return the types it may be."""
        return f"[{', '.join(repr(choice) for choice in self.choices.values())}]"

    def tree(self, indent: str) -> Iterator[str]:
        """Yield a line for each type."""
        for choice in self.choices.values():
            yield f"{indent}|-- {choice.label()}"
            yield from choice.tree(indent + "|    ")


class Field:
    """A named field of a struct."""

    def __init__(
        self, name: str, dataType: DataType, properties: dict[str, Any] | None = None
    ) -> None:
        self.name = name
        self.dataType = dataType
        self.properties = dict(properties or {})

    def jsonValue(self) -> dict[str, Any]:
        """Return the field as a JSON-ready dict."""
        value: dict[str, Any] = {"name": self.name, "container": self.dataType.jsonValue()}
        if self.properties:
            value["properties"] = self.properties
        return value

    def __repr__(self) -> str:
        return f"Field({self.name}, {self.dataType!r})"


class StructType(DataType):
    """A record of named fields; what `DynamicFrame.schema()` returns."""

    def __init__(
        self, fields: Iterable[Field] = (), properties: dict[str, Any] | None = None
    ) -> None:
        super().__init__(properties)
        self.fields = list(fields)
        self.field_map = {field.name: field for field in self.fields}

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def getField(self, name: str) -> Field:
        """Return the field of a name; KeyError when there is none."""
        return self.field_map[name]

    def jsonValue(self) -> dict[str, Any]:
        """Return the type with its fields."""
        return {**super().jsonValue(), "fields": [field.jsonValue() for field in self.fields]}

    def describe(self) -> str:
        """Return the fields."""
        return f"[{', '.join(repr(field) for field in self.fields)}]"

    def tree(self, indent: str) -> Iterator[str]:
        """Yield the fields' lines."""
        for field in self.fields:
            yield f"{indent}|-- {field.name}: {field.dataType.label()}"
            yield from field.dataType.tree(indent + "|    ")

    def treeString(self) -> str:
        """Return the schema as `printSchema` prints it."""
        return "\n".join(["root", *self.tree("")])
