"""COPY … FORMAT PARQUET: columns in order, types that must agree.

Source: Amazon Redshift Database Developer Guide, "COPY from columnar data formats".
"""

# ruff: noqa: S608  names are quoted by `build.quote`, values by `build.quote_text` or bound
from __future__ import annotations

from etlocal.redshift.dialect.statements import Column
from etlocal.redshift.dialect.types import SqlType
from etlocal.redshift.engines.base import Load, LoadFile
from etlocal.redshift.engines.duckdb.build import duck_type, quote, quote_text
from etlocal.redshift.engines.duckdb.context import SessionContext
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


def load(session: SessionContext, load: Load) -> int:
    """Load Parquet files; gives the number of rows.

    Raises
    ------
    SqlError
        If the files' columns are others than the table's, or a value does not fit.
    """
    columns = [c for name in load.columns if (c := load.table.column(name)) is not None]
    total = 0
    for file in load.files:
        total += _load_file(session, load, file, columns)
    return total


def _load_file(session: SessionContext, load: Load, file: LoadFile, columns: list[Column]) -> int:
    source = f"read_parquet({quote_text(str(file.path))}, hive_partitioning = false)"
    rows = session.connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    missing = len(columns) - len(rows)
    if missing < 0 or (missing > 0 and not load.options.fillrecord):
        raise SqlError(
            f"Unmatched number of columns between table and file. Table columns: {len(columns)}, "
            f"Data columns: {len(rows)}, File name: {file.uri}"
        )
    names = [f"c{i}" for i in range(len(rows))]
    shown = [_value(names[i], columns[i], row[1], str(row[0]), file) for i, row in enumerate(rows)]
    listed = ", ".join(quote(column.name) for column in columns[: len(rows)])
    query = f"SELECT {', '.join(shown)} FROM {source} AS q({', '.join(names)})"
    if load.options.noload:
        session.connection.execute(f"SELECT count(*) FROM ({query})")
        return 0
    target = session.full_name(load.table)
    row = session.connection.execute(f"INSERT INTO {target} ({listed}) {query}").fetchone()
    return int(row[0]) if row else 0


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
        message = quote_text(
            f"Spectrum Scan Error: The length of the data column {field} is longer than the "
            f"length defined in the table. Table: {target.length}, File name: {file.uri}"
        )
        return f"CASE WHEN strlen({name}) > {target.length} THEN error({message}) ELSE {name} END"
    if target.name == "varbyte":
        raise FeatureNotSupportedError("COPY of Parquet into VARBYTE")
    return f"CAST({name} AS {duck_type(target)})"


def _agrees(kind: SqlType, target: SqlType) -> bool:
    if kind.name == target.name:
        return kind.name != "numeric" or kind.scale == target.scale
    return kind.name in _WIDENING.get(target.name, ())
