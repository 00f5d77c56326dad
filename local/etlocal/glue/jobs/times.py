"""Times as Glue shows them."""

from __future__ import annotations

from datetime import datetime


def shown_time(moment: datetime) -> datetime:
    """Give `moment` cut to milliseconds, as precise as Glue's timestamps are."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
