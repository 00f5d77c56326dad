"""COPY's JSON: documents one after the other, with or without white space between them.

They are written one a line for the engine, and what is no JSON is told as a load error.

Source: Amazon Redshift Database Developer Guide, "COPY from JSON format".
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import IO, Any

from etlocal.redshift.engines.base import LoadProblem
from etlocal.redshift.errors import LoadFailedError

_MAX_DOCUMENT = 4 * 1024 * 1024
_SHOWN = 1024
_SPACE = " \t\r\n"
# What opens and closes, and strings, in which nothing does.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{\[}\]]', re.DOTALL)
_LINE_ENDS = str.maketrans("\r\n", "  ")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


# The numbers' own text is loaded: they are not read.
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=_no_constant)


def write(source: IO[bytes], target: IO[bytes], uri: str, *, arrays: bool) -> None:
    """Write a file's documents one a line, each as it stands there.

    Parameters
    ----------
    uri : str
        Where the file came from.
    arrays : bool
        Whether arrays are records as well as objects, as with a JSONPaths file.

    Raises
    ------
    LoadFailedError
        At what is no JSON, not UTF-8, or no record.
    """
    text = io.TextIOWrapper(source, encoding="utf-8", errors="surrogateescape", newline="\n")
    wanted = (dict, list) if arrays else dict
    number = 0
    try:
        for number, (raw, document) in enumerate(_documents(text, uri), start=1):
            try:
                line = raw.encode()
            except UnicodeError:
                reason = "String contains invalid or unsupported UTF8 codepoints"
                raise _failure(uri, number, 1220, reason, raw) from None
            if not isinstance(document, wanted):
                raise _failure(uri, number, 1216, "Invalid JSON: not an object", raw)
            target.write(line + b"\n")
    finally:
        text.detach()


def _documents(text: io.TextIOWrapper, uri: str) -> Iterator[tuple[str, Any]]:
    held, depth, number = "", 0, 0
    for line in _without_bom(text):
        if not held and (found := _single(line)) is not None:
            number += 1
            yield found
            continue
        held += line
        # No string goes over a line's end, so that each line counts for itself.
        depth += _depth(line)
        if depth > 0 and len(held) <= _MAX_DOCUMENT:
            continue
        for document in _decoded(held, uri, number):
            number += 1
            yield document
        held, depth = "", 0
    yield from _decoded(held, uri, number)


def _without_bom(text: io.TextIOWrapper) -> Iterator[str]:
    for number, line in enumerate(text):
        yield line.removeprefix("\ufeff") if number == 0 else line


def _single(line: str) -> tuple[str, Any] | None:
    """Give the document that a line is, as most lines are; None if it is another thing."""
    body = line.strip(_SPACE)
    try:
        document, end = _DECODER.raw_decode(body)
    except (ValueError, RecursionError):
        return None
    return (body, document) if end == len(body) else None


def _depth(text: str) -> int:
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
    return depth


def _decoded(text: str, uri: str, number: int) -> Iterator[tuple[str, Any]]:
    at = 0
    while True:
        while at < len(text) and text[at] in _SPACE:
            at += 1
        if at == len(text):
            return
        number += 1
        try:
            document, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise _failure(uri, number, 1216, f"Invalid JSON: {error}", text[at:]) from error
        yield text[at:end].translate(_LINE_ENDS), document
        at = end


def _failure(uri: str, number: int, code: int, reason: str, raw: str) -> LoadFailedError:
    shown = raw.rstrip()[:_SHOWN].encode(errors="surrogateescape").decode(errors="replace")
    return LoadFailedError([LoadProblem(uri, number, code, reason, raw_line=shown)])
