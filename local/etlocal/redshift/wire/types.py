"""Redshift's types on the wire: their numbers, modifiers, and values as text and in binary.

Source: PostgreSQL documentation, "Data Types" (the catalog ``pg_type`` and its input and output
functions); Amazon Redshift Database Developer Guide, "Data types". SUPER and VARBYTE have the
numbers that Amazon's drivers know them by.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from etlocal.redshift.dialect import types
from etlocal.redshift.dialect.types import SqlType
from etlocal.redshift.engines.base import ResultColumn, Value
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError
from etlocal.redshift.wire.messages import Field

TEXT, BINARY = 0, 1
UNKNOWN, VARCHAR, TEXT_OID = 705, 1043, 25

_OIDS = {
    "bool": 16, "int8": 20, "int2": 21, "int4": 23, "float4": 700, "float8": 701, "bpchar": 1042,
    "varchar": VARCHAR, "date": 1082, "time": 1083, "timestamp": 1114, "timestamptz": 1184,
    "interval": 1186, "timetz": 1266, "numeric": 1700, "super": 4000, "varbyte": 6551,
}  # fmt: skip
_SIZES = {"bool": 1, "int8": 8, "int2": 2, "int4": 4, "float4": 4, "float8": 8, "date": 4,
          "time": 8, "timestamp": 8, "timestamptz": 8, "interval": 16, "timetz": 12}  # fmt: skip
_PARAMETERS: dict[int, SqlType] = {
    16: types.BOOL, 20: types.INT8, 21: types.INT2, 23: types.INT4, 700: types.FLOAT4,
    701: types.FLOAT8, 1082: types.DATE, 1083: types.TIME, 1114: types.TIMESTAMP,
    1184: types.TIMESTAMPTZ, 1266: types.TIMETZ, 1700: SqlType("numeric"), 26: types.INT8,
}  # fmt: skip
_TEXTS = (0, 18, 19, TEXT_OID, UNKNOWN, 1042, VARCHAR)
_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001  the protocol's moments have no zone of their own
_DAY, _MINUTE = 86400, 60
_OFFSET = re.compile(r"([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?$")


def oid_of(kind: SqlType) -> int:
    """Give a type's number in ``pg_type``; a type that clients do not know is text to them."""
    return _OIDS.get(kind.name, VARCHAR)


def modifier_of(kind: SqlType) -> int:
    """Give the modifier that carries a length, or a precision and scale; -1 for none."""
    if kind.is_text and kind.length:
        return kind.length + 4
    if kind.name == "numeric" and kind.precision:
        return (kind.precision << 16 | kind.scale) + 4
    return -1


def described(column: ResultColumn, form: int = TEXT) -> Field:
    """Describe a column of a result."""
    return Field(
        column.name,
        oid_of(column.type),
        _SIZES.get(column.type.name, -1),
        modifier_of(column.type),
        form,
    )


def encoder(kind: SqlType, form: int) -> Callable[[Value], bytes]:
    """Give what writes values of a type, NULL apart.

    Raises
    ------
    SqlError
        If the type has no such form, or the form is none.
    """
    if form not in (TEXT, BINARY):
        raise SqlError(f"unsupported format code: {form}", sqlstate="22023")
    if form == TEXT:
        return _TEXT_ENCODERS.get(kind.name, _plain)
    found = _BINARY_ENCODERS.get(kind.name)
    if found is None:
        raise FeatureNotSupportedError(f"the binary format of type {kind.formatted()}")
    return found


def _plain(value: Value) -> bytes:
    return str(value).encode()


def _float_text(value: Value) -> bytes:
    number = float(value)  # type: ignore[arg-type]
    if number != number:
        return b"NaN"
    if number in (float("inf"), float("-inf")):
        return b"Infinity" if number > 0 else b"-Infinity"
    return repr(number).removesuffix(".0").encode()


def _float4_text(value: Value) -> bytes:
    number = float(value)  # type: ignore[arg-type]
    if number != number or number in (float("inf"), float("-inf")):
        return _float_text(number)
    packed = struct.pack("!f", number)
    for digits in range(6, 10):
        shown = f"{number:.{digits}g}"
        if struct.pack("!f", float(shown)) == packed:
            return shown.encode()
    return f"{number:.9g}".encode()


_TEXT_ENCODERS: dict[str, Callable[[Value], bytes]] = {
    "bool": lambda value: b"t" if value else b"f",
    "float4": _float4_text,
    "float8": _float_text,
}


def _numeric(value: Value) -> bytes:
    number = Decimal(str(value))
    if number.is_nan():
        return struct.pack("!hhHh", 0, 0, 0xC000, 0)
    sign, digits, exponent = number.as_tuple()
    scale = max(0, -int(exponent))
    text = "".join(map(str, digits)) + "0" * max(0, int(exponent))
    whole, fraction = (
        (text[: len(text) - scale], text[len(text) - scale :]) if scale else (text, "")
    )
    if len(text) < scale:
        whole, fraction = "", text.rjust(scale, "0")
    whole = whole.rjust(-(-len(whole) // 4) * 4, "0")
    fraction = fraction.ljust(-(-len(fraction) // 4) * 4, "0")
    groups = [int((whole + fraction)[i : i + 4]) for i in range(0, len(whole + fraction), 4)]
    weight = len(whole) // 4 - 1
    while groups and groups[0] == 0:
        groups.pop(0)
        weight -= 1
    while groups and groups[-1] == 0:
        groups.pop()
    if not groups:
        sign, weight = 0, 0
    return struct.pack(
        f"!hhHh{len(groups)}h", len(groups), weight, 0x4000 if sign else 0, scale, *groups
    )


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise FeatureNotSupportedError(f"the binary format of {text}") from error


def _microseconds(span: timedelta) -> int:
    return (span.days * _DAY + span.seconds) * 1_000_000 + span.microseconds


def _timestamp(value: Value) -> bytes:
    return struct.pack("!q", _microseconds(_moment(str(value)) - _EPOCH))


def _timestamptz(value: Value) -> bytes:
    text = str(value)
    offset = timedelta()
    found = _OFFSET.search(text) if " " in text else None
    if found:
        hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
        offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        offset = -offset if found[1] == "-" else offset
        text = text[: found.start()]
    return struct.pack("!q", _microseconds(_moment(text) - offset - _EPOCH))


def _date(value: Value) -> bytes:
    try:
        return struct.pack("!i", (date.fromisoformat(str(value)) - _EPOCH.date()).days)
    except ValueError as error:
        raise FeatureNotSupportedError(f"the binary format of {value}") from error


def _time(value: Value) -> bytes:
    clock = time.fromisoformat(str(value))
    seconds = (clock.hour * 60 + clock.minute) * 60 + clock.second
    return struct.pack("!q", seconds * 1_000_000 + clock.microsecond)


def _packed(form: str) -> Callable[[Value], bytes]:
    return lambda value: struct.pack(form, value)


_BINARY_ENCODERS: dict[str, Callable[[Value], bytes]] = {
    "bool": lambda value: b"\1" if value else b"\0",
    "int2": _packed("!h"),
    "int4": _packed("!i"),
    "int8": _packed("!q"),
    "float4": _packed("!f"),
    "float8": _packed("!d"),
    "numeric": _numeric,
    "varchar": _plain,
    "bpchar": _plain,
    "super": _plain,
    "date": _date,
    "time": _time,
    "timestamp": _timestamp,
    "timestamptz": _timestamptz,
    "varbyte": lambda value: bytes.fromhex(str(value)),
}


def parameter_type(oid: int) -> SqlType | None:
    """Give the type of a parameter that a client declared; None for text and for none declared.

    Text is left untyped, so that it becomes what stands beside it, as an undeclared one does.

    Raises
    ------
    FeatureNotSupportedError
        If parameters of the type are not supported.
    """
    if oid in _TEXTS:
        return None
    if oid not in _PARAMETERS:
        raise FeatureNotSupportedError(f"a parameter of type {oid}")
    return _PARAMETERS[oid]


def decode(data: bytes, kind: SqlType | None, form: int) -> str:
    """Read a parameter's value as the text that a literal of its type has.

    Raises
    ------
    SqlError
        If it is no value of the type.
    """
    if form == BINARY and kind is not None:
        try:
            return _DECODERS[kind.name](data)
        except (struct.error, KeyError, OverflowError) as error:
            raise SqlError(
                f"incorrect binary data format in a parameter of type {kind.formatted()}",
                sqlstate="22P03",
            ) from error
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise SqlError('invalid byte sequence for encoding "UTF8"', sqlstate="22021") from error
    if "\0" in text:
        raise SqlError('invalid byte sequence for encoding "UTF8": 0x00', sqlstate="22021")
    if kind is not None and kind.is_numeric:
        return _checked(text.strip(), kind)
    return text


def _checked(text: str, kind: SqlType) -> str:
    try:
        if kind.is_integer:
            return str(int(text))
        if kind.is_float:
            return repr(float(text))
        number = Decimal(text)
    except (ValueError, InvalidOperation) as error:
        raise SqlError(
            f'invalid input syntax for {kind.formatted()}: "{text}"', sqlstate="22P02"
        ) from error
    if not number.is_finite():
        raise SqlError(f'invalid input syntax for numeric: "{text}"', sqlstate="22P02")
    return f"{number:f}"


def _unpacked(form: str) -> Callable[[bytes], str]:
    return lambda data: str(struct.unpack(form, data)[0])


def _decode_numeric(data: bytes) -> str:
    count, weight, sign, scale = struct.unpack("!hhHh", data[:8])
    groups = struct.unpack(f"!{count}h", data[8:])
    if sign not in (0, 0x4000):
        raise SqlError('invalid input syntax for numeric: "NaN"', sqlstate="22P02")
    digits = "".join(f"{group:04d}" for group in groups)
    point = 4 * (weight + 1)
    whole, fraction = digits[: max(point, 0)].ljust(point, "0"), digits[max(point, 0) :]
    fraction = ("0" * max(-point, 0) + fraction).ljust(scale, "0")[:scale]
    shown = f"{whole.lstrip('0') or '0'}.{fraction}".rstrip(".")
    return f"-{shown}" if sign else shown


def _decode_moment(data: bytes) -> str:
    (count,) = struct.unpack("!q", data)
    return (_EPOCH + timedelta(microseconds=count)).isoformat(sep=" ")


def _decode_date(data: bytes) -> str:
    (days,) = struct.unpack("!i", data)
    return (_EPOCH.date() + timedelta(days=days)).isoformat()


def _decode_time(data: bytes) -> str:
    (count,) = struct.unpack("!q", data)
    return (_EPOCH + timedelta(microseconds=count)).time().isoformat()


def _decode_float(form: str) -> Callable[[bytes], str]:
    return lambda data: repr(struct.unpack(form, data)[0])


_DECODERS: dict[str, Callable[[bytes], str]] = {
    "bool": lambda data: "true" if data != b"\0" else "false",
    "int2": _unpacked("!h"),
    "int4": _unpacked("!i"),
    "int8": _unpacked("!q"),
    "float4": _decode_float("!f"),
    "float8": _decode_float("!d"),
    "numeric": _decode_numeric,
    "date": _decode_date,
    "time": _decode_time,
    "timestamp": _decode_moment,
    "timestamptz": lambda data: f"{_decode_moment(data)}+00",
}
