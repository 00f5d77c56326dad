"""COPY's ESCAPE: a backslash takes its meaning from the character behind it, quotes or not."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import IO

from etlocal.redshift.transfer.options import CopyOptions


def rewrite(source: IO[bytes], target: IO[bytes], options: CopyOptions) -> None:
    """Write escaped text as quoted fields with ``|`` between them, which engines read."""
    text = io.TextIOWrapper(source, encoding="utf-8", newline="")
    out = io.TextIOWrapper(target, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(out, delimiter="|", quoting=csv.QUOTE_ALL, lineterminator="\n")
    for number, record in enumerate(_records(text, options)):
        if number >= options.ignoreheader:
            writer.writerow(record)
    out.flush()
    out.detach()


def _records(text: io.TextIOWrapper, options: CopyOptions) -> Iterator[list[str]]:
    """Split at delimiters and line ends that no backslash stands before."""
    field: list[str] = []
    raw: list[str] = []
    record: list[str] = []
    escaped = False

    def ended() -> str:
        value = options.null_as if "".join(raw) == options.null_as else "".join(field)
        field.clear()
        raw.clear()
        if options.removequotes and len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            return value[1:-1]
        return value

    while chunk := text.read(64 * 1024):
        for character in chunk:
            if escaped:
                field.append(character)
                raw.append(character)
                escaped = False
            elif character == "\\":
                raw.append(character)
                escaped = True
            elif character == options.delimiter:
                record.append(ended())
            elif character == "\n":
                record.append(ended().removesuffix("\r"))
                yield record
                record = []
            else:
                field.append(character)
                raw.append(character)
    if field or record:
        record.append(ended())
        yield record
