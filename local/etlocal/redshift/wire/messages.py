"""The protocol's messages: what clients send taken apart, what the server answers put together.

Source: PostgreSQL documentation, "Message Formats".
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

SSL_REQUEST = 80877103
GSS_REQUEST = 80877104
CANCEL_REQUEST = 80877102
_VERSION_3 = 3

_MAX_STARTUP = 10_000
# A statement or a row's values: far beyond what a client sends, small enough to refuse nonsense.
_MAX_MESSAGE = 256 * 1024 * 1024


class ProtocolError(Exception):
    """What a client sent breaks the protocol; the connection ends."""


class DisconnectedError(Exception):
    """The client is gone."""


@dataclass(frozen=True)
class Startup:
    """The first message of a connection.

    Attributes
    ----------
    code : int
        The protocol's version, or the code of a request in its place.
    parameters : dict
        What the client asks for by name (``user``, ``database``, …).
    minor : int
        The protocol's minor version.
    """

    code: int
    parameters: dict[str, str] = field(default_factory=dict)
    minor: int = 0
    pid: int = 0
    secret: int = 0

    @property
    def is_version_3(self) -> bool:
        """Whether it asks for a session rather than for something in its place."""
        return self.code == _VERSION_3


@dataclass(frozen=True)
class Field:
    """A column as RowDescription tells of it."""

    name: str
    oid: int
    size: int
    modifier: int
    format: int = 0


class Body:
    """Reads the parts of a message in turn.

    Parameters
    ----------
    data : bytes

    Raises
    ------
    ProtocolError
        By each of its methods, if the message ends too early.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def string(self) -> str:
        """Read text up to its zero byte."""
        end = self._data.find(b"\0", self._at)
        if end < 0:
            raise ProtocolError("a string in a message has no end")
        found = self._data[self._at : end]
        self._at = end + 1
        try:
            return found.decode()
        except UnicodeDecodeError as error:
            raise ProtocolError(f"a string in a message is not UTF-8: {error}") from error

    def take(self, count: int) -> bytes:
        """Read some bytes."""
        found = self._data[self._at : self._at + count]
        if count < 0 or len(found) < count:
            raise ProtocolError("a message ends too early")
        self._at += count
        return found

    def int16(self) -> int:
        """Read a number of two bytes."""
        return int(struct.unpack("!h", self.take(2))[0])

    def int32(self) -> int:
        """Read a number of four bytes."""
        return int(struct.unpack("!i", self.take(4))[0])

    def numbers(self) -> list[int]:
        """Read a counted list of numbers of two bytes (format codes)."""
        return [self.int16() for _ in range(self.int16())]

    def oids(self) -> list[int]:
        """Read a counted list of types."""
        return [self.int32() for _ in range(self.int16())]

    def values(self) -> list[bytes | None]:
        """Read a counted list of values; None is NULL."""
        found: list[bytes | None] = []
        for _ in range(self.int16()):
            size = self.int32()
            found.append(None if size < 0 else self.take(size))
        return found


def read_startup(stream: BinaryIO) -> Startup:
    """Read the message that a connection begins with.

    Raises
    ------
    DisconnectedError
        If the client went away before it.
    ProtocolError
        If it is none.
    """
    (size,) = struct.unpack("!i", _exactly(stream, 4))
    if not 8 <= size <= _MAX_STARTUP:
        raise ProtocolError("the first message has no valid length")
    body = Body(_exactly(stream, size - 4))
    code = body.int32()
    if code in (SSL_REQUEST, GSS_REQUEST):
        return Startup(code)
    if code == CANCEL_REQUEST:
        return Startup(code, pid=body.int32(), secret=body.int32())
    parameters = {}
    while name := body.string():
        parameters[name] = body.string()
    return Startup(code >> 16, parameters, minor=code & 0xFFFF)


def read_message(stream: BinaryIO) -> tuple[bytes, Body]:
    """Read a message: its type and its parts.

    Raises
    ------
    DisconnectedError
        If the client went away.
    ProtocolError
        If its length is none.
    """
    kind, size = struct.unpack("!ci", _exactly(stream, 5))
    if not 4 <= size <= _MAX_MESSAGE:
        raise ProtocolError(f"a message of {size} bytes is refused")
    return kind, Body(_exactly(stream, size - 4))


def _exactly(stream: BinaryIO, count: int) -> bytes:
    try:
        found = stream.read(count)
    except (OSError, ValueError) as error:
        raise DisconnectedError from error
    if found is None or len(found) < count:
        raise DisconnectedError
    return found


def message(kind: bytes, body: bytes = b"") -> bytes:
    """Put a message together."""
    return kind + struct.pack("!i", len(body) + 4) + body


def _text(text: str) -> bytes:
    return text.encode().replace(b"\0", b"") + b"\0"


AUTHENTICATED = message(b"R", struct.pack("!i", 0))
PARSE_COMPLETE = message(b"1")
BIND_COMPLETE = message(b"2")
CLOSE_COMPLETE = message(b"3")
NO_DATA = message(b"n")
EMPTY_QUERY = message(b"I")
PORTAL_SUSPENDED = message(b"s")


def md5_password(salt: bytes) -> bytes:
    """Ask for a password, hashed with a salt of four bytes."""
    return message(b"R", struct.pack("!i", 5) + salt)


def parameter_status(name: str, value: str) -> bytes:
    """Tell a setting's value."""
    return message(b"S", _text(name) + _text(value))


def backend_key(pid: int, secret: int) -> bytes:
    """Tell what a CancelRequest must name."""
    return message(b"K", struct.pack("!ii", pid, secret))


def ready(status: bytes) -> bytes:
    """Say that the next statement may come: ``I`` idle, ``T`` in a transaction, ``E`` failed."""
    return message(b"Z", status)


def row_description(fields: Sequence[Field]) -> bytes:
    """Describe the columns of a result."""
    parts = [struct.pack("!h", len(fields))]
    for item in fields:
        parts.append(_text(item.name))
        parts.append(struct.pack("!ihihih", 0, 0, item.oid, item.size, item.modifier, item.format))
    return message(b"T", b"".join(parts))


def parameter_description(oids: Sequence[int]) -> bytes:
    """Describe the parameters of a statement."""
    return message(b"t", struct.pack(f"!h{len(oids)}i", len(oids), *oids))


def data_row(values: Iterable[bytes | None]) -> bytes:
    """Give a row; None is NULL."""
    parts: list[bytes] = []
    count = 0
    for value in values:
        count += 1
        if value is None:
            parts.append(b"\xff\xff\xff\xff")
        else:
            parts.append(struct.pack("!i", len(value)))
            parts.append(value)
    return message(b"D", struct.pack("!h", count) + b"".join(parts))


def command_complete(tag: str) -> bytes:
    """Say that a statement ended, and how many rows it was about."""
    return message(b"C", _text(tag))


def error_response(fields: Mapping[str, str]) -> bytes:
    """Give an error's fields by their letters (``S`` severity, ``C`` SQLSTATE, ``M`` message)."""
    return message(b"E", _fields(fields))


def notice_response(fields: Mapping[str, str]) -> bytes:
    """Give a notice's fields by their letters."""
    return message(b"N", _fields(fields))


def negotiate_version(minor: int, options: Sequence[str]) -> bytes:
    """Say which minor version is spoken, and which ``_pq_`` options are not known."""
    names = b"".join(_text(option) for option in options)
    return message(b"v", struct.pack("!ii", minor, len(options)) + names)


def _fields(fields: Mapping[str, str]) -> bytes:
    return b"".join(letter.encode() + _text(text) for letter, text in fields.items()) + b"\0"
