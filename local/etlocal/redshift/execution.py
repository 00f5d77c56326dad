"""Carrying out a statement: what the engine does, and what takes S3 besides."""

from __future__ import annotations

from etlocal.redshift.dialect import statements
from etlocal.redshift.dialect.statements import Statement
from etlocal.redshift.engines.base import EngineSession, Result
from etlocal.redshift.transfer import copying, unloading
from etlocal.redshift.transfer.context import Context


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
