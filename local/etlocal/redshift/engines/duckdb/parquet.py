"""COPY … FORMAT PARQUET: columns in order, types that must agree.

Source: Amazon Redshift Database Developer Guide, "COPY from columnar data formats".
"""

# ruff: noqa: S608  names are quoted by `build.quote`, values by `build.quote_text` or bound
from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Sequence

import duckdb

from etlocal.redshift.dialect.statements import Column
from etlocal.redshift.dialect.types import SqlType
from etlocal.redshift.engines.base import Load, LoadFile
from etlocal.redshift.engines.duckdb.build import duck_type, quote_text
from etlocal.redshift.engines.duckdb.duck_types import type_from_duck
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError

_WIDENING = {
    "int4": ("int2",),
    "int8": ("int2", "int4"),
    "float8": ("float4",),
    "timestamptz": ("timestamp",),
    "timestamp": ("timestamptz",),
    "bpchar": ("varchar",),
}
# The column that says which file a row is of.
_FILE = "source_file"


def load(
    connection: duckdb.DuckDBPyConnection,
    insert: Callable[[Sequence[Column], str], int],
    load: Load,
) -> int:
    """Load Parquet files; gives the number of rows.

    Files of one schema are one statement, so that they are read side by side.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Reads the files.
    insert : callable
        Puts a query's rows into columns of the table, see `loading.Sink`.

    Raises
    ------
    SqlError
        If the files' columns are others than the table's, or a value does not fit.
    """
    columns = [c for name in load.columns if (c := load.table.column(name)) is not None]
    # Every file is looked at before any is loaded.
    shapes = [(_fields(connection, file), file) for file in load.files]
    queries = [
        _query(load, columns, fields, [file for _, file in group])
        for fields, group in itertools.groupby(shapes, key=operator.itemgetter(0))
    ]
    return sum(_run(connection, insert, load, *query) for query in queries)


def _fields(connection: duckdb.DuckDBPyConnection, file: LoadFile) -> list[tuple[str, str]]:
    """List a file's columns: their names and DuckDB's types."""
    found = connection.execute(f"DESCRIBE SELECT * FROM {_source([file])}").fetchall()
    return [(str(row[0]), str(row[1])) for row in found]


def _source(files: Sequence[LoadFile]) -> str:
    return f"read_parquet({_list([str(file.path) for file in files])}, hive_partitioning = false)"


def _list(texts: Sequence[str]) -> str:
    return "[" + ", ".join(quote_text(text) for text in texts) + "]"


def _query(
    load: Load, columns: list[Column], fields: list[tuple[str, str]], files: list[LoadFile]
) -> tuple[list[Column], str]:
    """Give the columns that files of one schema fill, and the query of their rows.

    Raises
    ------
    SqlError
        If they are others than the table's.
    """
    missing = len(columns) - len(fields)
    if missing < 0 or (missing > 0 and not load.options.fillrecord):
        raise SqlError(
            f"Unmatched number of columns between table and file. Table columns: {len(columns)}, "
            f"Data columns: {len(fields)}, File name: {files[0].uri}"
        )
    filled = columns[: len(fields)]
    names = [f"c{i}" for i in range(len(fields))]
    shown = []
    conditions = []
    for name, column, (field, duck) in zip(names, filled, fields, strict=True):
        shown.append(_value(name, column, duck, field, files[0]))
        if column.type.is_text:
            conditions.append(_refusal(name, column, field, files))
    source = f"{_source(files).removesuffix(')')}, filename = {quote_text(_no_name_of(fields))})"
    query = f"SELECT {', '.join(shown)} FROM {source} AS q({', '.join([*names, _FILE])})"
    if conditions:
        # A condition leaves the values as they are; a CASE around each would make them anew.
        query += f" WHERE CASE {' '.join(conditions)} ELSE true END"
    return filled, query


def _no_name_of(fields: list[tuple[str, str]]) -> str:
    """Give a name that no field has."""
    taken = {name.lower() for name, _ in fields}
    return next(name for n in itertools.count() if (name := f"{_FILE}_{n}") not in taken)


def _run(
    connection: duckdb.DuckDBPyConnection,
    insert: Callable[[Sequence[Column], str], int],
    load: Load,
    filled: list[Column],
    query: str,
) -> int:
    if load.options.noload:
        connection.execute(f"SELECT count(*) FROM ({query})").fetchone()
        return 0
    return insert(filled, query)


def _value(name: str, column: Column, duck: str, field: str, file: LoadFile) -> str:
    kind = type_from_duck(duck)
    target = column.type
    if target.name == "super":
        return f"to_json({name})"
    if kind is None or not _agrees(kind, target):
        raise SqlError(
            "Spectrum Scan Error",
            detail=f"File '{file.uri}' has an incompatible Parquet schema for column "
            f"'{file.uri}.{field}'. Column type: {target.formatted().upper()}, Parquet schema: "
            f"{duck.lower()} {field}",
        )
    if target.is_text:
        return name
    if target.name == "varbyte":
        raise FeatureNotSupportedError("COPY of Parquet into VARBYTE")
    return f"CAST({name} AS {duck_type(target)})"


def _refusal(name: str, column: Column, field: str, files: Sequence[LoadFile]) -> str:
    """Give the branch of a CASE that refuses a string which is too long, naming its file."""
    length = column.type.length
    message = quote_text(
        f"Spectrum Scan Error: The length of the data column {field} is longer than the "
        f"length defined in the table. Table: {length}, File name: "
    )
    paths, uris = _list([str(file.path) for file in files]), _list([file.uri for file in files])
    uri = f"{uris}[list_position({paths}, {_FILE})]"
    return f"WHEN strlen({name}) > {length} THEN error({message} || {uri})"


def _agrees(kind: SqlType, target: SqlType) -> bool:
    if kind.name == target.name:
        return kind.name != "numeric" or kind.scale == target.scale
    return kind.name in _WIDENING.get(target.name, ())
