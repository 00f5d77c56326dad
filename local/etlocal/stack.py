"""Starts, waits for and stops the parts: the AWS endpoint and the Glue worker."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.error
from collections.abc import Callable
from pathlib import Path
from typing import Any

import filelock
from pydantic import BaseModel, ConfigDict, ValidationError

from etlocal import __version__, environments
from etlocal.control import DIRECT
from etlocal.endpoint.overlay import make_overlay
from etlocal.environments import java
from etlocal.processes import (
    ProcessId,
    inherited_environment,
    port_is_free,
    spawn,
    tail,
    terminate,
)
from etlocal.settings import LOOPBACK, Settings
from etlocal.worker import jars

Progress = Callable[[str], None]

ENDPOINT = "endpoint"
WORKER = "worker"
_DEFAULT_GLUE = "5.1"
_MINIMUM_FREE_BYTES = 256 * 1024 * 1024
_START_SECONDS = 120


class StackError(Exception):
    """A part cannot be started, reached or stopped; the message says which, why, and what to do."""


class NotRunningError(StackError):
    """Nothing runs on this state folder."""


class Part(BaseModel):
    """One started part."""

    model_config = ConfigDict(frozen=True)

    name: str
    process: ProcessId
    url: str
    log: Path

    def is_alive(self) -> bool:
        """Say whether its process lives."""
        return self.process.find() is not None


class Record(BaseModel):
    """What is written of a started stack: ``run/stack.json`` in the state folder."""

    model_config = ConfigDict(frozen=True)

    version: str
    settings: Settings
    parts: list[Part]

    def part(self, name: str) -> Part:
        """Give the part of that name."""
        return next(part for part in self.parts if part.name == name)


class Stack:
    """The parts that work on one state folder.

    Parameters
    ----------
    settings : Settings
        Ports, folders and switches.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._state = settings.state_dir.absolute()
        self._run = self._state / "run"
        self._logs = self._state / "logs"

    @property
    def endpoint_url(self) -> str:
        """The AWS endpoint's URL."""
        return self.settings.endpoint_url

    def prepare(self, progress: Progress) -> None:
        """Make what the parts need and a fresh machine lacks: environments, a Java, Spark's jars.

        Raises
        ------
        StackError
            If something cannot be had.
        """
        try:
            environments.ensure(environments.ENDPOINT, self.settings, progress)
            python = environments.ensure(
                environments.glue_environment(_DEFAULT_GLUE), self.settings, progress
            )
            home = java.ensure_java(self.settings.cache_dir, progress)
            jars.ensure_jars(self.settings.cache_dir, python=python, java=home, progress=progress)
        except (environments.EnvironmentSetupError, java.JavaError, jars.JarError) as error:
            raise StackError(str(error)) from error

    def start(self, progress: Progress, *, tied: bool = False) -> Record:
        """Start the parts and wait until each answers a real call.

        Parameters
        ----------
        progress : callable
            Is told what is being done.
        tied : bool
            Whether the parts end with this process; else they go on until `stop`.

        Returns
        -------
        Record
            What runs. A part that ran and answers is left as it is: a run goes on in a worker whose
            endpoint has died and comes back.

        Raises
        ------
        StackError
            If the state folder cannot be used, a port is taken or a part does not come up; what
            was started is ended again.
        """
        self._check_state_folder()
        with filelock.FileLock(self._run / "stack.lock"):
            running = self.record()
            if running is not None and all(part.is_alive() for part in running.parts):
                return running
            kept = self._clear_up(running) if running is not None else []
            self._check_ports(without={part.name for part in kept})
            self.prepare(progress)
            return self._start_parts(progress, kept, tied=tied)

    def stop(self) -> bool:
        """End the parts.

        Returns
        -------
        bool
            Whether any were running.
        """
        running = self.record()
        if running is None:
            return False
        alive = any(part.is_alive() for part in running.parts)
        self._end(running)
        return alive

    def record(self) -> Record | None:
        """Give what was started on this state folder and not stopped, alive or not."""
        try:
            return Record.model_validate_json((self._run / "stack.json").read_text())
        except FileNotFoundError:
            return None
        except ValidationError:
            # Written by another version; the processes it names cannot be told from others.
            return None

    def require(self) -> Record:
        """Give what runs.

        Raises
        ------
        NotRunningError
            If nothing does, or a part has died.
        """
        running = self.record()
        if running is None:
            raise NotRunningError(
                f"nothing is running on the state folder {self._state}; start it: etlocal up"
            )
        dead = [part for part in running.parts if not part.is_alive()]
        if dead:
            named = ", ".join(f"{part.name} (log: {part.log})" for part in dead)
            raise NotRunningError(f"not running any more: {named}; start it again: etlocal up")
        return running

    def reset(self) -> None:
        """Delete the state folder, and its warehouse where that is on a server.

        Raises
        ------
        StackError
            If a part is still running, or the warehouse's databases cannot be deleted; nothing in
            the folder is then.
        """
        running = self.record()
        if running is not None and any(part.is_alive() for part in running.parts):
            raise StackError("the stack is running; stop it first: etlocal down")
        if not self._state.exists():
            return
        if not (self._state / _MARKER).exists():
            raise StackError(
                f"{self._state} was not made by etlocal (no {_MARKER} in it): nothing was deleted"
            )
        self._clear_server()
        shutil.rmtree(self._state)

    def _clear_server(self) -> None:
        """Delete the databases that the state folder has on a server, if it has any there."""
        if self.settings.warehouse_url is None or not self.settings.state_file.exists():
            return
        python = environments.ensure(environments.ENDPOINT, self.settings)
        environment = {
            **inherited_environment(),
            **self.settings.environment(),
            "PYTHONPATH": str(make_overlay(self._run / "overlays")),
        }
        done = subprocess.run(
            [str(python), "-m", "etlocal.redshift.clearing"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if done.returncode:
            raise StackError(
                f"the warehouse's databases could not be deleted, so {self._state} is as it was: "
                f"{done.stderr.strip()}; start the server that ETLOCAL_WAREHOUSE_URL names, or "
                "unset the variable to delete the folder alone"
            )

    def _clear_up(self, running: Record) -> list[Part]:
        """End what is left of a stack of which a part has died; give the parts that may stay."""
        fits = (
            running.version == __version__
            and running.settings.fingerprint() == self.settings.fingerprint()
        )
        kept = [part for part in running.parts if fits and part.is_alive() and _answers(part)]
        terminate([part.process for part in running.parts if part not in kept])
        if not kept:
            (self._run / "stack.json").unlink(missing_ok=True)
        return kept

    def _start_parts(self, progress: Progress, kept: list[Part], *, tied: bool) -> Record:
        parts = {part.name: part for part in kept}
        children: dict[str, subprocess.Popen[bytes]] = {}
        try:
            for name in (ENDPOINT, WORKER):
                if name not in parts:
                    progress(f"starting the {name}")
                    parts[name], children[name] = self._launch(name, tied=tied)
            for name, child in children.items():
                self._await_health(parts[name], child)
                progress(f"the {name} answers at {parts[name].url}")
            record = Record(
                version=__version__,
                settings=self.settings,
                parts=[parts[name] for name in (ENDPOINT, WORKER)],
            )
            draft = self._run / "stack.json.new"
            draft.write_text(record.model_dump_json(indent=2))
            draft.replace(self._run / "stack.json")
            return record
        except BaseException:
            terminate([parts[name].process for name in children])
            raise

    def _launch(self, name: str, *, tied: bool) -> tuple[Part, subprocess.Popen[bytes]]:
        environment = {
            **inherited_environment(),
            **self.settings.environment(),
            "PYTHONPATH": str(make_overlay(self._run / "overlays")),
            "PYTHONUNBUFFERED": "1",
            # Each of a part's many threads would keep memory of its own in the C library.
            "MALLOC_ARENA_MAX": "2",
        }
        if tied:
            environment["ETLOCAL_PARENT_PID"] = str(os.getpid())
        if name == ENDPOINT:
            python = environments.ensure(environments.ENDPOINT, self.settings)
            module, url = "etlocal.endpoint.launch", self.settings.endpoint_url
        else:
            python = environments.ensure(
                environments.glue_environment(_DEFAULT_GLUE), self.settings
            )
            module, url = "etlocal.worker.main", self.settings.worker_endpoint
            environment["UV"] = environments.uv_program()
            environment["JAVA_HOME"] = str(java.ensure_java(self.settings.cache_dir))
        log = self._logs / f"{name}.log"
        child = spawn([str(python), "-m", module], environment=environment, log=log, cwd=self._run)
        return Part(name=name, process=ProcessId.of(child.pid), url=url, log=log), child

    def _await_health(self, part: Part, child: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(part):
            try:
                # Waiting for the process's end is the pause between two looks.
                code = child.wait(timeout=0.05)
            except subprocess.TimeoutExpired:
                if time.monotonic() < deadline:
                    continue
                raise StackError(
                    f"the {part.name} did not answer at {part.url} within {_START_SECONDS} s; "
                    f"its log {part.log} ends:\n{tail(part.log)}"
                ) from None
            raise StackError(
                f"the {part.name} ended with exit code {code} while starting; "
                f"its log {part.log} ends:\n{tail(part.log)}"
            )

    def _check_ports(self, without: set[str]) -> None:
        for name, port, variable in (
            (ENDPOINT, self.settings.port, "ETLOCAL_PORT"),
            (WORKER, self.settings.worker_port, "ETLOCAL_WORKER_PORT"),
        ):
            if name not in without and not port_is_free(port):
                raise StackError(
                    f"port {port} on {LOOPBACK}, where the {name} is to listen, is in use; "
                    f"end what uses it or choose another port with {variable}"
                    + (" or --port" if name == ENDPOINT else "")
                )

        asked = self.settings.redshift_port
        if asked and ENDPOINT not in without and not port_is_free(asked):
            raise StackError(
                f"port {asked} on {LOOPBACK}, where Redshift is to listen, is in use; end what "
                "uses it or choose another port with ETLOCAL_REDSHIFT_PORT"
            )

    def _check_state_folder(self) -> None:
        try:
            self._run.mkdir(parents=True, exist_ok=True)
            self._logs.mkdir(exist_ok=True)
            (self._state / _MARKER).write_text(
                "etlocal keeps its catalog, runs, buckets and warehouse here; see: etlocal reset\n"
            )
            probe = self._run / "probe"
            probe.write_bytes(bytes(65536))
            probe.unlink()
            free = shutil.disk_usage(self._state).free
        except OSError as error:
            raise StackError(
                f"the state folder {self._state} cannot be written: {error.strerror}; "
                "make it writable or name another one with --state-dir or ETLOCAL_STATE_DIR"
            ) from error
        if free < _MINIMUM_FREE_BYTES:
            raise StackError(
                f"the disk of the state folder {self._state} is full ({free // 2**20} MB free, "
                f"{_MINIMUM_FREE_BYTES // 2**20} MB needed); free some, or name a folder on "
                "another disk with --state-dir or ETLOCAL_STATE_DIR"
            )

    def _end(self, record: Record) -> None:
        # The endpoint first: it tells the worker of runs, not the other way round.
        terminate([part.process for part in record.parts])
        (self._run / "stack.json").unlink(missing_ok=True)


_MARKER = "README"


def health(part: Part, timeout: float = 5.0) -> dict[str, Any] | None:
    """Ask a part how it is.

    Returns
    -------
    dict or None
        What its health page says; None when it does not answer, or says it is not ready.
    """
    path = "/_etlocal/health" if part.name == ENDPOINT else "/health"
    try:
        with DIRECT.open(part.url + path, timeout=timeout) as answer:
            said: dict[str, Any] = json.load(answer)
    except (urllib.error.URLError, ConnectionError, TimeoutError, json.JSONDecodeError):
        return None
    return said


def _answers(part: Part) -> bool:
    return health(part, timeout=30) is not None
