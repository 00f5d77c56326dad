"""JSON: the columns of records in lines, one after another, in an array or under a JSON path.

Source: AWS Glue Developer Guide, "Defining and managing classifiers" (built-in JSON classifier)
and "Writing JSON custom classifiers" (the operators of JsonPath that Glue takes).
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from etlocal.formats.hive_types import NOTHING, Array, Column, HiveType, Struct, merge
from etlocal.formats.recognised import Recognised, Sample, unknown

_SMALLEST_INT, _LARGEST_INT = -(2**31), 2**31 - 1
_SMALLEST_LONG, _LARGEST_LONG = -(2**63), 2**63 - 1
_LONGEST_LONG = len(str(_SMALLEST_LONG))
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANK = re.compile(r"\s*")
_BETWEEN_ELEMENTS = re.compile(r"\s*,?\s*")
_STEP = re.compile(r"\.(\*|[^.\[\]]+)|\[(\*|[0-9]{1,9})\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")

Step = str | int | None
"""One step of a JSON path: a field's name, an array's index, or None for all (``*``)."""


class JsonPathError(ValueError):
    """A JSON path that is not of the operators Glue takes."""


def parse_path(text: str) -> tuple[Step, ...]:
    """Take a JSON path apart: ``$``, ``.name``, ``['name']``, ``[*]``, ``.*`` and ``[0]``.

    Raises
    ------
    JsonPathError
        If it does not begin with ``$`` or has another operator.
    """
    if not text.startswith("$"):
        raise JsonPathError(f"a JSON path begins with $: {text!r}")
    steps: list[Step] = []
    position = 1
    while position < len(text):
        found = _STEP.match(text, position)
        if found is None:
            raise JsonPathError(f"operator not supported in JSON path {text!r} at {position}")
        dotted, bracketed, single, double = found.groups()
        if "*" in (dotted, bracketed):
            steps.append(None)
        elif bracketed is not None:
            steps.append(int(bracketed))
        else:
            steps.append(next(name for name in (dotted, single, double) if name is not None))
        position = found.end()
    return tuple(steps)


def recognise_json(sample: Sample, path: str | None = None) -> Recognised:
    """Say whether a file is JSON, with which columns.

    Without a path a record is a document at the top of the file; a file that is one array gets
    the one column ``array``, as Glue's built-in classifier gives it.

    Parameters
    ----------
    sample : Sample
    path : str or None
        A custom classifier's JSON path to the records.

    Returns
    -------
    Recognised
        ``json``, or UNKNOWN with the reason. Its details are ``paths`` and, with a path,
        ``jsonPath``.
    """
    try:
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
        text = decoder.decode(sample.data, final=sample.whole)
    except UnicodeDecodeError:
        return unknown("the file is not UTF-8 text", sample.codec)
    beginning = text.lstrip()[:1]
    if beginning not in ("{", "["):
        return unknown("the file does not begin with a JSON object or array", sample.codec)
    steps = parse_path(path) if path else ()
    records = 0
    united: HiveType = NOTHING
    paths: dict[str, None] = {}
    try:
        for record in _records(text, steps, whole=sample.whole, by_path=path is not None):
            records += 1
            united = merge(united, _type(record))
            paths.update(dict.fromkeys(_well_formed(name) for name in record))
    except json.JSONDecodeError as error:
        return unknown(f"not JSON: {error.msg} at character {error.pos}", sample.codec)
    except RecursionError:
        return unknown("its values are nested too deeply", sample.codec)
    if not isinstance(united, Struct) or not united.fields:
        return unknown("no whole JSON record in the beginning of the file", sample.codec)
    details = {"paths": ",".join(sorted(paths))}
    if path:
        details["jsonPath"] = path
    columns = _columns(united)
    return Recognised("json", columns, compression=sample.codec, details=details).counted(
        sample, records
    )


def _records(
    text: str, steps: tuple[Step, ...], *, whole: bool, by_path: bool
) -> Iterator[Mapping[str, Any]]:
    """Give the records; a document that is cut by the end of the sample is left out."""
    if not by_path and text.lstrip().startswith("["):
        elements = list(_elements(text, whole=whole))
        yield {"array": elements}
        return
    if by_path and steps[:1] == (None,) and text.lstrip().startswith("["):
        # An array larger than the sample is read element by element.
        for element in _elements(text, whole=whole):
            yield from _objects(_select(element, steps[1:]))
        return
    for document in _documents(text, whole=whole):
        if by_path:
            yield from _objects(_select(document, steps))
        elif isinstance(document, dict):
            yield document
        else:
            raise json.JSONDecodeError("a record is not an object", text, 0)


def _objects(values: Iterator[Any]) -> Iterator[Mapping[str, Any]]:
    return (value for value in values if isinstance(value, dict))


def _select(value: Any, steps: tuple[Step, ...]) -> Iterator[Any]:
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    if step is None:
        inside = value.values() if isinstance(value, dict) else value
        for item in inside if isinstance(value, (dict, list)) else ():
            yield from _select(item, rest)
    elif isinstance(step, int):
        if isinstance(value, list) and step < len(value):
            yield from _select(value[step], rest)
    elif isinstance(value, dict) and step in value:
        yield from _select(value[step], rest)


def _documents(text: str, *, whole: bool) -> Iterator[Any]:
    decoder = json.JSONDecoder(parse_int=_number)
    position = _skip(_BLANK, text, 0)
    while position < len(text):
        try:
            document, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            if whole or not _is_cut(text, error):
                raise
            return
        yield document
        position = _skip(_BLANK, text, position)


def _elements(text: str, *, whole: bool) -> Iterator[Any]:
    decoder = json.JSONDecoder(parse_int=_number)
    position = _skip(_BLANK, text, text.index("[") + 1)
    while position < len(text) and text[position] != "]":
        try:
            element, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            if whole or not _is_cut(text, error):
                raise
            return
        yield element
        position = _skip(_BETWEEN_ELEMENTS, text, position)
    if not whole:
        return
    if position >= len(text):
        raise json.JSONDecodeError("the array does not end", text, position)
    if _skip(_BLANK, text, position + 1) < len(text):
        raise json.JSONDecodeError("something follows the array", text, position + 1)


def _is_cut(text: str, error: json.JSONDecodeError) -> bool:
    """Whether the error is where the sample ends, or in a string or number that it cuts."""
    return error.pos >= len(text) - 8 or error.msg.startswith("Unterminated string")


def _skip(blank: re.Pattern[str], text: str, position: int) -> int:
    found = blank.match(text, position)
    return found.end() if found else position


def _number(digits: str) -> int | float:
    # Python refuses to read an integer of some thousands of digits, which is a double anyway.
    return int(digits) if len(digits) <= _LONGEST_LONG else float(digits)


def _well_formed(name: str) -> str:
    """Give a name that can be kept: an escape can stand for half of a surrogate pair."""
    return _SURROGATE.sub("\ufffd", name)


def _type(value: Any) -> HiveType:
    match value:
        case None:
            return NOTHING
        case bool():
            return "boolean"
        case int():
            if _SMALLEST_INT <= value <= _LARGEST_INT:
                return "int"
            return "bigint" if _SMALLEST_LONG <= value <= _LARGEST_LONG else "double"
        case float():
            return "double"
        case dict():
            return _struct(value)
        case list():
            element: HiveType = NOTHING
            for item in value:
                element = merge(element, _type(item))
            # Of an array that was never filled nothing is known, not even that of its elements.
            return Array(element) if value else NOTHING
        case _:
            return "string"


def _struct(value: Mapping[str, Any]) -> Struct:
    fields: dict[str, HiveType] = {}
    for name, item in value.items():
        kept, kind = _well_formed(name), _type(item)
        fields[kept] = merge(fields[kept], kind) if kept in fields else kind
    return Struct(tuple(fields.items()))


def _columns(record: Struct) -> tuple[Column, ...]:
    columns: dict[str, HiveType] = {}
    for name, kind in record.fields:
        lowered = name.lower()
        columns[lowered] = merge(columns[lowered], kind) if lowered in columns else kind
    return tuple(Column(name, kind) for name, kind in columns.items())
