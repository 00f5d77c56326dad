"""The threads that follow job runs on the worker."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping

from etlocal.aws.call import Runtime
from etlocal.glue.events import put_event
from etlocal.glue.jobs.follower import ClosedError, Handle, Patience, RunFollower
from etlocal.glue.jobs.pool import Pool
from etlocal.glue.jobs.run_rows import GOING_ON, Run, State, get_run, runs_in
from etlocal.glue.jobs.transitions import end_run, promote_waiting
from etlocal.glue.jobs.worker_client import WorkerError
from etlocal.glue.jobs.workers import Workers

LOG = logging.getLogger(__name__)

# A thread follows one run and mostly waits; runs beyond these stay STARTING until one ends.
_FOLLOWERS = 64
_HELPERS = 4
_CLOSE_SECONDS = 5.0

_SEVERITY = {State.FAILED: "ERROR", State.ERROR: "ERROR", State.TIMEOUT: "WARN"}
_MESSAGE = {
    State.SUCCEEDED: "Job run succeeded",
    State.STOPPED: "Job run stopped",
    State.TIMEOUT: "Job run timed out",
}


class RunDriver:
    """Follows the runs of every job; one of `Runtime.component`.

    Parameters
    ----------
    runtime : Runtime

    Attributes
    ----------
    patience : Patience
        How long to wait for the worker.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.patience = Patience()
        self._runtime = runtime
        self._workers = Workers(runtime.settings.worker_endpoint)
        self._followers = Pool(_FOLLOWERS, "glue-run")
        self._helpers = Pool(_HELPERS, "glue-run-helper")
        self._handles: dict[int, Handle] = {}
        self._lock = threading.Lock()

    def follow(self, seqs: Iterable[int]) -> None:
        """Follow runs, each in the background, until they have ended."""
        for seq in seqs:
            with self._lock:
                if seq in self._handles:
                    continue
                self._handles[seq] = Handle()
            self._followers.submit(lambda seq=seq: self._follow(seq))  # type: ignore[misc]

    def stop_run(self, run: Run) -> None:
        """Have its worker stop a run whose row says STOPPING, or is gone; returns at once."""
        with self._lock:
            handle = self._handles.get(run.seq)
        if handle is not None:
            handle.stopping = True
            handle.wake.set()
        self._helpers.submit(lambda: self._send_stop(run))

    def announce(self, seq: int) -> None:
        """Send the event of a run that has ended; returns at once."""
        self._helpers.submit(lambda: self._announce(seq))

    def recover(self) -> None:
        """Take up the runs that an earlier process left in the middle, and the queues."""
        now = self._runtime.clock.now()
        with self._runtime.store.transaction() as tx:
            going_on = [run.seq for run in runs_in(tx, GOING_ON)]
            queues = {(r.account, r.region, r.job_name) for r in runs_in(tx, (State.WAITING,))}
            for account, region, job_name in sorted(queues):
                going_on += promote_waiting(tx, account, region, job_name, now)
        self.follow(going_on)

    def close(self) -> None:
        """Let go of the runs: their rows stay, and the next start takes them up."""
        with self._lock:
            handles = list(self._handles.values())
        for handle in handles:
            handle.closing = True
            handle.wake.set()
        self._workers.close()
        self._followers.close(_CLOSE_SECONDS)
        self._helpers.close(_CLOSE_SECONDS)

    def _follow(self, seq: int) -> None:
        handle = self._handles[seq]
        follower = RunFollower(
            self._runtime,
            self._workers,
            handle,
            self.patience,
            ended=self._on_end,
            delayed=self._on_delay,
        )
        try:
            follower.follow(seq)
        except ClosedError:
            LOG.info("run %s is let go of; it is taken up at the next start", seq)
        except Exception as error:
            # A fault of ours must not leave a run RUNNING for ever.
            LOG.exception("following run %s failed", seq)
            self._give_up(seq, f"Internal service error: {error}")
        finally:
            with self._lock:
                self._handles.pop(seq, None)

    def _give_up(self, seq: int, message: str) -> None:
        with self._runtime.store.transaction() as tx:
            run = get_run(tx, seq)
            if run is None:
                return
            now = self._runtime.clock.now()
            changed, started = end_run(
                tx, run, State.FAILED, error_message=message, completed_on=now
            )
        if changed:
            self._on_end(run, started)

    def _on_end(self, run: Run, started: list[int]) -> None:
        self.follow(started)
        self.announce(run.seq)

    def _on_delay(self, run: Run, state: str) -> None:
        detail = {
            "jobName": run.job_name,
            "severity": "INFO",
            "notificationCondition": {"NotifyDelayAfter": run.spec.notify_after_minutes},
            "state": state,
            "jobRunId": run.run_id,
            "message": f"Job is in {state} state",
            "startedOn": run.started_on.isoformat(),
        }
        self._helpers.submit(lambda: self._put(run, "Glue Job Run Status", detail))

    def _announce(self, seq: int) -> None:
        with self._runtime.store.transaction() as tx:
            run = get_run(tx, seq)
        if run is None:
            return
        detail = {
            "jobName": run.job_name,
            "severity": _SEVERITY.get(run.state, "INFO"),
            "state": str(run.state),
            "jobRunId": run.run_id,
            "message": _MESSAGE.get(run.state) or run.error_message or "Job run failed",
        }
        self._put(run, "Glue Job State Change", detail)

    def _put(self, run: Run, detail_type: str, detail: Mapping[str, object]) -> None:
        put_event(
            self._runtime,
            account=run.account,
            region=run.region,
            detail_type=detail_type,
            detail=detail,
        )

    def _send_stop(self, run: Run) -> None:
        with self._runtime.store.transaction() as tx:
            # It may have been handed over meanwhile; after a reset it has no row.
            run = get_run(tx, run.seq) or run
        if not run.delivered:
            return
        try:
            self._workers.at(run.worker).stop(run.run_id)
        except WorkerError as error:
            # The thread that follows the run asks again as soon as the worker has it.
            LOG.info("the worker did not take the stop of %s: %s", run.run_id, error)
