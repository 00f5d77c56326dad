"""Job definitions as rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from etlocal.aws.call import Call
from etlocal.glue.jobs.times import shown_time


def find_job(tx: sqlite3.Connection, account: str, region: str, name: str) -> dict[str, Any] | None:
    """Give the ``Job`` called `name`, in botocore's shape, or None."""
    row = tx.execute(
        "SELECT * FROM jobs_job WHERE account = ? AND region = ? AND name = ?",
        (account, region, name),
    ).fetchone()
    return _job(row) if row is not None else None


def list_jobs(tx: sqlite3.Connection, call: Call) -> list[dict[str, Any]]:
    """Give every ``Job`` of the account and region, by name."""
    rows = tx.execute(
        "SELECT * FROM jobs_job WHERE account = ? AND region = ? ORDER BY name",
        (call.account, call.region),
    ).fetchall()
    return [_job(row) for row in rows]


def put_job(
    tx: sqlite3.Connection, call: Call, name: str, definition: Mapping[str, Any], now: datetime
) -> None:
    """Write the definition of the job called `name`, new or in place of the one it has."""
    text = json.dumps(dict(definition), separators=(",", ":"), ensure_ascii=False)
    tx.execute(
        "INSERT INTO jobs_job (account, region, name, definition, created_on, last_modified_on) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (account, region, name) "
        "DO UPDATE SET definition = excluded.definition, "
        "last_modified_on = excluded.last_modified_on",
        (call.account, call.region, name, text, now.isoformat(), now.isoformat()),
    )


def drop_job(tx: sqlite3.Connection, call: Call, name: str) -> None:
    """Forget the job called `name`, if there is one; its runs stay."""
    tx.execute(
        "DELETE FROM jobs_job WHERE account = ? AND region = ? AND name = ?",
        (call.account, call.region, name),
    )


def max_concurrent_runs(definition: Mapping[str, Any]) -> int:
    """Give how many runs of a job may go on at once; 1 unless it says otherwise."""
    return int(definition.get("ExecutionProperty", {}).get("MaxConcurrentRuns") or 1)


def _job(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "Name": row["name"],
        "CreatedOn": shown_time(datetime.fromisoformat(row["created_on"])),
        "LastModifiedOn": shown_time(datetime.fromisoformat(row["last_modified_on"])),
        **json.loads(row["definition"]),
    }
