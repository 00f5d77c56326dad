"""Avro: the schema in a data file's header, and the number of records of its blocks.

Source: Apache Avro, "Specification", sections "Object container files" and "Schema declaration".
"""

from __future__ import annotations

import json
from typing import Any

from etlocal.formats.hive_types import NOTHING, Array, Column, HiveType, Map, Struct, merge
from etlocal.formats.recognised import Recognised, Sample, unknown

MAGIC = b"Obj\x01"
_PRIMITIVES = {
    "null": NOTHING,
    "boolean": "boolean",
    "int": "int",
    "long": "bigint",
    "float": "float",
    "double": "double",
    "bytes": "binary",
    "string": "string",
}
_LOGICAL = {
    "date": "date",
    "timestamp-millis": "timestamp",
    "timestamp-micros": "timestamp",
    "uuid": "string",
}


_LONGEST_VARINT = 10


class AvroError(ValueError):
    """The bytes are not an Avro data file."""


# What a header ends in whose bytes or whose schema's JSON are of another form than Avro's.
_MALFORMED = (AvroError, LookupError, ValueError, TypeError, AttributeError, RecursionError)


def recognise_avro(sample: Sample) -> Recognised:
    """Say whether a file is Avro, with which columns.

    Returns
    -------
    Recognised
        ``avro``, with the schema's text as ``avro.schema.literal`` in its details; or UNKNOWN
        with the reason.
    """
    if not sample.raw.startswith(MAGIC):
        return unknown("the file does not begin with Obj1")
    reader = _Reader(sample.raw)
    try:
        metadata = reader.metadata()
        literal = metadata["avro.schema"].decode("utf-8")
        schema = json.loads(literal)
        record = _type(schema, {})
        if not isinstance(record, Struct):
            return unknown("the Avro schema is not a record")
        columns = tuple(Column(name.lower(), kind) for name, kind in record.fields)
    except _MALFORMED as error:
        return unknown(f"the Avro header cannot be read: {error or type(error).__name__}")
    found = Recognised("avro", columns, details={"avro.schema.literal": literal})
    return found.counted(sample, reader.records())


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = len(MAGIC)

    def metadata(self) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        while count := self._long():
            if count < 0:
                count = -count
                self._long()
            for _ in range(count):
                key = self._bytes().decode("utf-8")
                found[key] = self._bytes()
        self._position += 16
        return found

    def records(self) -> int:
        """Count the records of the blocks that are whole in the data."""
        total = 0
        while self._position < len(self._data):
            try:
                count, size = self._long(), self._long()
            except AvroError:
                break
            if count < 0 or size < 0:
                break
            self._position += size + 16
            if self._position > len(self._data):
                break
            total += count
        return total

    def _bytes(self) -> bytes:
        length = self._long()
        taken = self._data[self._position : self._position + length]
        if length < 0 or len(taken) != length:
            raise AvroError("the header is cut")
        self._position += length
        return taken

    def _long(self) -> int:
        value = 0
        for shift in range(0, 7 * _LONGEST_VARINT, 7):
            if self._position >= len(self._data):
                raise AvroError("the data is cut")
            byte = self._data[self._position]
            self._position += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return (value >> 1) ^ -(value & 1)
        raise AvroError(f"a number is longer than {_LONGEST_VARINT} bytes")


def _type(schema: Any, named: dict[str, HiveType]) -> HiveType:
    if isinstance(schema, list):
        united: HiveType = NOTHING
        for member in schema:
            united = merge(united, _type(member, named))
        return united
    if isinstance(schema, str):
        if schema in _PRIMITIVES:
            return _PRIMITIVES[schema]
        if schema not in named:
            raise AvroError(f"type {schema!r} is not declared")
        return named[schema]
    kind = schema["type"]
    if schema.get("logicalType") == "decimal":
        return f"decimal({schema['precision']},{schema.get('scale', 0)})"
    if schema.get("logicalType") in _LOGICAL:
        return _LOGICAL[schema["logicalType"]]
    return _complex(kind, schema, named)


def _complex(kind: Any, schema: dict[str, Any], named: dict[str, HiveType]) -> HiveType:
    match kind:
        case "record":
            fields = tuple(
                (field["name"], _type(field["type"], named)) for field in schema["fields"]
            )
            named[schema["name"]] = Struct(fields)
            return named[schema["name"]]
        case "array":
            return Array(_type(schema["items"], named))
        case "map":
            return Map("string", _type(schema["values"], named))
        case "enum":
            named[schema["name"]] = "string"
            return "string"
        case "fixed":
            named[schema["name"]] = "binary"
            return "binary"
        case _:
            return _type(kind, named)
