"""Job runs as rows: what a run was started with, and where it stands.

Every function takes the transaction it belongs to, so that a decision (is there room for one more
run?) and the change that follows it are one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict


class State(StrEnum):
    """Glue's JobRunState, as far as a batch job meets it (EXPIRED is a streaming job's)."""

    STARTING = "STARTING"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMEOUT = "TIMEOUT"
    ERROR = "ERROR"
    WAITING = "WAITING"


# The states that take one of a job's MaxConcurrentRuns.
GOING_ON = (State.STARTING, State.RUNNING, State.STOPPING)
ENDED = (State.STOPPED, State.SUCCEEDED, State.FAILED, State.TIMEOUT, State.ERROR)


class RunSpec(BaseModel):
    """What a run was started with; the job may be changed or deleted afterwards.

    Attributes
    ----------
    shown : dict
        The members of ``JobRun`` that come from the job and the request, as Glue reports them.
    arguments : dict
        What the script gets: the job's defaults under the run's own under those that the job
        does not let be overridden.
    """

    model_config = ConfigDict(frozen=True)

    shown: dict[str, Any]
    arguments: dict[str, str]
    script_location: str
    role_arn: str
    glue_version: str
    timeout_minutes: int
    max_retries: int
    max_concurrent_runs: int

    @property
    def notify_after_minutes(self) -> int | None:
        """After how many minutes a run that goes on is worth an event; None for never."""
        after: int | None = self.shown.get("NotificationProperty", {}).get("NotifyDelayAfter")
        return after


@dataclass(frozen=True)
class Run:
    """One run of a job, as its row has it.

    Attributes
    ----------
    seq : int
        Its place in the order of starting.
    run_number : int
        Which run of its job it is; an automatic retry is the same run, another attempt.
    delivered : bool
        Whether the worker has it, or may have it.
    worker : str or None
        That worker's URL.
    execution_started_on : datetime or None
        When its script was started.
    """

    seq: int
    account: str
    region: str
    job_name: str
    run_id: str
    run_number: int
    attempt: int
    previous_run_id: str | None
    state: State
    state_detail: str | None
    delivered: bool
    worker: str | None
    spec: RunSpec
    error_message: str | None
    started_on: datetime
    last_modified_on: datetime
    execution_started_on: datetime | None
    completed_on: datetime | None


def insert_run(
    tx: sqlite3.Connection,
    *,
    account: str,
    region: str,
    job_name: str,
    run_id: str,
    spec: RunSpec,
    state: State,
    now: datetime,
    attempt: int = 0,
    previous: Run | None = None,
    state_detail: str | None = None,
) -> int:
    """Write a new run; `previous` is the run it tries again.

    Returns
    -------
    int
        Its ``seq``.
    """
    if previous is not None and attempt:
        number = previous.run_number
    else:
        number = tx.execute(
            "SELECT COALESCE(MAX(run_number), 0) + 1 FROM jobs_run "
            "WHERE account = ? AND region = ? AND job_name = ?",
            (account, region, job_name),
        ).fetchone()[0]
    cursor = tx.execute(
        "INSERT INTO jobs_run (account, region, job_name, run_id, run_number, attempt, "
        "previous_run_id, state, state_detail, spec, started_on, last_modified_on) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            account,
            region,
            job_name,
            run_id,
            number,
            attempt,
            previous.run_id if previous is not None else None,
            state,
            state_detail,
            spec.model_dump_json(),
            now.isoformat(),
            now.isoformat(),
        ),
    )
    if cursor.lastrowid is None:
        raise AssertionError("an INSERT has a row id")
    return cursor.lastrowid


def get_run(tx: sqlite3.Connection, seq: int) -> Run | None:
    """Give the run at place `seq`, or None when it is there no more."""
    row = tx.execute("SELECT * FROM jobs_run WHERE seq = ?", (seq,)).fetchone()
    return _run(row) if row is not None else None


def find_run(
    tx: sqlite3.Connection, account: str, region: str, job_name: str, run_id: str
) -> Run | None:
    """Give the run `run_id` of a job, or None."""
    row = tx.execute(
        "SELECT * FROM jobs_run WHERE account = ? AND region = ? AND job_name = ? AND run_id = ?",
        (account, region, job_name, run_id),
    ).fetchone()
    return _run(row) if row is not None else None


def list_runs(tx: sqlite3.Connection, account: str, region: str, job_name: str) -> list[Run]:
    """Give the runs of a job, newest first."""
    rows = tx.execute(
        "SELECT * FROM jobs_run WHERE account = ? AND region = ? AND job_name = ? "
        "ORDER BY seq DESC",
        (account, region, job_name),
    ).fetchall()
    return [_run(row) for row in rows]


def runs_in(tx: sqlite3.Connection, states: Sequence[State]) -> list[Run]:
    """Give every run in one of `states`, of all accounts and regions, oldest first."""
    rows = tx.execute(
        "SELECT * FROM jobs_run WHERE state IN (SELECT value FROM json_each(?)) ORDER BY seq",
        (json.dumps(states),),
    ).fetchall()
    return [_run(row) for row in rows]


def count_going_on(tx: sqlite3.Connection, account: str, region: str, job_name: str) -> int:
    """Count the runs of a job that have started and not ended."""
    row = tx.execute(
        "SELECT COUNT(*) FROM jobs_run WHERE account = ? AND region = ? AND job_name = ? "
        "AND state IN (SELECT value FROM json_each(?))",
        (account, region, job_name, json.dumps(GOING_ON)),
    ).fetchone()
    return int(row[0])


def set_delivered(tx: sqlite3.Connection, seq: int, worker: str | None) -> None:
    """Say which worker, by its URL, may have the run; None for none."""
    tx.execute(
        "UPDATE jobs_run SET delivered = ?, worker = ? WHERE seq = ?",
        (int(worker is not None), worker, seq),
    )


def set_running(
    tx: sqlite3.Connection, seq: int, *, execution_started_on: datetime, now: datetime
) -> bool:
    """Move a run from STARTING to RUNNING, and note when its script was started.

    A run that is already being stopped stays so.

    Returns
    -------
    bool
        Whether the run has not ended.
    """
    changed = tx.execute(
        "UPDATE jobs_run SET state = CASE state WHEN 'STARTING' THEN 'RUNNING' ELSE state END, "
        "execution_started_on = COALESCE(execution_started_on, ?), last_modified_on = ? "
        "WHERE seq = ? AND state IN ('STARTING', 'RUNNING', 'STOPPING')",
        (execution_started_on.isoformat(), now.isoformat(), seq),
    )
    return changed.rowcount == 1


def set_state(
    tx: sqlite3.Connection, seq: int, state: State, *, origin: Sequence[State], now: datetime
) -> bool:
    """Move a run that is in one of the states `origin` to `state`.

    Returns
    -------
    bool
        Whether it was in one of them.
    """
    changed = tx.execute(
        "UPDATE jobs_run SET state = ?, state_detail = NULL, last_modified_on = ? "
        "WHERE seq = ? AND state IN (SELECT value FROM json_each(?))",
        (state, now.isoformat(), seq, json.dumps(origin)),
    )
    return changed.rowcount == 1


def set_ended(
    tx: sqlite3.Connection,
    seq: int,
    state: State,
    *,
    error_message: str | None,
    execution_started_on: datetime | None,
    completed_on: datetime,
) -> bool:
    """End a run; one that has ended stays as it is.

    Returns
    -------
    bool
        Whether it had not ended.
    """
    changed = tx.execute(
        "UPDATE jobs_run SET state = ?, state_detail = NULL, error_message = ?, completed_on = ?, "
        "last_modified_on = ?, execution_started_on = COALESCE(execution_started_on, ?) "
        "WHERE seq = ? AND state NOT IN (SELECT value FROM json_each(?))",
        (
            state,
            error_message,
            completed_on.isoformat(),
            completed_on.isoformat(),
            execution_started_on.isoformat() if execution_started_on else None,
            seq,
            json.dumps(ENDED),
        ),
    )
    return changed.rowcount == 1


def _run(row: sqlite3.Row) -> Run:
    return Run(
        seq=row["seq"],
        account=row["account"],
        region=row["region"],
        job_name=row["job_name"],
        run_id=row["run_id"],
        run_number=row["run_number"],
        attempt=row["attempt"],
        previous_run_id=row["previous_run_id"],
        state=State(row["state"]),
        state_detail=row["state_detail"],
        delivered=bool(row["delivered"]),
        worker=row["worker"],
        spec=RunSpec.model_validate_json(row["spec"]),
        error_message=row["error_message"],
        started_on=datetime.fromisoformat(row["started_on"]),
        last_modified_on=datetime.fromisoformat(row["last_modified_on"]),
        execution_started_on=_time(row["execution_started_on"]),
        completed_on=_time(row["completed_on"]),
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
