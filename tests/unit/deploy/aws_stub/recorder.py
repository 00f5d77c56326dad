"""Every call that was made, and the interruptions among them."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any, Literal

When = Literal["before", "after"]


class Interrupted(BaseException):
    """The process was killed: no ``except Exception`` gets to clean up after it."""


@dataclass
class RecordedCall:
    """A call.

    Attributes
    ----------
    number : int
        Its place, from 1.
    service, operation : str
        botocore's names.
    parameters : dict
        A deep copy, with the client tokens that botocore made; bodies are bytes.
    response : dict or None
        The answer, also of a call whose answer did not reach the caller.
    error : str or None
        The error's code.
    interrupted : str or None
        ``before`` its effect or ``after`` it.
    """

    number: int
    service: str
    operation: str
    parameters: dict[str, Any]
    response: dict[str, Any] | None = None
    error: str | None = None
    interrupted: When | None = None

    @property
    def outcome(self) -> str:
        """``answered``, an error's code, or ``interrupted before/after``."""
        if self.interrupted is not None:
            return f"interrupted {self.interrupted}"
        return self.error or ("answered" if self.response is not None else "refused by the stub")

    @property
    def name(self) -> str:
        """The operation with its service, as ``s3:PutObject``."""
        return f"{self.service}:{self.operation}"


@dataclass
class Refusal:
    """An error that a test wants an operation to answer."""

    call: str
    code: str
    message: str
    status: int
    times: int | None


@dataclass
class Recorder:
    """Keeps the calls and says where to interrupt."""

    calls: list[RecordedCall] = field(default_factory=list)
    interruptions: dict[int, When] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)

    def begin(self, service: str, operation: str, parameters: dict[str, Any]) -> RecordedCall:
        """Enter a call.

        Raises
        ------
        Interrupted
            If it is to be interrupted before it has an effect.
        """
        call = RecordedCall(len(self.calls) + 1, service, operation, parameters)
        self.calls.append(call)
        self._interrupt(call, "before")
        return call

    def refusal(self, call: RecordedCall) -> Refusal | None:
        """Give the error that a test wants a call to meet."""
        for refusal in self.refusals:
            if refusal.call == call.name and refusal.times != 0:
                if refusal.times is not None:
                    refusal.times -= 1
                return refusal
        return None

    def end(self, call: RecordedCall) -> None:
        """Note that a call has had its effect.

        Raises
        ------
        Interrupted
            If its answer is not to reach the caller.
        """
        self._interrupt(call, "after")

    def _interrupt(self, call: RecordedCall, when: When) -> None:
        if self.interruptions.get(call.number) == when:
            call.interrupted = when
            raise Interrupted(f"{when} call {call.number}, {call.name}")


def copied(value: Any) -> Any:
    """Copy parameters deeply; a stream becomes its bytes, and is left as it was."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [copied(item) for item in value]
    if isinstance(value, bytearray):
        return bytes(value)
    if isinstance(value, io.IOBase) or hasattr(value, "read"):
        place = value.tell()
        read = value.read()
        value.seek(place)
        return read.encode() if isinstance(read, str) else read
    return value
