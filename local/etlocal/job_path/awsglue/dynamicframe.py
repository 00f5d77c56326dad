"""DynamicFrame and collections of them.

AWS Glue Developer Guide: "DynamicFrame class", "DynamicFrameCollection class".
"""

# ruff: noqa: ARG002 - AWS's signatures have parameters that mean nothing here

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as sf

from . import (
    _choices,
    _mapping,
    _paths,
    _python_transforms,
    _records,
    _relational,
    _rows,
    _types,
)
from ._choices import ResolveOption
from ._collection import DynamicFrameCollection
from ._common import COMMON, DynamicFrameError, check, common_parameters
from ._readers import DynamicFrameReader, DynamicFrameWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pyspark.sql import DataFrame

    from . import gluetypes
    from ._paths import Path
    from .context import GlueContext

__all__ = [
    "DynamicFrame",
    "DynamicFrameCollection",
    "DynamicFrameError",
    "DynamicFrameReader",
    "DynamicFrameWriter",
    "ResolveOption",
]


class DynamicFrame:
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

    def __init__(self, jdf: DataFrame, glue_ctx: GlueContext, name: str = "") -> None:
        self.glue_ctx = glue_ctx
        self.name = name
        self._df = jdf
        self._choices: frozenset[Path] = frozenset()
        self._stage_errors: DataFrame | None = None
        self._earlier_errors: tuple[DataFrame, ...] = ()

    @classmethod
    def fromDF(cls, dataframe: DataFrame, glue_ctx: GlueContext, name: str = "") -> DynamicFrame:
        """Return a DataFrame as a DynamicFrame."""
        return cls(dataframe, glue_ctx, name)

    def toDF(self, options: Sequence[ResolveOption] | None = None) -> DataFrame:
        """Return the Spark DataFrame; an unresolved choice is a struct with a field a type."""
        return _choices.as_columns(self._df, self._choices, options or ())

    # -- information

    def count(self) -> int:
        """Return the number of records."""
        return int(self._df.count())

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
        return int(self._df.rdd.getNumPartitions())

    def repartition(self, numPartitions: int, *args: Any, **kwargs: Any) -> DynamicFrame:
        """Return the frame in that many partitions."""
        return self._next(self._df.repartition(numPartitions), args, kwargs)

    def coalesce(
        self, numPartitions: int, shuffle: bool = False, *args: Any, **kwargs: Any
    ) -> DynamicFrame:
        """Return the frame in at most that many partitions."""
        df = self._df.repartition(numPartitions) if shuffle else self._df.coalesce(numPartitions)
        return self._next(df, args, kwargs)

    # -- fields

    def apply_mapping(
        self, mappings: Sequence[Sequence[str]], *args: Any, **kwargs: Any
    ) -> DynamicFrame:
        """Return the mapped fields only: (source, source type, target, target type)."""
        df = _mapping.apply_mapping(self._df, self._choices, mappings)
        return self._next(df, args, kwargs, frozenset())

    def select_fields(self, paths: Sequence[str], *args: Any, **kwargs: Any) -> DynamicFrame:
        """Return the named fields only; names the frame does not have are ignored."""
        paths = [paths] if isinstance(paths, str) else paths
        return self._next(_mapping.select_fields(self._df, paths), args, kwargs)

    def drop_fields(self, paths: Sequence[str], *args: Any, **kwargs: Any) -> DynamicFrame:
        """Return the frame without the named fields."""
        paths = [paths] if isinstance(paths, str) else paths
        return self._next(_mapping.drop_fields(self._df, paths), args, kwargs)

    def rename_field(self, oldName: str, newName: str, *args: Any, **kwargs: Any) -> DynamicFrame:
        """Return the frame with one field renamed; dots in a name need backticks."""
        choices = _mapping.moved(self._choices, _paths.parse(oldName), _paths.parse(newName))
        df = _mapping.rename_field(self._df, oldName, newName)
        return self._next(df, args, kwargs, choices)

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
        df, choices = self._df, self._choices
        if action == "match_catalog" or any(a == "match_catalog" for _, a in specs or ()):
            if not database or not table_name:
                raise ValueError("resolveChoice: match_catalog needs database and table_name")
            table = self.glue_ctx._catalog_table(database, table_name, catalog_id)
            named = {p for p, a in specs or () if a == "match_catalog"}
            columns = [c for c in table.all_columns if not named or c[0] in named]
            df, choices = _choices.match_columns(df, choices, columns)
        elif action:
            df, choices = _choices.resolve_all(df, choices, action)
        for path, spec in specs or ():
            if spec != "match_catalog":
                df, choices = _choices.resolve(df, choices, _paths.parse(path), spec)
        return self._next(df, args, kwargs, choices)

    def unbox(self, path: str, format: str, *args: Any, **options: Any) -> DynamicFrame:
        """Return the frame with a string field parsed: JSON text into fields."""
        from ._json_source import unbox_json

        kwargs = {k: options.pop(k) for k in COMMON if k in options}
        if format != "json" or set(options) - {"withSchema"}:
            raise NotImplementedError(
                f"unbox: format {format!r} with options {sorted(options)} is not supported; "
                "json with withSchema is"
            )
        where = _paths.parse(path)
        df, choices = unbox_json(self._df, where, options.get("withSchema"))
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

    def mapPartitions(
        self, f: Callable[[Any], Any], preservesPartitioning: bool = True, *args: Any, **kwargs: Any
    ) -> DynamicFrame:
        """Raise: functions over whole partitions are not supported."""
        raise NotImplementedError("DynamicFrame.mapPartitions is not supported; use map")

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
        df, names = _mapping.join(self._df, frame2._df, first, second)
        right = {(names[path[0]], *path[1:]) for path in frame2._choices}
        made = self._next(df, args, kwargs, self._choices | right)
        made._earlier_errors += frame2._all_errors()
        return made

    def union(self, other_frame: DynamicFrame, *args: Any, **kwargs: Any) -> DynamicFrame:
        """Return the records of both frames; fields that one lacks are null."""
        from ._unions import union

        df, choices = union((self._df, self._choices), (other_frame._df, other_frame._choices))
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
    ) -> DynamicFrameCollection:
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
    ) -> DynamicFrameCollection:
        """Return two frames: rows for which all comparisons hold, and the others."""
        condition = _rows.comparison(self._df, comparison_dict)
        holds = sf.coalesce(condition, sf.lit(False))
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
    ) -> DynamicFrameCollection:
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
        """Return the frame with the fields of structs at the top, their names dotted."""
        return self._next(_relational.unnest(self._df), args, kwargs, frozenset())

    def drop_null_fields(self, *args: Any, **kwargs: Any) -> DynamicFrame:
        """Return the frame without the fields that have no value in any record."""
        empty = [_paths.quoted(name) for name in _rows.empty_columns(self._df)]
        return self.drop_fields(empty, *args, **kwargs)

    def spigot(
        self, path: str, options: dict[str, Any] | None = None, *args: Any, **kwargs: Any
    ) -> DynamicFrame:
        """Write sample records as JSON to a path and return the frame."""
        chosen = dict(options or {})
        sample = self._df
        if "prob" in chosen:
            sample = sample.sample(fraction=float(chosen["prob"]))
        if "topk" in chosen:
            sample = sample.limit(int(chosen["topk"]))
        sample.write.mode("append").json(path)
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
        return self.glue_ctx.write_dynamic_frame_from_options(
            self, connection_type, connection_options or {}, format, format_options or {}
        )

    # -- errors

    def stageErrorsCount(self) -> int:
        """Return the number of error records the last transform made."""
        return 0 if self._stage_errors is None else int(self._stage_errors.count())

    def errorsCount(self) -> int:
        """Return the number of error records of all transforms so far."""
        return sum(int(errors.count()) for errors in self._all_errors())

    def errorsAsDynamicFrame(self) -> DynamicFrame:
        """Return the error records, each under `error`."""
        session = self._df.sparkSession
        empty = session.createDataFrame([], _python_transforms.ERROR_SCHEMA)
        every = functools.reduce(lambda a, b: a.union(b), self._all_errors(), empty)
        return DynamicFrame(every, self.glue_ctx, f"{self.name}_errors")

    def assertErrorThreshold(self) -> None:
        """Raise DynamicFrameError when there are error records."""
        found = self.errorsCount()
        if found:
            raise DynamicFrameError(f"There are {found} error records in the DynamicFrame")

    def _all_errors(self) -> tuple[DataFrame, ...]:
        own = () if self._stage_errors is None else (self._stage_errors,)
        return (*self._earlier_errors, *own)

    # -- making the next frame

    def _collection(self, frames: dict[str, DynamicFrame]) -> DynamicFrameCollection:
        for name, frame in frames.items():
            frame.name = name
        return DynamicFrameCollection(frames, self.glue_ctx)

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
