"""Faults in the way of AWS calls, so that a test shows what a pipeline makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any

from etlocal.aws.faults import FaultError, FaultRule
from etlocal.control import Control
from etlocal.waiting import await_answer

__all__ = ["Fault", "FaultError", "Faults"]


class Fault:
    """A fault in force, until the test ends, `remove` is called, or a ``with`` block is left."""

    def __init__(self, control: Control, rule: FaultRule) -> None:
        self.rule = rule
        self._control = control
        self._id = control.call("POST", "faults", rule.to_document())["id"]
        self._last: dict[str, Any] | None = None

    @property
    def calls(self) -> int:
        """How many matching calls there were so far."""
        return int(self._look()["calls"])

    @property
    def hits(self) -> list[int]:
        """Which of the matching calls were hit so far, counted from 1."""
        return [int(call) for call in self._look()["hits"]]

    def wait_until_hit(self, *, seconds: float = 30) -> None:
        """Wait until a call was hit: it failed, began to wait, or was cut off.

        Raises
        ------
        WaitTimeoutError
            If none was within `seconds` (real time); the message names the fault.
        """
        rule = self.rule
        await_answer(
            lambda: self.hits or None,
            seconds=seconds,
            what=f"call {rule.nth} of {rule.service}.{rule.operation} ({rule.kind})",
        )

    def remove(self) -> None:
        """Take it out of force; what it has seen stays known, and a call that it delays goes on."""
        if self._last is None:
            self._last = self._control.call("DELETE", f"faults/{self._id}")

    def __enter__(self) -> Fault:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.remove()

    def _look(self) -> dict[str, Any]:
        seen: dict[str, Any] = self._last or self._control.call("GET", f"faults/{self._id}")
        return seen


class Faults:
    """Puts faults in the way of the calls that an endpoint is asked, whoever makes them.

    Every method counts the matching calls from now on and hits those from the `nth` on, `times` of
    them (None: all). `service` is boto3's name (``glue``, ``redshift-data``, ``stepfunctions``),
    `operation` AWS's (``StartJobRun``); ``awsglue`` has ``Job.init`` and ``Job.commit``, by which
    a job's process reads and moves its bookmark. `where` names top-level parameters of the request
    and the values that they must have (``{"JobName": "load"}``).

    Each raises `FaultError` when AWS has no such service, operation or parameter, or a number
    cannot be; nothing is in force then.
    """

    def __init__(self, control: Control) -> None:
        self._control = control

    def fail(
        self,
        service: str,
        operation: str,
        code: str,
        *,
        message: str | None = None,
        nth: int = 1,
        times: int | None = 1,
        where: Mapping[str, Any] | None = None,
    ) -> Fault:
        """Have calls not executed, and answered with an AWS error.

        Parameters
        ----------
        code : str
            AWS's error code (``ConcurrentRunsExceededException``). Its HTTP status is that of the
            service's model, or of AWS's common errors; 400 where neither names it.
        message : str, optional
            The error's message.
        """
        return self._place(
            FaultRule(
                "fail",
                service,
                operation,
                nth,
                times,
                dict(where or {}),
                code=code,
                message=message,
            )
        )

    def delay(
        self,
        service: str,
        operation: str,
        seconds: float,
        *,
        nth: int = 1,
        times: int | None = 1,
        where: Mapping[str, Any] | None = None,
    ) -> Fault:
        """Have calls executed late.

        Parameters
        ----------
        seconds : float
            How late, in seconds of the emulated clock, which is scaled as a Wait state is.
        """
        return self._place(
            FaultRule("delay", service, operation, nth, times, dict(where or {}), seconds=seconds)
        )

    def cut_off(
        self,
        service: str,
        operation: str,
        *,
        nth: int = 1,
        times: int | None = 1,
        where: Mapping[str, Any] | None = None,
    ) -> Fault:
        """Have calls executed, and their connections closed without an answer."""
        return self._place(FaultRule("cut_off", service, operation, nth, times, dict(where or {})))

    def clear(self) -> None:
        """Take every fault out of force, as the end of each test does."""
        self._control.call("DELETE", "faults")

    def _place(self, rule: FaultRule) -> Fault:
        return Fault(self._control, rule)
