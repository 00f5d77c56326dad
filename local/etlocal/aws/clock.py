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

    Raises
    ------
    ValueError
        If it is not above 0 and at most 1.
    """

    def __init__(self, time_scale: float = 1.0) -> None:
        self._initial = self._scale = checked_scale(time_scale)

    @property
    def time_scale(self) -> float:
        """Real seconds for one emulated second. Set, it holds for the waits that begin then."""
        return self._scale

    @time_scale.setter
    def time_scale(self, value: float) -> None:
        self._scale = checked_scale(value)

    def reset(self) -> None:
        """Go back to the scale that the clock was made with."""
        self._scale = self._initial

    def now(self) -> datetime:
        """Now, in UTC, with its time zone."""
        return datetime.now(UTC)

    def scaled(self, seconds: float) -> float:
        """Real seconds for so many emulated `seconds`."""
        return seconds * self._scale

    def wait(self, seconds: float, event: threading.Event) -> bool:
        """Wait for emulated `seconds` or until `event` is set.

        Returns
        -------
        bool
            True if the event was set, False if the time passed.
        """
        return event.wait(self.scaled(seconds))


def checked_scale(value: object) -> float:
    """Give a time scale as a number.

    Raises
    ------
    ValueError
        If it is not above 0 and at most 1.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise ValueError(
            f"a time scale is a number above 0 and at most 1 (real time), not {value!r}: 0.01 "
            "makes a Wait of 10 s take 0.1 s"
        )
    return float(value)
