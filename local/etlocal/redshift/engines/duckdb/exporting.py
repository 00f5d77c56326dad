"""UNLOAD's rows into files, written by DuckDB's own writers."""

# ruff: noqa: S608  names are quoted by `build.quote`, values by `build.quote_text` or bound
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import duckdb

from etlocal.redshift.dialect.types import SqlType
from etlocal.redshift.engines.base import Export, ExportedFile
from etlocal.redshift.engines.duckdb.build import quote, quote_text, sql
from etlocal.redshift.engines.duckdb.context import SessionContext
from etlocal.redshift.engines.duckdb.duck_types import aligned, type_from_duck
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError, undefined_column
from etlocal.redshift.transfer.records import records

_ROW_GROUP = 32 * 1024 * 1024
_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"


def run(session: SessionContext, export: Export) -> list[ExportedFile]:
    """Write a query's rows; gives the files in the order of their names.

    Raises
    ------
    SqlError
        If a column to partition by is not among the query's.
    """
    tree, columns = session.prepared(export.query)
    query = sql(tree)
    described = session.connection.execute(f"DESCRIBE {query}").fetchall()
    columns = aligned(columns, len(described))
    names = [columns[i][0] if i < len(columns) else row[0] for i, row in enumerate(described)]
    return write(session.connection, query, names, export)


def check(names: list[str], export: Export) -> None:
    """Look at the names of a query's columns before its rows are written.

    Raises
    ------
    SqlError
        If a column to partition by is not among them, or two have one name.
    """
    for name in export.partition_by:
        if name not in names:
            raise undefined_column(name)
    if len(set(names)) != len(names) and export.format != "text":
        raise SqlError("UNLOAD: columns of one name; give them aliases", sqlstate="42701")
    if export.partition_by and export.format == "json":
        raise FeatureNotSupportedError("UNLOAD of JSON with PARTITION BY")


def write(
    connection: duckdb.DuckDBPyConnection, query: str, names: list[str], export: Export
) -> list[ExportedFile]:
    """Write the rows of DuckDB's query, whose columns are shown under these names.

    Raises
    ------
    SqlError
        As `check` does.
    """
    check(names, export)
    described = connection.execute(f"DESCRIBE {query}").fetchall()
    shown = [
        f"{_shown(quote(f'c{i}'), str(row[1]), export, names[i])} AS {quote(names[i])}"
        for i, row in enumerate(described)
    ]
    given = ", ".join(f"c{i}" for i in range(len(names)))
    wrapped = f"SELECT {', '.join(shown)} FROM ({query}) AS q({given})"
    several = bool(export.partition_by or _parquet_size(export))
    target = export.folder / ("rows" if several else "rows.data")
    options = _options(export)
    written = connection.execute(
        f"COPY ({wrapped}) TO {quote_text(str(target))} ({', '.join(options)})"
    ).fetchone()
    if not several:
        return [ExportedFile(target, int(written[0]) if written else 0)]
    return list(_written(connection, export, target))


def _options(export: Export) -> list[str]:
    options = [f"FORMAT {'csv' if export.format == 'text' else export.format}"]
    if export.format in ("csv", "text"):
        options += [
            f"DELIMITER {quote_text(export.delimiter)}",
            f"HEADER {'true' if export.header else 'false'}",
            f"NULLSTR {quote_text(export.null)}",
        ]
        if export.quote == "none" or export.escape:
            options += ["QUOTE ''", "ESCAPE ''"]
        elif export.quote == "all":
            options += ["QUOTE '\"'", "ESCAPE '\"'", "FORCE_QUOTE *"]
        else:
            options += ["QUOTE '\"'", "ESCAPE '\"'"]
    if export.partition_by:
        listed = ", ".join(quote(name) for name in export.partition_by)
        include = "true" if export.include else "false"
        options += [f"PARTITION_BY ({listed})", f"WRITE_PARTITION_COLUMNS {include}"]
    elif size := _parquet_size(export):
        options += [f"FILE_SIZE_BYTES {size}", "PER_THREAD_OUTPUT false"]
    return options


def _parquet_size(export: Export) -> int:
    """Give the size at which a Parquet file ends: MAXFILESIZE in whole groups of 32 MB."""
    if export.format != "parquet" or not export.maxfilesize:
        return 0
    return max(_ROW_GROUP, export.maxfilesize // _ROW_GROUP * _ROW_GROUP)


def _shown(column: str, duck: str, export: Export, name: str) -> str:
    kind = type_from_duck(duck) or SqlType("varchar")
    if name in export.partition_by and not export.include:
        return column
    if export.format == "parquet":
        if duck == "HUGEINT":
            return f"CAST({column} AS DECIMAL(38, 0))"
        return f"CAST({column} AS VARCHAR)" if kind.name == "super" else column
    if export.format == "json":
        return (
            column if kind.name not in ("timestamptz", "timetz") else f"CAST({column} AS VARCHAR)"
        )
    if kind.name == "bool":
        return f"CASE WHEN {column} THEN 't' WHEN NOT {column} THEN 'f' END"
    if export.escape and kind.is_text:
        for character in ("\\", export.delimiter, "\n", "\r", '"', "'"):
            old, new = quote_text(character), quote_text("\\" + character)
            column = f"replace({column}, {old}, {new})"
    if export.escape and export.quote == "all":
        # DuckDB would double the quotes that have a backslash already.
        column = f"'\"' || {column} || '\"'"
    return column


def _written(
    connection: duckdb.DuckDBPyConnection, export: Export, target: Path
) -> Iterator[ExportedFile]:
    for path in sorted(target.rglob("*"), key=_order):
        if path.is_file():
            yield ExportedFile(path, _count(connection, export, path), _partition(path, target))


def _order(path: Path) -> tuple[str, int, str]:
    digits = "".join(c for c in path.stem if c.isdigit())
    return (str(path.parent), int(digits or 0), path.name)


def _partition(path: Path, root: Path) -> tuple[tuple[str, str | None], ...]:
    found: list[tuple[str, str | None]] = []
    for part in path.parent.relative_to(root).parts:
        name, _, value = part.partition("=")
        plain = unquote(value)
        found.append((unquote(name), None if plain == _NULL_PARTITION else plain))
    return tuple(found)


def _count(connection: duckdb.DuckDBPyConnection, export: Export, path: Path) -> int:
    if export.format == "parquet":
        row = connection.execute(
            f"SELECT sum(num_rows) FROM parquet_file_metadata({quote_text(str(path))})"
        ).fetchone()
        return int(row[0] or 0) if row else 0
    with path.open("rb") as stream:
        lines = sum(1 for _ in records(stream, export))
    return lines - int(export.header and lines > 0)
