"""Bookmarks as rows: the current one of each job, and the one that every run left.

The history is what a rewind goes back to and what a paused range is cut from.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Job(NamedTuple):
    """Whose bookmark."""

    account: str
    region: str
    name: str


@dataclass(frozen=True)
class Bookmark:
    """A job's bookmark, current or as a run left it.

    Attributes
    ----------
    version : int
        Moves with every commit and every reset; a commit names the one it started from.
    run, attempt : int
        Which run of the job committed it, and which attempt; 0 after a reset.
    run_id, previous_run_id : str or None
        The run that committed it, and the one whose bookmark it took over.
    states : dict
        ``transformation_ctx`` → what the job library keeps of it.
    """

    version: int
    run: int
    attempt: int
    run_id: str | None
    previous_run_id: str | None
    states: dict[str, Any]


def current(tx: sqlite3.Connection, job: Job) -> Bookmark | None:
    """Give the job's bookmark, or None when nothing was committed."""
    row = tx.execute(
        "SELECT * FROM bookmarks_current WHERE account = ? AND region = ? AND job_name = ?", job
    ).fetchone()
    return _bookmark(row)


def left_by(tx: sqlite3.Connection, job: Job, run_id: str) -> Bookmark | None:
    """Give the bookmark that the run `run_id` committed, or None."""
    row = tx.execute(
        "SELECT * FROM bookmarks_history WHERE account = ? AND region = ? AND job_name = ? "
        "AND run_id = ? ORDER BY seq DESC LIMIT 1",
        (*job, run_id),
    ).fetchone()
    return _bookmark(row)


def as_of(tx: sqlite3.Connection, job: Job, run: int, attempt: int) -> Bookmark | None:
    """Give what the last run committed that did, up to and including an attempt of run `run`."""
    row = tx.execute(
        "SELECT * FROM bookmarks_history WHERE account = ? AND region = ? AND job_name = ? "
        "AND (run, attempt) <= (?, ?) ORDER BY run DESC, attempt DESC, seq DESC LIMIT 1",
        (*job, run, attempt),
    ).fetchone()
    return _bookmark(row)


def put_current(tx: sqlite3.Connection, job: Job, bookmark: Bookmark) -> None:
    """Make `bookmark` the job's."""
    tx.execute(
        "INSERT OR REPLACE INTO bookmarks_current (account, region, job_name, version, run, "
        "attempt, run_id, previous_run_id, states) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*job, *_values(bookmark)),
    )


def put_history(tx: sqlite3.Connection, job: Job, bookmark: Bookmark) -> None:
    """Keep `bookmark` as what its run left."""
    tx.execute(
        "INSERT INTO bookmarks_history (account, region, job_name, version, run, attempt, "
        "run_id, previous_run_id, states) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*job, *_values(bookmark)),
    )


def drop(tx: sqlite3.Connection, job: Job) -> None:
    """Forget the job's bookmark and its history."""
    match = "WHERE account = ? AND region = ? AND job_name = ?"
    tx.execute(f"DELETE FROM bookmarks_current {match}", job)  # noqa: S608 (a constant)
    tx.execute(f"DELETE FROM bookmarks_history {match}", job)  # noqa: S608 (a constant)


def states_text(states: Mapping[str, Any]) -> str:
    """Give states as JSON text."""
    return json.dumps(dict(states), separators=(",", ":"), ensure_ascii=False)


def _values(bookmark: Bookmark) -> tuple[object, ...]:
    return (
        bookmark.version,
        bookmark.run,
        bookmark.attempt,
        bookmark.run_id,
        bookmark.previous_run_id,
        states_text(bookmark.states),
    )


def _bookmark(row: sqlite3.Row | None) -> Bookmark | None:
    if row is None:
        return None
    return Bookmark(
        version=row["version"],
        run=row["run"],
        attempt=row["attempt"],
        run_id=row["run_id"],
        previous_run_id=row["previous_run_id"],
        states=json.loads(row["states"]),
    )
