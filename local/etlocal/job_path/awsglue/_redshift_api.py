"""Statements through the Redshift Data API.

Amazon Redshift Management Guide: "Using the Amazon Redshift Data API".
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import _aws

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_STATEMENTS = 40
_FIRST_WAIT, _LONGEST_WAIT = 0.01, 0.5


class RedshiftError(Exception):
    """Redshift refused or failed a statement; the text is Redshift's own."""


@dataclass(frozen=True)
class Target:
    """A database of a workgroup or cluster, and as whom to work in it."""

    database: str
    arguments: dict[str, str] = field(default_factory=dict)

    def execute(self, statements: Sequence[str]) -> dict[str, Any]:
        """Run statements in one transaction and return the finished statement's description.

        Raises
        ------
        RedshiftError
            When one fails: none of them has had an effect then.
        """
        if len(statements) > _MOST_STATEMENTS:
            raise RedshiftError(
                f"{len(statements)} statements do not fit one transaction of the Data API: "
                f"at most {_MOST_STATEMENTS}, preactions and postactions included"
            )
        client = _aws.client("redshift-data")
        common = {"Database": self.database, **self.arguments}
        if len(statements) == 1:
            started = client.execute_statement(Sql=statements[0], **common)
        else:
            started = client.batch_execute_statement(Sqls=list(statements), **common)
        try:
            return _finished(client, str(started["Id"]))
        except (KeyboardInterrupt, SystemExit):
            # The run was stopped: nothing may go on loading after it.
            client.cancel_statement(Id=started["Id"])
            raise

    def rows(self, query: str) -> tuple[list[dict[str, Any]], list[list[Any]]]:
        """Return a query's column metadata and rows, as the Data API gives them."""
        client = _aws.client("redshift-data")
        statement = self.execute([query])["Id"]
        pages = client.get_paginator("get_statement_result").paginate(Id=statement)
        columns: list[dict[str, Any]] = []
        rows: list[list[Any]] = []
        for page in pages:
            columns = columns or list(page.get("ColumnMetadata", ()))
            rows += [[_value(cell) for cell in record] for record in page.get("Records", ())]
        return columns, rows


def _value(cell: dict[str, Any]) -> Any:
    if cell.get("isNull"):
        return None
    return next(iter(cell.values()))


def _finished(client: Any, statement: str) -> dict[str, Any]:
    wait = _FIRST_WAIT
    while True:
        answer: dict[str, Any] = client.describe_statement(Id=statement)
        if answer["Status"] == "FINISHED":
            return answer
        if answer["Status"] in ("FAILED", "ABORTED"):
            raise RedshiftError(answer.get("Error") or f"The statement was {answer['Status']}")
        # The Data API tells of the end only when asked.
        time.sleep(wait)
        wait = min(wait * 1.25, _LONGEST_WAIT)


def target(url: str, secret: str = "", user: str = "") -> Target:
    """Return what a JDBC URL names.

    `jdbc:redshift://<workgroup>.<account>.<region>.redshift-serverless.<domain>:5439/<db>` is a
    serverless workgroup, `jdbc:redshift://<cluster>.<id>.<region>.redshift.<domain>:5439/<db>` a
    cluster.

    Raises
    ------
    ValueError
        When the URL is neither.
    """
    match = re.match(r"jdbc:redshift(?::iam)?://([^:/?;]+)(?::\d+)?/([^?;]+)", url)
    parts = match.group(1).split(".") if match else []
    if match and len(parts) > 3 and parts[3] in ("redshift", "redshift-serverless"):
        database = match.group(2)
        credentials = {"SecretArn": secret} if secret else {}
        if parts[3] == "redshift-serverless":
            return Target(database, {"WorkgroupName": parts[0], **credentials})
        if not secret and user:
            credentials = {"DbUser": user}
        return Target(database, {"ClusterIdentifier": parts[0], **credentials})
    raise ValueError(
        f"{url.split('?')[0]!r} names no Redshift cluster or workgroup: the URL must be like "
        "jdbc:redshift://<workgroup>.<account>.<region>.redshift-serverless.amazonaws.com:5439/<db>"
    )
