"""Reading files: which ones (paths, partitions, bookmark), and as what.

AWS Glue Developer Guide: "Connection types and options for ETL in AWS Glue" (S3), "Using pushdown
predicates", "Running specific ETL workloads: bounded execution".
"""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as sf

from . import _aws, _bookmarks_s3, _catalog, _formats, _run, _types
from ._bookmarks_s3 import Bounds, FileEntry, S3State
from ._columns import file_name
from ._listing import ListOptions, list_files, list_folders
from ._loading import Loaded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyspark.sql import DataFrame

    from ._catalog import Partition, Table

# Options of the S3 connection type; what is not here belongs to the reader underneath.
KNOWN = {
    "path", "paths", "recurse", "exclusions", "excludeStorageClasses", "groupFiles", "groupSize",
    "boundedFiles", "boundedSize", "attachFilename", "maxBand", "maxFilesInBand", "compressionType",
    "useS3ListImplementation", "catalogPartitionPredicate", "partitionKeys", "mergeSchema",
    "useSparkDataSource", "acquireType", "isFailFast",
}  # fmt: skip


@dataclass(frozen=True)
class S3Options:
    """The S3 connection's options, read."""

    listing: ListOptions
    bounds: Bounds
    band: int
    attach: str

    @classmethod
    def read(cls, options: Mapping[str, Any]) -> S3Options:
        """Check and read the options.

        Raises
        ------
        ValueError
            When an option has a value that it cannot have.
        NotImplementedError
            When an option is unknown here: it would change what is read.
        """
        unknown = sorted(set(options) - KNOWN)
        if unknown:
            raise NotImplementedError(f"The S3 connection options {unknown} are not supported")
        grouping = str(options.get("groupFiles", "inPartition"))
        if grouping not in ("inPartition", "acrossPartition", "none"):
            raise ValueError(
                f"groupFiles must be inPartition, acrossPartition or none, not {grouping!r}"
            )
        return cls(
            ListOptions.from_options(options),
            Bounds(
                _number(options, "boundedFiles"),
                _number(options, "boundedSize"),
                _number(options, "maxFilesInBand"),
            ),
            _number(options, "maxBand") or _bookmarks_s3.MAX_BAND_SECONDS,
            str(options.get("attachFilename", "")),
        )


def _number(options: Mapping[str, Any], name: str) -> int | None:
    value = options.get(name)
    if value is None or value == "":
        return None
    try:
        return int(str(value))
    except ValueError as error:
        raise ValueError(f"The option {name} must be a whole number, not {value!r}") from error


def paths_of(options: Mapping[str, Any]) -> list[str]:
    """Return the source's paths: `paths`, a list, or `path`."""
    paths = options.get("paths", options.get("path"))
    if not paths:
        raise ValueError("An S3 source needs the connection option paths")
    return [paths] if isinstance(paths, str) else [str(path) for path in paths]


def choose(listing: Iterable[FileEntry], options: S3Options, ctx: str, now: int) -> list[FileEntry]:
    """Return the files to read, by the bookmark when the source has one; record what was read."""
    run = _run.current()
    unique = {file.path: file for file in listing}.values()
    if run is None or not run.tracks(ctx):
        bounded = options.bounds.files is not None or options.bounds.size is not None
        state = S3State()
        if not bounded:
            return sorted(unique, key=lambda file: file.path)
        return list(_bookmarks_s3.select(unique, state, now, options.band, options.bounds).files)
    state = S3State.from_json(run.state(ctx))
    fixed, end = run.range_end(ctx)
    if fixed:
        return list(_bookmarks_s3.select_range(unique, state, S3State.from_json(end), options.band))
    selection = _bookmarks_s3.select(unique, state, now, options.band, options.bounds)
    run.advance(ctx, selection.state.to_json())
    return list(selection.files)


def _now() -> int:
    return time.time_ns() // 1_000_000


def _s3() -> Any:
    return _aws.client("s3")


def read_paths(
    spark: Any,
    options: Mapping[str, Any],
    format: str | None,
    format_options: Mapping[str, Any],
    ctx: str,
) -> Loaded:
    """Read the files under paths, in a named format."""
    chosen = S3Options.read(options)
    now = _now()
    listing = [f for path in paths_of(options) for f in list_files(path, chosen.listing, _s3)]
    files = choose(listing, chosen, ctx, now)
    readable = [file.path for file in files if file.size > 0]
    if format not in _formats.READABLE:
        return _formats.load(spark, [], format, format_options, "")
    if not readable:
        return Loaded(_catalog.empty_frame(spark, []))
    return _formats.load(spark, readable, format, format_options, chosen.attach)


def read_table(
    spark: Any,
    table: Table,
    options: Mapping[str, Any],
    predicate: str,
    ctx: str,
    catalog_id: str | None,
) -> Loaded:
    """Read the files of a catalog table, partition columns included."""
    chosen = S3Options.read(options)
    now = _now()
    by_partition = _table_files(spark, table, options, predicate, catalog_id, chosen.listing)
    owners = {file.path: part for part, files in by_partition for file in files}
    every = [file for _, files in by_partition for file in files]
    files = [file for file in choose(every, chosen, ctx, now) if file.size > 0]
    attach = [(chosen.attach, "string")] if chosen.attach else []
    if not files:
        return Loaded(_catalog.empty_frame(spark, [*table.all_columns, *attach]), nothing=True)
    groups: dict[Partition | None, list[str]] = {}
    for file in files:
        groups.setdefault(owners[file.path], []).append(file.path)
    df = _read_groups(spark, table, groups, chosen.attach)
    return Loaded(df, undecided=_formats.undecided(table))


def _read_groups(
    spark: Any, table: Table, groups: dict[Partition | None, list[str]], attach: str
) -> DataFrame:
    if len(groups) > 1 and all(p is not None and _catalog.hive_style(table, p) for p in groups):
        # One scan: Spark takes the partitions' values from the folders.
        paths = [path for files in groups.values() for path in files]
        df = _formats.load_table(spark, paths, table, table.location)
        return _with_file(df, attach)
    frames = []
    for partition, paths in groups.items():
        df = _with_file(_formats.load_table(spark, paths, table, None), "~file")
        values = partition.values if partition else ()
        for (name, kind), value in zip(table.partition_keys, values, strict=True):
            df = df.withColumn(name, sf.lit(value).cast(_types.parse(kind)))
        frames.append(df)
    df = functools.reduce(lambda a, b: a.unionByName(b), frames)
    return df.withColumnRenamed("~file", attach) if attach else df.drop("~file")


def _with_file(df: DataFrame, attach: str) -> DataFrame:
    return df.withColumn(attach, file_name()) if attach else df


def _table_files(
    spark: Any,
    table: Table,
    options: Mapping[str, Any],
    predicate: str,
    catalog_id: str | None,
    listing: ListOptions,
) -> Sequence[tuple[Partition | None, list[FileEntry]]]:
    if not table.partition_keys:
        return [(None, list(list_files(table.location, listing, _s3)))]
    expression = str(options.get("catalogPartitionPredicate", ""))
    found = _catalog.partitions(_aws.client("glue"), table, expression, catalog_id)
    chosen = _catalog.matching(spark, table.partition_keys, found, predicate)
    locations = [part.location for part in chosen]
    if expression or 2 * len(chosen) < len(found):
        # Of the table's many files few are wanted.
        return [(p, list(list_files(p.location, listing, _s3))) for p in chosen]
    return list(zip(chosen, list_folders(locations, table.location, listing, _s3), strict=True))
