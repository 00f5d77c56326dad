"""Starts JVMs and job processes, and sees that none is left."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from etlocal.clients import closed_environment
from etlocal.proxies import PROXY_VARIABLES, without_proxy
from etlocal.settings import LOOPBACK, Settings
from etlocal.worker import archive
from etlocal.worker.jvm import Jvm, command_line
from etlocal.worker.process import Runner
from etlocal.worker.runner import Setup
from etlocal.worker.spark_conf import FIXED_CONF, Access, base_conf, is_misleading, s3a_conf


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


class Launcher:
    """What JVMs and job processes are started with.

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
        self._class_path = [*sorted((spark_home / "jars").glob("*.jar")), *jars]
        self._archive = archive.location(settings.cache_dir, java, self._class_path)
        self._lock = threading.Lock()
        self._living: list[Jvm] = []
        self._closed = False

    def start(self, needs: Needs) -> Jvm:
        """Start a JVM that a job process can attach to.

        Raises
        ------
        JvmError
            If it does not come up.
        """
        options = self._settings.driver_java_options.split()
        if self._archive.exists():
            # An archive that does not fit is told of in the log, and done without.
            options.insert(0, f"-XX:SharedArchiveFile={self._archive}")
        return self._start(needs, options)

    def attach(self, jvm: Jvm, needs: Needs, *, warm: bool) -> Runner:
        """Start a job process on a JVM, and wait until it is ready.

        Parameters
        ----------
        jvm : Jvm
            Ended when no process can be attached.
        needs : Needs
        warm : bool
            Whether a JVM that has not run anything yet is warmed.

        Raises
        ------
        RunnerError
            If the process ends before.
        """
        settings = self._settings
        setup = Setup(
            hadoop=s3a_conf(Access(settings.job_endpoint, settings.account, settings.region)),
            warm=warm,
        )
        try:
            runner = Runner(self._python(needs), jvm, self._environment(needs), setup)
            runner.await_ready()
        except BaseException:
            self.end(jvm)
            raise
        return runner

    def make_archive(self, *, storage: bool) -> None:
        """Make the archive of Spark's classes that later JVMs start from, if it is not there.

        Parameters
        ----------
        storage : bool
            Whether the AWS endpoint answers, so that S3A's classes can be in it.
        """
        if self._archive.exists():
            return

        def attach(jvm: Jvm) -> Runner:
            runner = self.attach(jvm, Needs(), warm=True)
            runner.await_warm()
            if storage:
                runner.warm_storage()
                runner.await_warm()
            return runner

        archive.build(
            self._archive,
            # The classes are the same on any master; a cluster's executors are for runs.
            lambda options: self._start(
                Needs(conf={"spark.master": "local[*]"}), options, prefix=["nice", "-n", "19"]
            ),
            attach,
        )

    def end(self, jvm: Jvm) -> None:
        """End a JVM at once and remove its folder."""
        jvm.kill()
        with self._lock:
            if jvm in self._living:
                self._living.remove(jvm)
        shutil.rmtree(jvm.scratch, ignore_errors=True)

    def discard(self, runner: Runner) -> None:
        """End a job process and its JVM."""
        runner.kill()
        self.end(runner.jvm)

    def close(self) -> None:
        """End every JVM; none is started any more."""
        with self._lock:
            self._closed = True
            living = list(self._living)
        for jvm in living:
            self.end(jvm)

    def _start(self, needs: Needs, options: list[str], prefix: list[str] | None = None) -> Jvm:
        scratch = Path(tempfile.mkdtemp(prefix="jvm-", dir=self._folder))
        base = base_conf(self._settings, [*self._jars, *needs.jars], scratch)
        conf = {**base, **needs.conf, **FIXED_CONF}
        # The run's own jars come last: an archive fits a class path that begins as its own.
        class_path = [*self._class_path, *needs.jars]
        command = command_line(self._java, class_path, conf, scratch, options=options)
        environment = {**self._environment(needs), "SPARK_LOCAL_DIRS": str(scratch)}
        # Of all that a JVM runs only AWS's SDK reads them, and it has nothing to ask outside.
        for name in PROXY_VARIABLES:
            environment.pop(name, None)
        if "spark.driver.host" in base:
            environment["SPARK_LOCAL_IP"] = LOOPBACK
        with self._lock:
            if self._closed:
                raise OSError("the worker is ending")
            jvm = Jvm([*(prefix or []), *command], environment, scratch)
            self._living.append(jvm)
        try:
            jvm.await_gateway()
        except BaseException:
            self.end(jvm)
            raise
        return jvm

    def _closed_environment(self, inherited: dict[str, str]) -> dict[str, str]:
        """Where AWS calls go before a run says it, and which credentials nobody finds."""
        url = self._settings.job_endpoint
        return {
            "AWS_ENDPOINT_URL": url,
            **closed_environment(),
            **without_proxy(inherited, urlsplit(url).hostname or ""),
        }

    def _python(self, needs: Needs) -> Path:
        return needs.python or Path(sys.executable)

    def _environment(self, needs: Needs) -> dict[str, str]:
        job_path = Path(__file__).resolve().parent.parent / "job_path"
        inherited = {name: value for name, value in os.environ.items() if not is_misleading(name)}
        python_path = [str(job_path), *filter(None, [inherited.get("PYTHONPATH")])]
        return {
            **inherited,
            **self._closed_environment(inherited),
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
