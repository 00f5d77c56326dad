"""Statements' results, kept in files a page a line, and the Data API's forms of their values.

Source: Amazon Redshift Data API Reference, "Field", "ColumnMetadata"; Amazon Redshift Management
Guide, "Describe metadata about an SQL statement" (``ResultSize``).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etlocal.redshift.engines.base import ResultColumn, Row, Value

PAGE_ROWS = 1000
PAGE_BYTES = 1024 * 1024
_PRECISION = {"int2": 5, "int4": 10, "int8": 19, "float4": 8, "float8": 17, "bool": 1,
              "date": 13, "timestamp": 29, "timestamptz": 35, "time": 15, "timetz": 21}  # fmt: skip
_SCALE = {"float4": 8, "float8": 17, "timestamp": 6, "timestamptz": 6, "time": 6, "timetz": 6}


@dataclass(frozen=True)
class Kept:
    """Where a result's pages begin in its file, how many rows and how many bytes it has."""

    pages: list[int]
    rows: int
    size: int


class ResultTooLargeError(Exception):
    """A result has more bytes than the Data API answers."""


MAX_BYTES = 500 * 1024 * 1024


def path(folder: Path, statement: str, number: int) -> Path:
    """Name the file of a part's result."""
    return folder / f"{statement}-{number}.jsonl"


def write(file: Path, batches: Iterable[Sequence[Row]]) -> Kept:
    """Write a result as it is fetched.

    Raises
    ------
    ResultTooLargeError
        If it is larger than the Data API allows (500 MB).
    """
    pages: list[int] = []
    count = size = 0
    with file.open("wb") as stream:
        for batch in batches:
            for start in range(0, len(batch), PAGE_ROWS):
                rows = batch[start : start + PAGE_ROWS]
                pages.append(stream.tell())
                line = json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode()
                stream.write(line + b"\n")
                count += len(rows)
                size += sum(_row_size(row) for row in rows)
                if size > MAX_BYTES:
                    raise ResultTooLargeError
    return Kept(pages, count, size)


def _row_size(row: Row) -> int:
    """Count a row's bytes as the database sends it to the Data API.

    The guide's example says 11 for the row of ``select 1``: the wire protocol's message without its
    letter, that is four bytes for its length, two for the number of columns, and for each column
    four bytes and its text.
    """
    size = 6 + 4 * len(row)
    for value in row:
        if isinstance(value, str):
            size += len(value) if value.isascii() else len(value.encode())
        elif value is not None:
            size += 1 if isinstance(value, bool) else len(str(value))
    return size


def read(file: Path, pages: Sequence[int], page: int) -> list[list[Value]]:
    """Read one page; an empty result has none."""
    if not pages:
        return []
    with file.open("rb") as stream:
        stream.seek(pages[page])
        rows: list[list[Value]] = json.loads(stream.readline())
        return rows


def column_metadata(column: ResultColumn) -> dict[str, Any]:
    """Describe a column as ``ColumnMetadata``; a string's length stands under ``precision``."""
    kind = column.type
    precision = kind.precision or kind.length or _PRECISION.get(kind.name, 0)
    scale = kind.scale if kind.name == "numeric" else _SCALE.get(kind.name, 0)
    return {
        "isCaseSensitive": kind.is_text,
        "isCurrency": False,
        "isSigned": kind.is_numeric,
        "label": column.name,
        "length": 0,
        "name": column.name,
        "nullable": 1,
        "precision": precision,
        "scale": scale,
        "schemaName": "",
        "tableName": "",
        "typeName": kind.name,
    }


def fields(row: Sequence[Value], columns: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write a row as ``Field`` structures."""
    return [field(value, column["typeName"]) for value, column in zip(row, columns, strict=True)]


def field(value: Value, type_name: str) -> dict[str, Any]:
    """Write a value as a ``Field``."""
    if value is None:
        return {"isNull": True}
    if type_name in ("int2", "int4", "int8"):
        return {"longValue": value}
    if type_name in ("float4", "float8"):
        return {"doubleValue": value}
    if type_name == "bool":
        return {"booleanValue": value}
    return {"stringValue": str(value)}


def csv_records(
    rows: Sequence[Sequence[Value]], columns: Sequence[dict[str, Any]], *, header: bool
) -> str:
    """Write rows as the CSV of ``GetStatementResultV2``."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    if header:
        writer.writerow([column["name"] for column in columns])
    writer.writerows([_plain(value) for value in row] for row in rows)
    return buffer.getvalue()


def _plain(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
