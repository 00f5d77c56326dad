"""Dates: units, DATEADD, DATEDIFF, and the formats of TO_CHAR, TO_DATE and TO_TIMESTAMP.

Source: Amazon Redshift Database Developer Guide, "Date parts for date or timestamp functions",
"DATEDIFF function" (it counts the boundaries between the two), "DATE_TRUNC function" (a week begins
on Monday) and "Datetime format strings".
"""

from __future__ import annotations

import re

from sqlglot import exp

from etlocal.redshift.dialect.dateparts import unit
from etlocal.redshift.engines.duckdb.build import call, cast, number, text
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError

_ADD = {
    "millennium": ("to_years", 1000), "century": ("to_years", 100), "decade": ("to_years", 10),
    "year": ("to_years", 1), "quarter": ("to_months", 3), "month": ("to_months", 1),
    "week": ("to_days", 7), "day": ("to_days", 1), "hour": ("to_hours", 1),
    "minute": ("to_minutes", 1), "second": ("to_seconds", 1),
    "millisecond": ("to_milliseconds", 1), "microsecond": ("to_microseconds", 1),
}  # fmt: skip


def add(part: exp.Expr, count: exp.Expr, moment: exp.Expr) -> exp.Expr:
    """Build DATEADD; whatever the moment's type, Redshift answers a timestamp."""
    name = unit(part)
    if name not in _ADD:
        raise SqlError(f'Date part "{part.name}" not supported by DATEADD', sqlstate="22023")
    function, factor = _ADD[name]
    whole = cast(exp.Paren(this=count), "INTEGER" if function != "to_microseconds" else "BIGINT")
    amount: exp.Expr = exp.Mul(this=whole, expression=number(factor)) if factor > 1 else whole
    return exp.Paren(
        this=exp.Add(this=cast(moment, "TIMESTAMP"), expression=call(function, amount))
    )


def difference(part: exp.Expr, start: exp.Expr, end: exp.Expr) -> exp.Expr:
    """Build DATEDIFF: how many boundaries of the part lie between the two.

    A week begins where DATE_TRUNC begins it, on Monday; the guide names no other day.
    """
    name = unit(part)
    if name == "epoch":
        name = "second"
    start, end = cast(start, "TIMESTAMP"), cast(end, "TIMESTAMP")
    if name == "week":
        # DuckDB counts spans of seven days, not the boundaries between them.
        first, last = (call("date_trunc", text(name), moment) for moment in (start, end))
        days = call("date_diff", text("day"), first, last)
        return exp.Paren(this=exp.IntDiv(this=days, expression=number(7)))
    if name in ("century", "millennium"):
        # They begin with the year 1, as DATE_TRUNC has it; DuckDB's DATE_DIFF says 0.
        first, last = (call("date_part", text(name), moment) for moment in (start, end))
        return exp.Paren(this=exp.Sub(this=last, expression=first))
    return call("date_diff", text(name), start, end)


def part_of(part: str, moment: exp.Expr) -> exp.Expr:
    """Build EXTRACT and DATE_PART."""
    if part == "timezone":
        raise FeatureNotSupportedError("the date part timezone")
    if part in ("second", "millisecond", "microsecond"):
        # DuckDB counts the minute's seconds into milliseconds; Redshift counts the second's part.
        rest = call("date_part", text("microsecond"), moment)
        if part == "second":
            return exp.IntDiv(this=rest, expression=number(1_000_000))
        within = exp.Paren(this=exp.Mod(this=rest, expression=number(1_000_000)))
        if part == "microsecond":
            return within
        return exp.IntDiv(this=within, expression=number(1000))
    if part == "epoch":
        return call("floor", call("date_part", text("epoch"), moment))
    return call("date_part", text(part), moment)


_FORMAT = re.compile(
    r'"[^"]*"|HH24|HH12|HH|MI|SS|MS|US|SSSS|AM|PM|A\.M\.|P\.M\.|am|pm|YYYY|YYY|YY|Y|IYYY|'
    r"MONTH|Month|month|MON|Mon|mon|MM|DAY|Day|day|DY|Dy|dy|DDD|DD|D|J|Q|IW|WW|W|CC|TZ|OF|FM"
)
_STRFTIME = {
    "HH24": "%H", "HH12": "%I", "HH": "%I", "MI": "%M", "SS": "%S", "MS": "%g", "US": "%f",
    "AM": "%p", "PM": "%p", "YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "DDD": "%j",
    "Mon": "%b", "Dy": "%a", "IYYY": "%G", "IW": "%V", "TZ": "%Z", "OF": "%z",
}  # fmt: skip
_BUILT = {
    "MON": ("upper", "%b"), "mon": ("lower", "%b"), "DY": ("upper", "%a"), "dy": ("lower", "%a"),
    "am": ("lower", "%p"), "pm": ("lower", "%p"),
}  # fmt: skip
_PADDED = {
    "MONTH": ("upper", "%B"), "Month": ("", "%B"), "month": ("lower", "%B"),
    "DAY": ("upper", "%A"), "Day": ("", "%A"), "day": ("lower", "%A"),
}  # fmt: skip


def to_char(moment: exp.Expr, pattern: str) -> exp.Expr:
    """Build TO_CHAR of a date or timestamp.

    Raises
    ------
    FeatureNotSupportedError
        If the pattern has a part that is not supported.
    """
    pieces: list[exp.Expr] = []
    fill = "FM" in pattern
    for word, plain in _words(pattern):
        if plain:
            pieces.append(text(word))
        elif word in _STRFTIME:
            code = _STRFTIME[word]
            pieces.append(call("strftime", moment.copy(), text(code)))
        elif word in _BUILT:
            function, code = _BUILT[word]
            pieces.append(call(function, call("strftime", moment.copy(), text(code))))
        elif word in _PADDED:
            function, code = _PADDED[word]
            name = call("strftime", moment.copy(), text(code))
            shown = call(function, name) if function else name
            pieces.append(shown if fill else call("rpad", shown, number(9), text(" ")))
        elif word in ("Q", "D", "W", "WW", "J", "CC"):
            pieces.append(cast(_number_part(word, moment), "VARCHAR"))
        elif word != "FM":
            raise FeatureNotSupportedError(f"the format {word} in TO_CHAR")
    if not pieces:
        return text("")
    result = pieces[0]
    for piece in pieces[1:]:
        result = exp.DPipe(this=result, expression=piece)
    return exp.Paren(this=result)


def _number_part(word: str, moment: exp.Expr) -> exp.Expr:
    if word == "Q":
        return call("quarter", moment.copy())
    if word == "D":
        return exp.Add(this=call("dayofweek", moment.copy()), expression=number(1))
    if word == "J":
        return cast(call("julian", cast(moment.copy(), "DATE")), "BIGINT")
    if word == "CC":
        return call("date_part", text("century"), moment.copy())
    day = call("day" if word == "W" else "dayofyear", moment.copy())
    weeks = exp.IntDiv(
        this=exp.Paren(this=exp.Sub(this=day, expression=number(1))), expression=number(7)
    )
    return exp.Add(this=weeks, expression=number(1))


def _words(pattern: str) -> list[tuple[str, bool]]:
    """Split a pattern into its codes and the plain text between them (True)."""
    found: list[tuple[str, bool]] = []
    position = 0
    for match in _FORMAT.finditer(pattern):
        if match.start() > position:
            found.append((pattern[position : match.start()], True))
        word = match[0]
        found.append((word[1:-1], True) if word.startswith('"') else (word, False))
        position = match.end()
    if position < len(pattern):
        found.append((pattern[position:], True))
    return found


_READ = {
    **{word: code for word, code in _STRFTIME.items() if word not in ("IYYY", "IW", "TZ")},
    "MON": "%b", "mon": "%b", "Month": "%B", "MONTH": "%B", "month": "%B", "OF": "%z",
    "DY": "%a", "DAY": "%A", "Day": "%A", "am": "%p", "pm": "%p", "TZ": "%Z",
}  # fmt: skip


def strptime_format(pattern: str) -> str:
    """Give strptime's form of a pattern of TO_DATE, TO_TIMESTAMP, DATEFORMAT or TIMEFORMAT.

    Raises
    ------
    FeatureNotSupportedError
        If the pattern has a part that is not supported.
    """
    result = []
    for word, plain in _words(pattern):
        if plain:
            result.append(word.replace("%", "%%"))
        elif word in _READ:
            result.append(_READ[word])
        elif word != "FM":
            raise FeatureNotSupportedError(f"the date format {word}")
    return "".join(result)
