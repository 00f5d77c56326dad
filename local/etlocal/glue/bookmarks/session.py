"""A run's dealings with its job's bookmark: what it starts from, and its commit.

Source: AWS Glue Developer Guide, "Tracking processed data using job bookmarks" and "Using job
parameters in AWS Glue jobs"; the troubleshooting guide for the words of a version mismatch.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from etlocal.glue.bookmarks import rows
from etlocal.glue.errors import EntityNotFoundError, InvalidInputError, VersionMismatchError
from etlocal.glue.jobs.job_rows import find_job
from etlocal.glue.jobs.run_rows import ENDED, Run, State, find_run

OPTION, FROM, TO = "--job-bookmark-option", "--job-bookmark-from", "--job-bookmark-to"


class Option(StrEnum):
    """Values of ``--job-bookmark-option``."""

    ENABLE = "job-bookmark-enable"
    DISABLE = "job-bookmark-disable"
    PAUSE = "job-bookmark-pause"


@dataclass(frozen=True)
class Start:
    """What a run starts from.

    Attributes
    ----------
    states : dict
        ``transformation_ctx`` → state: what was processed before.
    until : dict or None
        The states up to which a paused run reads; None for no limit.
    """

    option: Option
    version: int
    run: int
    attempt: int
    states: dict[str, Any]
    until: dict[str, Any] | None


def begin(tx: sqlite3.Connection, job: rows.Job, run_id: str) -> Start:
    """Give what the run `run_id` starts from, as its arguments say.

    Paused with a range, it starts from what had been processed up to and including the run
    ``--job-bookmark-from``, and reads until what had been up to and including
    ``--job-bookmark-to``. Paused without one, it reads what is new and moves nothing.

    Raises
    ------
    EntityNotFoundError
        If the job has no such run, or none that a range names.
    InvalidInputError
        If the arguments are not what Glue takes.
    """
    run = _run(tx, job, run_id)
    arguments = run.spec.arguments
    option = option_of(arguments)
    found = rows.current(tx, job)
    states = found.states if found is not None else {}
    until = None
    if option is Option.DISABLE:
        states = {}
    elif option is Option.PAUSE and (FROM in arguments or TO in arguments):
        if not (arguments.get(FROM) and arguments.get(TO)):
            raise InvalidInputError(f"{FROM} and {TO} must be given together")
        states = states_as_of(tx, job, arguments[FROM])
        until = states_as_of(tx, job, arguments[TO])
    return Start(
        option=option,
        version=found.version if found is not None else 0,
        run=run.run_number,
        attempt=run.attempt,
        states=states,
        until=until,
    )


def commit(
    tx: sqlite3.Connection, job: rows.Job, run_id: str, version: int, states: Mapping[str, Any]
) -> int:
    """Save the states of a run whole, as ``job.commit()`` does; paused or disabled, save nothing.

    Returns
    -------
    int
        The bookmark's version now.

    Raises
    ------
    EntityNotFoundError
        If the job has no such run, or was deleted, and its bookmark with it.
    InvalidInputError
        If the run does not go on any more: it was stopped, timed out or lost.
    VersionMismatchError
        If the bookmark has moved since the run began: another run committed, or it was reset.
    """
    run = _run(tx, job, run_id)
    if option_of(run.spec.arguments) is not Option.ENABLE:
        return version
    if run.state in ENDED or run.state is State.WAITING:
        raise InvalidInputError(f"Job run {run_id} is {run.state}: it cannot commit a bookmark")
    if find_job(tx, job.account, job.region, job.name) is None:
        raise EntityNotFoundError(f"Job with name: {job.name} not found.")
    found = rows.current(tx, job)
    actual = found.version if found is not None else 0
    if version != actual:
        raise VersionMismatchError(
            "Continuation update failed due to version mismatch. "
            f"Expected version {version} but found version {actual}"
        )
    bookmark = rows.Bookmark(
        version=actual + 1,
        run=run.run_number,
        attempt=run.attempt,
        run_id=run_id,
        previous_run_id=_previous_run_id(found, run_id),
        states=dict(states),
    )
    rows.put_current(tx, job, bookmark)
    rows.put_history(tx, job, bookmark)
    return bookmark.version


def option_of(arguments: Mapping[str, str]) -> Option:
    """Give the bookmark option that `arguments` say; disabled unless they do.

    Raises
    ------
    InvalidInputError
        If it is none of Glue's.
    """
    given = arguments.get(OPTION, Option.DISABLE)
    try:
        return Option(given)
    except ValueError as error:
        known = ", ".join(Option)
        raise InvalidInputError(f"{OPTION} {given!r} is not one of {known}") from error


def states_as_of(tx: sqlite3.Connection, job: rows.Job, run_id: str) -> dict[str, Any]:
    """Give the states as the last run that committed left them, up to and including `run_id`.

    Raises
    ------
    EntityNotFoundError
        If the job has no such run.
    """
    run = _run(tx, job, run_id)
    found = rows.as_of(tx, job, run.run_number, run.attempt)
    return found.states if found is not None else {}


def _previous_run_id(found: rows.Bookmark | None, run_id: str) -> str | None:
    if found is None:
        return None
    # A script may commit more than once: the run before it stays the one it took over from.
    return found.previous_run_id if found.run_id == run_id else found.run_id


def _run(tx: sqlite3.Connection, job: rows.Job, run_id: str) -> Run:
    run = find_run(tx, job.account, job.region, job.name, run_id)
    if run is None:
        raise EntityNotFoundError(f"Job Run with id: {run_id} not found for job: {job.name}.")
    return run
