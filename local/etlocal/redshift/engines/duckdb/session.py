"""A session on DuckDB: transactions, names, and which module carries out a statement."""

# ruff: noqa: S608  names are quoted by `build.quote`, values by `build.quote_text` or bound
from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb
from sqlglot import exp

from etlocal.redshift import errors
from etlocal.redshift.dialect import statements
from etlocal.redshift.dialect.infer import Columns, Inference
from etlocal.redshift.dialect.statements import Kind, Name, Statement, Table
from etlocal.redshift.dialect.types import VARCHAR
from etlocal.redshift.engines.base import (
    EngineSession,
    Export,
    ExportedFile,
    Load,
    LoadProblem,
    LoadResult,
    Relation,
    Result,
)
from etlocal.redshift.engines.duckdb import catalog, queries, views
from etlocal.redshift.engines.duckdb.build import quote, quote_text
from etlocal.redshift.engines.duckdb.errors import translate
from etlocal.redshift.engines.duckdb.locks import WriteLock
from etlocal.redshift.engines.duckdb.translate import rewrite
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError

if TYPE_CHECKING:
    from etlocal.redshift.engines.duckdb.engine import DuckDBEngine

_READ_ONLY = (Kind.QUERY,)


class DuckDBSession(EngineSession):
    """One client's connection; see `EngineSession`."""

    def __init__(
        self,
        engine: DuckDBEngine,
        connection: duckdb.DuckDBPyConnection,
        database: str,
        user: str,
        lock: WriteLock,
        pid: int,
    ) -> None:
        self.engine = engine
        self.connection = connection
        self.database = database
        self.user = user
        self.pid = pid
        self.search_path: tuple[str, ...] = ("public",)
        self.settings: dict[str, str] = {}
        self.temporary: dict[str, Table] = {}
        self._before: dict[str, Table] = {}
        self._lock = lock
        self._canceled = threading.Event()
        self._open = False
        self._started = False
        self._failed = False
        self._found: dict[Name, tuple[str, str, str] | None] = {}
        self._tables: dict[tuple[str, str, str], Table | None] = {}
        self.use()

    @property
    def in_transaction(self) -> bool:
        """Whether BEGIN was called and the transaction has not ended."""
        return self._open

    def use(self) -> None:
        """Bring DuckDB's search path to the session's."""
        schemas = [f"{quote(self.database)}.{quote(schema)}" for schema in self.search_path]
        path = ",".join([*schemas, "memory.main"])
        self.connection.execute(f"USE {quote(self.database)}.public")
        self.connection.execute(f"SET search_path = {quote_text(path)}")

    def begin(self, *, writes: bool = False) -> None:
        """Start a transaction; DuckDB's own begins with its first statement."""
        self._open, self._failed = True, False
        if writes:
            self._start(writes=True)

    def commit(self) -> None:
        """Make what the transaction did last."""
        failed, started = self._failed, self._started
        try:
            if started and not failed:
                self.connection.execute("COMMIT")
        except duckdb.Error as error:
            self._undo()
            raise translate(error) from error
        finally:
            self._ended()

    def rollback(self) -> None:
        """Undo what the transaction did."""
        self._undo()
        self._ended()

    def execute(self, statement: Statement) -> Result:
        """Carry out a statement."""
        self._canceled.clear()
        self._refuse_after_failure()
        writes = statement.kind in (Kind.WRITE, Kind.DDL)
        with self.statement(writes=writes):
            result = self._dispatch(statement)
        if isinstance(statement, statements.Truncate) and self._open:
            self.commit()
        return result

    @contextmanager
    def statement(self, *, writes: bool) -> Iterator[None]:
        """Run a block as a statement: in the open transaction, or in one of its own.

        Raises
        ------
        SqlError
            For what DuckDB refuses; an open transaction has then failed.
        """
        own = not self._open
        self._forget()
        try:
            if writes or not own:
                self._start(writes=writes)
            yield
            if own and self._started:
                self.connection.execute("COMMIT")
        except (duckdb.Error, SqlError) as error:
            self._undo()
            self._failed = not own
            raise (error if isinstance(error, SqlError) else translate(error)) from error
        except BaseException:
            self._undo()
            raise
        finally:
            if own:
                self._ended()

    def _forget(self) -> None:
        self._found.clear()
        self._tables.clear()

    def _start(self, *, writes: bool) -> None:
        if writes and not self._lock.held_by(self):
            self._lock.acquire(self, self._canceled)
        if not self._started:
            self.connection.execute("BEGIN")
            self._before = dict(self.temporary)
            self._started = True

    def _undo(self) -> None:
        if self._started:
            self._started = False
            self.temporary = self._before
            # DuckDB has already ended a transaction whose commit failed.
            with contextlib.suppress(duckdb.TransactionException):
                self.connection.execute("ROLLBACK")
        self._lock.release(self)

    def _ended(self) -> None:
        self._open = self._started = self._failed = False
        self._lock.release(self)

    def _refuse_after_failure(self) -> None:
        if self._failed:
            raise SqlError(
                "current transaction is aborted, commands ignored until end of transaction block",
                sqlstate="25P02",
            )

    def _dispatch(self, statement: Statement) -> Result:
        from etlocal.redshift.engines.duckdb import ddl, utility, writes

        if isinstance(statement, statements.Query):
            return queries.run(self, statement.tree)
        if isinstance(statement, statements.Explain):
            return queries.explain(self, statement.tree)
        for module in (writes, ddl, utility):
            handler = module.HANDLERS.get(type(statement))
            if handler is not None:
                result: Result = handler(self, statement)
                return result
        raise FeatureNotSupportedError(f"the statement {type(statement).__name__}")

    def prepared(self, tree: exp.Expr) -> tuple[exp.Expr, Columns]:
        """Copy, annotate and rewrite a query; gives DuckDB's tree and the query's columns."""
        copy = tree.copy()
        columns = Inference(self.columns_of).query(copy)
        return rewrite(copy, self.place), columns

    def columns_of(self, name: Name) -> Columns:
        """List a relation's columns and their types, for type inference."""
        found = self.find(name)
        if found is None:
            raise errors.undefined_relation(str(name))
        database, schema, relation = found
        table = self._kept(database, schema, relation)
        if table is not None:
            return [(column.name, column.type) for column in table.columns]
        target = ".".join(quote(part) for part in found)
        rows = self.connection.execute(f"DESCRIBE {target}").fetchall()
        return [(row[0], queries.type_from_duck(row[1])) for row in rows]

    def _kept(self, database: str, schema: str, relation: str) -> Table | None:
        if database == "temp":
            return self.temporary.get(relation)
        if database == "memory":
            return None
        key = (database, schema, relation)
        if key not in self._tables:
            self._tables[key] = catalog.read_table(self.connection, *key)
        return self._tables[key]

    def find(self, name: Name) -> tuple[str, str, str] | None:
        """Find a relation: DuckDB's catalog, schema and name of it; None if there is none.

        What was found is remembered until the statement ends.
        """
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _find(self, name: Name) -> tuple[str, str, str] | None:
        if name.schema == catalog.INTERNAL:
            return None
        if name.schema is None:
            if name.relation in self.temporary:
                return ("temp", "main", name.relation)
            for schema in self.search_path:
                if self._exists(self.database, schema, name.relation):
                    return (self.database, schema, name.relation)
        elif name.schema not in views.NAMES:
            database = name.database or self.database
            if self._exists(database, name.schema, name.relation):
                return (database, name.schema, name.relation)
            return None
        schema = name.schema or "pg_catalog"
        if name.relation in views.NAMES.get(schema, ()):
            return ("memory", views.place(self.database, schema), name.relation)
        return None

    def _exists(self, database: str, schema: str, relation: str) -> bool:
        if database not in self.engine.databases():
            raise SqlError(f'database "{database}" does not exist', sqlstate="3D000")
        if self._kept(database, schema, relation) is not None:
            return True
        query = (
            "SELECT 1 FROM duckdb_views() "
            "WHERE database_name = $1 AND schema_name = $2 AND view_name = $3"
        )
        row = self.connection.execute(query, [database, schema, relation]).fetchone()
        return row is not None

    def place(self, node: exp.Table) -> None:
        """Write a table's full name into a tree, unless it is a common table expression."""
        if not node.db and _is_cte(node):
            return
        name = Name(node.name, node.db or None, node.catalog or None)
        found = self.find(name)
        if found is None:
            raise errors.undefined_relation(str(name))
        if not node.args.get("alias"):
            node.set("alias", exp.TableAlias(this=exp.to_identifier(node.name)))
        for key, value in zip(("catalog", "db", "this"), found, strict=True):
            node.set(key, exp.to_identifier(value, quoted=True))

    def table(self, name: Name) -> Table:
        """Describe a table or view."""
        if not self._started:
            self._forget()
        found = self.find(name)
        if found is None:
            raise errors.undefined_relation(str(name))
        kept = self._kept(*found)
        if kept is not None:
            return kept
        shown = Name(found[2], name.schema or found[1], found[0])
        columns = tuple(
            statements.Column(column, kind or VARCHAR) for column, kind in self.columns_of(name)
        )
        return Table(shown, columns)

    def relations(self) -> list[Relation]:
        """List the tables and views."""
        where = f"memory.{quote(views.place(self.database, 'pg_catalog'))}"
        rows = self.connection.execute(
            f"SELECT schema_name, name, kind FROM {where}.relations ORDER BY ALL"
        ).fetchall()
        found = [Relation(*row) for row in rows]
        for schema, names in views.NAMES.items():
            found += [Relation(schema, name, "SYSTEM VIEW") for name in sorted(names)]
        return found

    def schemas(self) -> list[str]:
        """List the schemas."""
        rows = self.connection.execute(
            "SELECT schema_name FROM duckdb_schemas() WHERE database_name = ?", [self.database]
        ).fetchall()
        hidden = (catalog.INTERNAL, "main")
        return sorted({row[0] for row in rows if row[0] not in hidden} | set(views.NAMES))

    def load(self, load: Load) -> LoadResult:
        """Put files' rows into a table."""
        from etlocal.redshift.engines.duckdb.load import run

        self._canceled.clear()
        self._refuse_after_failure()
        with self.statement(writes=True):
            return run(self, load)

    def record_load_problems(self, load: Load, problems: Sequence[LoadProblem], query: int) -> None:
        """Keep problems in a transaction of their own."""
        from etlocal.redshift.engines.duckdb.load import record

        record(self, load, problems, query)

    def export(self, export: Export) -> list[ExportedFile]:
        """Write a query's rows to files."""
        from etlocal.redshift.engines.duckdb.export import run

        self._canceled.clear()
        self._refuse_after_failure()
        with self.statement(writes=False):
            return run(self, export)

    def interrupt(self) -> None:
        """Stop what the session is doing."""
        self._canceled.set()
        self._lock.wake()
        self.connection.interrupt()

    def close(self) -> None:
        """End the session."""
        self.rollback()
        self.connection.close()
        self.engine.released(self.database)


def _is_cte(node: exp.Table) -> bool:
    parent: exp.Expr | None = node.parent
    while parent is not None:
        clause = parent.args.get("with_")
        if clause is not None and any(cte.alias == node.name for cte in clause.expressions):
            return True
        parent = parent.parent
    return False
