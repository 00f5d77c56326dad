"""Which processes of a stack there are, and how one is killed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import psutil

from etlocal.stack import ENDPOINT, WORKER, Record

KINDS = ("python", "jvm", "worker", "endpoint", "all")
"""The job's Python, its JVM, the worker, the endpoint, and all of them at once."""
_RUNNER = "etlocal.worker.runner"


@dataclass(frozen=True)
class Victims:
    """What is to be killed at once.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    processes : list of (str, psutil.Process)
        Each with the part that it is.
    """

    kind: str
    processes: list[tuple[str, psutil.Process]]

    def kill(self) -> list[str]:
        """Kill them (SIGKILL) and say which: a part and its process's id each.

        What had ended by itself is not among them.
        """
        killed = []
        for part, process in self.processes:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
            killed.append(f"{part} {process.pid}")
        psutil.wait_procs([process for _, process in self.processes], timeout=30)
        return killed


def find(record: Record, kind: str, *, running: Callable[[], bool]) -> Victims | None:
    """Find the living processes of a kind.

    Parameters
    ----------
    record : Record
        The started stack.
    kind : str
        One of `KINDS`.
    running : callable
        Tells whether a job run is under way: a process that waits for its run is no job's.

    Returns
    -------
    Victims or None
        None when there is none of that kind at the moment.
    """
    endpoint, worker = (record.part(name).process.find() for name in (ENDPOINT, WORKER))
    parts: dict[str, list[tuple[str, psutil.Process]]] = {
        "endpoint": [("endpoint", endpoint)] if endpoint else [],
        "worker": [("worker", worker)] if worker else [],
        "python": [],
        "jvm": [],
    }
    for child in _children(worker):
        try:
            command = child.cmdline()
        except psutil.NoSuchProcess:
            continue
        if _RUNNER in command:
            parts["python"].append(("python", child))
        elif command and command[0].endswith("/java"):
            parts["jvm"].append(("jvm", child))
    if kind == "all":
        return Victims(kind, [each for found in parts.values() for each in found])
    if kind in ("python", "jvm") and not running():
        return None
    return Victims(kind, parts[kind]) if parts[kind] else None


def _children(process: psutil.Process | None) -> list[psutil.Process]:
    try:
        return process.children(recursive=True) if process else []
    except psutil.NoSuchProcess:
        return []
