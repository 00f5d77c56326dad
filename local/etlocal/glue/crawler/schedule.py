"""Cron expressions of crawlers' schedules, in UTC.

Source: AWS Glue Developer Guide, "Time-based schedules for jobs and crawlers".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

_CRON = re.compile(r"cron\((.+)\)")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minutes", 0, 59, ()),
    ("hours", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 1, 7, _DAYS),
    ("year", 1970, 2199, ()),
)


class CronError(ValueError):
    """An expression that is not of the form, or uses ``L``, ``W`` or ``#``."""


@dataclass(frozen=True)
class Cron:
    """A schedule: what each field may be; None for a day field that is ``?``."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None
    years: frozenset[int]

    def matches(self, moment: datetime) -> bool:
        """Whether the schedule fires in the minute of `moment` (UTC)."""
        # AWS counts the days of the week from Sunday as 1.
        weekday = moment.isoweekday() % 7 + 1
        return (
            moment.minute in self.minutes
            and moment.hour in self.hours
            and moment.month in self.months
            and moment.year in self.years
            and (self.days is None or moment.day in self.days)
            and (self.weekdays is None or weekday in self.weekdays)
        )


def parse_cron(text: str) -> Cron:
    """Read ``cron(minutes hours day-of-month month day-of-week year)``.

    Raises
    ------
    CronError
        If it is not of that form, if not exactly one of the day fields is ``?``, or if it uses
        ``L``, ``W`` or ``#``, which are not emulated.
    """
    found = _CRON.fullmatch(text.strip())
    fields = found[1].split() if found else []
    if len(fields) != len(_FIELDS):
        raise CronError(f"Invalid schedule expression: {text}")
    parsed = [_field(given, *rule) for given, rule in zip(fields, _FIELDS, strict=True)]
    minutes, hours, days, months, weekdays, years = parsed
    if (days is None) == (weekdays is None):
        raise CronError(f"Exactly one of day-of-month and day-of-week must be ?: {text}")
    if minutes is None or hours is None or months is None or years is None:
        raise CronError(f"Only day-of-month and day-of-week can be ?: {text}")
    return Cron(minutes, hours, days, months, weekdays, years)


def _field(
    given: str, name: str, low: int, high: int, names: tuple[str, ...]
) -> frozenset[int] | None:
    if given == "?":
        return None
    chosen: set[int] = set()
    for part in given.upper().split(","):
        span, slash, step = part.partition("/")
        first, last = _span(span, name, low, high, names)
        if slash:
            if not step.isdecimal() or int(step) == 0:
                raise CronError(f"Invalid step in the schedule's {name}: {part}")
            # A step from a single value runs to the field's end: 0/15 is every 15 minutes.
            last = high if span != "*" and "-" not in span else last
            chosen.update(range(first, last + 1, int(step)))
        else:
            chosen.update(range(first, last + 1))
    return frozenset(chosen)


def _span(span: str, name: str, low: int, high: int, names: tuple[str, ...]) -> tuple[int, int]:
    if span == "*":
        return low, high
    start, dash, end = span.partition("-")
    first = _number(start, name, low, high, names)
    last = _number(end, name, low, high, names) if dash else first
    if last < first:
        raise CronError(f"Range backwards in the schedule's {name}: {span}")
    return first, last


def _number(text: str, name: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if text in names:
        return names.index(text) + 1
    if any(character in text for character in "LW#"):
        raise CronError(f"L, W and # are not emulated in the schedule's {name}: {text}")
    if not text.isdecimal() or not low <= int(text) <= high:
        raise CronError(f"Invalid value in the schedule's {name}: {text}")
    return int(text)
