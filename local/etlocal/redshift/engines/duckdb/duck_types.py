"""DuckDB's types as Redshift's, and what inference knows more of them."""

from __future__ import annotations

import re

from etlocal.redshift.dialect import types
from etlocal.redshift.dialect.scope import Columns
from etlocal.redshift.dialect.types import SqlType

_TYPES = {
    "TINYINT": types.INT2,
    "SMALLINT": types.INT2,
    "INTEGER": types.INT4,
    "BIGINT": types.INT8,
    "UTINYINT": types.INT2,
    "USMALLINT": types.INT4,
    "UINTEGER": types.INT8,
    "UBIGINT": SqlType("numeric", precision=20),
    "HUGEINT": SqlType("numeric", precision=38),
    "FLOAT": types.FLOAT4,
    "DOUBLE": types.FLOAT8,
    "BOOLEAN": types.BOOL,
    "VARCHAR": types.VARCHAR,
    "DATE": types.DATE,
    "TIMESTAMP": types.TIMESTAMP,
    "TIMESTAMP WITH TIME ZONE": types.TIMESTAMPTZ,
    "TIME": types.TIME,
    "TIME WITH TIME ZONE": types.TIMETZ,
    "JSON": types.SUPER,
    "INTERVAL": types.INTERVAL,
    "BLOB": SqlType("varbyte"),
    '"NULL"': types.VARCHAR,
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


def type_from_duck(name: str) -> SqlType | None:
    """Give the Redshift type for the name of one of DuckDB's; None if there is none."""
    match = _DECIMAL.fullmatch(name)
    if match:
        return SqlType("numeric", precision=int(match[1]), scale=int(match[2]))
    if name.endswith("[]") or name.startswith(("STRUCT", "MAP")):
        return types.SUPER
    return _TYPES.get(name)


def aligned(inferred: Columns, count: int) -> Columns:
    """Give what was inferred, or nothing if it does not have the result's number of columns."""
    return inferred if len(inferred) == count else []


def refine(kind: SqlType, inferred: SqlType | None) -> SqlType:
    """Prefer what inference says where the engine's type holds the same values."""
    if inferred is None:
        return kind
    if inferred.name == kind.name or (inferred.is_text and kind.is_text):
        same_scale = inferred.name != "numeric" or inferred.scale == kind.scale
        return inferred if same_scale else kind
    return kind
