"""Tasks of one role share their AWS clients.

LocalStack assumes the state machine's role and makes a new client for every task, which costs more
than most tasks. Credentials of a role are used for a while here, as AWS's own SDKs do.
"""

from __future__ import annotations

import threading
import time
import uuid
from types import SimpleNamespace
from typing import Any

from localstack.services.stepfunctions.asl.utils import boto_client

from etlocal.settings import Settings

# Of the hour that AssumeRole's credentials are good for, unless it is asked for another time.
_SECONDS = 900.0


_current: list[RoleSessions] = []


def apply(_: Settings) -> None:
    """Assume a role once for the tasks of the next minutes."""
    sessions = RoleSessions(boto_client.connect_to.with_assumed_role)
    boto_client.connect_to = SimpleNamespace(with_assumed_role=sessions.get)
    _current[:] = [sessions]


def forget() -> None:
    """Have every role assumed again: a reset ends the sessions there are."""
    for sessions in _current:
        sessions.forget()


class RoleSessions:
    """The roles that tasks have assumed.

    Parameters
    ----------
    assume : callable
        LocalStack's: takes keywords, ``role_arn`` and ``region_name`` among them, and gives a
        factory of clients with the role's credentials.
    """

    def __init__(self, assume: Any) -> None:
        self._assume = assume
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[float, Any]] = {}

    def get(self, *, role_arn: str, region_name: str, **others: Any) -> Any:
        """Give a factory of clients that act as the role."""
        key = role_arn, region_name
        with self._lock:
            until, factory = self._known.get(key, (0.0, None))
            if factory is None or time.monotonic() >= until:
                # Of one name, so that a later session of the role is the same user for services
                # that ask for it, as the Data API does of who reads a statement's result.
                others = {"session_name": _session_name(role_arn), **others}
                factory = self._assume(role_arn=role_arn, region_name=region_name, **others)
                self._known[key] = time.monotonic() + _SECONDS, factory
        return factory

    def forget(self) -> None:
        """Drop the sessions."""
        with self._lock:
            self._known.clear()


def _session_name(role_arn: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, role_arn).hex
