"""One writer at a time in each database: later ones wait, as they do on Redshift's table locks."""

from __future__ import annotations

import threading

from etlocal.redshift.errors import StatementCanceledError


class WriteLock:
    """A lock that is held by a session and can be given up waiting for."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._holder: object | None = None

    def acquire(self, session: object, canceled: threading.Event) -> None:
        """Wait for the lock.

        Raises
        ------
        StatementCanceledError
            If `canceled` is set (see `wake`) before the lock is free.
        """
        with self._condition:
            self._condition.wait_for(lambda: canceled.is_set() or self._holder in (None, session))
            if canceled.is_set():
                raise StatementCanceledError
            self._holder = session

    def release(self, session: object) -> None:
        """Give the lock up, if this session holds it."""
        with self._condition:
            if self._holder is session:
                self._holder = None
                self._condition.notify_all()

    def held_by(self, session: object) -> bool:
        """Whether this session holds the lock."""
        return self._holder is session

    def wake(self) -> None:
        """Let those who wait look whether they were cancelled."""
        with self._condition:
            self._condition.notify_all()
