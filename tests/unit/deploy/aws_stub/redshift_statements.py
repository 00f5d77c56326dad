"""Statements of the Data API, and how they are described."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from tests.unit.deploy.aws_stub.service import without_nones
from tests.unit.deploy.aws_stub.warehouse import Rows

ENDED = ("FINISHED", "FAILED", "ABORTED")
STATES = ("SUBMITTED", "PICKED", "STARTED", "FINISHED")


@dataclass
class Sub:
    """A statement of a batch, or the only one."""

    sql: str
    status: str = "SUBMITTED"
    error: str | None = None
    result: Rows | None = None


@dataclass
class Statement:
    """What ExecuteStatement or BatchExecuteStatement began."""

    id: str
    asked: dict[str, Any]
    subs: list[Sub]
    is_batch: bool
    created: dt.datetime
    status: str = "SUBMITTED"
    coming: list[str] = field(default_factory=lambda: list(STATES))
    error: str | None = None

    def is_same(self, asked: dict[str, Any], *, is_batch: bool) -> bool:
        """Whether a request is the one that this was begun by; how long it waits is no matter."""
        kept = [
            {name: value for name, value in each.items() if name != "WaitTimeSeconds"}
            for each in (self.asked, asked)
        ]
        return kept[0] == kept[1] and self.is_batch == is_batch

    @property
    def parameters(self) -> dict[str, str]:
        """The statement's parameters by name."""
        return {each["name"]: each["value"] for each in self.asked.get("Parameters", [])}


def described_sub(statement: Statement, place: int, sub: Sub) -> dict[str, Any]:
    """Describe a statement of a batch."""
    return without_nones({
        "Id": f"{statement.id}:{place + 1}",
        "QueryString": sub.sql,
        "Status": sub.status,
        "Error": sub.error,
        "HasResultSet": sub.result is not None,
        "ResultRows": -1 if sub.result is None else len(sub.result.rows),
    })  # fmt: skip


def listed(statement: Statement, now: dt.datetime) -> dict[str, Any]:
    """Describe a statement as ListStatements does."""
    single = None if statement.is_batch else statement.subs[0].sql
    return without_nones({
        "Id": statement.id, "Status": statement.status, "QueryString": single,
        "QueryStrings": [each.sql for each in statement.subs] if statement.is_batch else None,
        "StatementName": statement.asked.get("StatementName"),
        "QueryParameters": statement.asked.get("Parameters"),
        "IsBatchStatement": statement.is_batch, "CreatedAt": statement.created, "UpdatedAt": now,
        "SecretArn": statement.asked.get("SecretArn"),
    })  # fmt: skip


def record_field(value: Any) -> dict[str, Any]:
    """Give a value as a field of a record."""
    if value is None:
        return {"isNull": True}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int):
        return {"longValue": value}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": str(value)}
