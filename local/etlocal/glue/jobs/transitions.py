"""What follows from a change of a run: the next attempt, the next run in the queue.

Each is decided in the transaction of the change, so that no two can take one slot.
"""

from __future__ import annotations

import secrets
import sqlite3
from datetime import datetime

from etlocal.glue.jobs.job_rows import find_job, max_concurrent_runs
from etlocal.glue.jobs.run_rows import (
    Run,
    State,
    count_going_on,
    insert_run,
    runs_in,
    set_ended,
    set_state,
)


def new_run_id() -> str:
    """Give a new run id, ``jr_`` and 64 hexadecimal digits."""
    return f"jr_{secrets.token_hex(32)}"


def end_run(
    tx: sqlite3.Connection,
    run: Run,
    state: State,
    *,
    error_message: str | None = None,
    execution_started_on: datetime | None = None,
    completed_on: datetime,
) -> tuple[bool, list[int]]:
    """End `run`, and start what may start now.

    A run that FAILED is tried again as often as the job's ``MaxRetries`` says; one that timed out
    or was stopped is not.

    Returns
    -------
    tuple of (bool, list of int)
        Whether the run had not ended before, and the ``seq`` of the runs that start now.
    """
    changed = set_ended(
        tx,
        run.seq,
        state,
        error_message=error_message,
        execution_started_on=execution_started_on,
        completed_on=completed_on,
    )
    if not changed:
        return False, []
    started = []
    if state is State.FAILED and run.attempt < run.spec.max_retries:
        started.append(_next_attempt(tx, run, completed_on))
    started += promote_waiting(tx, run.account, run.region, run.job_name, completed_on)
    return True, started


def promote_waiting(
    tx: sqlite3.Connection, account: str, region: str, job_name: str, now: datetime
) -> list[int]:
    """Start the runs of a job that wait in its queue, oldest first, as far as there is room.

    Returns
    -------
    list of int
        Their ``seq``.
    """
    waiting = [
        run
        for run in runs_in(tx, (State.WAITING,))
        if (run.account, run.region, run.job_name) == (account, region, job_name)
    ]
    if not waiting:
        return []
    job = find_job(tx, account, region, job_name)
    most = max_concurrent_runs(job) if job is not None else waiting[0].spec.max_concurrent_runs
    room = max(0, most - count_going_on(tx, account, region, job_name))
    started = waiting[:room]
    for run in started:
        set_state(tx, run.seq, State.STARTING, origin=(State.WAITING,), now=now)
    return [run.seq for run in started]


def _next_attempt(tx: sqlite3.Connection, run: Run, now: datetime) -> int:
    first_id = run.run_id.partition("_attempt_")[0]
    attempt = run.attempt + 1
    return insert_run(
        tx,
        account=run.account,
        region=run.region,
        job_name=run.job_name,
        run_id=f"{first_id}_attempt_{attempt}",
        spec=run.spec,
        state=State.STARTING,
        now=now,
        attempt=attempt,
        previous=run,
    )
