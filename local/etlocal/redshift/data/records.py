"""Statements as rows: what was asked, how far it is, what came of it.

A statement has one part for each of its SQL texts; a batch's parts are its sub-statements.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from etlocal.aws.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS redshift_statements (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, principal TEXT NOT NULL,
    request TEXT NOT NULL, database TEXT NOT NULL, db_user TEXT NOT NULL, batch INTEGER NOT NULL,
    token TEXT, session TEXT, status TEXT NOT NULL, error TEXT, pid INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL, updated REAL NOT NULL, duration INTEGER NOT NULL DEFAULT -1);
CREATE INDEX IF NOT EXISTS redshift_statements_by_time
    ON redshift_statements (account, region, created);
CREATE TABLE IF NOT EXISTS redshift_statement_parts (
    statement TEXT NOT NULL, number INTEGER NOT NULL, sql TEXT NOT NULL, query INTEGER NOT NULL,
    status TEXT NOT NULL, error TEXT, created REAL NOT NULL, updated REAL NOT NULL,
    duration INTEGER NOT NULL DEFAULT -1, has_result INTEGER NOT NULL DEFAULT 0,
    rows INTEGER NOT NULL DEFAULT -1, size INTEGER NOT NULL DEFAULT -1,
    columns TEXT, pages TEXT, PRIMARY KEY (statement, number));
CREATE TABLE IF NOT EXISTS redshift_query_ids (id INTEGER PRIMARY KEY AUTOINCREMENT);
"""
ACTIVE = ("SUBMITTED", "PICKED", "STARTED")
KEPT_SECONDS = 24 * 60 * 60


@dataclass(frozen=True)
class Part:
    """One SQL text of a statement and what came of it."""

    number: int
    sql: str
    query: int
    status: str
    error: str | None
    created: datetime
    updated: datetime
    duration: int
    has_result: bool
    rows: int
    size: int
    columns: list[dict[str, Any]]
    pages: list[int]


@dataclass(frozen=True)
class Record:
    """A statement."""

    id: str
    account: str
    region: str
    request: dict[str, Any]
    database: str
    db_user: str
    batch: bool
    session: str | None
    status: str
    error: str | None
    pid: int
    created: datetime
    updated: datetime
    duration: int
    parts: list[Part]


def insert(store: Store, values: dict[str, Any], sqls: list[str]) -> None:
    """Enter a statement as SUBMITTED."""
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    with store.transaction() as tx:
        tx.execute(
            f"INSERT INTO redshift_statements ({names}) VALUES ({marks})",  # noqa: S608
            tuple(values.values()),
        )
        for number, sql in enumerate(sqls, start=1):
            query = tx.execute("INSERT INTO redshift_query_ids DEFAULT VALUES").lastrowid
            tx.execute(
                "INSERT INTO redshift_statement_parts "
                "(statement, number, sql, query, status, created, updated) "
                "VALUES (?, ?, ?, ?, 'SUBMITTED', ?, ?)",
                (values["id"], number, sql, query, values["created"], values["created"]),
            )


def update(store: Store, statement: str, *, only_active: bool = True, **values: Any) -> bool:
    """Change a statement; one that has ended stays as it is.

    Returns
    -------
    bool
        Whether it was changed.
    """
    changes = ", ".join(f"{name} = ?" for name in values)
    where = " AND status IN ('SUBMITTED', 'PICKED', 'STARTED')" if only_active else ""
    with store.transaction() as tx:
        cursor = tx.execute(
            f"UPDATE redshift_statements SET {changes} WHERE id = ?{where}",  # noqa: S608
            (*values.values(), statement),
        )
        return cursor.rowcount > 0


def update_part(store: Store, statement: str, number: int, **values: Any) -> None:
    """Change a part."""
    changes = ", ".join(f"{name} = ?" for name in values)
    with store.transaction() as tx:
        tx.execute(
            f"UPDATE redshift_statement_parts SET {changes} "  # noqa: S608
            "WHERE statement = ? AND number = ?",
            (*values.values(), statement, number),
        )


def end_open_parts(store: Store, statement: str, status: str, now: float) -> None:
    """End the parts that were not worked on."""
    with store.transaction() as tx:
        tx.execute(
            "UPDATE redshift_statement_parts SET status = ?, updated = ? WHERE statement = ? "
            "AND status IN ('SUBMITTED', 'PICKED', 'STARTED')",
            (status, now, statement),
        )


def find(store: Store, account: str, region: str, statement: str) -> Record | None:
    """Read a statement; None if there is none, or its day is over."""
    with store.transaction() as tx:
        row = tx.execute(
            "SELECT * FROM redshift_statements WHERE id = ? AND account = ? AND region = ?",
            (statement, account, region),
        ).fetchone()
        if row is None:
            return None
        parts = tx.execute(
            "SELECT * FROM redshift_statement_parts WHERE statement = ? ORDER BY number",
            (statement,),
        ).fetchall()
    return _record(row, parts)


def find_token(store: Store, account: str, region: str, token: str) -> str | None:
    """Find the statement that a client's token was given with."""
    with store.transaction() as tx:
        row = tx.execute(
            "SELECT id FROM redshift_statements WHERE token = ? AND account = ? AND region = ?",
            (token, account, region),
        ).fetchone()
    return None if row is None else str(row["id"])


def list_all(store: Store, account: str, region: str, since: float) -> list[Record]:
    """List the statements since a time, the newest first."""
    with store.transaction() as tx:
        rows = tx.execute(
            "SELECT * FROM redshift_statements WHERE account = ? AND region = ? AND created > ? "
            "ORDER BY created DESC, id",
            (account, region, since),
        ).fetchall()
        return [
            _record(
                row,
                tx.execute(
                    "SELECT * FROM redshift_statement_parts WHERE statement = ? ORDER BY number",
                    (row["id"],),
                ).fetchall(),
            )
            for row in rows
        ]


def count_active(store: Store, account: str, region: str) -> int:
    """Count the statements that have not ended."""
    with store.transaction() as tx:
        row = tx.execute(
            "SELECT count(*) AS n FROM redshift_statements WHERE account = ? AND region = ? "
            "AND status IN ('SUBMITTED', 'PICKED', 'STARTED')",
            (account, region),
        ).fetchone()
    return int(row["n"])


def fail_unfinished(store: Store, error: str, now: float) -> None:
    """End what a process that died left in the middle."""
    with store.transaction() as tx:
        for table in ("redshift_statements", "redshift_statement_parts"):
            tx.execute(
                f"UPDATE {table} SET status = 'FAILED', error = ?, updated = ? "  # noqa: S608
                "WHERE status IN ('SUBMITTED', 'PICKED', 'STARTED')",
                (error, now),
            )


def purge(store: Store, before: float) -> list[str]:
    """Delete the statements from before a time; gives their ids."""
    with store.transaction() as tx:
        rows = tx.execute(
            "SELECT id FROM redshift_statements WHERE created < ? "
            "AND status NOT IN ('SUBMITTED', 'PICKED', 'STARTED')",
            (before,),
        ).fetchall()
        ids = [str(row["id"]) for row in rows]
        for statement in ids:
            tx.execute("DELETE FROM redshift_statements WHERE id = ?", (statement,))
            tx.execute("DELETE FROM redshift_statement_parts WHERE statement = ?", (statement,))
    return ids


def _time(value: float) -> datetime:
    return datetime.fromtimestamp(value, UTC)


def _record(row: sqlite3.Row, parts: list[sqlite3.Row]) -> Record:
    return Record(
        id=row["id"],
        account=row["account"],
        region=row["region"],
        request=json.loads(row["request"]),
        database=row["database"],
        db_user=row["db_user"],
        batch=bool(row["batch"]),
        session=row["session"],
        status=row["status"],
        error=row["error"],
        pid=row["pid"],
        created=_time(row["created"]),
        updated=_time(row["updated"]),
        duration=row["duration"],
        parts=[_part(part) for part in parts],
    )


def _part(row: sqlite3.Row) -> Part:
    return Part(
        number=row["number"],
        sql=row["sql"],
        query=row["query"],
        status=row["status"],
        error=row["error"],
        created=_time(row["created"]),
        updated=_time(row["updated"]),
        duration=row["duration"],
        has_result=bool(row["has_result"]),
        rows=row["rows"],
        size=row["size"],
        columns=json.loads(row["columns"] or "[]"),
        pages=json.loads(row["pages"] or "[]"),
    )
