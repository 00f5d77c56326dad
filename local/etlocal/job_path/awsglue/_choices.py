"""Resolving columns whose values are of several types.

A choice is held as a struct with one field a type, of which one is set; the frame knows which
paths are choices. AWS Glue Developer Guide: "DynamicFrame class" (resolveChoice).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as sf

from . import _paths, _types, _undecided
from ._columns import cast, column, rewrite, type_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import Column, DataFrame

    from ._paths import Path

_ACTIONS = "cast:<type>, project:<type>, make_cols, make_struct, match_catalog"


@dataclass(frozen=True)
class ResolveOption:
    """How `toDF` turns one choice into a column: Project, Cast or KeepAsStruct."""

    path: str
    action: str
    target: Any = None


def collapse(value: Column, dtype: Any, target: Any) -> Column:
    """Return a choice's value cast to one type, whichever type it has."""
    members = [cast(value.getField(f.name), f.dataType, target) for f in dtype.fields]
    return sf.coalesce(*members)


def under(choices: frozenset[Path], path: Path) -> frozenset[Path]:
    """Return the choices at or below a path."""
    return frozenset(choice for choice in choices if choice[: len(path)] == path)


def resolve(
    df: DataFrame, choices: frozenset[Path], path: Path, action: str
) -> tuple[DataFrame, frozenset[Path]]:
    """Resolve one path and return the frame with the choices that are left.

    Raises
    ------
    ValueError
        When the action is none that exists, or projects to a type the choice does not have.
    """
    kind, _, argument = action.partition(":")
    dtype = type_at(df.schema, path)
    if dtype is None:
        return df, choices
    chosen = path in choices
    left = choices - under(choices, path)
    if kind in ("cast", "project") and argument:
        target = _types.parse(argument)
        if kind == "cast" and dtype == target and not chosen:
            return df, left
        if kind == "project":
            if not chosen:
                return df, choices
            if argument not in dtype.names and target not in [f.dataType for f in dtype.fields]:
                raise ValueError(
                    f"resolveChoice: {_paths.text(path)!r} cannot be projected to {argument!r}: "
                    f"its types are {', '.join(dtype.names)}"
                )

        def change(name: str, value: Column, source: Any) -> list[tuple[str, Column]]:
            new = collapse(value, source, target) if chosen else cast(value, source, target)
            return [(name, new)]

        return rewrite(df, path, change), left
    if kind == "make_struct" and not argument:
        return df, choices - {path}
    if kind == "make_cols" and not argument:
        if not chosen:
            return df, choices
        if path[-1] == _paths.ELEMENT:
            raise ValueError(
                f"resolveChoice: the elements of {_paths.text(path)!r} have no name to make "
                "columns of; use cast, project or make_struct"
            )
        moved = {
            (*path[:-1], f"{path[-1]}_{inner[len(path)]}", *inner[len(path) + 1 :])
            for inner in under(choices, path)
            if len(inner) > len(path)
        }

        def split(name: str, value: Column, source: Any) -> list[tuple[str, Column]]:
            return [(f"{name}_{f.name}", value.getField(f.name)) for f in source.fields]

        return rewrite(df, path, split), left | moved
    raise ValueError(f"resolveChoice: action {action!r} is unknown; it must be one of {_ACTIONS}")


def cast_undecided(
    df: DataFrame, undecided: Mapping[str, Any], specs: Sequence[tuple[str, str]]
) -> tuple[DataFrame, dict[str, Any]]:
    """Cast the undecided columns among the specs; return those still undecided as well."""
    left = dict(undecided)
    cast_to: dict[str, Column] = {}
    for path, spec in specs:
        name, *rest = _paths.parse(path)
        if name in left and not rest:
            target = _types.parse(spec.removeprefix("cast:"))
            cast_to[name] = _undecided.as_type(name, left.pop(name), target).alias(name)
    if cast_to:
        df = df.select(*[cast_to[n] if n in cast_to else column(n) for n in df.columns])
    return df, left


def resolve_all(
    df: DataFrame, choices: frozenset[Path], action: str
) -> tuple[DataFrame, frozenset[Path]]:
    """Resolve every choice by one action, the innermost first."""
    for path in sorted(choices, key=len, reverse=True):
        if action.startswith("project:"):
            names = type_at(df.schema, path).names  # type: ignore[union-attr]
            if action.removeprefix("project:") not in names:
                continue
        df, choices = resolve(df, choices, path, action)
    return df, choices


def apply(
    df: DataFrame,
    choices: frozenset[Path],
    specs: Sequence[tuple[str, str]],
    action: str,
    columns: Sequence[tuple[str, str]],
) -> tuple[DataFrame, frozenset[Path]]:
    """Resolve by specs, or every choice by one action; `columns` are match_catalog's."""
    if action == "match_catalog":
        return match_columns(df, choices, columns)
    if action:
        return resolve_all(df, choices, action)
    for text, spec in specs:
        if spec == "match_catalog":
            df, choices = match_columns(df, choices, [c for c in columns if c[0] == text])
        else:
            df, choices = resolve(df, choices, _paths.parse(text), spec)
    return df, choices


def match_columns(
    df: DataFrame, choices: frozenset[Path], columns: Sequence[tuple[str, str]]
) -> tuple[DataFrame, frozenset[Path]]:
    """Resolve choices to the types a catalog table gives its columns (`match_catalog`)."""
    wanted = {name.lower(): kind for name, kind in columns}
    for path in sorted(choices, key=len, reverse=True):
        if len(path) == 1 and path[0].lower() in wanted:
            df, choices = resolve(df, choices, path, f"cast:{wanted[path[0].lower()]}")
    return df, choices


def as_columns(
    df: DataFrame, choices: frozenset[Path], options: Sequence[ResolveOption]
) -> DataFrame:
    """Return the frame with the choices that `toDF` was told about resolved.

    Raises
    ------
    ValueError
        When an option's action is unknown or lacks its target type.
    """
    for option in options:
        if option.action == "KeepAsStruct":
            continue
        if option.action not in ("Project", "Cast") or option.target is None:
            raise ValueError(f"toDF: {option!r} is no Project, Cast or KeepAsStruct")
        target = option.target
        name = target.typeName() if hasattr(target, "typeName") else str(target)
        action = f"{option.action.lower()}:{name}"
        df, choices = resolve(df, choices, _paths.parse(option.path), action)
    return df
