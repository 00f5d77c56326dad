"""DynamicFrame and collections of them.

AWS Glue Developer Guide: "DynamicFrame class", "DynamicFrameCollection class".
"""

# ruff: noqa: ARG002 - AWS's signatures have parameters that mean nothing here

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from . import (
    _catalog,
    _choices,
    _joining,
    _json_source,
    _mapping,
    _paths,
    _python_transforms,
    _records,
    _relational,
    _rows,
    _types,
    _undecided,
    _unions,
)
from ._choices import ResolveOption
from ._collection import DynamicFrameCollection
from ._common import COMMON, DynamicFrameError, check, common_parameters
from ._errors import ErrorRecords
from ._readers import DynamicFrameReader, DynamicFrameWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyspark.sql import DataFrame

    from . import gluetypes
    from ._interfaces import Context
    from ._paths import Path

__all__ = [
    "DynamicFrame",
    "DynamicFrameCollection",
    "DynamicFrameError",
    "DynamicFrameReader",
    "DynamicFrameWriter",
    "ResolveOption",
]


class DynamicFrame(ErrorRecords):
    """Records whose fields may have several types, over a Spark DataFrame.

    Parameters
    ----------
    jdf
        The DataFrame underneath.
    glue_ctx
        The GlueContext the frame belongs to.
    name
        A name, used when the frame is put into a collection.
    """

    def __init__(self, jdf: DataFrame, glue_ctx: Context[DynamicFrame], name: str = "") -> None:
        self.glue_ctx = glue_ctx
        self.name = name
        self._raw = jdf
        self._raw_choices: frozenset[Path] = frozenset()
        self._undecided: dict[str, Any] = {}
        self._stage_errors: DataFrame | None = None
        self._earlier_errors: tuple[DataFrame, ...] = ()

    @property
    def _df(self) -> DataFrame:
        self._decide()
        return self._raw

    @property
    def _choices(self) -> frozenset[Path]:
        self._decide()
        return self._raw_choices

    @_choices.setter
    def _choices(self, choices: frozenset[Path]) -> None:
        self._raw_choices = choices

    def _decide(self) -> None:
        if self._undecided:
            self._raw, made = _undecided.decide(self._raw, self._undecided)
            self._raw_choices |= made
            self._undecided = {}

    @classmethod
    def fromDF(
        cls, dataframe: DataFrame, glue_ctx: Context[DynamicFrame], name: str = ""
    ) -> DynamicFrame:
        """Return a DataFrame as a DynamicFrame."""
        return cls(dataframe, glue_ctx, name)

    def toDF(self, options: Sequence[ResolveOption] | None = None) -> DataFrame:
        """Return the Spark DataFrame; an unresolved choice is a struct with a field a type."""
        return _choices.as_columns(self._df, self._choices, options or ())

    # -- information

    def count(self) -> int:
        """Return the number of records."""
        return int(self._raw.count())

    def schema(self) -> gluetypes.StructType:
        """Return the schema, choices included."""
        schema: Any = _types.to_glue(self._df.schema, self._choices)
        return schema  # type: ignore[no-any-return]

    def printSchema(self) -> None:
        """Print the schema as a tree."""
        print(self.schema().treeString())  # noqa: T201 - printing is what is asked for

    def show(self, num_rows: int = 20) -> None:
        """Print records as JSON, one a line."""
        for row in self._df.take(num_rows):
            record = _records.to_record(row, self._df.schema, self._choices)
            print(json.dumps(record, default=str))  # noqa: T201 - printing is what is asked for

    def getNumPartitions(self) -> int:
        """Return the number of Spark partitions."""
        return int(self._raw.rdd.getNumPartitions())

    def repartition(self, numPartitions: int, *args: Any, **kwargs: Any) -> DynamicFrame:
        """Return the frame in that many partitions."""
        return self._kept(self._raw.repartition(numPartitions), args, kwargs)

    def coalesce(
        self, numPartitions: int, shuffle: bool = False, *args: Any, **kwargs: Any
    ) -> DynamicFrame:
        """Return the frame in at most that many partitions."""
        made = self._raw.repartition if shuffle else self._raw.coalesce
        return self._kept(made(numPartitions), args, kwargs)

    # -- fields

    def apply_mapping(
        self, mappings: Sequence[Sequence[str]], *args: Any, **kwargs: Any
    ) -> DynamicFrame:
        """Return the mapped fields only: (source, source type, target, target type)."""
        df = _mapping.apply_mapping(self._raw, self._raw_choices, mappings, self._undecided)
        return self._next(df, args, kwargs, frozenset())

    def select_fields(self, paths: Sequence[str], *args: Any, **kwargs: Any) -> DynamicFrame:
        """Return the named fields only; names the frame does not have are ignored."""
        paths = [paths] if isinstance(paths, str) else paths
        return self._kept(_mapping.select_fields(self._raw, paths), args, kwargs)

    def drop_fields(self, paths: Sequence[str], *args: Any, **kwargs: Any) -> DynamicFrame:
        """Return the frame without the named fields."""
        paths = [paths] if isinstance(paths, str) else paths
        return self._kept(_mapping.drop_fields(self._raw, paths), args, kwargs)

    def rename_field(self, oldName: str, newName: str, *args: Any, **kwargs: Any) -> DynamicFrame:
        """Return the frame with one field renamed; dots in a name need backticks."""
        old, new = _paths.parse(oldName), _paths.parse(newName)
        if len(old) > 1 or len(new) > 1:
            self._decide()
        df = _mapping.rename_field(self._raw, oldName, newName)
        made = self._next(df, args, kwargs, _mapping.moved(self._raw_choices, old, new))
        made._undecided = {new[0] if n == old[0] else n: t for n, t in self._undecided.items()}
        return made

    def resolveChoice(
        self,
        specs: Sequence[tuple[str, str]] | None = None,
        choice: str = "",
        database: str | None = None,
        table_name: str | None = None,
        *args: Any,
        option: str = "",
        catalog_id: str | None = None,
        **kwargs: Any,
    ) -> DynamicFrame:
        """Return the frame with choices resolved: named ones by `specs`, all by `choice`.

        Raises
        ------
        ValueError
            When both or neither are given, or an action is unknown.
        """
        action = choice or option
        if (specs is None) == (not action):
            raise ValueError("resolveChoice takes either specs or choice, and one of them")
        if specs is not None and all(spec.startswith("cast:") for _, spec in specs):
            # A cast is the same whether or not a column turns out to be a choice.
            df, left = _choices.cast_undecided(self._raw, self._undecided, specs)
            made = self._kept(df, args, kwargs)
            made._undecided = left
            rest = [spec for spec in specs if _paths.parse(spec[0])[0] not in self._undecided]
            for path, spec in rest:
                made._raw, made._raw_choices = _choices.resolve(
                    made._raw, made._raw_choices, _paths.parse(path), spec
                )
            return made
        columns = None
        if "match_catalog" in (action, *(spec for _, spec in specs or ())):
            if not database or not table_name:
                raise ValueError("resolveChoice: match_catalog needs database and table_name")
            columns = _catalog.columns_of(database, table_name, catalog_id)
        df, choices = _choices.apply(self._df, self._choices, specs or (), action, columns or ())
        return self._next(df, args, kwargs, choices)

    def unbox(self, path: str, format: str, *args: Any, **options: Any) -> DynamicFrame:
        """Return the frame with a string field parsed: JSON text into fields."""
        kwargs = {k: options.pop(k) for k in COMMON if k in options}
        if format != "json" or set(options) - {"withSchema"}:
            raise NotImplementedError(
                f"unbox: format {format!r} with options {sorted(options)} is not supported; "
                "json with withSchema is"
            )
        where = _paths.parse(path)
        df, choices = _json_source.unbox_json(self._df, where, options.get("withSchema"))
        return self._next(df, args, kwargs, self._choices | choices)

    # -- rows

    def filter(self, f: Callable[[Any], Any], *args: Any, **kwargs: Any) -> DynamicFrame:
        """Return the records the predicate holds for; a missing field means False."""
        info = str(kwargs.get("info", ""))
        df, errors = _python_transforms.filter_rows(self._df, self._choices, f, info)
        return self._next(df, args, kwargs, errors=errors)

    def map(
        self,
        f: Callable[[Any], Any],
        preservesPartitioning: bool = False,
        *args: Any,
        **kwargs: Any,
    ) -> DynamicFrame:
        """Return what the function makes of each record; None makes an error record."""
        return self._mapped(f, False, args, kwargs)

    def flatMap(self, f: Callable[[Any], Any], *args: Any, **kwargs: Any) -> DynamicFrame:
        """Return all the records the function makes of each record."""
        return self._mapped(f, True, args, kwargs)

    def _mapped(
        self, f: Callable[[Any], Any], many: bool, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> DynamicFrame:
        info = str(kwargs.get("info", ""))
        df, choices, errors = _python_transforms.map_rows(self._df, self._choices, f, info, many)
        return self._next(df, args, kwargs, choices, errors)

    def join(
        self,
        paths1: Sequence[str],
        paths2: Sequence[str],
        frame2: DynamicFrame,
        *args: Any,
        **kwargs: Any,
    ) -> DynamicFrame:
        """Return the inner equi-join; a name both sides have gets a leading dot on the right."""
        first = [paths1] if isinstance(paths1, str) else paths1
        second = [paths2] if isinstance(paths2, str) else paths2
        sides = (self._raw, self._undecided), (frame2._raw, frame2._undecided)
        df, names = _joining.join(*sides, first, second)
        right = {(names[path[0]], *path[1:]) for path in frame2._raw_choices}
        made = self._next(df, args, kwargs, self._raw_choices | right)
        put_off = {names[name]: dtype for name, dtype in frame2._undecided.items()}
        made._undecided = {**self._undecided, **put_off}
        made._earlier_errors += frame2._all_errors()
        return made

    def union(self, other_frame: DynamicFrame, *args: Any, **kwargs: Any) -> DynamicFrame:
        """Return the records of both frames; fields that one lacks are null."""
        other = other_frame._df, other_frame._choices
        df, choices = _unions.union((self._df, self._choices), other)
        made = self._next(df, args, kwargs, choices)
        made._earlier_errors += other_frame._all_errors()
        return made

    def mergeDynamicFrame(
        self,
        stage_dynamic_frame: DynamicFrame,
        primary_keys: Sequence[str],
        *args: Any,
        **kwargs: Any,
    ) -> DynamicFrame:
        """Return the records with those of the staging frame in place of equal primary keys."""
        unmatched = _rows.without(self._df, stage_dynamic_frame._df, primary_keys)
        kept = self._next(unmatched, (), {})
        return kept.union(stage_dynamic_frame, *args, **kwargs)

    def split_fields(
        self, paths: Sequence[str], name1: str, name2: str, *args: Any, **kwargs: Any
    ) -> DynamicFrameCollection[DynamicFrame]:
        """Return two frames: the named fields, and the rest."""
        chosen = self.select_fields(paths, *args, **kwargs)
        rest = self.drop_fields(paths, *args, **kwargs)
        return self._collection({name1: chosen, name2: rest})

    def split_rows(
        self,
        comparison_dict: dict[str, dict[str, Any]],
        name1: str,
        name2: str,
        *args: Any,
        **kwargs: Any,
    ) -> DynamicFrameCollection[DynamicFrame]:
        """Return two frames: rows for which all comparisons hold, and the others."""
        holds = _rows.comparison(self._df, comparison_dict)
        return self._collection(
            {
                name1: self._next(self._df.filter(holds), args, kwargs),
                name2: self._next(self._df.filter(~holds), args, kwargs),
            }
        )

    def relationalize(
        self,
        root_table_name: str,
        staging_path: str | None = None,
        options: dict[str, Any] | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> DynamicFrameCollection[DynamicFrame]:
        """Return the frame as flat tables: the root, and one for every array.

        Nothing is staged: `staging_path` is not written to.
        """
        if options:
            raise NotImplementedError(f"relationalize: options {sorted(options)} are not supported")
        tables = _relational.relationalize(self._df, root_table_name)
        return self._collection(
            {name: self._next(df, args, kwargs, frozenset()) for name, df in tables.items()}
        )

    def unnest(self, *args: Any, **kwargs: Any) -> DynamicFrame:
        """Return the frame with the fields of structs as dotted columns."""
        return self._next(_relational.unnest(self._df), args, kwargs, frozenset())

    def drop_null_fields(self, *args: Any, **kwargs: Any) -> DynamicFrame:
        """Return the frame without the fields that have no value in any record."""
        empty = [_paths.quoted(name) for name in _rows.empty_columns(self._df)]
        return self.drop_fields(empty, *args, **kwargs)

    def spigot(
        self, path: str, options: dict[str, Any] | None = None, *args: Any, **kwargs: Any
    ) -> DynamicFrame:
        """Write sample records as JSON to a path and return the frame."""
        _rows.sampled(self._df, options or {}).write.mode("append").json(path)
        return self._next(self._df, args, kwargs)

    def write(
        self,
        connection_type: str,
        connection_options: dict[str, Any] | None = None,
        format: str | None = None,
        format_options: dict[str, Any] | None = None,
        accumulator_size: int = 0,
    ) -> DynamicFrame:
        """Write the frame through a sink of the connection type and return it."""
        write = self.glue_ctx.write_dynamic_frame_from_options
        write(self, connection_type, connection_options, format, format_options)
        return self

    # -- making the next frame

    def _collection(self, frames: dict[str, DynamicFrame]) -> DynamicFrameCollection[DynamicFrame]:
        for name, frame in frames.items():
            frame.name = name
        return DynamicFrameCollection(frames, self.glue_ctx)

    def _kept(self, df: DataFrame, args: Sequence[Any], kwargs: dict[str, Any]) -> DynamicFrame:
        """Return the frame a transform made that leaves columns undecided."""
        made = self._next(df, args, kwargs, self._raw_choices)
        made._undecided = {n: t for n, t in self._undecided.items() if n in df.columns}
        return made

    def _next(
        self,
        df: DataFrame,
        args: Sequence[Any],
        kwargs: dict[str, Any],
        choices: frozenset[Path] | None = None,
        errors: DataFrame | None = None,
    ) -> DynamicFrame:
        """Return the frame a transform made, its thresholds checked."""
        common = common_parameters(args, kwargs)
        made = DynamicFrame(df, self.glue_ctx, common["transformation_ctx"] or self.name)
        left = self._choices if choices is None else choices
        made._choices = frozenset(p for p in left if p[0] in df.columns)
        made._earlier_errors = self._all_errors()
        made._stage_errors = errors
        check(common, made.stageErrorsCount, made.errorsCount)
        return made
