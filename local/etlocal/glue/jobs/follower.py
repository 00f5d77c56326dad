"""One run's way through a worker: handed over to one that is free, followed, ended.

A run is handed over once. Before the request is sent, its row says that the worker may have it; a
worker that then does not know the run has lost it, and the run FAILED, because running a script
again that may have loaded data is for the job's owner to decide (``MaxRetries``).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from etlocal.aws.call import Runtime
from etlocal.glue.jobs.job_run import LOG_GROUP, LOG_GROUP_ARGUMENT
from etlocal.glue.jobs.roles import acting_as
from etlocal.glue.jobs.run_rows import (
    ENDED,
    Run,
    State,
    get_run,
    set_delivered,
    set_running,
)
from etlocal.glue.jobs.transitions import end_run
from etlocal.glue.jobs.worker_client import (
    RunUnknownError,
    WorkerBusyError,
    WorkerError,
    WorkerUnreachableError,
)
from etlocal.glue.jobs.workers import Workers
from etlocal.worker.protocol import RoleCredentials, RunRequest, RunState, RunStatus

LOG = logging.getLogger(__name__)

TIMED_OUT = "Job run timed out"


@dataclass(frozen=True)
class Patience:
    """How long what is waited for, in real seconds.

    Attributes
    ----------
    long_poll : float
        For one answer on a run's state.
    busy_pause, retry_pause : float
        Between two looks for a free slot, between two tries to reach the worker.
    absent : float
        For a worker that answers nothing, by a run that it has not got: it may be starting.
    vanished : float
        For a worker that answers nothing any more, by a run that it has got.
    stop : float
        For a worker to end a run that timed out.
    """

    long_poll: float = 20.0
    busy_pause: float = 0.05
    retry_pause: float = 0.1
    absent: float = 120.0
    vanished: float = 15.0
    stop: float = 30.0


@dataclass
class Handle:
    """By what others reach the thread that follows a run."""

    wake: threading.Event = field(default_factory=threading.Event)
    stopping: bool = False
    closing: bool = False


class ClosedError(Exception):
    """The service is stopping; the run's row stays, to be taken up at the next start."""


class RunFollower:
    """Follows one run until it has ended.

    Parameters
    ----------
    runtime : Runtime
    workers : Workers
    handle : Handle
    patience : Patience
    ended : callable
        Told, with the ``seq`` of the runs that start now, that the run has ended.
    delayed : callable
        Told the run and its state when it goes on for longer than its ``NotifyDelayAfter``.
    """

    def __init__(
        self,
        runtime: Runtime,
        workers: Workers,
        handle: Handle,
        patience: Patience,
        *,
        ended: Callable[[Run, list[int]], None],
        delayed: Callable[[Run, str], None],
    ) -> None:
        self._runtime = runtime
        self._workers = workers
        self._worker = workers.at(None)
        self._handle = handle
        self._patience = patience
        self._ended = ended
        self._delayed = delayed
        self._timed_out = False
        self._stop_sent = False
        self._deadline: float | None = None
        self._executing = False
        self._told_of: set[str] = set()

    def follow(self, seq: int) -> None:
        """Hand the run over, unless the worker may have it, and follow it until it has ended.

        Raises
        ------
        ClosedError
            If the service is stopping.
        """
        with self._runtime.store.transaction() as tx:
            run = get_run(tx, seq)
        if run is None or run.state in ENDED:
            return
        self._handle.stopping = self._handle.stopping or run.state is State.STOPPING
        if run.delivered:
            self._worker = self._workers.at(run.worker)
            self._watch(run, None)
            return
        status = self._deliver(run)
        if status is None or not self._apply(run, status):
            self._watch(run, status)

    def _deliver(self, run: Run) -> RunStatus | None:
        """Hand the run over; None when the answer was lost, or the run ended here instead."""
        try:
            request = self._request(run)
        except (ClientError, BotoCoreError) as error:
            role = run.spec.role_arn
            self._end(run, State.FAILED, f"The role {role} could not be assumed: {error}")
            return None
        patient_until = time.monotonic() + self._patience.absent
        while True:
            self._check_open()
            if self._handle.stopping:
                self._end(run, State.STOPPED, None)
                return None
            try:
                self._worker = self._workers.choose()
                self._set_delivered(run, self._worker.url)
                return self._worker.submit(request)
            except WorkerBusyError:
                self._set_delivered(run, None)
                patient_until = time.monotonic() + self._patience.absent
                self._await_slot()
            except WorkerUnreachableError as error:
                if error.sent:
                    return None
                self._set_delivered(run, None)
                if time.monotonic() > patient_until:
                    self._end(run, State.FAILED, f"The run could not be started: {error}")
                    return None
                self._pause(self._patience.retry_pause)
            except WorkerError as error:
                self._end(run, State.FAILED, f"The run could not be started: {error}")
                return None

    def _await_slot(self) -> None:
        """Wait until a worker says that a slot is free, or something else is to be done."""
        while not self._handle.stopping:
            self._pause(self._patience.busy_pause)
            try:
                if self._workers.has_free_slot():
                    return
            except WorkerError:
                return

    def _watch(self, run: Run, status: RunStatus | None) -> None:
        """Follow a run that the worker may have."""
        silent_since: float | None = None
        seen = status.state if status is not None else None
        if run.execution_started_on is not None:
            self._start_clock(run, run.execution_started_on)
        if self._deadline is None:
            # A run that the worker never gets to start must end, too; how long a start takes in
            # truth does not shrink with emulated time.
            self._deadline = time.monotonic() + run.spec.timeout_minutes * 60
        while not self._has_ended(run):
            self._check_open()
            try:
                self._send_stop(run)
                status = self._worker.status(
                    run.run_id, wait=self._wait(run, seen), seen=seen or ""
                )
            except RunUnknownError:
                self._end(
                    run,
                    State.FAILED,
                    "The worker was restarted while the run was going on: it does not know the "
                    "run any more",
                )
                return
            except WorkerError as error:
                self._check_open()
                silent_since = silent_since or time.monotonic()
                if time.monotonic() - silent_since > self._patience.vanished:
                    self._end(run, State.FAILED, f"The run was lost: {error}")
                    return
                self._pause(self._patience.retry_pause)
                continue
            silent_since, seen = None, status.state
            if self._apply(run, status):
                return

    def _apply(self, run: Run, status: RunStatus) -> bool:
        """Bring the row up to what the worker says; whether the run needs no more following."""
        if status.state.ended:
            state, message = self._outcome(status)
            self._end(run, state, message, status)
            return True
        if status.started_at is None and status.state is not RunState.RUNNING:
            return False
        now = self._runtime.clock.now()
        started = _aware(status.started_at) or now
        if not self._executing:
            self._start_clock(run, started)
        with self._runtime.store.transaction() as tx:
            return not set_running(tx, run.seq, execution_started_on=started, now=now)

    def _outcome(self, status: RunStatus) -> tuple[State, str | None]:
        if status.state is RunState.SUCCEEDED:
            return State.SUCCEEDED, None
        if self._timed_out:
            return State.TIMEOUT, TIMED_OUT
        if self._handle.stopping and status.state is RunState.STOPPED:
            return State.STOPPED, status.error_message
        return State.FAILED, status.error_message or "The worker stopped the run"

    def _has_ended(self, run: Run) -> bool:
        """Whether the row says so; a run whose worker does not end it in time is given up."""
        if self._timed_out and self._deadline is not None and time.monotonic() > self._deadline:
            self._end(run, State.TIMEOUT, TIMED_OUT)
        with self._runtime.store.transaction() as tx:
            current = get_run(tx, run.seq)
        return current is None or current.state in ENDED

    def _send_stop(self, run: Run) -> None:
        if self._deadline is not None and not self._timed_out:
            self._timed_out = time.monotonic() >= self._deadline
            if self._timed_out:
                self._deadline = time.monotonic() + self._patience.stop
        if (self._handle.stopping or self._timed_out) and not self._stop_sent:
            self._worker.stop(run.run_id)
            self._stop_sent = True

    def _wait(self, run: Run, seen: str | None) -> float:
        """Give for how long to wait for the next answer, with an eye on what is due before."""
        wait = self._patience.long_poll
        if self._deadline is not None:
            wait = min(wait, self._deadline - time.monotonic())
        after = run.spec.notify_after_minutes
        if after is not None and seen is not None and seen not in self._told_of:
            passed = (self._runtime.clock.now() - run.started_on).total_seconds()
            due = self._runtime.clock.scaled(after * 60) - passed
            if due <= 0:
                self._told_of.add(seen)
                self._delayed(run, seen)
            else:
                wait = min(wait, due)
        return max(0.0, wait)

    def _start_clock(self, run: Run, execution_started_on: datetime) -> None:
        """Count the run's ``Timeout`` from the start of its script."""
        self._executing = True
        clock = self._runtime.clock
        passed = (clock.now() - execution_started_on).total_seconds()
        allowed = clock.scaled(run.spec.timeout_minutes * 60)
        self._deadline = time.monotonic() + allowed - passed

    def _set_delivered(self, run: Run, worker: str | None) -> None:
        with self._runtime.store.transaction() as tx:
            set_delivered(tx, run.seq, worker)

    def _end(
        self, run: Run, state: State, message: str | None, status: RunStatus | None = None
    ) -> None:
        now = self._runtime.clock.now()
        with self._runtime.store.transaction() as tx:
            changed, started = end_run(
                tx,
                run,
                state,
                error_message=message,
                execution_started_on=_aware(status.started_at) if status else None,
                completed_on=(_aware(status.completed_at) if status else None) or now,
            )
        if changed:
            self._ended(run, started)

    def _credentials(self, run: Run) -> RoleCredentials | None:
        """Assume the job's role for the run, where permissions are enforced."""
        if self._runtime.lender is None:
            return None
        acting = acting_as(run.account, run.region, run.job_name, run.spec.role_arn)
        lent = self._runtime.lender(run.account, run.region, acting)
        return RoleCredentials(
            access_key=lent["access_key"], secret_key=lent["secret_key"], token=lent["token"]
        )

    def _request(self, run: Run) -> RunRequest:
        logs = run.spec.arguments.get(LOG_GROUP_ARGUMENT) or LOG_GROUP
        return RunRequest(
            run_id=run.run_id,
            job_name=run.job_name,
            script_location=run.spec.script_location,
            arguments=run.spec.arguments,
            glue_version=run.spec.glue_version,
            region=run.region,
            account=run.account,
            endpoint_url=self._runtime.settings.job_endpoint,
            role_arn=run.spec.role_arn,
            credentials=self._credentials(run),
            attempt=run.attempt,
            log_group_output=f"{logs}/output",
            log_group_error=f"{logs}/error",
        )

    def _pause(self, seconds: float) -> None:
        self._handle.wake.wait(seconds)
        self._handle.wake.clear()
        self._check_open()

    def _check_open(self) -> None:
        if self._handle.closing:
            raise ClosedError


def _aware(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)
