"""Glue's jobs: their definitions, their runs, and the threads that follow runs on the worker."""

from __future__ import annotations

from etlocal.aws.call import Runtime
from etlocal.glue.jobs import definitions, runs
from etlocal.glue.jobs.driver import RunDriver
from etlocal.glue.jobs.run_rows import GOING_ON, runs_in
from etlocal.glue.jobs.schema import SCHEMA, TABLES

# Importing a module enters its operations.
OPERATION_MODULES = (definitions, runs)


def start(runtime: Runtime) -> None:
    """Make the room's tables and take up the runs that an earlier process left in the middle."""
    runtime.store.ensure(SCHEMA)
    runtime.store.ensure_column("jobs_run", "worker TEXT")
    runtime.component(RunDriver).recover()


def stop(runtime: Runtime) -> None:
    """Let go of the runs that go on; the next start takes them up."""
    runtime.component(RunDriver).close()
    runtime.drop_component(RunDriver)


def reset(runtime: Runtime) -> None:
    """Forget every job and run; the worker is asked to stop those that go on."""
    driver = runtime.component(RunDriver)
    with runtime.store.transaction() as tx:
        going_on = runs_in(tx, GOING_ON)
        for table in TABLES:
            tx.execute(f'DELETE FROM "{table}"')  # noqa: S608 (the names are constants)
    for run in going_on:
        driver.stop_run(run)
