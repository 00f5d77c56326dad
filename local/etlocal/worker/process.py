"""The worker's end of a job process (`etlocal.worker.runner`)."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from etlocal.worker.jvm import Jvm, LineSink
from etlocal.worker.runner import SETUP_VARIABLE, STATUS_VARIABLE, WARM_STORAGE, Setup, Task

# What a script's own children may still print after it has ended is awaited no longer than this.
_DRAIN_SECONDS = 5.0


class RunnerError(Exception):
    """A job process ended before it was ready; the message has what it said."""


class Runner:
    """A job process in a process group of its own, attached to a JVM.

    Parameters
    ----------
    python : Path
        The interpreter.
    jvm : Jvm
        What it attaches to.
    environment : dict
        Its whole environment, without what is only known with its run.
    setup : Setup
        What it is to prepare.
    """

    def __init__(self, python: Path, jvm: Jvm, environment: dict[str, str], setup: Setup) -> None:
        self.jvm = jvm
        self._sink: LineSink | None = None
        self._held: list[tuple[str, str]] = []
        self._lock = threading.Lock()
        reading, writing = os.pipe()
        try:
            self._process = subprocess.Popen(
                [str(python), "-P", "-m", "etlocal.worker.runner"],
                env={
                    **environment,
                    "PYSPARK_GATEWAY_PORT": str(jvm.port),
                    "PYSPARK_GATEWAY_SECRET": jvm.secret,
                    STATUS_VARIABLE: str(writing),
                    SETUP_VARIABLE: json.dumps(setup),
                },
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[writing],
                start_new_session=True,
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        self._status = os.fdopen(reading, "r", encoding="utf-8")
        self._readers = [
            threading.Thread(target=self._read, args=each, name=f"runner-{each[0]}", daemon=True)
            for each in (("stdout", self._process.stdout), ("stderr", self._process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        """The process's id, and its group's."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def await_ready(self) -> None:
        """Wait until the run's context is there.

        Raises
        ------
        RunnerError
            If the process ends before.
        """
        self._await("ready")

    def await_warm(self) -> None:
        """Wait until what was asked to be warmed is warm.

        Raises
        ------
        RunnerError
            If the process ends before.
        """
        self._await("warm")

    def warm_storage(self) -> None:
        """Have S3A made warm while no run is there; the AWS endpoint must answer."""
        self._send(WARM_STORAGE)

    def run(
        self, task: Task, sink: LineSink, started: Callable[[], None]
    ) -> tuple[str | None, int]:
        """Have the process run its script, and wait for its end.

        Parameters
        ----------
        task : Task
        sink : callable
            Takes what the script prints.
        started : callable
            Is called when the script is started.

        Returns
        -------
        tuple
            The script's error message, None when it told none, and the process's exit code.
        """
        with self._lock:
            self._sink = sink
            for name, line in self._held:
                sink(name, line)
            self._held.clear()
        self._send(json.dumps(task))
        error = None
        for line in self._status:
            said: dict[str, Any] = json.loads(line)
            if said["event"] == "started":
                started()
            elif said["event"] == "ended":
                error = said["error"]
        code = self._process.wait()
        self.kill()
        return error, code

    def interrupt(self) -> None:
        """End the process and its JVM at once, from another thread than the one in `run`."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self.jvm.kill()

    def kill(self) -> None:
        """End the process and all that it started, and wait until what they printed is read."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for reader in self._readers:
            reader.join(timeout=_DRAIN_SECONDS)
        self._status.close()
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        # A process that has ended is told of by what it answers no more.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()

    def _await(self, event: str) -> None:
        for line in self._status:
            if json.loads(line)["event"] == event:
                return
        self.kill()
        with self._lock:
            said = "\n".join(line for _, line in self._held[-40:])
        raise RunnerError(f"the job process ended while it was prepared: {said}")

    def _read(self, name: str, stream: IO[bytes]) -> None:
        with stream:
            for raw in stream:
                line = raw.decode("utf-8", errors="replace").rstrip("\r\n")
                with self._lock:
                    if self._sink is None:
                        self._held.append((name, line))
                    else:
                        self._sink(name, line)
