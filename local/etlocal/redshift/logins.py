"""The passwords that let users in through the wire protocol.

They are kept as ``pg_shadow`` keeps them, hashed with the user's name: it is what the protocol's
``md5`` needs. Passwords that AWS manages are in Secrets Manager instead (see `managed`).

Source: PostgreSQL documentation, "Password Authentication".
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from etlocal.aws.call import Call
from etlocal.aws.store import Store


def verifier(password: str, user: str) -> str:
    """Hash a password as it is kept."""
    text = (password + user).encode()
    return "md5" + hashlib.md5(text, usedforsecurity=False).hexdigest()


def keep(call: Call, target: str, user: str, password: str) -> None:
    """Keep a user's password, in place of those before.

    Parameters
    ----------
    target : str
        The id by which `Warehouse.engine` knows the namespace or cluster.
    """
    with call.store.transaction() as tx:
        tx.execute("DELETE FROM redshift_logins WHERE target = ? AND user = ?", (target, user))
        tx.execute(
            "INSERT INTO redshift_logins VALUES (?, ?, ?, NULL)",
            (target, user, verifier(password, user)),
        )


def lend(call: Call, target: str, user: str, password: str, seconds: float) -> datetime:
    """Keep a password that lasts for a while; gives when it ends."""
    now = call.clock.now()
    ends = now + timedelta(seconds=seconds)
    with call.store.transaction() as tx:
        tx.execute("DELETE FROM redshift_logins WHERE expires <= ?", (now.timestamp(),))
        tx.execute(
            "INSERT INTO redshift_logins VALUES (?, ?, ?, ?)",
            (target, user, verifier(password, user), ends.timestamp()),
        )
    return ends


def kept(store: Store, target: str, user: str, now: datetime) -> list[str]:
    """Give the hashes of the passwords that let a user in."""
    with store.transaction() as tx:
        rows = tx.execute(
            "SELECT verifier FROM redshift_logins WHERE target = ? AND user = ? "
            "AND (expires IS NULL OR expires > ?)",
            (target, user, now.timestamp()),
        ).fetchall()
    return [str(row["verifier"]) for row in rows]


def forget(store: Store, target: str, user: str | None = None) -> None:
    """Drop a user's passwords, or everyone's."""
    with store.transaction() as tx:
        tx.execute(
            "DELETE FROM redshift_logins WHERE target = ? AND user = coalesce(?, user)",
            (target, user),
        )
