"""Provisioned Redshift as a service."""

from __future__ import annotations

from etlocal.aws.call import Runtime
from etlocal.aws.operations import Service
from etlocal.redshift import targets
from etlocal.redshift.provisioned import changes, clusters
from etlocal.redshift.provisioned.operations import OPERATIONS
from etlocal.redshift.warehouse import Warehouse

_ENTERED = (changes, clusters)


def start(runtime: Runtime) -> None:
    """Make the tables."""
    runtime.store.ensure(targets.SCHEMA)


def reset(runtime: Runtime) -> None:
    """Delete every cluster with its databases."""
    for key in targets.keys(runtime.store, "cluster-"):
        runtime.component(Warehouse).delete(key)
    with runtime.store.transaction() as tx:
        tx.execute("DELETE FROM redshift_clusters")
        tx.execute("DELETE FROM redshift_logins WHERE target LIKE 'cluster-%'")


SERVICE = Service("redshift", OPERATIONS, start, reset=reset)
