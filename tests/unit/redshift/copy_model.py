"""COPY's rules for text once more, character by character and in plain Python.

Written from the pages "Data conversion parameters", "Data format parameters" and "Load error
reference" of the Amazon Redshift Database Developer Guide, and sharing nothing with the
emulation.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

Cell = bool | int | float | str | None
_SPACE = " \t\n\r\v\f"


@dataclass(frozen=True)
class Options:
    """What stands behind FROM."""

    csv: bool
    delimiter: str = "|"
    quote: str = '"'
    ignoreheader: int = 0
    null_as: str = "\\N"
    emptyasnull: bool = False
    blanksasnull: bool = False
    trimblanks: bool = False
    truncatecolumns: bool = False
    fillrecord: bool = False
    ignoreblanklines: bool = False
    escape: bool = False
    removequotes: bool = False
    acceptinvchars: str | None = None
    maxerror: int = 0
    gzip: bool = False

    def sql(self) -> str:
        """The options as SQL."""
        words = ["csv", f"quote as {_literal(self.quote)}"] if self.csv else []
        words.append(f"delimiter {_literal(self.delimiter)}")
        words.append(f"null as {_literal(self.null_as)}")
        flags = ("emptyasnull", "blanksasnull", "trimblanks", "truncatecolumns", "fillrecord",
                 "ignoreblanklines", "escape", "removequotes", "gzip")  # fmt: skip
        words += [name for name in flags if getattr(self, name)]
        if self.ignoreheader:
            words.append(f"ignoreheader {self.ignoreheader}")
        if self.acceptinvchars:
            words.append(f"acceptinvchars as {_literal(self.acceptinvchars)}")
        if self.maxerror:
            words.append(f"maxerror as {self.maxerror}")
        return " ".join(words)


def _literal(text: str) -> str:
    # A backslash escapes in Redshift's literals; '\\0' is the guide's way to write a NUL.
    escaped = text if text == "\\0" else text.replace("\\", "\\\\")
    return "'" + escaped.replace("'", "''") + "'"


@dataclass(frozen=True)
class Col:
    """A column; `kind` is ``smallint``, ``int``, ``bigint``, ``numeric``, ``float8``, ``bool``,
    ``date``, ``timestamp``, ``varchar`` or ``char``."""

    name: str
    kind: str
    size: int = 0
    scale: int = 0
    nullable: bool = True
    default: int | None = None

    def sql(self) -> str:
        """The column as DDL."""
        size = {"numeric": f"({self.size},{self.scale})", "varchar": f"({self.size})",
                "char": f"({self.size})"}.get(self.kind, "")  # fmt: skip
        default = "" if self.default is None else f" default {self.default}"
        return f"{self.name} {self.kind}{size}{default}{'' if self.nullable else ' not null'}"


@dataclass(frozen=True)
class Bad:
    """A record that cannot be loaded: its number in the file, and the codes it may be given."""

    number: int
    codes: frozenset[int]
    placed: bool


class UnspecifiedError(Exception):
    """The guide does not say what becomes of such a file."""


@dataclass(frozen=True)
class _Field:
    raw: str
    text: str


@dataclass(frozen=True)
class _Record:
    fields: list[_Field]
    broken: bool = False


def read(body: bytes, options: Options, columns: Sequence[Col]) -> Iterator[dict[str, Cell] | Bad]:
    """Give what becomes of each record of a file.

    Raises
    ------
    UnspecifiedError
        If the guide does not say.
    """
    text = body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    if options.acceptinvchars:
        text = re.sub("[\udc80-\udcff]", options.acceptinvchars, text)
    records = list(_csv_records(text, options) if options.csv else _text_records(text, options))
    blank = ["\n" in field.text or "\r" in field.text for r in records for field in r.fields]
    placed = not any(blank) and not (options.ignoreblanklines and any(map(_is_blank, records)))
    for number, record in enumerate(records, start=1):
        if number <= options.ignoreheader:
            continue
        if options.ignoreblanklines and _is_blank(record):
            continue
        found = _row(record, options, columns)
        yield found if isinstance(found, dict) else Bad(number, frozenset(found), placed)


def _is_blank(record: _Record) -> bool:
    return len(record.fields) == 1 and record.fields[0].raw == ""


def _csv_records(text: str, options: Options) -> Iterator[_Record]:
    at = 0
    while at < len(text):
        fields: list[_Field] = []
        while True:
            start, value = at, ""
            if text[at : at + 1] == options.quote:
                at += 1
                while True:
                    if at >= len(text):
                        raise UnspecifiedError("a quote is not closed")
                    if text[at] != options.quote:
                        value += text[at]
                        at += 1
                    elif text[at + 1 : at + 2] == options.quote:
                        value += options.quote
                        at += 2
                    else:
                        at += 1
                        break
                if at < len(text) and text[at] not in (options.delimiter, "\n", "\r"):
                    raise UnspecifiedError("something stands behind a closing quote")
            else:
                while at < len(text) and text[at] not in (options.delimiter, "\n", "\r"):
                    value += text[at]
                    at += 1
            fields.append(_Field(text[start:at], value))
            if at < len(text) and text[at] == options.delimiter:
                at += 1
                continue
            break
        if at < len(text):
            at += 2 if text[at : at + 2] == "\r\n" else 1
        yield _Record(fields)


def _text_records(text: str, options: Options) -> Iterator[_Record]:
    at = 0
    while at < len(text):
        fields: list[_Field] = []
        broken = False
        while True:
            field, at, closed = _text_field(text, at, options)
            broken = broken or not closed
            fields.append(field)
            if at < len(text) and text[at] == options.delimiter:
                at += 1
                continue
            break
        if at < len(text):
            at += 2 if text[at : at + 2] == "\r\n" else 1
        yield _Record(fields, broken)


def _text_field(text: str, at: int, options: Options) -> tuple[_Field, int, bool]:
    start = at
    quote = text[at : at + 1] if options.removequotes else ""
    quoted = quote != "" and quote in "'\""
    value = ""
    if quoted:
        at += 1
    while at < len(text):
        character, after = text[at], text[at + 1 : at + 2]
        if quoted and character == quote and after in ("", options.delimiter, "\n", "\r"):
            return _Field(text[start : at + 1], value), at + 1, True
        if options.escape and character == "\\":
            if after == "":
                raise UnspecifiedError("the file ends with a backslash")
            value += after
            at += 2
            continue
        if character in "\r\n" or (character == options.delimiter and not quoted):
            break
        value += character
        at += 1
    return _Field(text[start:at], value), at, not quoted


def _row(record: _Record, options: Options, columns: Sequence[Col]) -> dict[str, Cell] | set[int]:
    fields = list(record.fields)
    codes: set[int] = set()
    if any("\udc80" <= c <= "\udcff" for field in fields for c in field.raw):
        codes.add(1220)
    if record.broken:
        codes.add(1214)
        return codes
    if len(fields) == len(columns) + 1 and fields[-1].raw == "":
        fields.pop()
    if len(fields) > len(columns):
        codes.add(1202)
    if len(fields) < len(columns) and not options.fillrecord:
        return codes | {1214}
    row: dict[str, Cell] = {}
    for index, column in enumerate(columns):
        if index < len(fields):
            field = fields[index]
            shown = field.text if options.csv else field.raw
            text = None if shown == options.null_as else field.text
        else:
            text = "" if column.kind == "varchar" and options.null_as != "" else None
        value = _value(text, column, options)
        if isinstance(value, _Refused):
            codes.add(value.code)
        elif value is None and not column.nullable:
            codes.add(1213)
        else:
            row[column.name] = value
    return codes or row


@dataclass(frozen=True)
class _Refused:
    code: int


def _value(text: str | None, column: Col, options: Options) -> Cell | _Refused:
    if text is None:
        return None
    if column.kind in ("varchar", "char"):
        return _string(text, column, options)
    if text.strip(" ") == "":
        return None
    return _SCALARS[column.kind](text, column)


def _string(text: str, column: Col, options: Options) -> str | None | _Refused:
    if options.blanksasnull and text != "" and text.strip(_SPACE) == "":
        return None
    if column.kind == "char":
        text = text.rstrip(" ")
    elif options.trimblanks:
        text = text.rstrip(_SPACE)
    if options.emptyasnull and text == "":
        return None
    if column.kind == "char" and not text.isascii():
        return _Refused(1220)
    size = len(text.encode("utf-8", "surrogateescape"))
    if size <= column.size:
        return text
    if options.truncatecolumns:
        return text.encode("utf-8", "surrogateescape")[: column.size].decode("utf-8", "ignore")
    return _Refused(1204)


def _integer(text: str, column: Col) -> int | _Refused:
    if not re.fullmatch(r" *[+-]?[0-9]+ *", text):
        return _Refused(1207)
    limit = {"smallint": 2**15, "int": 2**31, "bigint": 2**63}[column.kind]
    return int(text) if -limit <= int(text) < limit else _Refused(1204)


def _numeric(text: str, column: Col) -> str | _Refused:
    if not re.fullmatch(r" *[+-]?([0-9]+\.?[0-9]*|\.[0-9]+) *", text):
        return _Refused(1209)
    value = Decimal(text.strip()).quantize(Decimal(1).scaleb(-column.scale), ROUND_DOWN)
    if abs(value) >= Decimal(10) ** (column.size - column.scale):
        return _Refused(1204)
    return f"{abs(value) if value == 0 else value:f}"


def _float(text: str, _column: Col) -> float | _Refused:
    if not re.fullmatch(r" *[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)? *", text):
        return _Refused(1208)
    return float(text) if abs(float(text)) != float("inf") else _Refused(1204)


def _boolean(text: str, _column: Col) -> bool | _Refused:
    if text.lower() in ("t", "true", "y", "yes", "1"):
        return True
    return False if text.lower() in ("f", "false", "n", "no", "0") else _Refused(1210)


def _date(text: str, _column: Col) -> str | _Refused:
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return _Refused(1205)
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        return _Refused(1205)


def _timestamp(text: str, _column: Col) -> str | _Refused:
    found = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,6})?",
                         text)  # fmt: skip
    try:
        if found is None:
            return _Refused(1206)
        dt.datetime.fromisoformat(found[1])
    except ValueError:
        return _Refused(1206)
    return found[1] + (found[2] or "").rstrip("0").rstrip(".")


_SCALARS = {
    "smallint": _integer, "int": _integer, "bigint": _integer, "numeric": _numeric,
    "float8": _float, "bool": _boolean, "date": _date, "timestamp": _timestamp,
}  # fmt: skip
