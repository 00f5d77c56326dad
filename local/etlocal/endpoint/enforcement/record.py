"""What was decided: each permission that a role or user asked for, once, with how often."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

_MOST = 20_000


@dataclass(frozen=True)
class Asked:
    """A permission that was asked for.

    Attributes
    ----------
    principal : str
        The role, the user or the service.
    action, resource : str
    allowed : bool
    reason : str
        Of `etlocal.iam.Decision`: ``Allowed``, ``ExplicitDeny``, ``ImplicitDeny``.
    decided_by : str or None
    """

    principal: str
    action: str
    resource: str
    allowed: bool
    reason: str
    decided_by: str | None


class Record:
    """The permissions asked for since the last reset; safe to use from many threads.

    Parameters
    ----------
    most : int
        How many different ones are kept; of the others only their number is known.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._counts: dict[Asked, int] = {}
        self._left_out = 0
        self._lock = threading.Lock()

    def note(self, asked: Asked) -> None:
        """Count a permission that was asked for."""
        with self._lock:
            if asked in self._counts or len(self._counts) < self._most:
                self._counts[asked] = self._counts.get(asked, 0) + 1
            else:
                self._left_out += 1

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._counts.clear()
            self._left_out = 0

    def document(self) -> dict[str, Any]:
        """Give everything as JSON's types, by principal, action and resource."""
        with self._lock:
            counts = sorted(self._counts.items(), key=lambda each: str(each[0]))
            left_out = self._left_out
        return {
            "decisions": [
                {
                    "principal": asked.principal,
                    "action": asked.action,
                    "resource": asked.resource,
                    "allowed": asked.allowed,
                    "reason": asked.reason,
                    "decided_by": asked.decided_by,
                    "count": count,
                }
                for asked, count in counts
            ],
            "left_out": left_out,
        }
