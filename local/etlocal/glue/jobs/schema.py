"""The tables of jobs and of their runs."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs_job (
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    created_on TEXT NOT NULL,
    last_modified_on TEXT NOT NULL,
    PRIMARY KEY (account, region, name)
);
CREATE TABLE IF NOT EXISTS jobs_run (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    job_name TEXT NOT NULL,
    run_id TEXT NOT NULL,
    run_number INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    previous_run_id TEXT,
    state TEXT NOT NULL,
    state_detail TEXT,
    delivered INTEGER NOT NULL DEFAULT 0,
    worker TEXT,
    spec TEXT NOT NULL,
    error_message TEXT,
    started_on TEXT NOT NULL,
    last_modified_on TEXT NOT NULL,
    execution_started_on TEXT,
    completed_on TEXT,
    UNIQUE (account, region, run_id)
);
CREATE INDEX IF NOT EXISTS jobs_run_by_job ON jobs_run (account, region, job_name, state);
"""

TABLES = ("jobs_job", "jobs_run")
