"""Who may connect, and to which workgroup or cluster.

Every workgroup and cluster of the endpoint answers on one port, and the protocol does not carry the
host's name: the password tells which of them is meant.

Source: PostgreSQL documentation, "Password Authentication"; Amazon Redshift Management Guide,
"Using IAM authentication to generate database user credentials".
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from etlocal.aws.call import Runtime
from etlocal.redshift import logins
from etlocal.redshift.warehouse import Warehouse
from etlocal.redshift.wire.errors import FatalError

# How a client names the workgroup or cluster where its password leaves it open.
TARGET_OPTION = "etlocal.target"


@dataclass(frozen=True)
class Login:
    """A user who was let in, and where to.

    Attributes
    ----------
    key : str
        The id by which `Warehouse.engine` knows the namespace or cluster.
    first : str
        The database that it was made with.
    default_role : str or None
        What ``IAM_ROLE default`` means.
    """

    key: str
    first: str
    database: str
    user: str
    account: str
    region: str
    default_role: str | None


@dataclass(frozen=True)
class _Candidate:
    name: str
    key: str
    first: str
    account: str
    region: str
    default_role: str | None
    administrator: str
    secret: str | None


_CANDIDATES = """
SELECT w.name, 'namespace-' || n.id AS key, n.account, n.region, n.document
FROM redshift_workgroups w JOIN redshift_namespaces n
    ON n.account = w.account AND n.region = w.region AND n.name = w.namespace
UNION ALL
SELECT name, 'cluster-' || id, account, region, document FROM redshift_clusters
"""


def salted(verifier: str, salt: bytes) -> bytes:
    """Hash a kept password with a connection's salt: what a client answers that knows it."""
    text = verifier.removeprefix("md5").encode() + salt
    return b"md5" + hashlib.md5(text, usedforsecurity=False).hexdigest().encode()


def authenticate(
    runtime: Runtime, user: str, database: str, proof: bytes, salt: bytes, target: str | None
) -> Login:
    """Find where a user's password lets them in.

    Parameters
    ----------
    proof : bytes
        The client's answer to `salt`.
    target : str or None
        The workgroup or cluster that the client names.

    Raises
    ------
    FatalError
        If the password is wrong (28000), there is no such database (3D000), or several workgroups
        and clusters take the password and have the database (28000).
    """
    found = [
        candidate
        for candidate in _candidates(runtime)
        if target in (None, candidate.name) and _accepts(runtime, candidate, user, proof, salt)
    ]
    if not found:
        raise FatalError(f'password authentication failed for user "{user}"', sqlstate="28000")
    warehouse = runtime.component(Warehouse)
    fitting = [
        candidate
        for candidate in found
        if database in warehouse.engine(candidate.key, candidate.first).databases()
    ]
    if not fitting:
        raise FatalError(f'database "{database}" does not exist', sqlstate="3D000")
    if len(fitting) > 1:
        names = ", ".join(sorted(candidate.name for candidate in fitting))
        raise FatalError(
            f'user "{user}" with this password and the database "{database}" are in several '
            f"workgroups and clusters: {names}",
            sqlstate="28000",
            detail=f"Name one with the connection's options: -c {TARGET_OPTION}=<name>",
        )
    (one,) = fitting
    return Login(one.key, one.first, database, user, one.account, one.region, one.default_role)


def _candidates(runtime: Runtime) -> Iterator[_Candidate]:
    with runtime.store.transaction() as tx:
        rows = tx.execute(_CANDIDATES).fetchall()
    for row in rows:
        document = json.loads(row["document"])
        if document.get("ClusterStatus", "available") != "available":
            continue
        yield _Candidate(
            name=row["name"],
            key=row["key"],
            first=document.get("dbName") or document["DBName"],
            account=row["account"],
            region=row["region"],
            default_role=document.get("defaultIamRoleArn") or document.get("DefaultIamRoleArn"),
            administrator=document.get("adminUsername") or document["MasterUsername"],
            secret=document.get("adminPasswordSecretArn")
            or document.get("MasterPasswordSecretArn"),
        )


def _accepts(runtime: Runtime, candidate: _Candidate, user: str, proof: bytes, salt: bytes) -> bool:
    kept = logins.kept(runtime.store, candidate.key, user, runtime.clock.now())
    if candidate.secret and user == candidate.administrator:
        kept += _managed(runtime, candidate, user)
    return any(hmac.compare_digest(salted(one, salt), proof) for one in kept)


def _managed(runtime: Runtime, candidate: _Candidate, user: str) -> list[str]:
    """Read the password that AWS manages; it may have been changed since it was made."""
    client = runtime.client("secretsmanager", account=candidate.account, region=candidate.region)
    try:
        secret = client.get_secret_value(SecretId=candidate.secret)
        return [logins.verifier(str(json.loads(secret["SecretString"])["password"]), user)]
    except (ClientError, BotoCoreError, KeyError, ValueError):
        # A secret that was deleted lets nobody in.
        return []
