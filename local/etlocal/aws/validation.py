"""Validation of a request against botocore's service model, in the words AWS answers.

botocore checks a request in the client, but only types, required members and minima; the service
itself also refuses what breaks a pattern, an enum or a maximum. The wording follows the
``ValidationException`` that AWS's services answer ("Value … at … failed to satisfy constraint").
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

# A list or map is named, not quoted: connection properties, say, hold passwords.
_COLLECTION = "(a collection)"
# The bounds of Smithy's types, which hold whether or not a shape has bounds of its own.
_BITS = {"integer": 32, "long": 64}
_SURROGATE = re.compile("[\ud800-\udfff]")


def violations(shape: Shape, value: object) -> list[str]:
    """Say what in `value` breaks `shape`.

    Parameters
    ----------
    shape : botocore.model.Shape
        The operation's input shape.
    value : object
        The parsed request.

    Returns
    -------
    list of str
        One sentence a violation; empty when the request is sound.
    """
    return list(_check(shape, value, ""))


def _check(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        yield from _check_structure(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _check_list(shape, value, path)
    elif isinstance(shape, MapShape):
        yield from _check_map(shape, value, path)
    elif isinstance(shape, StringShape):
        yield from _check_string(shape, value, path)
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from _check_number(shape, value, path)
    elif shape.type_name == "boolean" and not isinstance(value, bool):
        yield _wrong_type(value, path, "boolean")
    elif shape.type_name == "timestamp" and not isinstance(value, datetime):
        yield _wrong_type(value, path, "timestamp")


def _check_structure(shape: StructureShape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield _wrong_type(value, path, "structure")
        return
    for name in shape.required_members:
        if value.get(name) is None:
            yield _failed("null", _join(path, name), "Member must not be null")
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from _check(member, value[name], _join(path, name))


def _check_list(shape: ListShape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, (list, tuple)):
        yield _wrong_type(value, path, "list")
        return
    yield from _check_length(shape, len(value), _COLLECTION, path)
    for index, item in enumerate(value, start=1):
        yield from _check(shape.member, item, f"{path}.{index}.member")


def _check_map(shape: MapShape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield _wrong_type(value, path, "map")
        return
    yield from _check_length(shape, len(value), _COLLECTION, path)
    for key, item in value.items():
        yield from _check(shape.key, key, f"{path}.key")
        inside = _join(path, _well_formed(str(key)))
        if item is None:
            yield _failed("null", inside, "Member must not be null")
        else:
            yield from _check(shape.value, item, inside)


def _check_string(shape: StringShape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield _wrong_type(value, path, "string")
        return
    if _SURROGATE.search(value):
        yield _failed(
            _shown(shape, value), path, "Member must not have half of a surrogate pair alone"
        )
        return
    if shape.enum and value not in shape.enum:
        allowed = ", ".join(shape.enum)
        yield _failed(
            _shown(shape, value), path, f"Member must satisfy enum value set: [{allowed}]"
        )
    yield from _check_length(shape, len(value), _shown(shape, value), path)
    pattern = shape.metadata.get("pattern")
    compiled = _pattern(pattern) if pattern else None
    if compiled is not None and compiled.fullmatch(value) is None:
        yield _failed(
            _shown(shape, value), path, f"Member must satisfy regular expression pattern: {pattern}"
        )


def _check_number(shape: Shape, value: Any, path: str) -> Iterator[str]:
    whole = shape.type_name in ("integer", "long")
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        yield _wrong_type(value, path, shape.type_name)
        return
    if not whole and not _is_finite(value):
        yield _failed("out of range", path, "Member must be a finite number")
        return
    if whole and not _fits(value, _BITS[shape.type_name]):
        # Not the number: it may have as many digits as a request has bytes.
        yield _failed(
            "out of range", path, f"Member must be a signed {_BITS[shape.type_name]}-bit integer"
        )
        return
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and value < low:
        yield _failed(repr(value), path, f"Member must have value greater than or equal to {low}")
    if high is not None and value > high:
        yield _failed(repr(value), path, f"Member must have value less than or equal to {high}")


def _check_length(shape: Shape, length: int, shown: str, path: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and length < low:
        yield _failed(shown, path, f"Member must have length greater than or equal to {low}")
    if high is not None and length > high:
        yield _failed(shown, path, f"Member must have length less than or equal to {high}")


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> re.Pattern[str] | None:
    """Compile a pattern of a service model; None where it is not one that Python can express.

    The models' patterns are Java's: characters outside the BMP are written as surrogate pairs and
    properties as ``\\p{L}``, which `re` lacks.
    """
    widened = pattern.replace("\\uD800\\uDC00-\\uDBFF\\uDFFF", "\\U00010000-\\U0010FFFF")
    widened = widened.replace("\\p{IsAlphabetic}", "\\w").replace("\\p{IsDigit}", "\\d")
    # Java's classes (\d, \w, \s) are ASCII's, unless the pattern asks for Unicode's.
    flags = re.NOFLAG if "\\p{" in pattern else re.ASCII
    try:
        return re.compile(widened, flags)
    except re.error:
        return None


def _fits(value: int, bits: int) -> bool:
    return -(1 << (bits - 1)) <= value < 1 << (bits - 1)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _well_formed(text: str) -> str:
    """Give a text that can be answered: half of a surrogate pair cannot be encoded."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _shown(shape: Shape, value: object) -> str:
    """Quote a value, unless the model marks it as one that may not be shown."""
    return "'***'" if shape.metadata.get("sensitive") else repr(value)


def _join(path: str, name: str) -> str:
    lowered = name[:1].lower() + name[1:]
    return f"{path}.{lowered}" if path else lowered


def _failed(shown: str, path: str, constraint: str) -> str:
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def _wrong_type(value: object, path: str, wanted: str) -> str:
    # Not the value: what stands in the wrong place may be a secret.
    return _failed(
        f"of type {type(value).__name__}", path or "request", f"Member must be of type {wanted}"
    )
