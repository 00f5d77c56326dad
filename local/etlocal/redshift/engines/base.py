"""What an engine must offer. Nothing above this line knows which engine it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlglot import exp

from etlocal.redshift.dialect.statements import Name, Statement, Table, Write
from etlocal.redshift.dialect.types import SqlType
from etlocal.redshift.transfer.options import CopyOptions

Value = bool | int | float | str | None
Row = tuple[Value, ...]
# NULL in text that was written anew for an engine (`Load.canonical`).
CANONICAL_NULL = "\\N"


@dataclass(frozen=True)
class ResultColumn:
    """A column of a result, in Redshift's types."""

    name: str
    type: SqlType


@dataclass
class Result:
    """What a statement gives.

    Attributes
    ----------
    columns : sequence of ResultColumn
        Empty when the statement has no result set.
    batches : iterator of lists of tuples
        Numbers of integer and floating-point types and booleans are Python's; everything else is
        text as Redshift writes it.
    affected : int
        Rows written; -1 where the statement writes none.
    """

    columns: Sequence[ResultColumn] = ()
    batches: Iterator[list[Row]] = field(default_factory=lambda: iter(()))
    affected: int = -1

    def rows(self) -> list[Row]:
        """Fetch everything."""
        return [row for batch in self.batches for row in batch]


@dataclass(frozen=True)
class Relation:
    """A table or view as a catalog lists it; `kind` is TABLE, VIEW or SYSTEM VIEW."""

    schema: str
    name: str
    kind: str


@dataclass(frozen=True)
class LoadFile:
    """One file of a COPY: where it came from, and where its bytes are now.

    Attributes
    ----------
    raw : Path or None
        The bytes as they came, where `path` was written anew.
    """

    uri: str
    path: Path
    raw: Path | None = None


@dataclass(frozen=True)
class LoadProblem:
    """A field or line that could not be loaded, as ``stl_load_errors`` describes it."""

    filename: str
    line_number: int
    code: int
    reason: str
    column: str = ""
    type: str = ""
    length: str = "0"
    position: int = 0
    raw_line: str = ""
    raw_value: str = ""


@dataclass(frozen=True)
class Load:
    """Rows in files, to be put into a table.

    Attributes
    ----------
    columns : tuple of str
        The columns that the files hold, in order.
    json_paths : tuple of str or None
        For JSON: the path of each column; None when fields are matched by name.
    canonical : bool
        Whether text was written anew: ``|`` between fields in double quotes, `CANONICAL_NULL`
        without quotes, LF behind each record.
    """

    table: Table
    columns: tuple[str, ...]
    files: Sequence[LoadFile]
    options: CopyOptions
    json_paths: tuple[str, ...] | None = None
    canonical: bool = False


@dataclass(frozen=True)
class LoadResult:
    """What came of a load: how many rows went in, and what did not."""

    rows: int
    problems: Sequence[LoadProblem] = ()


@dataclass(frozen=True)
class Export:
    """A query whose rows go to files: one file for each `partition` value, or one.

    Attributes
    ----------
    maxfilesize : int
        Bytes, 0 for no limit; only Parquet files are kept to it here, and only about.
    """

    query: exp.Expr
    folder: Path
    format: str
    delimiter: str = "|"
    header: bool = False
    quote: str = "none"
    escape: bool = False
    null: str = ""
    compression: str = "none"
    partition_by: tuple[str, ...] = ()
    include: bool = False
    maxfilesize: int = 0


@dataclass(frozen=True)
class ExportedFile:
    """A file that was written, with the values of its partition."""

    path: Path
    rows: int
    partition: tuple[tuple[str, str | None], ...] = ()


class EngineSession(ABC):
    """One client's connection to one database; used by one thread at a time."""

    database: str
    user: str
    pid: int

    @property
    @abstractmethod
    def in_transaction(self) -> bool:
        """Whether BEGIN was called and the transaction has not ended."""

    @property
    def lost(self) -> bool:
        """Whether the session has ended by itself, as when its server went: nothing works in it."""
        return False

    @abstractmethod
    def begin(self, *, writes: bool = False) -> None:
        """Start a transaction; `writes` says that it is known to write."""

    @abstractmethod
    def commit(self) -> None:
        """Make what the transaction did last."""

    @abstractmethod
    def rollback(self) -> None:
        """Undo what the transaction did."""

    @abstractmethod
    def execute(self, statement: Statement) -> Result:
        """Carry out a statement; without a transaction it is one of its own.

        Raises
        ------
        SqlError
            In Redshift's words.
        """

    @abstractmethod
    def insert(
        self, statement: Write, names: Sequence[str], rows: Sequence[Sequence[str | None]]
    ) -> Result:
        """Insert rows by an INSERT of one row that has parameters where their values go.

        Parameters
        ----------
        statement : Write
            ``INSERT … VALUES (…)`` with placeholders.
        names : sequence of str
            The placeholders' names, in the order of a row's values.
        rows : sequence of sequences
            Values as text; None is NULL.

        Raises
        ------
        SqlError
            In Redshift's words; no row is inserted then.
        """

    @abstractmethod
    def describe(self, statement: Statement) -> Sequence[ResultColumn]:
        """Tell the columns that a statement will give, without carrying it out.

        Raises
        ------
        SqlError
            In Redshift's words.
        """

    @abstractmethod
    def table(self, name: Name) -> Table:
        """Describe a table or view.

        Raises
        ------
        SqlError
            If there is none of that name.
        """

    @abstractmethod
    def relations(self) -> list[Relation]:
        """List the tables and views."""

    @abstractmethod
    def schemas(self) -> list[str]:
        """List the schemas."""

    @abstractmethod
    def load(self, load: Load) -> LoadResult:
        """Put files' rows into a table, in the session's transaction or in one of its own.

        With more problems than the options allow nothing is loaded; the problems are answered.
        """

    @abstractmethod
    def record_load_problems(self, load: Load, problems: Sequence[LoadProblem], query: int) -> None:
        """Keep problems where ``stl_load_errors`` shows them, whatever becomes of a transaction."""

    @abstractmethod
    def export(self, export: Export) -> list[ExportedFile]:
        """Write a query's rows to files."""

    @abstractmethod
    def ready(self) -> None:
        """Take up another request: an interrupt of the one before no longer counts."""

    @abstractmethod
    def interrupt(self) -> None:
        """Stop what the session is doing for its request; called from another thread."""

    @abstractmethod
    def close(self) -> None:
        """End the session; an open transaction is undone."""


class Engine(ABC):
    """The databases of one namespace or cluster."""

    @abstractmethod
    def databases(self) -> list[str]:
        """List the databases, sorted."""

    @abstractmethod
    def create_database(self, name: str) -> None:
        """Make an empty database.

        Raises
        ------
        SqlError
            If there is one.
        """

    @abstractmethod
    def drop_database(self, name: str) -> None:
        """Delete a database and its files.

        Raises
        ------
        SqlError
            If there is none or it is in use.
        """

    @abstractmethod
    def connect(self, database: str, user: str) -> EngineSession:
        """Open a session.

        Raises
        ------
        SqlError
            If there is no such database.
        """

    @abstractmethod
    def delete(self) -> None:
        """Delete every database for good; sessions that are open end."""

    @abstractmethod
    def close(self) -> None:
        """Close every file or connection; sessions that are open end."""
