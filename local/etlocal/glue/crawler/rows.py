"""The crawlers' rows: definitions, crawls, and the files that were seen."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from etlocal.aws.call import Call
from etlocal.glue.errors import EntityNotFoundError

READY, RUNNING, STOPPING = "READY", "RUNNING", "STOPPING"

SCHEMA = """
CREATE TABLE IF NOT EXISTS crawler_crawlers (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
    definition TEXT NOT NULL, state TEXT NOT NULL, schedule_state TEXT,
    version INTEGER NOT NULL, created REAL NOT NULL, updated REAL NOT NULL,
    crawl_id TEXT, PRIMARY KEY (account, region, name)
);
CREATE TABLE IF NOT EXISTS crawler_crawls (
    account TEXT NOT NULL, region TEXT NOT NULL, crawl_id TEXT NOT NULL, crawler TEXT NOT NULL,
    state TEXT NOT NULL, started REAL NOT NULL, ended REAL, error TEXT, summary TEXT NOT NULL,
    PRIMARY KEY (account, region, crawl_id)
);
CREATE INDEX IF NOT EXISTS crawler_crawls_of ON crawler_crawls (account, region, crawler, started);
CREATE TABLE IF NOT EXISTS crawler_files (
    account TEXT NOT NULL, region TEXT NOT NULL, crawler TEXT NOT NULL, bucket TEXT NOT NULL,
    key TEXT NOT NULL, etag TEXT NOT NULL, shape TEXT, records INTEGER, record_size INTEGER,
    PRIMARY KEY (account, region, crawler, bucket, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS crawler_classifiers (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
    definition TEXT NOT NULL, version INTEGER NOT NULL, created REAL NOT NULL,
    updated REAL NOT NULL, PRIMARY KEY (account, region, name)
);
"""
TABLES = ("crawler_crawlers", "crawler_crawls", "crawler_files", "crawler_classifiers")


def crawler(tx: sqlite3.Connection, call: Call, name: str) -> sqlite3.Row:
    """Give the row of a crawler.

    Raises
    ------
    EntityNotFoundError
    """
    row = find(tx, call, name)
    if row is None:
        raise EntityNotFoundError(f"Crawler {name} not found.")
    return row


def find(tx: sqlite3.Connection, call: Call, name: str) -> sqlite3.Row | None:
    """Give the row of a crawler, or None."""
    found: sqlite3.Row | None = tx.execute(
        "SELECT * FROM crawler_crawlers WHERE account = ? AND region = ? AND name = ?",
        (call.account, call.region, name),
    ).fetchone()
    return found


def all_crawlers(tx: sqlite3.Connection, call: Call) -> list[sqlite3.Row]:
    """Give the rows of all crawlers, by name."""
    return tx.execute(
        "SELECT * FROM crawler_crawlers WHERE account = ? AND region = ? ORDER BY name",
        (call.account, call.region),
    ).fetchall()


def crawls(tx: sqlite3.Connection, call: Call, name: str) -> list[sqlite3.Row]:
    """Give the rows of a crawler's crawls, the latest first."""
    return tx.execute(
        "SELECT * FROM crawler_crawls WHERE account = ? AND region = ? AND crawler = ? "
        "ORDER BY started DESC, rowid DESC",
        (call.account, call.region, name),
    ).fetchall()


def last_and_running(
    tx: sqlite3.Connection, call: Call, row: sqlite3.Row
) -> tuple[sqlite3.Row | None, sqlite3.Row | None]:
    """Give the row of a crawler's last crawl that ended, and of the one under way."""
    owner = (call.account, call.region, row["name"])
    last = tx.execute(
        "SELECT * FROM crawler_crawls WHERE account = ? AND region = ? AND crawler = ? "
        "AND ended IS NOT NULL ORDER BY started DESC, rowid DESC LIMIT 1",
        owner,
    ).fetchone()
    if row["state"] == READY:
        return last, None
    running = tx.execute(
        "SELECT * FROM crawler_crawls WHERE account = ? AND region = ? AND crawl_id = ?",
        (call.account, call.region, row["crawl_id"]),
    ).fetchone()
    return last, running


def begin_crawl(tx: sqlite3.Connection, call: Call, name: str, crawl_id: str) -> bool:
    """Set a READY crawler RUNNING with a new crawl; say whether it was READY."""
    now = call.clock.now().timestamp()
    changed = tx.execute(
        "UPDATE crawler_crawlers SET state = ?, crawl_id = ? "
        "WHERE account = ? AND region = ? AND name = ? AND state = ?",
        (RUNNING, crawl_id, call.account, call.region, name, READY),
    )
    if changed.rowcount == 0:
        return False
    tx.execute(
        "INSERT INTO crawler_crawls VALUES (?, ?, ?, ?, 'RUNNING', ?, NULL, NULL, '{}')",
        (call.account, call.region, crawl_id, name, now),
    )
    return True


def begin_stopping(tx: sqlite3.Connection, call: Call, name: str, crawl_id: str) -> bool:
    """Set the RUNNING crawl's crawler STOPPING; say whether it was RUNNING."""
    changed = tx.execute(
        "UPDATE crawler_crawlers SET state = ? WHERE account = ? AND region = ? AND name = ? "
        "AND crawl_id = ? AND state = ?",
        (STOPPING, call.account, call.region, name, crawl_id, RUNNING),
    )
    return changed.rowcount > 0


def mark_stopped(tx: sqlite3.Connection, call: Call, crawl_id: str) -> None:
    """Note that a crawl was asked to stop, so that a restart ends it instead of running it anew."""
    tx.execute(
        "UPDATE crawler_crawls SET state = 'STOPPED' "
        "WHERE account = ? AND region = ? AND crawl_id = ?",
        (call.account, call.region, crawl_id),
    )


def end_crawl(
    call: Call, name: str, crawl_id: str, state: str, error: str | None, summary: Mapping[str, Any]
) -> None:
    """End a crawl and set its crawler READY."""
    with call.store.transaction() as tx:
        tx.execute(
            "UPDATE crawler_crawls SET state = ?, ended = ?, error = ?, summary = ? "
            "WHERE account = ? AND region = ? AND crawl_id = ?",
            (
                state,
                call.clock.now().timestamp(),
                error,
                json.dumps(summary),
                call.account,
                call.region,
                crawl_id,
            ),
        )
        tx.execute(
            "UPDATE crawler_crawlers SET state = ? "
            "WHERE account = ? AND region = ? AND name = ? AND crawl_id = ?",
            (READY, call.account, call.region, name, crawl_id),
        )


def seen_files(call: Call, name: str, bucket: str) -> dict[str, sqlite3.Row]:
    """Give what is kept of the files of a bucket that a crawler has seen, by key."""
    with call.store.transaction() as tx:
        rows = tx.execute(
            "SELECT key, etag, shape, records, record_size FROM crawler_files "
            "WHERE account = ? AND region = ? AND crawler = ? AND bucket = ?",
            (call.account, call.region, name, bucket),
        ).fetchall()
    return {row["key"]: row for row in rows}


def keep_files(
    call: Call, name: str, bucket: str, files: Iterable[tuple[str, str, str | None, int, int]]
) -> None:
    """Keep what was seen of files: ``(key, etag, shape, records, record size)``."""
    with call.store.transaction() as tx:
        tx.executemany(
            "INSERT OR REPLACE INTO crawler_files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((call.account, call.region, name, bucket, *file) for file in files),
        )


def forget_files(
    tx: sqlite3.Connection,
    call: Call,
    name: str,
    bucket: str | None = None,
    keys: Iterable[str] = (),
) -> None:
    """Forget what was seen: all of a crawler's files, or those of a bucket that are named."""
    owner = (call.account, call.region, name)
    if bucket is None:
        tx.execute(
            "DELETE FROM crawler_files WHERE account = ? AND region = ? AND crawler = ?", owner
        )
        return
    tx.executemany(
        "DELETE FROM crawler_files WHERE account = ? AND region = ? AND crawler = ? "
        "AND bucket = ? AND key = ?",
        ((*owner, bucket, key) for key in keys),
    )


def moment(seconds: float) -> datetime:
    """Give a kept time as a UTC datetime."""
    return datetime.fromtimestamp(seconds, UTC)
