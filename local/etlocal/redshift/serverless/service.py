"""Redshift Serverless as a service."""

from __future__ import annotations

from etlocal.aws.call import Runtime
from etlocal.aws.operations import Service
from etlocal.redshift import targets
from etlocal.redshift.serverless import limits, namespaces, tags, workgroups
from etlocal.redshift.serverless.operations import OPERATIONS
from etlocal.redshift.warehouse import Warehouse

_ENTERED = (limits, namespaces, tags, workgroups)


def start(runtime: Runtime) -> None:
    """Make the tables."""
    runtime.store.ensure(targets.SCHEMA)


def stop(runtime: Runtime) -> None:
    """Close the databases' files."""
    runtime.component(Warehouse).close()


def reset(runtime: Runtime) -> None:
    """Delete every namespace with its databases."""
    # The databases first: where their server cannot be reached, they are still known afterwards.
    for key in targets.keys(runtime.store, "namespace-"):
        runtime.component(Warehouse).delete(key)
    with runtime.store.transaction() as tx:
        for table in ("namespaces", "workgroups", "usage_limits", "tags"):
            tx.execute(f"DELETE FROM redshift_{table}")  # noqa: S608
        tx.execute("DELETE FROM redshift_logins WHERE target LIKE 'namespace-%'")


SERVICE = Service("redshift-serverless", OPERATIONS, start, stop, reset)
