"""What is on its way: deliveries that were accepted and have not arrived, as rows in a file.

Source: EventBridge User Guide, "How EventBridge retries delivering events": a target's policy says
how often, and until which age of the event, it is tried again.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from etlocal.aws.store import Store

_SCHEMA = """
CREATE TABLE IF NOT EXISTS delivery (
    id TEXT PRIMARY KEY,
    hold TEXT,
    document TEXT NOT NULL
) WITHOUT ROWID;
"""
_DEFAULT_RETRIES = 185
_DEFAULT_AGE_SECONDS = 24 * 60 * 60


@dataclass
class Delivery:
    """One event on its way to one target of a rule.

    Attributes
    ----------
    event : dict
        The event as EventBridge gives it; its ``id`` never changes.
    target : dict
        The rule's target as PutTargets was given it.
    rule_arn, rule_name, region, account : str
        The rule, and where it is.
    trace : str
        The X-Ray trace header that goes with it.
    accepted : float
        When the event was accepted, in seconds since the epoch.
    attempts : int
        How many have been made.
    due : float
        When the next one is, in seconds since the epoch.
    code, message : str
        Why the last attempt failed.
    verdict : str
        Why it is not tried again; empty while it is.
    """

    event: dict[str, Any]
    target: dict[str, Any]
    rule_arn: str
    rule_name: str
    region: str
    account: str
    trace: str
    accepted: float
    attempts: int = 0
    due: float = 0.0
    code: str = ""
    message: str = ""
    verdict: str = ""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def retries(self) -> int:
        """How many attempts have been made after the first."""
        return max(self.attempts - 1, 0)

    @property
    def maximum_retries(self) -> int:
        """How many the target's policy allows."""
        return int(self._policy.get("MaximumRetryAttempts", _DEFAULT_RETRIES))

    @property
    def maximum_age(self) -> float:
        """How many emulated seconds the target's policy allows."""
        return float(self._policy.get("MaximumEventAgeInSeconds", _DEFAULT_AGE_SECONDS))

    @property
    def _policy(self) -> dict[str, Any]:
        policy: dict[str, Any] = self.target.get("RetryPolicy") or {}
        return policy


class Outbox:
    """The deliveries of an endpoint.

    Parameters
    ----------
    path : Path
        The file, made when absent.

    Raises
    ------
    etlocal.aws.store.StoreError
        If the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._store = Store(path)
        self._store.ensure(_SCHEMA)

    def add(self, deliveries: Iterable[Delivery], hold: str | None = None) -> None:
        """Write deliveries, all or none; they survive the end of the process when this returns.

        Parameters
        ----------
        deliveries : iterable of Delivery
            New ones.
        hold : str or None
            A name under which they wait for `release`: what they tell of has not happened yet.

        Raises
        ------
        sqlite3.Error
            If they cannot be written.
        """
        rows = [(each.id, hold, json.dumps(asdict(each))) for each in deliveries]
        with self._store.transaction() as connection:
            connection.executemany("INSERT INTO delivery VALUES (?, ?, ?)", rows)

    def release(self, hold: str) -> None:
        """Say that what some deliveries tell of has happened."""
        with self._store.transaction() as connection:
            connection.execute("UPDATE delivery SET hold = NULL WHERE hold = ?", (hold,))

    def drop(self, hold: str) -> None:
        """Say that what some deliveries tell of has not happened."""
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM delivery WHERE hold = ?", (hold,))

    def settle(self, happened: Iterable[str]) -> None:
        """Release the deliveries under these names, and drop all others that wait."""
        with self._store.transaction() as connection:
            connection.executemany(
                "UPDATE delivery SET hold = NULL WHERE hold = ?", [(hold,) for hold in happened]
            )
            connection.execute("DELETE FROM delivery WHERE hold IS NOT NULL")

    def update(self, delivery: Delivery) -> None:
        """Write how a delivery is now; one that is not there any more stays away."""
        with self._store.transaction() as connection:
            connection.execute(
                "UPDATE delivery SET document = ? WHERE id = ?",
                (json.dumps(asdict(delivery)), delivery.id),
            )

    def remove(self, delivery: Delivery) -> None:
        """Take out a delivery that has arrived, or was given up."""
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM delivery WHERE id = ?", (delivery.id,))

    def pending(self) -> list[Delivery]:
        """Give the deliveries that are to be made, those that are due first in front."""
        with self._store.transaction() as connection:
            rows = connection.execute("SELECT document FROM delivery WHERE hold IS NULL").fetchall()
        deliveries = [Delivery(**json.loads(row["document"])) for row in rows]
        return sorted(deliveries, key=lambda each: (each.due, each.accepted))

    def is_empty(self) -> bool:
        """Tell whether there is nothing, not even something that waits for its release."""
        with self._store.transaction() as connection:
            return connection.execute("SELECT 1 FROM delivery LIMIT 1").fetchone() is None

    def clear(self) -> None:
        """Delete everything."""
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM delivery")
