"""What CommandComplete says of a statement that ended.

Source: PostgreSQL documentation, "Message Formats" (CommandComplete).
"""

from __future__ import annotations

from sqlglot import exp

from etlocal.redshift.dialect import statements
from etlocal.redshift.dialect.statements import Statement

_TAGS: dict[type[Statement], str] = {
    statements.Explain: "EXPLAIN",
    statements.CreateTable: "CREATE TABLE",
    statements.CreateView: "CREATE VIEW",
    statements.CreateSchema: "CREATE SCHEMA",
    statements.CreateDatabase: "CREATE DATABASE",
    statements.Truncate: "TRUNCATE TABLE",
    statements.AlterTable: "ALTER TABLE",
    statements.AppendTable: "ALTER TABLE APPEND",
    statements.Copy: "COPY",
    statements.Unload: "UNLOAD",
    statements.Comment: "COMMENT",
}
_WRITES: dict[type[exp.Expr], str] = {
    exp.Update: "UPDATE",
    exp.Delete: "DELETE",
    exp.Merge: "MERGE",
}


def tag(statement: Statement, rows: int) -> str:
    """Name a statement that ended.

    Parameters
    ----------
    statement : Statement
    rows : int
        The rows that it gave or wrote; below 0 where it counts none.
    """
    count = max(rows, 0)
    if isinstance(statement, statements.Query):
        return f"SELECT {count}"
    if isinstance(statement, statements.Write):
        if isinstance(statement.tree, exp.Insert):
            return f"INSERT 0 {count}"
        return f"{_WRITES.get(type(statement.tree), 'UPDATE')} {count}"
    if isinstance(statement, statements.CreateTableAs):
        return f"SELECT {count}" if rows >= 0 else "SELECT"
    if isinstance(statement, statements.Drop):
        return f"DROP {statement.what.upper()}"
    if isinstance(statement, statements.Right | statements.Setting | statements.Transaction):
        return statement.action.upper()
    if isinstance(statement, statements.Maintenance):
        return statement.action
    return _TAGS.get(type(statement), "OK")
