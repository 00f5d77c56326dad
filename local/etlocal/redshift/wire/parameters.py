"""The ``$1`` parameters of statements: found in the text, and their values as constants.

A value never becomes a part of the text: the text is parsed with the parameters in it, and the
constant is put into the finished tree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from sqlglot import exp

from etlocal.redshift.dialect import grammar, types
from etlocal.redshift.dialect.types import SqlType

_PREFIX = "p"
# What a `$` within is no parameter of: strings, quoted names, comments, and strings in dollars.
_TOKENS = re.compile(
    r"""
    (?P<skip> '(?:[^'\\]|''|\\.)*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/
        | \$(?P<tag>[A-Za-z_]\w*|)\$.*?\$(?P=tag)\$
        | [A-Za-z_][\w$]* )
    | \$(?P<number>\d+)
    """,
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=512)
def named(text: str) -> tuple[str, int]:
    """Write the parameters ``$1``, ``$2``, … as the names that the parser knows.

    Returns
    -------
    tuple of (str, int)
        The text, and the highest number of a parameter in it.
    """
    highest = 0

    def replace(match: re.Match[str]) -> str:
        nonlocal highest
        if match["number"] is None:
            return match[0]
        highest = max(highest, int(match["number"]))
        return f":{_PREFIX}{match['number']}"

    return _TOKENS.sub(replace, text), highest


def name(number: int) -> str:
    """Give the name of a parameter by its number."""
    return f"{_PREFIX}{number}"


def values(constants: Sequence[exp.Expr]) -> dict[str, exp.Expr]:
    """Give constants the names of the first, second, … parameter."""
    return {name(number): node for number, node in enumerate(constants, start=1)}


def constant(text: str | None, kind: SqlType | None) -> exp.Expr:
    """Make a parameter's value an expression of the type that the client declared.

    Parameters
    ----------
    text : str or None
        The value as `wire.types.decode` gives it; None is NULL.
    kind : SqlType or None
        None is a value without a type, which becomes what stands beside it.
    """
    if kind is None:
        return exp.Null() if text is None else exp.Literal.string(text)
    if kind.name == "numeric":
        # It has the digits that it is written with; without a value it has none.
        return exp.Null() if text is None else _number(text)
    if text is None:
        value: exp.Expr = exp.Null()
    elif kind.is_integer:
        value = _number(text)
    else:
        value = exp.Literal.string(text)
    if kind == types.BOOL and text is not None:
        return exp.Boolean(this=text.strip().lower() in _TRUE)
    return exp.Cast(this=value, to=_type(kind.formatted()).copy())


def slot(name: str, kind: SqlType | None) -> exp.Expr:
    """Make the place of a parameter whose values come as text: of the type that was declared."""
    place = exp.Placeholder(this=name)
    if kind is None or kind.name == "numeric":
        return place
    return exp.Cast(this=place, to=_type(kind.formatted()).copy())


_TRUE = ("t", "true", "y", "yes", "on", "1")


def _number(text: str) -> exp.Expr:
    digits = exp.Literal.number(text.removeprefix("-"))
    return exp.Paren(this=exp.Neg(this=digits)) if text.startswith("-") else digits


@lru_cache(maxsize=32)
def _type(name: str) -> exp.DataType:
    return grammar.parse_type(name)
