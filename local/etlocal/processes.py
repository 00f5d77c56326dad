"""The parts as processes: started, recognised again later, ended by their id."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict

from etlocal.proxies import without_proxy
from etlocal.settings import LOOPBACK


class ProcessId(BaseModel):
    """A process that is recognised after its id was given to another one.

    Attributes
    ----------
    pid : int
    created : float
        When it was started, in seconds since the epoch.
    """

    model_config = ConfigDict(frozen=True)

    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> ProcessId:
        """Name the living process `pid`."""
        return cls(pid=pid, created=psutil.Process(pid).create_time())

    def find(self) -> psutil.Process | None:
        """Give the process, or None when it has ended."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < 1
            ended = process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if same and not ended else None


def spawn(
    command: Sequence[str], *, environment: Mapping[str, str], log: Path, cwd: Path
) -> subprocess.Popen[bytes]:
    """Start a part in a session of its own, its output appended to a log file.

    Parameters
    ----------
    command : sequence of str
    environment : mapping
        The whole environment of the process.
    log : Path
        Where stdout and stderr go; its folder exists.
    cwd : Path
        The folder it works in.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            list(command),
            env=dict(environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A Ctrl-C in the terminal is for etlocal, which then ends its parts in order.
            start_new_session=True,
        )


def terminate(processes: Sequence[ProcessId], *, grace: float = 10.0) -> None:
    """End processes with all their children: asked first, killed after `grace` seconds."""
    living: list[psutil.Process] = []
    for process in filter(None, (each.find() for each in processes)):
        try:
            living += [process, *process.children(recursive=True)]
            process.terminate()
        except psutil.NoSuchProcess:
            continue
    _, left = psutil.wait_procs(living, timeout=grace)
    for process in left:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(left, timeout=5)


def port_is_free(port: int) -> bool:
    """Say whether a server can listen on `port` of the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Else a port whose last connections are in TIME_WAIT looks taken; not so on Windows.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Give a port that nothing listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def inherited_environment() -> dict[str, str]:
    """Give this process's environment without what would steer a part's Python or its AWS calls."""
    dropped = ("PYTHON", "VIRTUAL_ENV", "AWS_", "BOTO_", "SPARK_", "PYSPARK_", "ETLOCAL_")
    # Certificates, proxies and the like are the machine's own and stay.
    kept = ("AWS_CA_BUNDLE",)
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name in kept or not name.startswith(dropped)
    }
    return inherited | without_proxy(inherited)


def tail(log: Path, lines: int = 15) -> str:
    """Give the last lines of a log file; empty when there is none."""
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


PLATFORM_SUPPORTED = sys.platform != "win32"
