"""Parquet: the schema and the number of rows, from the footer alone.

The footer is read with two ranged reads at the end of the file, whatever the file's size.

Source: Apache Parquet, "File format", "Metadata", "Types" and "Logical types".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from etlocal.formats.hive_types import Array, Column, HiveType, Map, Struct
from etlocal.formats.recognised import Recognised, Sample, unknown
from etlocal.formats.thrift import CompactReader, ThriftError

MAGIC = b"PAR1"
_TAIL = 64 * 1024
_LARGEST_FOOTER = 64 * 1024 * 1024

# What a footer of well-formed Thrift with members of other types than Parquet's ends in.
_MALFORMED = (
    ThriftError, LookupError, StopIteration, ValueError, TypeError, AttributeError, RecursionError,
    OverflowError,
)  # fmt: skip

# FileMetaData, SchemaElement: ids of their fields.
_SCHEMA, _ROWS, _ROW_GROUPS = 2, 3, 4
_TYPE, _REPETITION, _NAME, _CHILDREN, _CONVERTED, _SCALE, _PRECISION, _LOGICAL = (
    1, 3, 4, 5, 6, 7, 8, 10,
)  # fmt: skip
_REPEATED = 2
_PHYSICAL = ("boolean", "int", "bigint", "timestamp", "float", "double", "binary", "binary")
_CONVERTED_TYPES = {
    0: "string", 4: "string", 6: "date", 9: "timestamp", 10: "timestamp",
    11: "smallint", 12: "int", 13: "bigint", 14: "bigint",
    15: "tinyint", 16: "smallint", 17: "int", 18: "bigint", 19: "string",
}  # fmt: skip
_CONVERTED_MAP, _CONVERTED_LIST, _CONVERTED_DECIMAL = (1, 2), 3, 5
_LOGICAL_TYPES = {1: "string", 4: "string", 6: "date", 8: "timestamp", 12: "string", 14: "string"}
_LOGICAL_MAP, _LOGICAL_LIST, _LOGICAL_DECIMAL, _LOGICAL_INTEGER = 2, 3, 5, 10


def recognise_parquet(sample: Sample) -> Recognised:
    """Say whether a file is Parquet, with which columns.

    Returns
    -------
    Recognised
        ``parquet``, or UNKNOWN with the reason.
    """
    if not sample.raw.startswith(MAGIC):
        return unknown("the file does not begin with PAR1")
    try:
        metadata = CompactReader(_footer(sample)).structure()
        elements = iter(metadata[_SCHEMA])
        root = next(elements)
        fields = [_field(elements) for _ in range(root.get(_CHILDREN, 0))]
        rows = int(metadata.get(_ROWS, 0))
        if rows < 0:
            raise ThriftError(f"the number of rows is {rows}")
    except _MALFORMED as error:
        return unknown(f"the Parquet footer cannot be read: {error or type(error).__name__}")
    return Recognised(
        "parquet",
        tuple(Column(name.lower(), kind) for name, kind in fields),
        records=rows,
        record_size=max(1, sample.size // rows) if rows else 0,
    )


def _footer(sample: Sample) -> bytes:
    if sample.whole and len(sample.raw) == sample.size:
        tail = sample.raw
    elif sample.read is None:
        raise ThriftError("the end of the file cannot be reached")
    else:
        tail = sample.read(max(0, sample.size - _TAIL), sample.size)
    if len(tail) < 12 or not tail.endswith(MAGIC):
        raise ThriftError("the file does not end with PAR1")
    length = int.from_bytes(tail[-8:-4], "little")
    if length > min(_LARGEST_FOOTER, sample.size - 12):
        raise ThriftError(f"a footer of {length} bytes does not fit in the file")
    if length + 8 > len(tail) and sample.read is not None:
        return sample.read(sample.size - 8 - length, sample.size - 8)
    return tail[-8 - length : -8]


def _field(elements: Iterator[dict[int, Any]]) -> tuple[str, HiveType]:
    element = next(elements)
    name = element[_NAME].decode("utf-8")
    children = [_field(elements) for _ in range(element.get(_CHILDREN, 0))]
    kind = _group(element, children) if _CHILDREN in element else _primitive(element)
    if element.get(_REPETITION) == _REPEATED and not _is_map(element):
        # A repeated field outside a LIST is an array of its own.
        return name, Array(kind)
    return name, kind


def _group(element: dict[int, Any], children: list[tuple[str, HiveType]]) -> HiveType:
    logical = element.get(_LOGICAL, {})
    if (_LOGICAL_LIST in logical or element.get(_CONVERTED) == _CONVERTED_LIST) and children:
        repeated = children[0][1]
        return Array(_list_element(children[0][0], repeated))
    if _is_map(element) and children:
        entry = children[0][1]
        pair = entry.element if isinstance(entry, Array) else entry
        if isinstance(pair, Struct) and len(pair.fields) == 2:
            return Map(pair.fields[0][1], pair.fields[1][1])
    return Struct(tuple(children))


def _list_element(name: str, repeated: HiveType) -> HiveType:
    inside = repeated.element if isinstance(repeated, Array) else repeated
    # Three-level lists wrap the element in a group of one field; older two-level ones do not.
    if (
        isinstance(inside, Struct)
        and len(inside.fields) == 1
        and name not in ("array", "bag_tuple")
    ):
        return inside.fields[0][1]
    return inside


def _is_map(element: dict[int, Any]) -> bool:
    if _CHILDREN not in element or element.get(_REPETITION) == _REPEATED:
        return False
    return _LOGICAL_MAP in element.get(_LOGICAL, {}) or element.get(_CONVERTED) in _CONVERTED_MAP


def _primitive(element: dict[int, Any]) -> str:
    logical, converted = element.get(_LOGICAL, {}), element.get(_CONVERTED)
    if _LOGICAL_DECIMAL in logical or converted == _CONVERTED_DECIMAL:
        return f"decimal({element.get(_PRECISION, 0)},{element.get(_SCALE, 0)})"
    for number, name in _LOGICAL_TYPES.items():
        if number in logical:
            return name
    if converted in _CONVERTED_TYPES:
        return _CONVERTED_TYPES[converted]
    if _LOGICAL_INTEGER in logical:
        return _integer(logical[_LOGICAL_INTEGER])
    return _PHYSICAL[element.get(_TYPE, 6)]


def _integer(annotation: dict[int, Any]) -> str:
    width, signed = annotation.get(1, 32), annotation.get(2, True)
    if signed:
        return {8: "tinyint", 16: "smallint", 64: "bigint"}.get(width, "int")
    return {8: "smallint", 16: "int"}.get(width, "bigint")
