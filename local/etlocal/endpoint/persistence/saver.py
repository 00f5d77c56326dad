"""Saves what changed, shortly after it changed and not after every change."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

LOG = logging.getLogger(__name__)

_DELAY_SECONDS = 0.5
# Saving a large state takes at most this share of the time, however often it changes.
_SHARE = 0.1
_LONGEST_PAUSE_SECONDS = 30.0


class Saver:
    """A thread that saves the services that were marked.

    Parameters
    ----------
    save : callable
        Saves the service it is given; what it raises is logged, and tried again later.
    delay : float
        Seconds between a change and its saving.
    """

    def __init__(self, save: Callable[[str], None], delay: float = _DELAY_SECONDS) -> None:
        self._save = save
        self._delay = delay
        self._changed = threading.Condition()
        self._dirty: set[str] = set()
        self._saving = threading.Lock()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to save in the background."""
        self._thread = threading.Thread(target=self._run, name="etlocal-saver", daemon=True)
        self._thread.start()

    def mark(self, service: str) -> None:
        """Note that a service changed."""
        with self._changed:
            if service not in self._dirty:
                self._dirty.add(service)
                self._changed.notify_all()

    def forget(self) -> None:
        """Drop the marks; a save that is under way is waited for."""
        with self._saving, self._changed:
            self._dirty.clear()

    def stop(self) -> None:
        """End the thread and save what is still marked."""
        self._end.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        self.save_marked()

    def save_marked(self) -> bool:
        """Save what is marked now.

        Returns
        -------
        bool
            Whether all of it could be saved; what could not stays marked.
        """
        with self._saving:
            with self._changed:
                marked, self._dirty = sorted(self._dirty), set()
            failed = [service for service in marked if not self._saved(service)]
        for service in failed:
            self.mark(service)
        return not failed

    def _saved(self, service: str) -> bool:
        try:
            self._save(service)
        except Exception as error:
            # A pickler's traceback is hundreds of lines of recursion.
            detail = LOG.isEnabledFor(logging.DEBUG)
            kind = type(error).__name__
            LOG.error(  # noqa: TRY400
                "the state of %s could not be saved: %s: %s", service, kind, error, exc_info=detail
            )
            return False
        return True

    def _run(self) -> None:
        pause = self._delay
        while self._await_change() and not self._end.wait(pause):
            began = time.monotonic()
            if self.save_marked():
                took = time.monotonic() - began
                pause = min(max(self._delay, took / _SHARE), _LONGEST_PAUSE_SECONDS)
            else:
                pause = min(max(2 * pause, 1.0), _LONGEST_PAUSE_SECONDS)

    def _await_change(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._dirty or self._end.is_set())
        return not self._end.is_set()
