"""Hive's column types, as the Data Catalog writes them, and how types of one column merge.

Source: AWS Glue Developer Guide, "Data Catalog" (column types are Hive's); Apache Hive language
manual, "Hive Data Types".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

NOTHING = "void"
"""The type of a value that says nothing: JSON's null, an empty array."""

_INTEGERS = ("tinyint", "smallint", "int", "bigint")
_NUMBERS = (*_INTEGERS, "float", "double")


@dataclass(frozen=True)
class Array:
    """``array<element>``."""

    element: HiveType


@dataclass(frozen=True)
class Map:
    """``map<key,value>``."""

    key: HiveType
    value: HiveType


@dataclass(frozen=True)
class Struct:
    """``struct<name:type,…>``, fields in the order they were met."""

    fields: tuple[tuple[str, HiveType], ...]


HiveType = str | Array | Map | Struct


@dataclass(frozen=True)
class Column:
    """A column: its name in the catalog, lower-cased, and its type."""

    name: str
    type: HiveType


def render(hive_type: HiveType) -> str:
    """Write a type as the catalog does; what stayed without a type is a ``string``."""
    match hive_type:
        case Array(element):
            return f"array<{render(element)}>"
        case Map(key, value):
            return f"map<{render(key)},{render(value)}>"
        case Struct(fields):
            inside = ",".join(f"{name}:{render(field)}" for name, field in fields)
            return f"struct<{inside}>" if fields else "string"
        case _:
            return "string" if hive_type == NOTHING else hive_type


def nesting(hive_type: HiveType) -> int:
    """Give how many types lie in one another; 1 for a type that holds no other."""
    deepest, left = 0, [(hive_type, 1)]
    while left:
        current, depth = left.pop()
        deepest = max(deepest, depth)
        match current:
            case Array(element):
                left.append((element, depth + 1))
            case Map(key, value):
                left += [(key, depth + 1), (value, depth + 1)]
            case Struct(fields):
                left += [(field, depth + 1) for _, field in fields]
            case _:
                pass
    return deepest


def merge(left: HiveType, right: HiveType) -> HiveType:
    """Give the type that holds the values of both.

    Numbers widen, structs unite their fields, arrays and maps merge what they hold; what has no
    common type is a string.
    """
    if left == right or right == NOTHING:
        return left
    if left == NOTHING:
        return right
    match left, right:
        case Struct(fields), Struct(others):
            united = dict(fields)
            for name, field in others:
                united[name] = merge(united[name], field) if name in united else field
            return Struct(tuple(united.items()))
        case Array(element), Array(other):
            return Array(merge(element, other))
        case Map(key, value), Map(other_key, other_value):
            return Map(merge(key, other_key), merge(value, other_value))
        case str(), str() if left in _NUMBERS and right in _NUMBERS:
            return _wider(left, right)
        case _:
            return "string"


def merge_columns(left: tuple[Column, ...], right: tuple[Column, ...]) -> tuple[Column, ...]:
    """Unite two lists of columns: `left`'s in their order, what only `right` has at the end."""
    if left == right:
        return left
    united = {column.name: column.type for column in left}
    for column in right:
        known = united.get(column.name)
        united[column.name] = column.type if known is None else merge(known, column.type)
    return tuple(Column(name, hive_type) for name, hive_type in united.items())


def to_json(hive_type: HiveType) -> Any:
    """Write a type as plain JSON values, to keep it."""
    match hive_type:
        case Array(element):
            return ["array", to_json(element)]
        case Map(key, value):
            return ["map", to_json(key), to_json(value)]
        case Struct(fields):
            return ["struct", [[name, to_json(field)] for name, field in fields]]
        case _:
            return hive_type


def from_json(value: Any) -> HiveType:
    """Read what `to_json` wrote."""
    if isinstance(value, str):
        return value
    kind, *rest = value
    if kind == "array":
        return Array(from_json(rest[0]))
    if kind == "map":
        return Map(from_json(rest[0]), from_json(rest[1]))
    return Struct(tuple((name, from_json(field)) for name, field in rest[0]))


def _wider(left: str, right: str) -> str:
    pair = {left, right}
    if pair <= set(_INTEGERS):
        return max(pair, key=_INTEGERS.index)
    return "float" if pair <= {"float", "tinyint", "smallint"} else "double"
