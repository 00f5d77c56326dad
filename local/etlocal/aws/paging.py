"""Paging of list operations: ``NextToken`` in, a page and the next token out."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from etlocal.aws.errors import AwsError

T = TypeVar("T")
# No list is longer; the interpreter refuses to read numbers of thousands of digits.
_DIGITS = 18


def page(
    items: Sequence[T],
    *,
    token: str | None,
    size: int | None,
    default_size: int = 100,
    invalid: type[AwsError],
) -> tuple[list[T], str | None]:
    """Give one page of `items`.

    Parameters
    ----------
    items : sequence
        All items, in an order that stays the same between calls.
    token : str or None
        The token of the previous answer; None for the first page.
    size : int or None
        The largest page the client takes; None for `default_size`.
    invalid : type of AwsError
        The service's error for a token that was not given out, or a size below 0.

    Returns
    -------
    tuple of (list, str or None)
        The page, and the token of the next one (None at the end).
    """
    if size is not None and size < 0:
        raise invalid("The size of a page must not be negative.")
    start = _decode(token, invalid) if token else 0
    end = start + (size or default_size)
    following = _encode(end) if end < len(items) else None
    return list(items[start:end]), following


def _encode(offset: int) -> str:
    return base64.urlsafe_b64encode(f"offset:{offset}".encode()).decode()


def _decode(token: str, invalid: type[AwsError]) -> int:
    try:
        word, _, number = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        # Only what was given out: decoding alone passes over characters that are not of base64.
        known = word == "offset" and number.isdecimal() and len(number) <= _DIGITS
        if known and token == _encode(int(number)):
            return int(number)
    except (binascii.Error, ValueError):
        pass
    raise invalid("The pagination token is not valid.")
