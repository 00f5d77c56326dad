"""Glue's glob patterns, by which a crawler leaves out objects and tables.

Source: AWS Glue Developer Guide, "Crawler properties", section "Include and exclude patterns".
"""

from __future__ import annotations

import re
from collections.abc import Iterable


class GlobError(ValueError):
    """A pattern with a bracket or brace that is not closed."""


def matcher(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """Compile patterns to one that matches, whole, a path relative to the include path.

    ``*`` and ``?`` stay within a folder, ``**`` crosses folders, ``[…]`` is one of the characters
    (``[!…]`` none of them), ``{a,b}`` one of the patterns, and a backslash takes the next
    character as it is.

    Returns
    -------
    re.Pattern or None
        None without patterns.

    Raises
    ------
    GlobError
    """
    translated = [_translate(pattern) for pattern in patterns]
    return re.compile("|".join(translated), re.DOTALL) if translated else None


def _translate(pattern: str) -> str:
    pieces: list[str] = []
    position, depth = 0, 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        match character:
            case "*" if pattern[position : position + 1] == "*":
                pieces.append(".*")
                position += 1
            case "*":
                pieces.append("[^/]*")
            case "?":
                pieces.append("[^/]")
            case "[":
                piece, position = _character_class(pattern, position)
                pieces.append(piece)
            case "{":
                depth += 1
                pieces.append("(?:")
            case "}" if depth:
                depth -= 1
                pieces.append(")")
            case "," if depth:
                pieces.append("|")
            case "\\" if position < len(pattern):
                pieces.append(re.escape(pattern[position]))
                position += 1
            case _:
                pieces.append(re.escape(character))
    if depth:
        raise GlobError(f"brace not closed in exclude pattern {pattern!r}")
    return f"(?:{''.join(pieces)})"


def _character_class(pattern: str, position: int) -> tuple[str, int]:
    end = pattern.find("]", position + 1)
    if end < 0:
        raise GlobError(f"bracket not closed in exclude pattern {pattern!r}")
    inside = pattern[position:end]
    negated = inside.startswith("!")
    if negated:
        inside = inside[1:]
    # A hyphen between two characters is a range; everything else stands for itself.
    escaped = re.sub(r"([\\\]\[^&~|])", r"\\\1", inside)
    return f"(?!/)[{'^' if negated else ''}{escaped}]", end + 1
