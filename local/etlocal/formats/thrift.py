"""Thrift's compact protocol, as far as reading a Parquet footer needs it.

Source: Apache Thrift, "Thrift compact protocol encoding".
"""

from __future__ import annotations

import struct
from typing import Any

_STOP, _TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(
    13
)
_DEEPEST = 64
_LONGEST_VARINT = 10


class ThriftError(ValueError):
    """The bytes are not a structure of the compact protocol."""


class CompactReader:
    """Reads structures as ``{field id: value}``; nested structures, lists and maps alike.

    Parameters
    ----------
    data : bytes
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def structure(self) -> dict[int, Any]:
        """Read one structure.

        Raises
        ------
        ThriftError
            If the data ends early or holds what the protocol does not know.
        """
        try:
            return self._structure(0)
        except (IndexError, struct.error) as error:
            raise ThriftError("the data ends within a structure") from error
        except TypeError as error:
            raise ThriftError("a map's key is a collection") from error

    def _structure(self, depth: int) -> dict[int, Any]:
        self._check_depth(depth)
        fields: dict[int, Any] = {}
        field_id = 0
        while True:
            header = self._byte()
            kind, delta = header & 0x0F, header >> 4
            if kind == _STOP:
                return fields
            field_id = field_id + delta if delta else self._zigzag()
            fields[field_id] = self._value(kind, depth)

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (_TRUE, _FALSE):
            return kind == _TRUE
        if kind == _BYTE:
            return self._byte()
        if kind in (_I16, _I32, _I64):
            return self._zigzag()
        if kind == _DOUBLE:
            return struct.unpack("<d", self._take(8))[0]
        if kind == _BINARY:
            return self._take(self._varint())
        if kind in (_LIST, _SET):
            return self._list(depth)
        if kind == _MAP:
            return self._map(depth)
        if kind == _STRUCT:
            return self._structure(depth + 1)
        raise ThriftError(f"type {kind} is not of the compact protocol")

    def _list(self, depth: int) -> list[Any]:
        self._check_depth(depth)
        header = self._byte()
        size, kind = header >> 4, header & 0x0F
        if size == 0x0F:
            size = self._varint()
        return [self._element(kind, depth + 1) for _ in range(size)]

    def _map(self, depth: int) -> dict[Any, Any]:
        self._check_depth(depth)
        size = self._varint()
        if size == 0:
            return {}
        kinds = self._byte()
        key, value = kinds >> 4, kinds & 0x0F
        return {self._element(key, depth + 1): self._element(value, depth + 1) for _ in range(size)}

    def _element(self, kind: int, depth: int) -> Any:
        # In a field's header the kind is the truth; in a collection a truth has a byte of its own.
        return self._byte() == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth)

    @staticmethod
    def _check_depth(depth: int) -> None:
        if depth > _DEEPEST:
            raise ThriftError("structures are nested too deeply")

    def _byte(self) -> int:
        value = self._data[self._position]
        self._position += 1
        return value

    def _take(self, count: int) -> bytes:
        taken = self._data[self._position : self._position + count]
        if len(taken) != count:
            raise ThriftError("the data ends within a value")
        self._position += count
        return taken

    def _varint(self) -> int:
        result = 0
        for shift in range(0, 7 * _LONGEST_VARINT, 7):
            byte = self._byte()
            result |= (byte & 0x7F) << shift
            if byte < 0x80:
                return result
        raise ThriftError(f"a number is longer than {_LONGEST_VARINT} bytes")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
