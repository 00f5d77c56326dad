"""Saves what changed: soon and for many changes at once, or before a change is acknowledged."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable

LOG = logging.getLogger(__name__)

_DELAY_SECONDS = 0.5
# Saving a large state takes at most this share of the time, however often it changes.
_SHARE = 0.1
_LONGEST_PAUSE_SECONDS = 30.0


class Saver:
    """Saves services: what was marked, by a thread; what somebody waits for, at once.

    Parameters
    ----------
    save : callable
        Saves the service it is given; what it raises is logged, and tried again later.
    delay : float
        Seconds between a change that nobody waits for and its saving.
    """

    def __init__(self, save: Callable[[str], None], delay: float = _DELAY_SECONDS) -> None:
        self._save = save
        self._delay = delay
        self._changed = threading.Condition()
        self._dirty: set[str] = set()
        # How often each service was marked, and how often it had been when its last save began.
        self._marks: defaultdict[str, int] = defaultdict(int)
        self._saved: dict[str, int] = {}
        self._turns: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to save in the background."""
        self._thread = threading.Thread(target=self._run, name="etlocal-saver", daemon=True)
        self._thread.start()

    def mark(self, service: str) -> None:
        """Note that a service changed."""
        with self._changed:
            self._marks[service] += 1
            if service not in self._dirty:
                self._dirty.add(service)
                self._changed.notify_all()

    def save_now(self, service: str) -> bool:
        """Return when a save that began after this call is done.

        Those who come while a save is under way share the next one.

        Parameters
        ----------
        service : str
            A service that changed.

        Returns
        -------
        bool
            Whether the change is saved; if not, it stays marked, and why is in the log.
        """
        self.mark(service)
        return self.save_changes(service)

    def save_changes(self, service: str) -> bool:
        """Return when every change marked so far is saved; tell whether it is."""
        with self._changed:
            wanted = self._marks[service]
            turn = self._turns[service]
        with turn:
            with self._changed:
                if self._saved.get(service, 0) >= wanted:
                    return True
                begun = self._marks[service]
                self._dirty.discard(service)
            if not self._succeeds(service):
                self._mark_again(service)
                return False
            with self._changed:
                self._saved[service] = begun
            return True

    def save_marked(self, without: Iterable[str] = ()) -> bool:
        """Save what is marked now.

        Parameters
        ----------
        without : iterable of str
            Services to leave marked.

        Returns
        -------
        bool
            Whether all of it could be saved; what could not stays marked.
        """
        with self._changed:
            marked = sorted(self._dirty.difference(without))
        failed = [service for service in marked if not self.save_changes(service)]
        return not failed

    def forget(self) -> None:
        """Drop the marks; a save that is under way is waited for."""
        with self._changed:
            services = list(self._marks)
            self._dirty.clear()
            self._saved = dict(self._marks)
        for service in services:
            with self._turns[service]:
                pass

    def stop(self) -> None:
        """End the thread and save what is still marked."""
        self._end.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        self.save_marked()

    def _mark_again(self, service: str) -> None:
        with self._changed:
            self._dirty.add(service)
            self._changed.notify_all()

    def _succeeds(self, service: str) -> bool:
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
