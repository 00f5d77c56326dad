"""The tables of job bookmarks."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS bookmarks_current (
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    job_name TEXT NOT NULL,
    version INTEGER NOT NULL,
    run INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    run_id TEXT,
    previous_run_id TEXT,
    states TEXT NOT NULL,
    PRIMARY KEY (account, region, job_name)
);
CREATE TABLE IF NOT EXISTS bookmarks_history (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    job_name TEXT NOT NULL,
    version INTEGER NOT NULL,
    run INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    run_id TEXT NOT NULL,
    previous_run_id TEXT,
    states TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS bookmarks_history_by_run
    ON bookmarks_history (account, region, job_name, run, attempt);
"""

TABLES = ("bookmarks_current", "bookmarks_history")
