"""The files of a COPY as relations of raw text, one column a field."""

# ruff: noqa: S608  names are quoted by `build.quote`, values by `build.quote_text` or bound
from __future__ import annotations

from collections.abc import Sequence

from etlocal.redshift.engines.base import CANONICAL_NULL, Load, LoadFile
from etlocal.redshift.engines.duckdb.build import quote_text

_MAX_LINE = 4 * 1024 * 1024


def relation(load: Load, files: Sequence[LoadFile], rejects: str | None = None) -> str:
    """Give DuckDB's FROM item of some files: columns ``f0``, ``f1``, … and, for text, ``filename``.

    Parameters
    ----------
    rejects : str or None
        The temporary table that takes lines that are no rows; None makes them an error.
    """
    if load.options.format in ("json", "avro"):
        return _json(load, files)
    return _csv(load, files, rejects)


def _paths(files: Sequence[LoadFile]) -> str:
    return "[" + ", ".join(quote_text(str(file.path)) for file in files) + "]"


def _csv(load: Load, files: Sequence[LoadFile], rejects: str | None) -> str:
    options = load.options
    if load.canonical:
        delimiter, quote, escape, null = "|", '"', '"', CANONICAL_NULL
    else:
        quote = escape = options.quote if options.format == "csv" else ""
        delimiter, null = options.delimiter, options.null_as
    names = ", ".join(f"'f{i}': 'VARCHAR'" for i in range(len(load.columns)))
    arguments = [
        _paths(files),
        "auto_detect = false",
        "header = false",
        f"delim = {quote_text(delimiter)}",
        f"quote = {quote_text(quote)}",
        f"escape = {quote_text(escape)}",
        f"columns = {{{names}}}",
        f"nullstr = {quote_text(null)}",
        f"allow_quoted_nulls = {not load.canonical}",
        f"skip = {options.ignoreheader}",
        f"max_line_size = {_MAX_LINE}",
    ]
    if load.canonical:
        arguments.append("new_line = '\\n'")
    if rejects is not None:
        arguments += [
            "store_rejects = true",
            f"rejects_table = {quote_text(rejects)}",
            f"rejects_scan = {quote_text(rejects + '_scan')}",
            "rejects_limit = 0",
        ]
    return f"read_csv({', '.join(arguments)})"


def _json(load: Load, files: Sequence[LoadFile]) -> str:
    fields = []
    for index, column in enumerate(load.columns):
        if load.json_paths is not None:
            path = quote_text(load.json_paths[index])
        elif load.options.json == "auto ignorecase":
            key = f"list_filter(json_keys(json), lambda k: lower(k) = {quote_text(column)})[1]"
            path = f"'$.\"' || {key} || '\"'"
        else:
            name = column.replace('"', '\\"')
            path = quote_text(f'$."{name}"')
        fields.append(f"json_extract_string(json, {path}) AS f{index}")
    objects = f"read_ndjson_objects({_paths(files)}, maximum_object_size = {_MAX_LINE})"
    return f"(SELECT {', '.join(fields)} FROM {objects})"
