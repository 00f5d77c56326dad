"""Texts with wildcards and policy variables.

A text of a policy becomes *tokens*: single characters, which stand for themselves, and wildcards.
What replaces a variable is always literal. Sources: IAM User Guide, "IAM policy elements:
Variables and tags" and "IAM JSON policy elements: Resource" (*Using wildcards in resource ARNs*).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence

ContextValue = str | tuple[str, ...]

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_KEY_AND_DEFAULT = re.compile(r"([^,\s']+)(?:,\s+'([^']*)')?")
_SPECIAL = ("*", "?", "$")
# An ARN's resource begins after the fifth colon and may have colons of its own.
_COLONS = 5


class Wildcard(enum.Enum):
    """What matches more than one text."""

    ANY = enum.auto()  # any characters
    ANY_WITHIN = enum.auto()  # any characters but colons
    ONE = enum.auto()  # one character
    ONE_WITHIN = enum.auto()  # one character, no colon


Token = str | Wildcard
Tokens = tuple[Token, ...]


def folded(context: Mapping[str, ContextValue]) -> dict[str, ContextValue]:
    """Give a request's context by keys in lower case: their case has no meaning."""
    return {key.lower(): value for key, value in context.items()}


def tokens(
    text: str, context: Mapping[str, ContextValue] | None, *, wildcards: bool = True
) -> Tokens | None:
    """Take a policy's text apart.

    Parameters
    ----------
    text : str
        ``home/${aws:username}/*``.
    context : dict or None
        The request's context, as `folded` gives it; None where the policy has no variables.
    wildcards : bool
        Whether ``*`` and ``?`` are wildcards.

    Returns
    -------
    tuple or None
        None if a variable has no value: nothing equals the text then, nor is like it.
    """
    found: list[Token] = []
    position = 0
    for match in _VARIABLE.finditer(text) if context is not None else ():
        found += _plain(text[position : match.start()], wildcards)
        value = _value(match[1], context or {})
        if value is None:
            return None
        found += value
        position = match.end()
    return (*found, *_plain(text[position:], wildcards))


def resource_tokens(text: str, context: Mapping[str, ContextValue] | None) -> Tokens | None:
    """Take the pattern of a ``Resource`` apart.

    Variables are replaced after the ARN's fifth colon only. Before it a wildcard stays within its
    part, except for a ``*`` that ends the part, which goes on across colons.

    Returns
    -------
    tuple or None
        None if a variable has no value: the pattern matches no resource.
    """
    parts = text.split(":", _COLONS)
    if len(parts) <= _COLONS:
        return tokens(text, context)
    head: list[Token] = []
    for part in parts[:_COLONS]:
        plain = _plain(part, wildcards=True)
        last = len(plain) - 1
        head += [
            token if index == last and token is Wildcard.ANY else _WITHIN.get(token, token)
            for index, token in enumerate(plain)
        ]
        head.append(":")
    resource = tokens(parts[_COLONS], context)
    return None if resource is None else (*head, *resource)


def matches(pattern: Sequence[Token], text: str) -> bool:
    """Tell whether the whole text matches.

    It walks the text once with all the places in the pattern that may have been reached, so that
    many ``*`` cost no more than few.
    """
    places = _skip_stars(pattern, {0})
    for character in text:
        following: set[int] = set()
        for place in places:
            if place == len(pattern):
                continue
            token = pattern[place]
            if token is Wildcard.ANY or (token is Wildcard.ANY_WITHIN and character != ":"):
                following.add(place)
            elif (
                token == character
                or token is Wildcard.ONE
                or (token is Wildcard.ONE_WITHIN and character != ":")
            ):
                following.add(place + 1)
        if not following:
            return False
        places = _skip_stars(pattern, following)
    return len(pattern) in places


def arn_matches(pattern: Tokens, text: str) -> bool:
    """Tell whether an ARN matches, each of its six parts by itself; a lone ``*`` is every ARN.

    Source: IAM User Guide, "IAM JSON policy elements: Condition operators" (*Amazon Resource Name
    (ARN) condition operators*).
    """
    parts = text.split(":", _COLONS)
    if len(parts) <= _COLONS:
        return False
    if pattern == (Wildcard.ANY,):
        return True
    patterns: list[list[Token]] = [[]]
    for each in pattern:
        if each == ":" and len(patterns) <= _COLONS:
            patterns.append([])
        else:
            patterns[-1].append(each)
    return len(patterns) == len(parts) and all(map(matches, patterns, parts))


_WILDCARDS: dict[str, Token] = {"*": Wildcard.ANY, "?": Wildcard.ONE}
_WITHIN: dict[Token, Token] = {
    Wildcard.ANY: Wildcard.ANY_WITHIN,
    Wildcard.ONE: Wildcard.ONE_WITHIN,
}


def _plain(text: str, wildcards: bool) -> list[Token]:
    return [_WILDCARDS.get(each, each) for each in text] if wildcards else list(text)


def _value(variable: str, context: Mapping[str, ContextValue]) -> str | None:
    """Give what a variable stands for; a key of several values cannot be a variable."""
    if variable in _SPECIAL:
        return variable
    match = _KEY_AND_DEFAULT.fullmatch(variable)
    if match is None:
        return None
    value = context.get(match[1].lower())
    return value if isinstance(value, str) and value else match[2]


def _skip_stars(pattern: Sequence[Token], places: set[int]) -> set[int]:
    """Add the places that are reached when a ``*`` matches nothing."""
    reached = set(places)
    for place in places:
        while place < len(pattern) and pattern[place] in (Wildcard.ANY, Wildcard.ANY_WITHIN):
            place += 1
            reached.add(place)
    return reached
