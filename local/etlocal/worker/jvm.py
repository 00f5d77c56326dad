"""A Spark driver JVM that waits for a Python process to attach to it."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import signal
import struct
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

_LOG = logging.getLogger(__name__)
_START_SECONDS = 120
_GATEWAY = "org.apache.spark.api.python.PythonGatewayServer"

# What Spark needs opened of Java 17 (https://issues.apache.org/jira/browse/SPARK-36796).
_OPENED = (
    "java.lang",
    "java.lang.invoke",
    "java.lang.reflect",
    "java.io",
    "java.net",
    "java.nio",
    "java.util",
    "java.util.concurrent",
    "java.util.concurrent.atomic",
    "jdk.internal.ref",
    "sun.nio.ch",
    "sun.nio.cs",
    "sun.security.action",
    "sun.util.calendar",
)

LineSink = Callable[[str, str], None]
"""Takes the stream's name (``stdout`` or ``stderr``) and a line."""


class JvmError(Exception):
    """A JVM did not start; the message has what it said."""


class Jvm:
    """One JVM in a process group of its own.

    It ends when this process does, however that ends: its standard input is a pipe that we hold,
    and Spark's gateway server exits at the end of its input.

    Parameters
    ----------
    command : list of str
        The whole command line, from `command_line`.
    environment : dict
        Its whole environment.
    scratch : Path
        Its folder, made already.
    """

    def __init__(self, command: list[str], environment: dict[str, str], scratch: Path) -> None:
        self.scratch = scratch
        self.port = 0
        self.secret = ""
        self._info = scratch / "gateway"
        self._sink: LineSink = _log_line
        self._tail: list[str] = []
        with living(scratch.parent).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            self._process = subprocess.Popen(
                command,
                env={**environment, "_PYSPARK_DRIVER_CONN_INFO_PATH": str(self._info)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[lock.fileno()],
                start_new_session=True,
            )
        self._readers = [
            threading.Thread(target=self._read, args=(name,), name=f"jvm-{name}", daemon=True)
            for name in ("stdout", "stderr")
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        """The JVM's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the JVM runs."""
        return self._process.poll() is None

    def await_gateway(self) -> None:
        """Wait until a Python process can attach.

        Raises
        ------
        JvmError
            If the JVM ends before, or does not come up.
        """
        waited = 0.0
        while not self._info.exists():
            try:
                # Waiting for the process's end is the pause between two looks at the file.
                code = self._process.wait(timeout=0.02)
            except subprocess.TimeoutExpired:
                waited += 0.02
                if waited > _START_SECONDS:
                    self.kill()
                    raise JvmError(f"no gateway within {_START_SECONDS} s") from None
                continue
            for reader in self._readers:
                reader.join(timeout=1)
            raise JvmError(f"exit code {code}: " + "\n".join(self._tail[-8:]))
        said = self._info.read_bytes()
        self.port, length = struct.unpack(">ii", said[:8])
        self.secret = said[8 : 8 + length].decode()
        self._info.unlink()

    def attribute(self, sink: LineSink | None) -> None:
        """Send what the JVM prints from now on to `sink`; None for the worker's own log."""
        self._sink = sink or _log_line

    def kill(self) -> None:
        """End the JVM at once, with whatever it is doing."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for reader in self._readers:
            # Its last words are the reason, when it did not end because of us.
            reader.join(timeout=2)
        if self._process.stdin is not None:
            self._process.stdin.close()

    def end(self) -> int:
        """Let the JVM end in order, by the end of its input; give its exit code."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        return self._process.wait()

    def _read(self, name: str) -> None:
        stream = self._process.stdout if name == "stdout" else self._process.stderr
        assert stream is not None
        with stream:
            for raw in stream:
                line = raw.decode("utf-8", errors="replace").rstrip("\r\n")
                self._tail = [*self._tail[-19:], line]
                self._sink(name, line)


def living(folder: Path) -> Path:
    """Give the file that every JVM of a worker's folder holds a lock on as long as it lives.

    A JVM that is orphaned while it starts ends as soon as it has told its port; without the folder
    to tell it in, it would fail half-way and never end.
    """
    return folder / "living"


def is_abandoned(folder: Path) -> bool:
    """Say whether no JVM lives in a worker's folder any more."""
    try:
        with living(folder).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return False
    return True


def command_line(
    java: Path,
    class_path: list[Path],
    conf: dict[str, str],
    scratch: Path,
    *,
    options: list[str] | None = None,
) -> list[str]:
    """Give the command line of a JVM.

    Parameters
    ----------
    java : Path
        The Java home.
    class_path : list of Path
        Jars and folders, first wins.
    conf : dict
        Spark's settings; they become system properties, which every SparkConf starts from.
    scratch : Path
        The JVM's folder.
    options : list of str, optional
        More options of the JVM.
    """
    heap = conf.get("spark.driver.memory", "2g")
    return [
        str(java / "bin" / "java"),
        f"-Xmx{heap}",
        "-Xms64m",
        "-Xss4m",
        # Compiled by both compilers: the first alone halves a small job and doubles a large one, so
        # it is for who runs small ones to ask for.
        "-XX:+UseG1GC",
        # An idle JVM gives its heap back.
        "-XX:G1PeriodicGCInterval=30000",
        "-XX:MinHeapFreeRatio=10",
        "-XX:MaxHeapFreeRatio=30",
        "-XX:-UsePerfData",
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:+IgnoreUnrecognizedVMOptions",
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
        "-Djdk.reflect.useDirectMethodHandle=false",
        # Glue's machines run on UTC.
        "-Duser.timezone=UTC",
        "-Dfile.encoding=UTF-8",
        "-Djava.net.preferIPv4Stack=true",
        f"-Djava.io.tmpdir={scratch}",
        f"-Dlog4j2.configurationFile={(Path(__file__).parent / 'log4j2.properties').as_uri()}",
        *(options or []),
        *(f"-D{name}={value}" for name, value in conf.items()),
        *(conf.get("spark.driver.extraJavaOptions", "").split()),
        "-cp",
        os.pathsep.join(str(part) for part in class_path),
        _GATEWAY,
    ]


def _log_line(name: str, line: str) -> None:
    _LOG.info("jvm %s: %s", name, line)
