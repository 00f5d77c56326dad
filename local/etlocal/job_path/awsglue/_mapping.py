"""ApplyMapping and the other transforms that choose and rename fields, as Spark expressions.

AWS Glue Developer Guide: "ApplyMapping class", "SelectFields class", "DropFields class",
"RenameField class".
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as sf

from . import _choices, _paths, _types, _undecided
from ._columns import cast, find, rewrite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import Column, DataFrame

    from ._paths import Path

_log = logging.getLogger("awsglue")


def apply_mapping(
    df: DataFrame,
    choices: frozenset[Path],
    mappings: Sequence[Sequence[str]],
    undecided: Mapping[str, Any],
) -> DataFrame:
    """Return the named source fields under their target names, cast to the target types.

    A source that the frame does not have gives no target field.

    Raises
    ------
    ValueError
        When a mapping is not a tuple of four, names an unknown type, or two mappings have one
        target.
    """
    tree: dict[str, Any] = {}
    for mapping in mappings:
        if len(mapping) != 4:
            raise ValueError(
                "ApplyMapping: a mapping is (source column, source type, target column, "
                f"target type), not {tuple(mapping)!r}"
            )
        source, _source_type, target, target_type = mapping
        path = _paths.parse(source)
        if _paths.ELEMENT in path:
            raise NotImplementedError(
                f"ApplyMapping: the source {source!r} enters an array, which is not supported"
            )
        found = find(df, path)
        if found is None:
            _log.warning("ApplyMapping: there is no field %r; %r is left out", source, target)
            continue
        value, dtype = found
        wanted = _types.parse(target_type)
        if len(path) == 1 and path[0] in undecided:
            value = _undecided.as_type(path[0], undecided[path[0]], wanted)
        elif path in choices:
            value = _choices.collapse(value, dtype, wanted)
        else:
            value = cast(value, dtype, wanted)
        _put(tree, _paths.parse(target), value, target)
    return df.select(*_build(tree))


def _put(tree: dict[str, Any], path: Path, value: Column, target: str) -> None:
    for name in path[:-1]:
        tree = tree.setdefault(name, {})
        if not isinstance(tree, dict):
            raise ValueError(  # noqa: TRY004 - the mapping is wrong, not a type
                f"ApplyMapping: {target!r} is inside a field that is mapped itself"
            )
    if path[-1] in tree:
        raise ValueError(f"ApplyMapping: the target {target!r} is named twice")
    tree[path[-1]] = value


def _build(tree: dict[str, Any]) -> list[Column]:
    return [
        (sf.struct(*_build(node)) if isinstance(node, dict) else node).alias(name)
        for name, node in tree.items()
    ]


def select_fields(df: DataFrame, paths: Sequence[str]) -> DataFrame:
    """Return only the named fields; a nested one keeps its place in its struct."""
    wanted = [_paths.parse(path) for path in paths]
    keep = [path for path in wanted if find(df, path) is not None]
    tree: dict[str, Any] = {}
    for path in keep:
        if any(path[: len(other)] == other and path != other for other in keep):
            continue
        found = find(df, path)
        if found is not None and not _present(tree, path):
            _put(tree, path, found[0], _paths.text(path))
    return df.select(*_build(tree))


def _present(tree: Any, path: Path) -> bool:
    for name in path:
        if not isinstance(tree, dict) or name not in tree:
            return False
        tree = tree[name]
    return True


def drop_fields(df: DataFrame, paths: Sequence[str]) -> DataFrame:
    """Return the frame without the named fields; a struct left empty is dropped as well."""
    for text in paths:
        path = _paths.parse(text)
        while path:
            parent = find(df, path[:-1]) if len(path) > 1 else None
            if parent is not None and len(parent[1].fields) == 1 and find(df, path) is not None:
                path = path[:-1]
                continue
            df = rewrite(df, path, lambda _name, _value, _dtype: [])
            break
    return df


def rename_field(df: DataFrame, old: str, new: str) -> DataFrame:
    """Return the frame with one field under a new full path."""
    source, target = _paths.parse(old), _paths.parse(new)
    found = find(df, source)
    if found is None:
        return df
    if source[:-1] == target[:-1]:
        return rewrite(df, source, lambda _name, value, _dtype: [(target[-1], value)])
    tree: dict[str, Any] = {}
    for path in _leaves(df.schema):
        if path[: len(source)] != source:
            leaf = find(df, path)
            if leaf is not None:
                _put(tree, path, leaf[0], _paths.text(path))
        elif not _present(tree, target):
            _put(tree, target, found[0], new)
    return df.select(*_build(tree))


def _leaves(dtype: Any, prefix: Path = ()) -> list[Path]:
    out: list[Path] = []
    for field in dtype.fields:
        path = (*prefix, field.name)
        nested = field.dataType.typeName() == "struct" and field.dataType.fields
        out += _leaves(field.dataType, path) if nested else [path]
    return out


def moved(choices: frozenset[Path], old: Path, new: Path) -> frozenset[Path]:
    """Return the choices after a field was renamed."""
    return frozenset(
        (*new, *path[len(old) :]) if path[: len(old)] == old else path for path in choices
    )
