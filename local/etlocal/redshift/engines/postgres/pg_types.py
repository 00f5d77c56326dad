"""PostgreSQL's types as Redshift's, and what inference knows more of them.

Source: PostgreSQL's documentation, "Object Identifier Types" and the catalog ``pg_type``, whose
numbers of built-in types never change.
"""

from __future__ import annotations

from etlocal.redshift.dialect import types
from etlocal.redshift.dialect.scope import Columns
from etlocal.redshift.dialect.types import SqlType

_OID_OF_NUMERIC = 1700
_HEADER = 4
_TYPES = {
    16: types.BOOL,
    17: SqlType("varbyte"),
    18: types.VARCHAR,
    19: types.VARCHAR,
    20: types.INT8,
    21: types.INT2,
    23: types.INT4,
    25: types.VARCHAR,
    26: types.INT8,
    114: types.SUPER,
    700: types.FLOAT4,
    701: types.FLOAT8,
    705: types.VARCHAR,
    1042: types.VARCHAR,
    1043: types.VARCHAR,
    1082: types.DATE,
    1083: types.TIME,
    1114: types.TIMESTAMP,
    1184: types.TIMESTAMPTZ,
    1186: types.INTERVAL,
    1266: types.TIMETZ,
    3802: types.SUPER,
}


def type_from_pg(oid: int, modifier: int) -> SqlType | None:
    """Give the Redshift type of a column.

    Parameters
    ----------
    oid, modifier : int
        What a row description says of its type; a NUMERIC without a modifier has any scale, and
        is given as one whose precision is 0.
    """
    if oid == _OID_OF_NUMERIC:
        if modifier < _HEADER:
            return SqlType("numeric")
        packed = modifier - _HEADER
        return SqlType("numeric", precision=packed >> 16, scale=packed & 0x7FF)
    kind = _TYPES.get(oid)
    if kind is not None and kind.is_text and oid in (1042, 1043) and modifier > _HEADER:
        return SqlType("varchar", length=modifier - _HEADER)
    return kind


def aligned(inferred: Columns, count: int) -> Columns:
    """Give what was inferred, or nothing if it does not have the result's number of columns."""
    return inferred if len(inferred) == count else []


def refine(kind: SqlType, inferred: SqlType | None) -> SqlType:
    """Prefer what inference says where the engine's type holds the same values."""
    if inferred is None:
        return kind
    if kind.name == inferred.name == "numeric":
        return inferred if kind.precision == 0 or inferred.scale == kind.scale else kind
    if inferred.name == kind.name or (inferred.is_text and kind.is_text):
        return inferred
    return kind
