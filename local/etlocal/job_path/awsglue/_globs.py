"""Glob patterns over S3 keys and paths, as `exclusions` and source paths use them."""

from __future__ import annotations

import functools
import re


@functools.lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return the pattern as a regular expression over a whole path.

    `*` and `?` stay within a level, `**` crosses levels, `{a,b}` is either, `[...]` is a class.
    """
    out, index, depth = "", 0, 0
    while index < len(pattern):
        char = pattern[index]
        if pattern.startswith("**", index):
            out += ".*"
            index += 2
            continue
        if char == "*":
            out += "[^/]*"
        elif char == "?":
            out += "[^/]"
        elif char == "[" and "]" in pattern[index + 1 :]:
            end = pattern.index("]", index + 1)
            body = pattern[index + 1 : end]
            negated = body[:1] in ("!", "^")
            inner = re.escape(body[1:] if negated else body).replace(r"\-", "-")
            out += f"[{'^' if negated else ''}{inner}]"
            index = end
        elif char == "{" and "}" in pattern[index:]:
            depth += 1
            out += "(?:"
        elif char == "}" and depth:
            depth -= 1
            out += ")"
        elif char == "," and depth:
            out += "|"
        else:
            out += re.escape(char)
        index += 1
    return re.compile(out, re.DOTALL)


def matches(pattern: str, path: str) -> bool:
    """Say whether the whole path matches the pattern."""
    return compiled(pattern).fullmatch(path) is not None


def literal_prefix(path: str) -> str:
    """Return what stands before a path's first special character."""
    special = re.search(r"[*?\[{]", path)
    return path[: special.start()] if special else path
