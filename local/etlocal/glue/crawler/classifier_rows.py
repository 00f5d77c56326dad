"""The rows of custom classifiers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from etlocal.aws.call import Call
from etlocal.glue.crawler.rows import moment
from etlocal.glue.errors import AlreadyExistsError, EntityNotFoundError


@dataclass(frozen=True)
class ClassifierRow:
    """A classifier: its kind (the member of ``Classifier`` it is) and what was given for it."""

    name: str
    kind: str
    definition: dict[str, Any]
    version: int
    created: float
    updated: float

    def as_classifier(self) -> dict[str, Any]:
        """Give AWS's ``Classifier``."""
        body = {
            **self.definition,
            "CreationTime": moment(self.created),
            "LastUpdated": moment(self.updated),
            "Version": self.version,
        }
        return {self.kind: body}


def find(tx: sqlite3.Connection, call: Call, name: str) -> ClassifierRow | None:
    """Give a classifier, or None."""
    row = tx.execute(
        "SELECT * FROM crawler_classifiers WHERE account = ? AND region = ? AND name = ?",
        (call.account, call.region, name),
    ).fetchone()
    return _row(row) if row is not None else None


def get(tx: sqlite3.Connection, call: Call, name: str) -> ClassifierRow:
    """Give a classifier.

    Raises
    ------
    EntityNotFoundError
    """
    found = find(tx, call, name)
    if found is None:
        raise EntityNotFoundError(f"Classifier {name} not found.")
    return found


def all_of(tx: sqlite3.Connection, call: Call) -> list[ClassifierRow]:
    """Give all classifiers, by name."""
    rows = tx.execute(
        "SELECT * FROM crawler_classifiers WHERE account = ? AND region = ? ORDER BY name",
        (call.account, call.region),
    ).fetchall()
    return [_row(row) for row in rows]


def insert(tx: sqlite3.Connection, call: Call, kind: str, definition: Mapping[str, Any]) -> None:
    """Add a classifier.

    Raises
    ------
    AlreadyExistsError
    """
    name = definition["Name"]
    if find(tx, call, name) is not None:
        raise AlreadyExistsError(f"Classifier {name} already exists.")
    now = call.clock.now().timestamp()
    tx.execute(
        "INSERT INTO crawler_classifiers VALUES (?, ?, ?, ?, ?, 1, ?, ?)",
        (call.account, call.region, name, kind, json.dumps(definition), now, now),
    )


def replace(tx: sqlite3.Connection, call: Call, name: str, definition: Mapping[str, Any]) -> None:
    """Change a classifier's definition to a new version."""
    tx.execute(
        "UPDATE crawler_classifiers SET definition = ?, version = version + 1, updated = ? "
        "WHERE account = ? AND region = ? AND name = ?",
        (json.dumps(definition), call.clock.now().timestamp(), call.account, call.region, name),
    )


def delete(tx: sqlite3.Connection, call: Call, name: str) -> None:
    """Delete a classifier.

    Raises
    ------
    EntityNotFoundError
    """
    get(tx, call, name)
    tx.execute(
        "DELETE FROM crawler_classifiers WHERE account = ? AND region = ? AND name = ?",
        (call.account, call.region, name),
    )


def _row(row: sqlite3.Row) -> ClassifierRow:
    return ClassifierRow(
        row["name"],
        row["kind"],
        json.loads(row["definition"]),
        row["version"],
        row["created"],
        row["updated"],
    )
