"""Paths to fields, as the transforms name them: `a.b`, `list[].price`, `` `name.with.dots` ``.

AWS Glue Developer Guide: "DynamicFrame class" (rename_field, resolveChoice).
"""

from __future__ import annotations

ELEMENT = "[]"

Path = tuple[str, ...]


def parse(text: str) -> Path:
    """Split a path into field names; `[]` stands for every element of an array.

    Dots separate levels unless the name is in backticks. A leading dot belongs to the name: that
    is what `Join` calls the right side's column.

    Raises
    ------
    ValueError
        When a backtick is not closed or a level has no name.
    """
    parts: list[str] = []
    index = 0
    while index < len(text):
        if text[index] == "`":
            end = text.find("`", index + 1)
            if end < 0:
                raise ValueError(f"Field path {text!r}: a backtick is not closed")
            name, index = text[index + 1 : end], end + 1
        else:
            start = index
            if not parts and text[index] == ".":
                index += 1
            while index < len(text) and text[index] != "." and not text.startswith("[]", index):
                index += 1
            name = text[start:index]
        if not name or name == ".":
            raise ValueError(f"Field path {text!r}: a level has no name")
        parts.append(name)
        while text.startswith("[]", index):
            parts.append(ELEMENT)
            index += 2
        if index < len(text):
            if text[index] != ".":
                raise ValueError(f"Field path {text!r}: expected a dot at position {index}")
            index += 1
            if index == len(text):
                raise ValueError(f"Field path {text!r}: a level has no name")
    if not parts:
        raise ValueError("A field path must not be empty")
    return tuple(parts)


def text(path: Path) -> str:
    """Return the path as it is written in messages and in flattened column names."""
    out = ""
    for part in path:
        out += part if part == ELEMENT or not out else f".{part}"
    return out


def quoted(name: str) -> str:
    """Return a column's name in backticks, so that Spark takes its dots literally."""
    escaped = name.replace("`", "``")
    return f"`{escaped}`"
