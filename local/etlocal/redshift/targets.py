"""What a Data API request names: the namespace behind a workgroup, or a cluster."""

from __future__ import annotations

import json
from dataclasses import dataclass

from etlocal.aws.call import Call
from etlocal.aws.errors import AwsError
from etlocal.aws.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS redshift_namespaces (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL,
    document TEXT NOT NULL, PRIMARY KEY (account, region, name));
CREATE TABLE IF NOT EXISTS redshift_workgroups (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, namespace TEXT NOT NULL,
    document TEXT NOT NULL, PRIMARY KEY (account, region, name));
CREATE TABLE IF NOT EXISTS redshift_clusters (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL,
    document TEXT NOT NULL, PRIMARY KEY (account, region, name));
CREATE TABLE IF NOT EXISTS redshift_tags (
    arn TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (arn, key));
CREATE TABLE IF NOT EXISTS redshift_logins (
    target TEXT NOT NULL, user TEXT NOT NULL, verifier TEXT NOT NULL, expires REAL);
CREATE INDEX IF NOT EXISTS redshift_logins_of ON redshift_logins (target, user);
CREATE TABLE IF NOT EXISTS redshift_usage_limits (
    account TEXT NOT NULL, region TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (account, region, id));
"""


@dataclass(frozen=True)
class Target:
    """Where statements run.

    Attributes
    ----------
    key : str
        The id by which `Warehouse.engine` knows it.
    database : str
        The database that it was made with.
    user : str
        The user that statements run as when the request names none.
    default_role : str or None
        What ``IAM_ROLE default`` means.
    """

    key: str
    database: str
    user: str
    default_role: str | None
    workgroup: str | None = None
    cluster: str | None = None


class TargetNotFoundError(AwsError):
    """There is no such workgroup or cluster."""

    code = "ValidationException"

    def __init__(self) -> None:
        super().__init__("Redshift endpoint doesn't exist in this region.")


def keys(store: Store, prefix: str = "") -> list[str]:
    """List the ids by which `Warehouse.engine` knows namespaces and clusters; or one kind's."""
    store.ensure(SCHEMA)
    with store.transaction() as tx:
        rows = tx.execute(
            "SELECT 'namespace-' || id AS key FROM redshift_namespaces "
            "UNION ALL SELECT 'cluster-' || id FROM redshift_clusters ORDER BY key"
        ).fetchall()
    return [row["key"] for row in rows if row["key"].startswith(prefix)]


def workgroup(call: Call, name: str) -> Target:
    """Find a workgroup's namespace.

    Raises
    ------
    TargetNotFoundError
        If there is no such workgroup.
    """
    with call.store.transaction() as tx:
        row = tx.execute(
            "SELECT n.id, n.document FROM redshift_workgroups w JOIN redshift_namespaces n "
            "ON n.account = w.account AND n.region = w.region AND n.name = w.namespace "
            "WHERE w.account = ? AND w.region = ? AND w.name = ?",
            (call.account, call.region, name),
        ).fetchone()
    if row is None:
        raise TargetNotFoundError
    document = json.loads(row["document"])
    return Target(
        f"namespace-{row['id']}",
        document["dbName"],
        f"IAMR:{call.principal.rsplit('/', 1)[-1].rsplit(':', 1)[-1]}",
        document.get("defaultIamRoleArn"),
        workgroup=name,
    )


def cluster(call: Call, name: str, user: str | None) -> Target:
    """Find a cluster.

    Raises
    ------
    TargetNotFoundError
        If there is no such cluster, or it is not available.
    """
    with call.store.transaction() as tx:
        row = tx.execute(
            "SELECT id, document FROM redshift_clusters "
            "WHERE account = ? AND region = ? AND name = ?",
            (call.account, call.region, name),
        ).fetchone()
    document = json.loads(row["document"]) if row is not None else {}
    if row is None or document.get("ClusterStatus") != "available":
        raise TargetNotFoundError
    return Target(
        f"cluster-{row['id']}",
        document["DBName"],
        user or document["MasterUsername"],
        document.get("DefaultIamRoleArn"),
        cluster=name,
    )
