"""What the Data API's SQL runs on: real tables for a deployment's own, a record for all else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import duckdb

_TOKENS = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|::|:(\w+)", re.DOTALL)
_ANY_CASE = re.IGNORECASE
# What Redshift has and DuckDB has not. Keys are not enforced: Redshift's only inform its planner.
_NOT_DUCKDB = (
    (re.compile(r",\s*(?:CONSTRAINT \w+\s+)?(?:PRIMARY KEY|UNIQUE)\s*\([^)]*\)", _ANY_CASE), ""),
    (re.compile(r"\bPRIMARY KEY\b(?!\s*\()", _ANY_CASE), "NOT NULL"),
    (re.compile(r"\bNOT NULL\s+NOT NULL\b", _ANY_CASE), "NOT NULL"),
    (re.compile(r"\bDISTSTYLE\s+\w+|\b(?:COMPOUND\s+)?SORTKEY\s*\([^)]*\)", _ANY_CASE), ""),
    (re.compile(r"\bDISTKEY\s*\([^)]*\)|\bENCODE\s+\w+|\bBACKUP\s+(?:YES|NO)\b", _ANY_CASE), ""),
    (re.compile(r"\bVARCHAR\s*\(\s*MAX\s*\)", _ANY_CASE), "VARCHAR"),
    (re.compile(r"\b(?:SYSDATE\b|GETDATE\s*\(\s*\))", _ANY_CASE), "now()::TIMESTAMP"),
)
_LITERALS = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_LOCK = re.compile(r"\s*LOCK\b", re.IGNORECASE)
_MAKES_SCHEMA = re.compile(r"\s*CREATE\s+SCHEMA\b", re.IGNORECASE)
_READS = re.compile(r"\s*(?:SELECT|WITH|SHOW|EXPLAIN|LOCK|SET)\b", re.IGNORECASE)


class StatementError(Exception):
    """A statement failed; the message is the statement's ``Error``."""


@dataclass
class Rows:
    """A result set: each column's name and type (Redshift's), and the rows."""

    columns: list[tuple[str, str]] = field(default_factory=list)
    rows: list[tuple[Any, ...]] = field(default_factory=list)


class Executes(Protocol):
    """What a test may give to run SQL by: the statement and its parameters, then the rows.

    `StatementError` fails a statement; None is no result set.
    """

    def __call__(self, sql: str, parameters: Mapping[str, str], /) -> Rows | None:
        """Run a statement."""


@dataclass
class Applied:
    """A statement that was committed, with how often."""

    sql: str
    parameters: dict[str, str]
    times: int = 0


class Warehouse:
    """A database of which only some tables are real.

    Parameters
    ----------
    own_tables : str
        A pattern. A statement that it matches runs on an in-memory DuckDB, as does CREATE SCHEMA;
        all others are only recorded and answer no rows.
    executes : callable or None
        Runs statements instead of all that. It takes part in no transaction: it is asked when a
        statement runs, also within a batch that is rolled back later.
    """

    def __init__(self, own_tables: str, executes: Executes | None) -> None:
        self._own = re.compile(own_tables, re.IGNORECASE)
        self._executes = executes
        self._database = duckdb.connect(":memory:")
        # Redshift's schema of this name is there in every database.
        self._database.execute("CREATE SCHEMA public")
        self._failures: list[tuple[str, str, int | None]] = []
        self.applied: dict[tuple[str, str], Applied] = {}
        self.ran: list[str] = []
        """Every statement that began to run, committed or not."""

    def fail(self, containing: str, message: str, times: int | None) -> None:
        """Let statements with a text in them fail."""
        self._failures.append((containing, message, times))

    def heal(self) -> None:
        """Let no statement fail any more."""
        self._failures.clear()

    def begin(self) -> None:
        """Begin a transaction."""
        self._database.begin()

    def commit(self, statements: list[tuple[str, dict[str, str]]]) -> None:
        """Commit what ran since `begin`: these statements."""
        self._database.commit()
        for sql, parameters in statements:
            key = (sql, str(sorted(parameters.items())))
            self.applied.setdefault(key, Applied(sql, parameters)).times += 1

    def roll_back(self) -> None:
        """Undo what ran since `begin`."""
        self._database.rollback()

    def run(self, sql: str, parameters: dict[str, str]) -> Rows | None:
        """Run a statement in the transaction.

        Raises
        ------
        StatementError
            If it fails.
        """
        self.ran.append(sql)
        self._inject(sql)
        if self._executes is not None:
            return self._executes(sql, parameters)
        if _LOCK.match(sql) or not (self.is_own(sql) or _MAKES_SCHEMA.match(sql)):
            return None
        try:
            cursor = self._database.execute(_translated(sql, parameters))
        except duckdb.Error as error:
            raise StatementError(f"ERROR: {error}") from error
        if not _READS.match(sql):
            return None
        columns = [(each[0], _redshift_type(str(each[1]))) for each in cursor.description or []]
        return Rows(columns, cursor.fetchall())

    def _inject(self, sql: str) -> None:
        for place, (containing, message, times) in enumerate(self._failures):
            if containing not in sql or times == 0:
                continue
            if times is not None:
                self._failures[place] = (containing, message, times - 1)
            raise StatementError(message)

    def is_own(self, sql: str) -> bool:
        """Whether a statement is one on the deployment's own tables, by names outside literals."""
        return self._own.search(_LITERALS.sub("", sql)) is not None

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Give the real tables' rows, without times."""
        names = self._database.execute(
            "SELECT table_schema, table_name FROM information_schema.tables ORDER BY ALL"
        ).fetchall()
        found: dict[str, list[dict[str, Any]]] = {}
        for schema, table in names:
            cursor = self._database.execute(f'SELECT * FROM "{schema}"."{table}"')
            columns = [(each[0], str(each[1])) for each in cursor.description or []]
            rows = [
                {name: value for (name, kind), value in zip(columns, row, strict=True)
                 if not kind.startswith(("TIME", "DATE"))}
                for row in cursor.fetchall()
            ]  # fmt: skip
            found[f"{schema}.{table}"] = sorted(rows, key=str)
        return found


def reads_only(sql: str) -> bool:
    """Whether a statement changes nothing."""
    return _READS.match(sql) is not None


def _translated(sql: str, parameters: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return match[0]
        if name not in parameters:
            raise StatementError(f'ERROR: there is no parameter "{name}"')
        return "'" + parameters[name].replace("'", "''") + "'"

    made = _TOKENS.sub(value, sql)
    for pattern, replacement in _NOT_DUCKDB:
        made = pattern.sub(replacement, made)
    return made


def _redshift_type(duckdb_type: str) -> str:
    forms = {
        "BIGINT": "int8", "HUGEINT": "int8", "INTEGER": "int4", "SMALLINT": "int2",
        "BOOLEAN": "bool", "DOUBLE": "float8", "FLOAT": "float4", "TIMESTAMP": "timestamp",
        "DATE": "date", "NUMBER": "int8",
    }  # fmt: skip
    return forms.get(duckdb_type.split("(")[0], "varchar")
