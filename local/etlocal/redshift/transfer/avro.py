"""Avro files as JSON lines, which engines read."""

from __future__ import annotations

import base64
import io
import json
import struct
from typing import IO

from etlocal.redshift.errors import SqlError


def to_json_lines(source: IO[bytes], target: IO[bytes]) -> None:
    """Write the records of an Avro file, one a line.

    Raises
    ------
    SqlError
        If it is no Avro file, or it is cut off.
    """
    import fastavro

    data = source.read()
    try:
        for record in fastavro.reader(io.BytesIO(data)):
            target.write(json.dumps(record, default=_plain).encode() + b"\n")
    except (ValueError, EOFError, LookupError, TypeError, struct.error) as error:
        raise SqlError(f"Invalid AVRO file found: {error}") from error


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)
