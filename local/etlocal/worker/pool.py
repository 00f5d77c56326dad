"""Keeps one JVM warm with a job process attached, and hands out both."""

from __future__ import annotations

import logging
import socket
import threading
from urllib.parse import urlsplit

from etlocal.settings import LOOPBACK, Settings
from etlocal.worker.jvm import Jvm, JvmError
from etlocal.worker.launcher import Launcher, Needs
from etlocal.worker.process import Runner, RunnerError

_LOG = logging.getLogger(__name__)
# How often a warm JVM that dies while it is made ready is replaced before the pool gives up.
_ATTEMPTS = 3
_LOOK_SECONDS = 0.25


class PoolError(Exception):
    """No JVM or job process can be had; the message says why."""


class Pool:
    """The JVMs of a worker: one that is kept warm, and those that runs have.

    Parameters
    ----------
    settings : Settings
    launcher : Launcher
    """

    def __init__(self, settings: Settings, launcher: Launcher) -> None:
        self._settings = settings
        self._launcher = launcher
        self._changed = threading.Condition()
        self._warm: Runner | None = None
        self._warming = False
        self._closing = threading.Event()
        self._failure = ""

    @property
    def warm(self) -> bool:
        """Whether a warm JVM waits for a run."""
        with self._changed:
            return self._warm is not None and self._warm.alive

    @property
    def detail(self) -> str:
        """What is being done, or went wrong, in a few words."""
        with self._changed:
            return "a JVM is being made ready" if self._warming else self._failure

    def start(self) -> None:
        """Make a JVM warm in the background, and S3A in it as soon as the endpoint answers."""
        self._start_warming(None)
        threading.Thread(target=self._follow_storage, name="storage", daemon=True).start()

    def take(self, needs: Needs) -> Runner:
        """Give a job process that is ready, for one run.

        Parameters
        ----------
        needs : Needs
            What the run needs of its own.

        Returns
        -------
        Runner
            To be given back by `give_back`.

        Raises
        ------
        PoolError
            If none can be started.
        """
        if not needs.own:
            with self._changed:
                self._changed.wait_for(lambda: not self._warming)
                runner, self._warm = self._warm, None
            if runner is not None:
                if runner.alive and runner.jvm.alive:
                    return runner
                self._launcher.discard(runner)
        try:
            # What warms a JVM takes longer than it saves a single run.
            return self._launcher.attach(self._launcher.start(needs), needs, warm=False)
        except (JvmError, RunnerError, OSError) as error:
            raise PoolError(f"Spark could not be started: {error}") from error

    def give_back(self, runner: Runner, *, reuse: bool) -> None:
        """Take a job process back whose run has ended; its JVM may serve the next run.

        Parameters
        ----------
        runner : Runner
        reuse : bool
            Whether the JVM is fit for another run.
        """
        runner.kill()
        runner.jvm.attribute(None)
        if not (reuse and runner.jvm.alive and self._start_warming(runner.jvm)):
            self._launcher.end(runner.jvm)
            self._start_warming(None)

    def close(self) -> None:
        """End every JVM and job process."""
        self._closing.set()
        with self._changed:
            runner, self._warm = self._warm, None
        if runner is not None:
            self._launcher.discard(runner)
        self._launcher.close()

    def _start_warming(self, jvm: Jvm | None) -> bool:
        """Make `jvm`, or a new one, ready in the background; False when none is wanted."""
        with self._changed:
            if self._settings.runs_cold or self._closing.is_set():
                return False
            if self._warming or self._warm is not None:
                return False
            self._warming = True
        threading.Thread(target=self._keep_warm, args=(jvm,), name="warming", daemon=True).start()
        return True

    def _keep_warm(self, jvm: Jvm | None) -> None:
        runner: Runner | None = None
        failure = ""
        try:
            for _ in range(_ATTEMPTS):
                try:
                    fresh = jvm or self._launcher.start(Needs())
                    runner = self._launcher.attach(fresh, Needs(), warm=True)
                    break
                except (JvmError, RunnerError, OSError) as error:
                    jvm, failure = None, f"Spark could not be started: {error}"
                    if self._closing.is_set():
                        break
                    _LOG.warning("%s", failure)
        finally:
            self._offer(runner, "" if runner else failure)

    def _offer(self, runner: Runner | None, failure: str) -> None:
        """End the warming: the next run may have `runner`."""
        with self._changed:
            self._warming, self._failure = False, failure
            closing = self._closing.is_set()
            self._warm = None if closing else runner
            self._changed.notify_all()
        if closing and runner is not None:
            self._launcher.discard(runner)

    def _follow_storage(self) -> None:
        url = urlsplit(self._settings.job_endpoint)
        address = (url.hostname or LOOPBACK, url.port or 80)
        while not _answers(address):
            if self._closing.wait(_LOOK_SECONDS):
                return
        self._warm_storage()
        if not self._closing.is_set():
            self._launcher.make_archive(storage=True)

    def _warm_storage(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._warming)
            # A run that has the JVM already warms S3A by its own work.
            if self._warm is not None:
                self._warm.warm_storage()


def _answers(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, timeout=5):
            return True
    except OSError:
        return False
