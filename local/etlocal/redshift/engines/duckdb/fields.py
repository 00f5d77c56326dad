"""How COPY reads one field: the value, and what makes it bad, as DuckDB's expressions over text.

Source: Amazon Redshift Database Developer Guide, "Data conversion parameters", "Load error
reference", "Using automatic recognition with DATEFORMAT and TIMEFORMAT".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from etlocal.redshift.dialect.statements import Column
from etlocal.redshift.dialect.types import SqlType
from etlocal.redshift.engines.duckdb.build import duck_type, quote_text
from etlocal.redshift.engines.duckdb.dates import strptime_format
from etlocal.redshift.errors import FeatureNotSupportedError
from etlocal.redshift.transfer.options import CopyOptions

_DATES = ["%Y-%m-%d", "%m/%d/%Y", "%Y/%m/%d", "%Y%m%d", "%d-%b-%Y", "%d-%b-%y", "%b-%d-%Y",
          "%d.%m.%Y", "%m-%d-%Y", "%b %d, %Y", "%B %d, %Y", "%d %B %Y", "%y-%m-%d"]  # fmt: skip
_TIMES = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M", "%Y-%m-%d"]
_AUTO_TIMES = ["%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M", "%Y%m%d %H%M%S",
               "%Y%m%d%H%M%S", "%b %d, %Y %H:%M:%S", "%d-%b-%Y %H:%M:%S"]  # fmt: skip
_DATE = "YYYY-MM-DD"
_BLANKS = " \t\n\r\v\f"
LONG_NAMES = {"int2": "Short", "int4": "Integer", "int8": "Long", "numeric": "Decimal",
              "float4": "Float", "float8": "Double"}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """The three steps of reading a field.

    Attributes
    ----------
    text : str
        The field after NULL AS, EMPTYASNULL and their like.
    value : str
        The value, over ``text`` as ``{0}``; NULL where it cannot be read.
    too_long : str
        A condition over ``{0}`` that is true for a string that does not fit.
    """

    text: str
    value: str
    too_long: str = "false"


def reading(field: str, column: Column, options: CopyOptions) -> Reading:
    """Say how a field of raw text becomes a column's value.

    Parameters
    ----------
    field : str
        DuckDB's expression of the raw text (NULL where it equals NULL AS).

    Raises
    ------
    FeatureNotSupportedError
        If the type cannot be read from text.
    """
    kind = column.type
    if kind.is_text:
        return _text(field, kind, options)
    filled = f"nullif({field}, '')"
    if kind.is_integer:
        target = duck_type(kind)
        # TRY_CAST also takes 1.5, 1e3 and 0x10; what is not plainly digits is looked at closely.
        value = (
            f"CASE WHEN CAST(TRY_CAST({{0}} AS {target}) AS VARCHAR) = {{0}} "
            f"OR regexp_full_match({{0}}, ' *[+-]?[0-9]+ *') THEN TRY_CAST({{0}} AS {target}) END"
        )
        return Reading(filled, value)
    if kind.name == "numeric":
        return Reading(filled, _decimal(kind, options))
    if kind.is_float:
        return Reading(filled, _float(kind))
    if kind.name == "bool":
        return Reading(filled, _BOOLEAN)
    if kind.name == "date":
        return Reading(filled, _date(options))
    if kind.name in ("timestamp", "timestamptz"):
        return Reading(filled, _timestamp(kind, options))
    if kind.name in ("time", "timetz"):
        return Reading(filled, f"TRY_CAST({{0}} AS {duck_type(kind)})")
    if kind.name == "super":
        return Reading(field, "CASE WHEN json_valid({0}) THEN CAST({0} AS JSON) END")
    raise FeatureNotSupportedError(f"COPY into a column of type {kind.formatted()}")


_BOOLEAN = (
    "CASE WHEN lower({0}) IN ('t', 'true', 'y', 'yes', '1') THEN true "
    "WHEN lower({0}) IN ('f', 'false', 'n', 'no', '0') THEN false END"
)


def _text(field: str, kind: SqlType, options: CopyOptions) -> Reading:
    text = field
    if kind.name == "bpchar":
        text = f"rtrim({field}, ' ')"
    elif options.trimblanks:
        text = f"rtrim({field}, {quote_text(_BLANKS)})"
    if options.blanksasnull:
        text = (
            f"CASE WHEN trim({field}, {quote_text(_BLANKS)}) <> '' OR {field} = '' THEN {text} END"
        )
    if options.emptyasnull:
        text = f"nullif({text}, '')"
    # CHAR has no characters of several bytes.
    several = "strlen({0}) <> length({0})" if kind.name == "bpchar" else "false"
    if options.truncatecolumns:
        return Reading(text, f"rs_cut({{0}}, {kind.length})", several)
    long = f"strlen({{0}}) > {kind.length}"
    return Reading(text, "{0}", long if several == "false" else f"{long} OR {several}")


def _float(kind: SqlType) -> str:
    # TRY_CAST also takes 1_0, and makes infinity of what is out of range.
    value = f"TRY_CAST({{0}} AS {duck_type(kind)})"
    return (
        f"CASE WHEN contains({{0}}, '_') OR isinf({value}) AND regexp_matches({{0}}, '[0-9]') "
        f"THEN NULL ELSE {value} END"
    )


def _decimal(kind: SqlType, options: CopyOptions) -> str:
    target = duck_type(kind)
    # TRY_CAST also takes 1_0 and 1e1.
    other = " OR ".join(f"contains({{0}}, '{character}')" for character in "_eE")
    if options.roundec:
        return f"CASE WHEN {other} THEN NULL ELSE TRY_CAST({{0}} AS {target}) END"
    # Digits behind the column's scale are cut off; DuckDB would round.
    # A digit stays behind the point: DuckDB takes none for no number.
    digit = "" if kind.scale else " || '0'"
    cut = (
        f"CASE WHEN strpos({{0}}, '.') > 0 AND length({{0}}) - strpos({{0}}, '.') > {kind.scale} "
        f"AND regexp_full_match({{0}}, ' *[+-]?([0-9]+[.][0-9]*|[.][0-9]+) *') "
        f"THEN left({{0}}, strpos({{0}}, '.') + {kind.scale}){digit} ELSE {{0}} END"
    )
    return f"CASE WHEN {other} THEN NULL ELSE TRY_CAST({cut} AS {target}) END"


def _list(formats: list[str]) -> str:
    return "[" + ", ".join(quote_text(item) for item in formats) + "]"


def _date(options: CopyOptions) -> str:
    if options.dateformat.lower() == "auto":
        return (
            f"coalesce(CAST(TRY_CAST({{0}} AS TIMESTAMP) AS DATE), "
            f"CAST(try_strptime({{0}}, {_list(_DATES)}) AS DATE))"
        )
    value = f"CAST(try_strptime({{0}}, {_list([strptime_format(options.dateformat)])}) AS DATE)"
    if options.dateformat == _DATE:
        # The pattern alone would take a month or day of one digit.
        return f"CASE WHEN length({{0}}) >= 10 THEN {value} END"
    return value


def _timestamp(kind: SqlType, options: CopyOptions) -> str:
    target = duck_type(kind)
    pattern = options.timeformat
    if pattern.lower() == "epochsecs":
        return f"TRY(CAST(to_timestamp(TRY_CAST({{0}} AS DOUBLE)) AS {target}))"
    if pattern.lower() == "epochmillisecs":
        return f"TRY(CAST(to_timestamp(TRY_CAST({{0}} AS DOUBLE) / 1000::DOUBLE) AS {target}))"
    if kind.name == "timestamptz":
        plain = f"TRY_CAST({{0}} AS {target})"
        if pattern.lower() in ("auto", "yyyy-mm-dd hh:mi:ss"):
            return plain
    if pattern.lower() == "auto":
        formats = [*_TIMES, *_AUTO_TIMES, *_DATES]
        return f"coalesce(TRY_CAST({{0}} AS TIMESTAMP), try_strptime({{0}}, {_list(formats)}))"
    if pattern == "YYYY-MM-DD HH:MI:SS":
        return f"try_strptime({{0}}, {_list(_TIMES)})"
    if not re.search("AM|PM|am|pm", pattern):
        pattern = re.sub(r"HH(?!24|12)", "HH24", pattern)
    formats = [strptime_format(pattern)]
    return f"CAST(try_strptime({{0}}, {_list(formats)}) AS {target})"


def problem(column: Column, value: str | None, options: CopyOptions) -> tuple[int, str]:
    """Name what is wrong with a field, by Redshift's code and words."""
    kind = column.type
    value = value if value is None or kind.is_text else value.strip()
    if value is None or (not kind.is_text and not value.strip()):
        return 1213, "Missing data for not-null field"
    if kind.is_text:
        several = re.search(r"[^\x00-\x7f]", value) if kind.name == "bpchar" else None
        if several is not None:
            return 1220, (
                "Multibyte character not supported for CHAR (Hint: Try using VARCHAR). "
                f"Invalid char: {several[0].encode().hex(' ')}"
            )
        return 1204, "String length exceeds DDL length"
    if kind.is_integer:
        return _number(kind, value)
    if kind.name == "numeric":
        if re.fullmatch(r"[+-]?\d*\.?\d*", value) and re.search(r"\d", value):
            return 1204, "Numeric data overflow (result precision)"
        return _digit(1209, kind, value, "0123456789.+-")
    if kind.is_float:
        if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", value):
            return 1204, f"Overflow, Value '{value}', Pos 0, Type: {LONG_NAMES[kind.name]}"
        return _digit(1208, kind, value, "0123456789.+-eE")
    if kind.name == "bool":
        return 1210, "Unknown boolean format"
    if kind.name == "date":
        if len(value) < 10 and options.dateformat == _DATE:
            return 1205, "Invalid Date Format - length must be 10 or more"
        return 1205, f"Invalid date format or value [{options.dateformat}]"
    if kind.name in ("timestamp", "timestamptz"):
        return 1206, f"Invalid timestamp format or value [{options.timeformat}]"
    if kind.name == "super":
        return 1224, "Invalid JSON value for SUPER column"
    return 1207, f"Invalid value {value!r}"


def _number(kind: SqlType, value: str) -> tuple[int, str]:
    if re.fullmatch(r"[+-]?\d+", value):
        return 1204, f"Overflow, Value '{value}', Pos 0, Type: {LONG_NAMES[kind.name]}"
    return _digit(1207, kind, value, "0123456789")


def _digit(code: int, kind: SqlType, value: str, allowed: str) -> tuple[int, str]:
    for position, character in enumerate(value):
        if character not in allowed and not (position == 0 and character in "+-"):
            return code, (
                f"Invalid digit, Value '{character}', Pos {position}, Type: {LONG_NAMES[kind.name]}"
            )
    return code, f"Invalid digit, Value '{value}', Pos 0, Type: {LONG_NAMES[kind.name]}"
