"""The words for the parts of dates.

Source: Amazon Redshift Database Developer Guide, "Date parts for date or timestamp functions".
"""

from __future__ import annotations

from sqlglot import exp

from etlocal.redshift.errors import SqlError

_SYNONYMS = {
    "millennium": "millennium mil mils millenniums millennia",
    "century": "century c cent cents centuries",
    "decade": "decade dec decs decades",
    "year": "year y yr yrs years",
    "quarter": "quarter qtr qtrs quarters",
    "month": "month mon mons months",
    "week": "week w weeks",
    "day": "day d days",
    "hour": "hour h hr hrs hours",
    "minute": "minute m min mins minutes",
    "second": "second s sec secs seconds",
    "millisecond": "millisecond ms msec msecs msecond mseconds millisec millisecs millisecon "
    "milliseconds",
    "microsecond": "microsecond us usec usecs usecond useconds microsec microsecs microsecon "
    "microseconds",
    "epoch": "epoch",
    "dayofweek": "dayofweek dow dw weekday",
    "dayofyear": "dayofyear doy dy yearday",
    "timezone": "timezone",
}
UNITS = {word: unit for unit, words in _SYNONYMS.items() for word in words.split()}


def unit(node: exp.Expr) -> str:
    """Read a date part, written as a word or a string.

    Raises
    ------
    SqlError
        If there is no such part.
    """
    word = node.name.lower()
    if word not in UNITS:
        raise SqlError(f'Date part "{word}" not recognized', sqlstate="22023")
    return UNITS[word]
