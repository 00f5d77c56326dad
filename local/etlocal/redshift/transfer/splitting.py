"""UNLOAD's MAXFILESIZE: a file of text cut between its records.

Source: Amazon Redshift Database Developer Guide, "UNLOAD", MAXFILESIZE.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from etlocal.redshift.engines.base import Export, ExportedFile
from etlocal.redshift.transfer.records import records as records_of


def split(file: ExportedFile, export: Export) -> Iterator[ExportedFile]:
    """Cut a file of CSV, text or JSON lines into files of at most `export.maxfilesize` bytes.

    A record that is larger has a file of its own; a header stands in every file.
    """
    limit = export.maxfilesize
    if not limit or file.path.stat().st_size <= limit:
        yield file
        return
    with file.path.open("rb") as stream:
        records = records_of(stream, export)
        header = next(records, b"") if export.header else b""
        first: bytes | None = next(records, None)
        number = 0
        while first is not None:
            path = file.path.with_name(f"{file.path.name}.{number}")
            size = rows = 0
            with path.open("wb") as part:
                size += part.write(header)
                while first is not None and (not rows or size + len(first) <= limit):
                    size += part.write(first)
                    rows += 1
                    first = next(records, None)
            yield replace(file, path=path, rows=rows)
            number += 1
