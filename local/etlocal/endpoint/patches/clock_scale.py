"""Waits, retry intervals, timeouts and heartbeats of Step Functions pass in emulated seconds.

A pipeline that asks again after ten seconds, or gives up after an hour, must be testable: the
endpoint's clock says how many real seconds pass for one of the state machine's, and may be told
another scale while executions run. What a clock shows, and the timestamps in the history, are never
scaled.
"""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

from localstack.services.stepfunctions.asl.component.common.retry import retrier_decl
from localstack.services.stepfunctions.asl.component.program import program
from localstack.services.stepfunctions.asl.component.state.state_execution import execute_state
from localstack.services.stepfunctions.asl.component.state.state_wait.wait_function.wait_function import (  # noqa: E501
    WaitFunction,
)
from localstack.services.stepfunctions.asl.eval.callback import callback

from etlocal.endpoint.hosting import get_host
from etlocal.settings import Settings

# An execution that is stopped pulses its event; a pulse between two waits is seen this late.
_LONGEST_WAIT = 1.0
_passed = threading.local()


def pass_time(seconds: float) -> None:
    """Let the next wait of this thread be shorter: so much of it was waited before a restart.

    Parameters
    ----------
    seconds : float
        Real seconds; 0 for none, which takes an earlier call back.
    """
    _passed.seconds = seconds


def apply(_: Settings) -> None:
    """Scale them by the endpoint's clock."""

    class ScaledEvent(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            return super().wait(_left(_scaled(timeout)))

    class ScaledThread(threading.Thread):
        def join(self, timeout: float | None = None) -> None:
            super().join(_left(_scaled(timeout)))

    retrying = threading.local()
    retry = retrier_decl.RetrierDecl._eval_body

    def eval_retrier(self: Any, env: Any) -> None:
        retrying.env = env
        retry(self, env)

    def sleep(seconds: float) -> None:
        _wait(retrying.env, seconds)

    retrier_decl.RetrierDecl._eval_body = eval_retrier
    retrier_decl.time = SimpleNamespace(sleep=sleep)
    WaitFunction._wait_interval = lambda _, env, wait_seconds: _wait(env, wait_seconds)
    execute_state.threading = SimpleNamespace(Event=ScaledEvent)
    callback.Event = ScaledEvent
    program.threading = SimpleNamespace(Thread=ScaledThread)


def _wait(env: Any, seconds: float) -> None:
    """Wait, or until the execution ends: one that is stopped leaves a long wait at once.

    What is left of it passes by the scale of that moment.
    """
    clock = get_host().runtime.clock
    seconds -= _already_passed() / clock.time_scale
    while env.is_running() and seconds > 0:
        scale, began = clock.time_scale, time.monotonic()
        env.program_state_event.wait(min(seconds * scale, _LONGEST_WAIT))
        seconds -= (time.monotonic() - began) / scale


def _scaled(timeout: float | None) -> float | None:
    if timeout is None:
        return None
    # LocalStack writes "no timeout" as a number of seconds that a lock may not be given.
    return min(get_host().runtime.clock.scaled(timeout), threading.TIMEOUT_MAX)


def _left(seconds: float | None) -> float | None:
    """Give what is left of a wait, in real seconds, after what has passed of it already."""
    passed = _already_passed()
    return None if seconds is None else max(seconds - passed, 0.0)


def _already_passed() -> float:
    seconds: float = _passed.__dict__.pop("seconds", 0.0)
    return seconds
