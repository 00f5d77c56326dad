"""Dates: DATEADD, DATEDIFF, EXTRACT and DATE_PART in PostgreSQL's terms.

Source: Amazon Redshift Database Developer Guide, "Date parts for date or timestamp functions",
"DATEADD function" and "DATEDIFF function" (it counts the boundaries between the two);
PostgreSQL's documentation, "Date/Time Functions and Operators".
"""

from __future__ import annotations

from sqlglot import exp

from etlocal.redshift.dialect.dateparts import unit
from etlocal.redshift.engines.postgres.build import call, cast, number, text
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError

_ADD = {
    "millennium": "1000 years", "century": "100 years", "decade": "10 years", "year": "1 year",
    "quarter": "3 months", "month": "1 month", "week": "7 days", "day": "1 day",
    "hour": "1 hour", "minute": "1 minute", "second": "1 second",
    "millisecond": "1 millisecond", "microsecond": "1 microsecond",
}  # fmt: skip
_NOT_COUNTED = ("epoch", "dayofweek", "dayofyear", "timezone")
_PARTS = {"dayofweek": "dow", "dayofyear": "doy"}


def add(part: exp.Expr, count: exp.Expr, moment: exp.Expr) -> exp.Expr:
    """Build DATEADD; whatever the moment's type, Redshift answers a timestamp."""
    name = unit(part)
    if name not in _ADD:
        raise SqlError(f'Date part "{part.name}" not supported by DATEADD', sqlstate="22023")
    whole = cast(exp.Paren(this=count), "BIGINT" if name == "microsecond" else "INTEGER")
    amount = exp.Mul(this=whole, expression=cast(text(_ADD[name]), "INTERVAL"))
    return exp.Paren(this=exp.Add(this=cast(moment, "TIMESTAMP"), expression=amount))


def difference(part: exp.Expr, start: exp.Expr, end: exp.Expr) -> exp.Expr:
    """Build DATEDIFF: how many boundaries of the part lie between the two."""
    name = unit(part)
    if name == "epoch":
        name = "second"
    if name in _NOT_COUNTED:
        raise SqlError(f'Date part "{part.name}" not supported by DATEDIFF', sqlstate="22023")
    return call("rs_datediff", text(name), cast(start, "TIMESTAMP"), cast(end, "TIMESTAMP"))


def part_of(part: str, moment: exp.Expr) -> exp.Expr:
    """Build EXTRACT and DATE_PART."""
    if part == "timezone":
        raise FeatureNotSupportedError("the date part timezone")
    if part in ("second", "millisecond", "microsecond"):
        # PostgreSQL counts the minute's seconds into all three; Redshift counts whole seconds, and
        # the second's own part.
        rest = cast(call("date_part", text("microsecond"), moment), "BIGINT")
        if part == "second":
            return _whole(rest, 1_000_000)
        within = exp.Paren(this=exp.Mod(this=rest, expression=number(1_000_000)))
        return within if part == "microsecond" else _whole(within, 1000)
    if part == "epoch":
        return call("floor", call("date_part", text("epoch"), moment))
    return call("date_part", text(_PARTS.get(part, part)), moment)


def _whole(count: exp.Expr, size: int) -> exp.Expr:
    divided = exp.Div(this=count, expression=number(size), typed=True, safe=False)
    return exp.Paren(this=divided)
