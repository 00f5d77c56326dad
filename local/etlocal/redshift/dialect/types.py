"""Redshift's data types.

Source: Amazon Redshift Database Developer Guide, "Data types".
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from etlocal.redshift.errors import FeatureNotSupportedError, SqlError

MAX_VARCHAR = 65535
MAX_CHAR = 4096
DEFAULT_VARCHAR = 256


@dataclass(frozen=True)
class SqlType:
    """A type by the name that Redshift's catalog gives it (``int8``, ``varchar``, …).

    Attributes
    ----------
    name : str
    length : int
        Bytes of a ``varchar``, ``bpchar`` or ``varbyte``; 0 where it is not known.
    precision, scale : int
        Digits of a ``numeric``.
    """

    name: str
    length: int = 0
    precision: int = 0
    scale: int = 0

    @property
    def is_integer(self) -> bool:
        """Whether it holds whole numbers."""
        return self.name in _INTEGER_DIGITS

    @property
    def is_float(self) -> bool:
        """Whether it holds floating-point numbers."""
        return self.name in ("float4", "float8")

    @property
    def is_numeric(self) -> bool:
        """Whether it holds numbers."""
        return self.is_integer or self.is_float or self.name == "numeric"

    @property
    def is_text(self) -> bool:
        """Whether it holds characters."""
        return self.name in ("varchar", "bpchar")

    def formatted(self) -> str:
        """Write the type as ``pg_table_def`` shows it: ``character varying(10)``, ``bigint``."""
        name = _FORMATTED.get(self.name, self.name)
        if self.name in ("varchar", "bpchar", "varbyte") and self.length:
            return f"{name}({self.length})"
        if self.name == "numeric" and self.precision:
            return f"{name}({self.precision},{self.scale})"
        return name

    def as_numeric(self) -> SqlType:
        """Give the ``numeric`` that holds every value of this integer or numeric type."""
        digits = _INTEGER_DIGITS.get(self.name)
        return self if digits is None else SqlType("numeric", precision=digits, scale=0)


_INTEGER_DIGITS = {"int2": 5, "int4": 10, "int8": 19}
_FORMATTED = {
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "varchar": "character varying",
    "bpchar": "character",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
    "time": "time without time zone",
    "timetz": "time with time zone",
    "varbyte": "binary varying",
}

INT2, INT4, INT8 = SqlType("int2"), SqlType("int4"), SqlType("int8")
FLOAT4, FLOAT8, BOOL = SqlType("float4"), SqlType("float8"), SqlType("bool")
DATE, TIMESTAMP, TIMESTAMPTZ = SqlType("date"), SqlType("timestamp"), SqlType("timestamptz")
TIME, TIMETZ, SUPER = SqlType("time"), SqlType("timetz"), SqlType("super")
INTERVAL = SqlType("interval")
VARCHAR = SqlType("varchar")

_SIMPLE = {
    exp.DType.SMALLINT: INT2,
    exp.DType.INT: INT4,
    exp.DType.BIGINT: INT8,
    exp.DType.FLOAT: FLOAT4,
    exp.DType.DOUBLE: FLOAT8,
    exp.DType.BOOLEAN: BOOL,
    exp.DType.DATE: DATE,
    exp.DType.TIMESTAMP: TIMESTAMP,
    exp.DType.TIMESTAMPTZ: TIMESTAMPTZ,
    exp.DType.TIME: TIME,
    exp.DType.TIMETZ: TIMETZ,
    exp.DType.SUPER: SUPER,
    exp.DType.JSON: SUPER,
}
_TEXT = {
    exp.DType.VARCHAR: ("varchar", DEFAULT_VARCHAR, MAX_VARCHAR),
    exp.DType.NVARCHAR: ("varchar", DEFAULT_VARCHAR, MAX_VARCHAR),
    exp.DType.TEXT: ("varchar", DEFAULT_VARCHAR, MAX_VARCHAR),
    exp.DType.CHAR: ("bpchar", 1, MAX_CHAR),
    exp.DType.NCHAR: ("bpchar", 1, MAX_CHAR),
    exp.DType.BPCHAR: ("bpchar", 256, MAX_CHAR),
    exp.DType.VARBINARY: ("varbyte", 64000, 16_777_216),
}


def from_tree(kind: exp.DataType) -> SqlType:
    """Give the type that a parsed type name means, with Redshift's defaults filled in.

    Raises
    ------
    SqlError
        If Redshift has no such type or a length or precision is out of its range.
    FeatureNotSupportedError
        If Redshift has the type and the emulation does not.
    """
    if kind.this in _SIMPLE:
        return _SIMPLE[kind.this]
    parameters = [parameter.name for parameter in kind.expressions]
    if kind.this in _TEXT:
        return _text(kind.this, parameters)
    if kind.this == exp.DType.DECIMAL:
        return _decimal(parameters)
    name = kind.sql(dialect="redshift").lower()
    if name.split("(")[0] in ("geometry", "geography", "hllsketch"):
        raise FeatureNotSupportedError(f"data type {name}")
    raise SqlError(f'type "{name}" does not exist', sqlstate="42704")


def _text(kind: object, parameters: list[str]) -> SqlType:
    name, default, limit = _TEXT[kind]  # type: ignore[index]
    if not parameters:
        return SqlType(name, length=default)
    length = limit if parameters[0].lower() == "max" else _whole(parameters[0])
    shown = _FORMATTED.get(name, name)
    if length < 1:
        raise SqlError(f"length for type {shown} must be at least 1", sqlstate="22023")
    if length > limit:
        raise SqlError(f"length for type {shown} cannot exceed {limit}", sqlstate="22023")
    return SqlType(name, length=length)


def _whole(parameter: str) -> int:
    if not parameter.isdecimal() or len(parameter) > 9:
        raise SqlError(f'invalid input syntax for integer: "{parameter}"', sqlstate="22P02")
    return int(parameter)


def _decimal(parameters: list[str]) -> SqlType:
    precision, scale = ([_whole(p) for p in parameters] + [0])[:2] if parameters else (18, 0)
    if not 1 <= precision <= 38:
        raise SqlError(f"NUMERIC precision {precision} must be between 1 and 38", sqlstate="22023")
    if not 0 <= scale <= min(37, precision):
        raise SqlError(
            f"NUMERIC scale {scale} must be between 0 and precision {precision}", sqlstate="22023"
        )
    return SqlType("numeric", precision=precision, scale=scale)
