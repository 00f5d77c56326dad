"""Carrying out a statement: what the engine does, and what takes S3 besides."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from etlocal.redshift.dialect import statements
from etlocal.redshift.dialect.statements import Statement
from etlocal.redshift.engines.base import EngineSession, Result
from etlocal.redshift.transfer import copying, unloading


class Clients(Protocol):
    """Gives S3 clients that act as a role."""

    def __call__(self, role_arn: str | None) -> Any:
        """Give a boto3 S3 client; None is the caller itself."""
        ...


@dataclass(frozen=True)
class Context:
    """What a statement may use besides its session.

    Attributes
    ----------
    s3 : callable
        Gives S3 clients.
    scratch : Path
        A folder for files that live as long as the statement.
    query : int
        The statement's query id.
    default_role : str or None
        What ``IAM_ROLE default`` means.
    """

    s3: Clients
    scratch: Path
    query: int
    default_role: str | None = None


def execute(session: EngineSession, statement: Statement, context: Context) -> Result:
    """Carry out one statement.

    Raises
    ------
    SqlError
        In Redshift's words.
    """
    if isinstance(statement, statements.Transaction):
        return _transaction(session, statement.action)
    if isinstance(statement, statements.Copy):
        return copying.copy(session, statement, context)
    if isinstance(statement, statements.Unload):
        return unloading.unload(session, statement, context)
    return session.execute(statement)


def _transaction(session: EngineSession, action: str) -> Result:
    if action == "begin":
        if not session.in_transaction:
            session.begin()
    elif action == "commit":
        session.commit()
    else:
        session.rollback()
    return Result()
