"""Text that an engine's CSV reader would read otherwise than COPY, written anew.

COPY takes LF, CR and CRLF as line ends side by side and a blank line as a record of one empty
field; backslashes, quotes to be removed and records to be filled up have rules of their own. The
form written here leaves nothing to guess: fields in double quotes with ``|`` between them, LF
behind each record, and an unquoted ``\\N`` for NULL.

Source: Amazon Redshift Database Developer Guide, "Data conversion parameters" (ESCAPE, FILLRECORD,
IGNOREBLANKLINES, NULL AS, REMOVEQUOTES) and "Data format parameters" (CSV).
"""

from __future__ import annotations

import csv
import io
import mmap
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from etlocal.redshift.dialect.statements import Column
from etlocal.redshift.engines.base import CANONICAL_NULL
from etlocal.redshift.transfer.options import CopyOptions

_CHUNK = 1024 * 1024
_LONE_CR = re.compile(rb"\r(?!\n)")
_BOM = b"\xef\xbb\xbf"
# What no reader takes for a record: it rejects the line and goes on behind it.
_BROKEN = '"?"?'
# COPY's longest line; the module's own limit is smaller.
csv.field_size_limit(max(csv.field_size_limit(), 4 * 1024 * 1024))


class BrokenRecordError(Exception):
    """A record's quotes do not close."""


def needed(options: CopyOptions, files: Sequence[Path]) -> bool:
    """Say whether files have to be written anew before an engine reads them."""
    if options.format not in ("csv", "text"):
        return False
    if options.escape or options.removequotes or options.fillrecord or "\0" in options.null_as:
        return True
    return not all(_plain(path) for path in files)


def _plain(path: Path) -> bool:
    """Whether a file's line ends are all LF or all CRLF, and no line of it is blank."""
    if not path.stat().st_size:
        return True
    with path.open("rb") as stream:
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as text:
            if text[:5].removeprefix(_BOM).startswith((b"\n", b"\r")):
                return False
            if text.find(b"\n\n") >= 0 or text.find(b"\n\r") >= 0:
                return False
            if text.find(b"\r") < 0:
                return True
            if _LONE_CR.search(text):
                return False
        returns = feeds = 0
        while chunk := stream.read(_CHUNK):
            returns += chunk.count(b"\r")
            feeds += chunk.count(b"\n")
        return returns == feeds


def write(
    source: IO[bytes], target: IO[bytes], options: CopyOptions, columns: Sequence[Column]
) -> None:
    """Write a text file in the form that leaves nothing to guess.

    Parameters
    ----------
    source, target : binary files
        Bytes that are not UTF-8 are passed on as they are.
    options : CopyOptions
    columns : sequence of Column
        The columns that the file holds, in order.
    """
    text = io.TextIOWrapper(source, encoding="utf-8", errors="surrogateescape", newline="")
    out = io.TextIOWrapper(target, encoding="utf-8", errors="surrogateescape", newline="")
    records = _csv(text, options) if options.format == "csv" else _text(text, options)
    blank: list[str | None] = [None if options.null_as == "" else ""]
    try:
        for number, record in enumerate(records):
            if number < options.ignoreheader:
                # It keeps its place, so that records are counted as in the file.
                out.write('""\n')
            elif record is None:
                out.write(f"{_BROKEN}\n")
            elif record or not options.ignoreblanklines:
                out.write("|".join(_shown(record or blank, options, columns)) + "\n")
        out.flush()
    finally:
        out.detach()
        text.detach()


def _shown(
    record: list[str | None], options: CopyOptions, columns: Sequence[Column]
) -> Iterator[str]:
    width = len(columns)
    if len(record) == width + 1 and record[-1] == "":
        # A delimiter may also end the last field.
        record = record[:-1]
    for field in record:
        yield CANONICAL_NULL if field is None else '"' + field.replace('"', '""') + '"'
    if options.fillrecord:
        for column in columns[len(record) :]:
            # A VARCHAR that is missing is an empty one.
            empty = column.type.name == "varchar" and options.null_as != ""
            yield '""' if empty else CANONICAL_NULL


def _csv(text: io.TextIOWrapper, options: CopyOptions) -> Iterator[list[str | None] | None]:
    """Read records of CSV; a blank line has no fields, None is one whose quotes are wrong."""
    reader = csv.reader(
        _without_bom(text), delimiter=options.delimiter, quotechar=options.quote, strict=True
    )
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield None
            continue
        yield [None if field == options.null_as else field for field in record]


def _text(text: io.TextIOWrapper, options: CopyOptions) -> Iterator[list[str | None] | None]:
    """Read records of delimited text, as `_csv` does; None is one whose quotes do not close."""
    for line in _lines(_without_bom(text), escape=options.escape):
        plain = not (options.escape and "\\" in line)
        if plain and not options.removequotes:
            fields: list[str | None] = [
                None if field == options.null_as else field
                for field in line.split(options.delimiter)
            ]
            yield fields if line else []
            continue
        try:
            yield list(_fields(line, options)) if line else []
        except BrokenRecordError:
            yield None


def _without_bom(text: io.TextIOWrapper) -> Iterator[str]:
    for number, line in enumerate(text):
        yield line.removeprefix("\ufeff") if number == 0 else line


def _lines(lines: Iterator[str], *, escape: bool) -> Iterator[str]:
    """Give the records' texts without their ends; an escaped line end ends none."""
    held = ""
    for line in lines:
        body = line.rstrip("\r\n") if line[-1:] in ("\r", "\n") else line
        end = line[len(body) :]
        if escape and end and (len(body) - len(body.rstrip("\\"))) % 2:
            body, end = body + end[0], end[1:]
            if not end:
                held += body
                continue
        yield held + body
        held = ""
    if held:
        yield held


def _fields(line: str, options: CopyOptions) -> Iterator[str | None]:
    position = 0
    while True:
        start = position
        quote = line[position : position + 1] if options.removequotes else ""
        if quote and quote in "\"'":
            value, position = _unquoted(line, position + 1, quote, options)
        else:
            value, position = _until_delimiter(line, position, options)
        yield None if line[start:position] == options.null_as else value
        if position == len(line):
            return
        position += 1


def _until_delimiter(line: str, position: int, options: CopyOptions) -> tuple[str, int]:
    found: list[str] = []
    while position < len(line) and line[position] != options.delimiter:
        if options.escape and line[position] == "\\" and position + 1 < len(line):
            position += 1
        found.append(line[position])
        position += 1
    return "".join(found), position


def _unquoted(line: str, position: int, quote: str, options: CopyOptions) -> tuple[str, int]:
    """Read to the quote that a delimiter or the line's end follows.

    Raises
    ------
    BrokenRecordError
        If there is none.
    """
    found: list[str] = []
    while position < len(line):
        character = line[position]
        if character == quote and line[position + 1 : position + 2] in ("", options.delimiter):
            return "".join(found), position + 1
        if options.escape and character == "\\" and position + 1 < len(line):
            position += 1
            character = line[position]
        found.append(character)
        position += 1
    raise BrokenRecordError
