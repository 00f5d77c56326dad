"""What a statement may use of its session: the connection, its settings and names.

The handlers of statements stand on this; the session that calls them stands on both.
"""

# ruff: noqa: S608  names are quoted by `build.quote`, values by `build.quote_text` or bound
from __future__ import annotations

import duckdb
from sqlglot import exp

from etlocal.redshift import errors
from etlocal.redshift.dialect.infer import Inference
from etlocal.redshift.dialect.scope import Columns
from etlocal.redshift.dialect.statements import Column, Name, Table
from etlocal.redshift.dialect.types import VARCHAR
from etlocal.redshift.engines.base import EngineSession, Relation
from etlocal.redshift.engines.duckdb import catalog, views
from etlocal.redshift.engines.duckdb.build import quote, quote_text
from etlocal.redshift.engines.duckdb.duck_types import type_from_duck
from etlocal.redshift.engines.duckdb.instance import Instance
from etlocal.redshift.engines.duckdb.translate import rewrite
from etlocal.redshift.errors import SqlError


class SessionContext(EngineSession):
    """A session without its statements and transactions.

    Attributes
    ----------
    search_path : tuple of str
        The schemas in which a name without one is looked for; `use` takes a change up.
    settings : dict
        What SET has set.
    temporary : dict
        The session's temporary tables.
    """

    def __init__(
        self,
        instance: Instance,
        connection: duckdb.DuckDBPyConnection,
        database: str,
        user: str,
        pid: int,
    ) -> None:
        self.instance = instance
        self.connection = connection
        self.database = database
        self.user = user
        self.pid = pid
        self.search_path: tuple[str, ...] = ("public",)
        self.settings: dict[str, str] = {}
        self.temporary: dict[str, Table] = {}
        self._found: dict[Name, tuple[str, str, str] | None] = {}
        self._tables: catalog.Tables = instance.tables
        self.use()

    def use(self) -> None:
        """Bring DuckDB's search path to the session's."""
        schemas = [f"{quote(self.database)}.{quote(schema)}" for schema in self.search_path]
        path = ",".join([*schemas, "memory.main"])
        self.connection.execute(f"USE {quote(self.database)}.public")
        self.connection.execute(f"SET search_path = {quote_text(path)}")

    def set_timezone(self, name: str) -> None:
        """Show moments in another time zone."""
        self.connection.execute(f"SET TimeZone = {quote_text(name)}")

    def remember(self, tables: catalog.Tables) -> None:
        """Forget what was found for the statement before, and take up what is known of tables."""
        self._found.clear()
        self._tables = tables

    def full_name(self, table: Table) -> str:
        """Give the name by which DuckDB knows a table of this session's database."""
        if table.temporary:
            return f"temp.main.{quote(table.name.relation)}"
        return ".".join(
            quote(part) for part in (self.database, str(table.name.schema), table.name.relation)
        )

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
        return [(row[0], type_from_duck(row[1])) for row in rows]

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
        if database not in self.instance.databases():
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
        found = self.find(name)
        if found is None:
            raise errors.undefined_relation(str(name))
        kept = self._kept(*found)
        if kept is not None:
            return kept
        shown = Name(found[2], name.schema or found[1], found[0])
        columns = tuple(Column(column, kind or VARCHAR) for column, kind in self.columns_of(name))
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


def _is_cte(node: exp.Table) -> bool:
    parent: exp.Expr | None = node.parent
    while parent is not None:
        clause = parent.args.get("with_")
        if clause is not None and any(cte.alias == node.name for cte in clause.expressions):
            return True
        parent = parent.parent
    return False
