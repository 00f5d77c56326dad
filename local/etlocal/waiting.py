"""Waiting on a condition that only asking can tell."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_LONGEST_PAUSE = 0.1


class WaitTimeoutError(Exception):
    """What was waited for did not come about in time; the message says what and how long."""


def await_answer(
    look: Callable[[], T | None],
    *,
    seconds: float,
    what: str,
    first: float = 0.02,
    longest: float = _LONGEST_PAUSE,
) -> T:
    """Ask until there is an answer.

    Parameters
    ----------
    look : callable
        Gives the answer; None or False as long as there is none.
    seconds : float
        How long to go on asking (real time).
    what : str
        What is waited for, for the error.
    first : float
        The first pause between two looks; later ones grow.
    longest : float
        What they grow to.

    Raises
    ------
    WaitTimeoutError
        When the time is over.
    """
    deadline = time.monotonic() + seconds
    pause = first
    while (answer := look()) is None or answer is False:
        if time.monotonic() > deadline:
            raise WaitTimeoutError(f"{what}: not within {seconds:g} s")
        # AWS's APIs offer nothing to wait on: asking again is what its own waiters do.
        time.sleep(pause)
        pause = min(pause * 1.5, longest)
    return answer
