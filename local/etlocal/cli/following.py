"""Executions as they advance, a line for each state."""

from __future__ import annotations

import threading
import time
from typing import Any

from etlocal.cli.output import say
from etlocal.flow import Flow, failure
from etlocal.waiting import WaitTimeoutError

_LOOK_SECONDS = 0.2


class Follower:
    """Prints what is new in the executions each time it is asked to look."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._seen: dict[str, int] = {}
        self._ended: set[str] = set()

    def skip_past(self) -> None:
        """Leave out the executions that have ended already."""
        self._ended |= {
            execution["executionArn"]
            for execution in self._flow.executions()
            if execution["status"] != "RUNNING"
        }

    def look(self) -> int:
        """Print what is new.

        Returns
        -------
        int
            How many executions are running.
        """
        running = 0
        for execution in reversed(self._flow.executions()):
            arn, status = execution["executionArn"], execution["status"]
            if arn in self._ended:
                continue
            name = execution["name"][:8]
            history = self._flow.history(arn)
            for event in history[self._seen.get(arn, 0) :]:
                line = _line(event)
                if line is not None:
                    say(f"{event['timestamp']:%H:%M:%S.%f}"[:12] + f"  {name}  {line}")
            self._seen[arn] = len(history)
            if status == "RUNNING":
                running += 1
            elif history and _line(history[-1]) is not None:
                self._ended.add(arn)
        return running


def watch(flow: Flow, *, once: bool) -> None:
    """Print executions until Ctrl-C, or with `once` until none is running."""
    follower = Follower(flow)
    pause = threading.Event()
    if not once:
        follower.skip_past()
        say(f"watching {flow.state_machine.rsplit(':', 1)[-1]}; Ctrl-C ends it")
    while True:
        running = follower.look()
        if once and not running:
            return
        pause.wait(_LOOK_SECONDS)


def follow(flow: Flow, arn: str, *, seconds: float | None = None) -> dict[str, Any]:
    """Print one execution's states until it ends, and describe it.

    Parameters
    ----------
    flow : Flow
    arn : str
    seconds : float, optional
        How long it may take (real time); without it, as long as it likes.

    Raises
    ------
    WaitTimeoutError
        With where the flow stands, if it has not ended by then.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    seen = 0
    pause = threading.Event()
    while True:
        described = flow.execution(arn)
        history = flow.history(arn)
        for event in history[seen:]:
            line = _line(event)
            if line is not None:
                say(f"  {event['timestamp']:%H:%M:%S.%f}"[:14] + f"  {line}")
        seen = len(history)
        if described["status"] != "RUNNING":
            return described
        if deadline is not None and time.monotonic() > deadline:
            late = f"the execution {arn} has not ended within {seconds:g} s"
            raise WaitTimeoutError(f"{late}\n{flow.describe_standing()}")
        pause.wait(0.05)


def _line(event: dict[str, Any]) -> str | None:
    if "stateEnteredEventDetails" in event:
        return f"→ {event['stateEnteredEventDetails']['name']}"
    kind: str = event["type"]
    if kind in ("ExecutionSucceeded", "ExecutionAborted"):
        return kind
    return failure(event)
