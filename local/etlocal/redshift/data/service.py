"""The Data API as a service: its schema, what is taken up at start, what ends at stop."""

from __future__ import annotations

import time

from etlocal.aws.call import Runtime
from etlocal.aws.operations import Service
from etlocal.redshift import targets
from etlocal.redshift.data import metadata, outcomes, records, statements
from etlocal.redshift.data.operations import OPERATIONS
from etlocal.redshift.data.worker import Worker
from etlocal.redshift.warehouse import Warehouse

_ENTERED = (metadata, outcomes, statements)
_INTERRUPTED = "ERROR: the endpoint stopped while the statement was running"


def start(runtime: Runtime) -> None:
    """Make the tables; end what a process that died left in the middle; drop old results."""
    runtime.store.ensure(targets.SCHEMA)
    runtime.store.ensure(records.SCHEMA)
    now = time.time()
    records.fail_unfinished(runtime.store, _INTERRUPTED, now)
    runtime.component(Warehouse).clear_scratch()
    folder = runtime.component(Warehouse).results
    for statement in records.purge(runtime.store, now - records.KEPT_SECONDS):
        for file in folder.glob(f"{statement}-*.jsonl"):
            file.unlink(missing_ok=True)
    runtime.component(Worker)


def stop(runtime: Runtime) -> None:
    """Stop what runs; its statements end as ABORTED."""
    runtime.component(Worker).stop()
    runtime.drop_component(Worker)


def reset(runtime: Runtime) -> None:
    """Forget every statement and result."""
    stop(runtime)
    with runtime.store.transaction() as tx:
        tx.execute("DELETE FROM redshift_statements")
        tx.execute("DELETE FROM redshift_statement_parts")
    for file in runtime.component(Warehouse).results.glob("*.jsonl"):
        file.unlink(missing_ok=True)
    runtime.component(Worker)


SERVICE = Service("redshift-data", OPERATIONS, start, stop, reset)
