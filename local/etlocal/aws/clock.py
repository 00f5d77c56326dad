"""The clock that services read, and by which emulated waits pass.

One setting (``time_scale``) says how many real seconds pass for one emulated second: it scales
waits, retry intervals and timeouts together. What a clock face shows is never scaled.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime


class Clock:
    """Real time of day, scaled durations.

    Parameters
    ----------
    time_scale : float
        Real seconds for one emulated second; 1 is real time.
    """

    def __init__(self, time_scale: float = 1.0) -> None:
        self.time_scale = time_scale

    def now(self) -> datetime:
        """Now, in UTC, with its time zone."""
        return datetime.now(UTC)

    def scaled(self, seconds: float) -> float:
        """Real seconds for so many emulated `seconds`."""
        return seconds * self.time_scale

    def wait(self, seconds: float, event: threading.Event) -> bool:
        """Wait for emulated `seconds` or until `event` is set.

        Returns
        -------
        bool
            True if the event was set, False if the time passed.
        """
        return event.wait(self.scaled(seconds))
