"""Keeps one JVM warm with a job process attached, and hands out both."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from etlocal.settings import LOOPBACK, Settings
from etlocal.worker.jvm import Jvm, JvmError, command_line
from etlocal.worker.process import Runner, RunnerError
from etlocal.worker.runner import Setup
from etlocal.worker.spark_conf import base_conf, is_misleading, s3a_conf

_LOG = logging.getLogger(__name__)
# How often a warm JVM that dies while it is made ready is replaced before the pool gives up.
_ATTEMPTS = 3


_LOOK_SECONDS = 0.25


class PoolError(Exception):
    """No JVM or job process can be had; the message says why."""


@dataclass(frozen=True)
class Needs:
    """What a run needs that the warm JVM has not; nothing, for most.

    Attributes
    ----------
    conf : dict
        Spark settings of the run's own.
    jars : tuple
        Jars of the run's own.
    python : Path or None
        An interpreter of the run's own, with modules that it asked for.
    """

    conf: dict[str, str] = field(default_factory=dict)
    jars: tuple[Path, ...] = ()
    python: Path | None = None

    @property
    def own(self) -> bool:
        """Whether the run needs a JVM of its own."""
        return bool(self.conf or self.jars or self.python)


class Pool:
    """The JVMs of a worker.

    Parameters
    ----------
    settings : Settings
    java : Path
        The Java home.
    spark_home : Path
        The folder of the pyspark package.
    jars : list of Path
        Jars beyond Spark's own.
    folder : Path
        Where the JVMs' folders are made.
    """

    def __init__(
        self, settings: Settings, java: Path, spark_home: Path, jars: list[Path], folder: Path
    ) -> None:
        self._settings = settings
        self._java = java
        self._spark_home = spark_home
        self._jars = jars
        self._folder = folder
        self._changed = threading.Condition()
        self._warm: Runner | None = None
        self._warming = False
        self._closed = False
        self._failure = ""
        self._living: list[Jvm] = []
        self._closing = threading.Event()

    @property
    def warm(self) -> bool:
        """Whether a warm JVM waits for a run."""
        with self._changed:
            return self._warm is not None and self._warm.alive

    @property
    def detail(self) -> str:
        """What is being done, or went wrong, in a few words."""
        with self._changed:
            if self._failure:
                return self._failure
            return "starting a JVM" if self._warming else ""

    def start_warming(self) -> None:
        """Make a JVM warm in the background, when none is and the settings want one."""
        with self._changed:
            if self._settings.worker_cold or self._closed or self._warming or self._warm:
                return
            self._warming = True
        threading.Thread(target=self._keep_warm, args=(None,), name="warming", daemon=True).start()

    def warm_storage_when_it_answers(self) -> None:
        """Make S3A warm in the background, as soon as the AWS endpoint answers."""
        threading.Thread(target=self._await_storage, name="storage", daemon=True).start()

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
        if not needs.own and not self._settings.worker_cold:
            with self._changed:
                while self._warming:
                    self._changed.wait()
                runner, self._warm = self._warm, None
            if runner is not None:
                if runner.alive and runner.jvm.alive:
                    return runner
                self._discard(runner)
        try:
            return self._prepare(self._start_jvm(needs), needs)
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
        jvm = runner.jvm
        jvm.attribute(None)
        with self._changed:
            keep = (
                reuse
                and jvm.alive
                and not (self._settings.worker_cold or self._closed)
                and not (self._warming or self._warm)
            )
            self._warming = self._warming or keep
        if keep:
            thread = threading.Thread(
                target=self._keep_warm, args=(jvm,), name="warming", daemon=True
            )
            thread.start()
        else:
            self._end(jvm)
            self.start_warming()

    def close(self) -> None:
        """End every JVM and job process."""
        with self._changed:
            self._closed = True
            self._closing.set()
            runner, self._warm = self._warm, None
            living = list(self._living)
        if runner is not None:
            runner.kill()
        for jvm in living:
            self._end(jvm)

    def _keep_warm(self, jvm: Jvm | None) -> None:
        needs = Needs()
        failure = ""
        for _ in range(_ATTEMPTS):
            try:
                runner = self._prepare(jvm or self._start_jvm(needs), needs)
            except (JvmError, RunnerError, OSError) as error:
                jvm, failure = None, f"Spark could not be started: {error}"
                if self._closed:
                    break
                _LOG.warning("%s", failure)
                continue
            with self._changed:
                self._warming, self._failure = False, ""
                if not self._closed:
                    self._warm = runner
                closed = self._closed
                self._changed.notify_all()
            if closed:
                self._discard(runner)
            return
        with self._changed:
            self._warming, self._failure = False, failure
            self._changed.notify_all()

    def _await_storage(self) -> None:
        url = urlsplit(self._settings.endpoint_url)
        address = (url.hostname or LOOPBACK, url.port or 80)
        while not _answers(address):
            if self._closing.wait(_LOOK_SECONDS):
                return
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._warming)
            runner, self._warm = self._warm, None
            if runner is None:
                # A run has it, and warms S3A by its own work.
                return
            self._warming = True
        try:
            runner.warm_storage()
        except RunnerError as error:
            _LOG.warning("S3A was not warmed: %s", error)
            self._discard(runner)
            runner = None
        with self._changed:
            self._warming = False
            closed = self._closed
            self._warm = None if closed else runner
            self._changed.notify_all()
        if runner is None:
            self.start_warming()
        elif closed:
            self._discard(runner)

    def _start_jvm(self, needs: Needs) -> Jvm:
        scratch = Path(tempfile.mkdtemp(prefix="jvm-", dir=self._folder))
        conf = {**base_conf(self._settings, [*self._jars, *needs.jars], scratch), **needs.conf}
        spark_jars = sorted((self._spark_home / "jars").glob("*.jar"))
        jvm = Jvm(
            command_line(self._java, [*spark_jars, *self._jars, *needs.jars], conf, scratch),
            {
                **self._environment(needs),
                "SPARK_LOCAL_DIRS": str(scratch),
                **(
                    {"SPARK_LOCAL_IP": LOOPBACK} if conf["spark.master"].startswith("local") else {}
                ),
            },
            scratch,
        )
        with self._changed:
            self._living.append(jvm)
        try:
            jvm.await_gateway()
        except BaseException:
            self._end(jvm)
            raise
        return jvm

    def _prepare(self, jvm: Jvm, needs: Needs) -> Runner:
        settings = self._settings
        setup = Setup(hadoop=s3a_conf(settings.endpoint_url, settings.account, settings.region))
        try:
            runner = Runner(self._python(needs), jvm, self._environment(needs), setup)
            runner.await_ready()
        except BaseException:
            self._end(jvm)
            raise
        return runner

    def _discard(self, runner: Runner) -> None:
        runner.kill()
        self._end(runner.jvm)

    def _end(self, jvm: Jvm) -> None:
        jvm.kill()
        with self._changed:
            if jvm in self._living:
                self._living.remove(jvm)
        shutil.rmtree(jvm.scratch, ignore_errors=True)

    def _python(self, needs: Needs) -> Path:
        return needs.python or Path(sys.executable)

    def _environment(self, needs: Needs) -> dict[str, str]:
        job_path = Path(__file__).resolve().parent.parent / "job_path"
        inherited = {name: value for name, value in os.environ.items() if not is_misleading(name)}
        python_path = [str(job_path), *filter(None, [inherited.get("PYTHONPATH")])]
        return {
            **inherited,
            "PYTHONPATH": os.pathsep.join(python_path),
            "JAVA_HOME": str(self._java),
            "SPARK_HOME": str(self._spark_home),
            "PYSPARK_PYTHON": str(self._python(needs)),
            "PYSPARK_DRIVER_PYTHON": str(self._python(needs)),
            # As on Glue's machines.
            "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "PYTHONIOENCODING": "utf-8",
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            # A JVM's many threads would each keep memory of their own in the C library.
            "MALLOC_ARENA_MAX": "2",
        }


def _answers(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, timeout=5):
            return True
    except OSError:
        return False
