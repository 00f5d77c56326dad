"""The emulated clock of the endpoint, as a test scales it."""

from __future__ import annotations

from etlocal.aws.clock import checked_scale
from etlocal.control import Control


class TestClock:
    """By which scale waits, retry intervals and timeouts pass in a running endpoint."""

    __test__ = False  # not a test for pytest to collect

    def __init__(self, control: Control) -> None:
        self._control = control

    @property
    def time_scale(self) -> float:
        """Real seconds for one emulated second."""
        return float(self._control.call("GET", "clock")["time_scale"])

    def scale(self, time_scale: float) -> None:
        """Let waits pass by another scale until the test ends.

        Parameters
        ----------
        time_scale : float
            Real seconds for one emulated second, above 0 and at most 1 (real time). A Wait state
            and a retry interval that are under way go on by it within a second; other timeouts
            keep the scale they began with.

        Raises
        ------
        ValueError
            If it is out of that range.
        """
        self._control.call("PUT", "clock", {"time_scale": checked_scale(time_scale)})
