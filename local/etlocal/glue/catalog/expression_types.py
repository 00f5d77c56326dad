"""The types of partition keys as GetPartitions compares them.

Source: AWS Glue Web API Reference, "GetPartitions", "Supported Partition Key Types".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from etlocal.glue.errors import InvalidInputError

# How Hive, and with it the crawler and Spark, names the partition of rows whose key is NULL.
NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"

_TIMESTAMP = re.compile(r"(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?")
_INTEGER = re.compile(r"\s*[+-]?\d+\s*")


@dataclass(frozen=True)
class KeyType:
    """A type of partition keys.

    Attributes
    ----------
    name : str
        How messages call it.
    parse : callable
        Gives the comparable value of a text; raises ValueError where it is none.
    textual : bool
        Whether LIKE applies.
    """

    name: str
    parse: Callable[[str], Any]
    textual: bool = False


def key_type(declared: str) -> KeyType:
    """Give the type that a partition key was declared with (``varchar(10)``, ``decimal(4,2)``).

    Raises
    ------
    InvalidInputError
        If keys of that type cannot be compared.
    """
    base = declared.partition("(")[0].strip().lower()
    if base not in _TYPES:
        raise InvalidInputError(f"Unknown type : '{declared}'")
    return _TYPES[base]


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError(f'"{text}" is not an integer.')
    return int(text)


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise ValueError(f"{text} is not a decimal.")
    return value


def _date(text: str) -> date:
    try:
        if len(text) == len("yyyy-mm-dd"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(f"{text} is not a date.")


def _timestamp(text: str) -> tuple[datetime, str]:
    matched = _TIMESTAMP.fullmatch(text)
    if matched is not None:
        try:
            # Fractions stay text, padded: a datetime would lose the nanoseconds.
            return datetime.fromisoformat(matched[1]), (matched[2] or "").ljust(9, "0")
        except ValueError:
            pass
    raise ValueError(
        f"Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff] {text} is not a timestamp."
    )


_TEXT = KeyType("String", str, textual=True)
_INTEGRAL = KeyType("Integral", _integer)
_TYPES = {
    "string": _TEXT,
    "char": _TEXT,
    "varchar": _TEXT,
    "tinyint": _INTEGRAL,
    "smallint": _INTEGRAL,
    "int": _INTEGRAL,
    "integer": _INTEGRAL,
    "bigint": _INTEGRAL,
    "long": _INTEGRAL,
    "decimal": KeyType("Decimal", _decimal),
    "date": KeyType("Date", _date),
    "timestamp": KeyType("Timestamp", _timestamp),
}
