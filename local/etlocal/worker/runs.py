"""The runs of a worker: taken, followed and stopped."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from etlocal.settings import Settings
from etlocal.worker import failures
from etlocal.worker.arguments import ArgumentsError, Plan, make_plan, script_arguments
from etlocal.worker.clients import Clients
from etlocal.worker.files import FileError, Files, fetch_files
from etlocal.worker.launcher import Needs
from etlocal.worker.logs import RunLogs
from etlocal.worker.modules import ModulesError, ensure_modules
from etlocal.worker.pool import Pool, PoolError
from etlocal.worker.process import Runner
from etlocal.worker.protocol import Health, RunRequest, RunState, RunStatus
from etlocal.worker.runner import Task
from etlocal.worker.spark_conf import (
    Access,
    aws_environment,
    executor_conf,
    s3a_conf,
    sdk_properties,
)

_LOG = logging.getLogger(__name__)
# Runs that have ended are remembered for whoever still asks; the service keeps the history.
_REMEMBERED = 1000


class RunConflictError(Exception):
    """The id is known with another request."""


class NoSlotError(Exception):
    """Every slot is taken."""


class UnknownRunError(Exception):
    """No run has that id."""


class Run:
    """One run: its state changes in the thread that works on it, the event loop awaits it."""

    def __init__(self, request: RunRequest) -> None:
        self.request = request
        self.thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._status = RunStatus(run_id=request.run_id, state=RunState.STARTING)
        self._waiting: set[Callable[[], None]] = set()
        self._runner: Runner | None = None
        self._stopping = False

    @property
    def status(self) -> RunStatus:
        """Where the run stands."""
        with self._lock:
            return self._status

    @property
    def stopping(self) -> bool:
        """Whether it is to stop."""
        with self._lock:
            return self._stopping

    def move(self, state: RunState, error_message: str | None = None) -> None:
        """Take the run to a state and tell those who wait for it."""
        now = datetime.now(UTC)
        with self._lock:
            update: dict[str, object] = {"state": state, "error_message": error_message}
            if state is RunState.RUNNING:
                update["started_at"] = now
            if state.ended:
                update["completed_at"] = now
            self._status = self._status.model_copy(update=update)
            waiting = list(self._waiting)
        for wake in waiting:
            wake()

    def started(self) -> None:
        """Note that the script was started, unless the run is being stopped."""
        with self._lock:
            if self._stopping:
                return
        self.move(RunState.RUNNING)

    def attach(self, runner: Runner) -> bool:
        """Note the process that works on it; False when the run was stopped before."""
        with self._lock:
            self._runner = runner
            return not self._stopping

    def stop(self) -> None:
        """Stop it: its process and JVM are killed, so that nothing of it goes on."""
        with self._lock:
            if self._stopping or self._status.state.ended:
                return
            self._stopping = True
            runner = self._runner
        self.move(RunState.STOPPING)
        if runner is not None:
            runner.interrupt()

    async def changed(self, seen: str | None, seconds: float) -> RunStatus:
        """Wait until its state is not `seen`, at most `seconds`."""
        loop = asyncio.get_running_loop()
        event = asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(event.set)

        with self._lock:
            self._waiting.add(wake)
        try:
            async with asyncio.timeout(seconds):
                while self.status.state == seen:
                    await event.wait()
                    event.clear()
        except TimeoutError:
            pass
        finally:
            with self._lock:
                self._waiting.discard(wake)
        return self.status


class Runs:
    """All runs.

    Parameters
    ----------
    settings : Settings
    pool : Pool
        Where JVMs and job processes come from.
    folder : Path
        Where runs' folders are made.
    """

    def __init__(self, settings: Settings, pool: Pool, folder: Path) -> None:
        self._settings = settings
        self._pool = pool
        self._folder = folder
        self._clients = Clients()
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}
        self._closed = False

    def submit(self, request: RunRequest) -> Run:
        """Take a run.

        Raises
        ------
        RunConflictError
            If its id is known with another request.
        NoSlotError
            If every slot is taken.
        """
        with self._lock:
            known = self._runs.get(request.run_id)
            if known is not None:
                # A request that is made again has the role's credentials of then.
                credentials = request.credentials
                if known.request.model_copy(update={"credentials": credentials}) != request:
                    raise RunConflictError(f"run {request.run_id} is known with another request")
                return known
            if self._closed or self._free() < 1:
                raise NoSlotError(
                    f"all {self._settings.worker_slots} slots are taken (ETLOCAL_WORKER_SLOTS)"
                )
            run = Run(request)
            self._runs[request.run_id] = run
            self._forget()
        run.thread = threading.Thread(target=self._work, args=(run,), name=request.run_id[:15])
        run.thread.start()
        return run

    def get(self, run_id: str) -> Run:
        """Give a run.

        Raises
        ------
        UnknownRunError
            If there is none of that id.
        """
        with self._lock:
            run = self._runs.get(run_id)
        if run is None:
            raise UnknownRunError(f"no run {run_id} is known here")
        return run

    def health(self) -> Health:
        """Say what is ready."""
        with self._lock:
            free = self._free()
        return Health(
            ready=self._settings.runs_cold or self._pool.warm,
            slots=self._settings.worker_slots,
            free=free,
            detail=self._pool.detail,
        )

    def close(self) -> None:
        """Stop every run and end."""
        with self._lock:
            self._closed = True
            runs = list(self._runs.values())
        for run in runs:
            run.stop()
        self._pool.close()
        for run in runs:
            if run.thread is not None:
                run.thread.join(timeout=10)

    def _free(self) -> int:
        busy = sum(not run.status.state.ended for run in self._runs.values())
        return max(self._settings.worker_slots - busy, 0)

    def _forget(self) -> None:
        ended = [name for name, run in self._runs.items() if run.status.state.ended]
        for name in ended[: max(len(self._runs) - _REMEMBERED, 0)]:
            del self._runs[name]

    def _work(self, run: Run) -> None:
        request = run.request
        client = self._clients.get("logs", request)
        logs = RunLogs(client, request.log_group_output, request.log_group_error, request.run_id)
        folder = Path(tempfile.mkdtemp(prefix="run-", dir=self._folder))
        try:
            error = self._attempt(run, logs, folder)
        except (ArgumentsError, FileError, ModulesError, PoolError) as failure:
            error = str(failure)
            logs.write("stderr", error)
        except Exception as failure:  # noqa: BLE001 - told in the run's error
            # A fault of ours must end the run, not leave it running for ever.
            _LOG.exception("run %s", request.run_id)
            error = f"internal error of the worker: {type(failure).__name__}: {failure}"
            logs.write("stderr", error)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        logs.close()
        if run.stopping:
            run.move(RunState.STOPPED)
        elif error is not None:
            run.move(RunState.FAILED, error)
        else:
            run.move(RunState.SUCCEEDED)

    def _attempt(self, run: Run, logs: RunLogs, folder: Path) -> str | None:
        """Run the script; give the error message, or None when it succeeded."""
        request = run.request
        plan = make_plan(request)
        s3 = self._clients.get("s3", request)
        files = fetch_files(s3, plan, folder)
        python = None
        if plan.python_modules:
            python = ensure_modules(self._settings.cache_dir, plan.python_modules, s3, folder)
        conf = executor_conf(self._settings, Access.of_run(request)) | _conf(plan)
        runner = self._pool.take(Needs(conf=conf, jars=files.jars, python=python))
        clean = False
        try:
            if not run.attach(runner):
                # Nothing has run on its JVM.
                clean = True
                return None
            runner.jvm.attribute(logs.write)
            error, code = runner.run(_task(request, plan, files), logs.write, run.started)
            clean = not run.stopping and code in (0, 1)
            if not runner.jvm.alive and not run.stopping:
                runner.jvm.kill()
                return failures.DRIVER_LOST
            if error is None and code != 0:
                return failures.exit_message(code)
            return error
        finally:
            own = bool(plan.conf or plan.executor_environment or files.jars or python)
            self._pool.give_back(runner, reuse=clean and not own)


def _conf(plan: Plan) -> dict[str, str]:
    executors = {
        f"spark.executorEnv.{name}": value for name, value in plan.executor_environment.items()
    }
    return executors | plan.conf


def _task(request: RunRequest, plan: Plan, files: Files) -> Task:
    access = Access.of_run(request)
    variables = aws_environment(access)
    return Task(
        script=str(files.script),
        arguments=script_arguments(request),
        environment=variables | plan.driver_environment,
        folder=str(files.folder),
        hadoop=s3a_conf(access),
        properties=sdk_properties(access),
        app_name=f"{request.job_name}-{request.run_id}",
        executors=variables | plan.executor_environment,
        python_files=[str(file) for file in files.python_files],
        data_catalog=plan.data_catalog,
    )
