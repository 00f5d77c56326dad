"""Records of unloaded text: lines, but for line ends inside of values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from etlocal.redshift.engines.base import Export

_ESCAPED = re.compile(rb"\\.", re.DOTALL)


def records(stream: IO[bytes], export: Export) -> Iterator[bytes]:
    """Read record by record: a line end in quotes or behind a backslash ends none."""
    held: list[bytes] = []
    for line in stream:
        held.append(line)
        record = line if len(held) == 1 else b"".join(held)
        if _complete(record, export):
            yield record
            held.clear()
    if held:
        yield b"".join(held)


def _complete(record: bytes, export: Export) -> bool:
    if export.format == "json":
        return True
    if export.escape and b"\\" in record:
        record = _ESCAPED.sub(b"", record)
        if not record.endswith(b"\n"):
            return False
    return export.quote == "none" or record.count(b'"') % 2 == 0
