"""What a statement may use of its session: the connection, its settings and names.

The handlers of statements stand on this; the session that calls them stands on both.
"""

# ruff: noqa: S608  names are quoted by `build.quote`, values by `build.quote_text` or bound
from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from etlocal.redshift import errors
from etlocal.redshift.dialect import statements
from etlocal.redshift.dialect.infer import Inference
from etlocal.redshift.dialect.parser import parse
from etlocal.redshift.dialect.scope import Columns
from etlocal.redshift.dialect.statements import Column, Name, Table
from etlocal.redshift.dialect.types import VARCHAR
from etlocal.redshift.engines.base import EngineSession, Relation
from etlocal.redshift.engines.postgres import catalog, views
from etlocal.redshift.engines.postgres.build import quote, quote_text
from etlocal.redshift.engines.postgres.connection import Connection
from etlocal.redshift.engines.postgres.instance import Instance
from etlocal.redshift.engines.postgres.pg_types import type_from_pg
from etlocal.redshift.engines.postgres.translate import rewrite
from etlocal.redshift.errors import SqlError

_TEMPORARY = "pg_temp"
_SYSTEM = tuple(views.NAMES)


@dataclass(frozen=True)
class Found:
    """A relation that a name leads to.

    Attributes
    ----------
    place : tuple of (str, str)
        PostgreSQL's schema and name of it.
    kind : str
        ``table``, ``view``, ``system`` or ``temporary``.
    table : Table or None
        What is kept of it; None for what another client made, and for system views.
    definition : str
        The text of a view without schema binding.
    """

    place: tuple[str, str]
    kind: str
    table: Table | None = None
    definition: str = ""


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
    cursors : set
        The cursors of results that are not read to their ends.
    """

    def __init__(
        self, instance: Instance, connection: Connection, database: str, user: str, pid: int
    ) -> None:
        self.instance = instance
        self.connection = connection
        self.database = database
        self.user = user
        self.pid = pid
        self.search_path: tuple[str, ...] = ("public",)
        self.settings: dict[str, str] = {}
        self.temporary: dict[str, Table] = {}
        self.cursors: set[str] = set()
        self._found: dict[Name, Found | None] = {}
        self.use()

    def use(self) -> None:
        """Bring the server's search path to the session's; etlocal's functions are behind it."""
        path = ", ".join(quote(schema) for schema in (*self.search_path, catalog.INTERNAL))
        self.connection.rows(f"SELECT set_config('search_path', {quote_text(path)}, false)")

    def set_timezone(self, name: str) -> None:
        """Show moments in another time zone."""
        self.connection.rows(f"SELECT set_config('TimeZone', {quote_text(name)}, false)")

    def close_cursors(self) -> None:
        """Give up the results that are not read to their ends."""
        while self.cursors:
            self.connection.run(f"CLOSE {self.cursors.pop()}")

    def forget(self) -> None:
        """Forget what was found for the statement before."""
        self._found.clear()

    def full_name(self, table: Table) -> str:
        """Give the name by which PostgreSQL knows a table of this session's database."""
        schema = _TEMPORARY if table.temporary else str(table.name.schema)
        return f"{quote(schema)}.{quote(table.name.relation)}"

    def prepared(self, tree: exp.Expr) -> tuple[exp.Expr, Columns]:
        """Copy, annotate and rewrite a query; gives PostgreSQL's tree and the query's columns."""
        copy = self.expanded(tree.copy())
        columns = Inference(self.columns_of).query(copy)
        return rewrite(copy, self.place), columns

    def expanded(self, tree: exp.Expr) -> exp.Expr:
        """Put the queries of views without schema binding in place of their names; gives the root.

        PostgreSQL binds every view: these are bound here, each time they are read.
        """
        for node in list(tree.find_all(exp.Table)):
            if (not node.db and _is_cte(node)) or not isinstance(node.parent, exp.From | exp.Join):
                continue
            found = self.find(Name(node.name, node.db or None, node.catalog or None))
            if found is None or not found.definition:
                continue
            view = parse(found.definition)
            assert isinstance(view, statements.CreateView)
            inner = exp.Subquery(this=self.expanded(view.query), alias=_shown(view, node))
            inner.set("joins", node.args.get("joins"))
            node.replace(inner)
        return tree

    def described(self, query: str) -> list[tuple[str, int, int]]:
        """Give the columns of PostgreSQL's query without its rows, as `Connection.columns`."""
        return self.connection.described(query)

    def columns_of(self, name: Name) -> Columns:
        """List a relation's columns and their types, for type inference."""
        found = self.find(name)
        if found is None:
            raise errors.undefined_relation(str(name))
        if found.table is not None:
            return [(column.name, column.type) for column in found.table.columns]
        schema, relation = found.place
        rows = self.described(f"SELECT * FROM {quote(schema)}.{quote(relation)}")
        return [(row[0], type_from_pg(row[1], row[2])) for row in rows]

    def find(self, name: Name) -> Found | None:
        """Find a relation; None if there is none.

        What was found is remembered until the statement ends.

        Raises
        ------
        SqlError
            If it is in another database: PostgreSQL reads one database at a time.
        """
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _find(self, name: Name) -> Found | None:
        if name.database not in (None, self.database):
            if name.database not in self.instance.databases():
                raise SqlError(f'database "{name.database}" does not exist', sqlstate="3D000")
            raise errors.FeatureNotSupportedError(
                f"a query across databases ({name}) on PostgreSQL"
            )
        if name.schema is None and name.relation in self.temporary:
            table = self.temporary[name.relation]
            return Found((_TEMPORARY, name.relation), "temporary", table)
        schemas = self.search_path if name.schema is None else (name.schema,)
        shown = [schema for schema in schemas if not _hidden(schema)]
        found = catalog.find(self.connection, self.database, shown, name.relation)
        if found is not None:
            kind = "view" if found[1] else "table"
            return Found((found[0], name.relation), kind, found[2], found[3])
        schema = name.schema or "pg_catalog"
        if name.relation in views.NAMES.get(schema, ()):
            return Found((views.place(schema), name.relation), "system")
        return None

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
        node.set("catalog", None)
        for key, value in zip(("db", "this"), found.place, strict=True):
            node.set(key, exp.to_identifier(value, quoted=True))

    def table(self, name: Name) -> Table:
        """Describe a table or view."""
        found = self.find(name)
        if found is None:
            raise errors.undefined_relation(str(name))
        if found.table is not None:
            return found.table
        shown = Name(found.place[1], name.schema or found.place[0], self.database)
        columns = tuple(Column(column, kind or VARCHAR) for column, kind in self.columns_of(name))
        return Table(shown, columns)

    def kind(self, name: Name) -> str:
        """Say what a relation is, see `Found`; empty if there is none."""
        found = self.find(name)
        return found.kind if found is not None else ""

    def relations(self) -> list[Relation]:
        """List the tables and views."""
        rows = self.connection.rows(
            f"SELECT schema_name, name, kind FROM {views.place('pg_catalog')}.relations "
            "ORDER BY schema_name, name, kind"
        )
        found = [Relation(str(row[0]), str(row[1]), str(row[2])) for row in rows]
        for schema, names in views.NAMES.items():
            found += [Relation(schema, name, "SYSTEM VIEW") for name in sorted(names)]
        return found

    def schemas(self) -> list[str]:
        """List the schemas."""
        rows = self.connection.rows(
            f"SELECT schema_name FROM {views.place('pg_catalog')}.svv_all_schemas"
        )
        return sorted({str(row[0]) for row in rows} | set(_SYSTEM))


def _shown(view: statements.CreateView, node: exp.Table) -> exp.TableAlias:
    given = node.alias_column_names or list(view.names)
    return exp.TableAlias(
        this=exp.to_identifier(node.alias_or_name),
        columns=[exp.to_identifier(name) for name in given],
    )


def _hidden(schema: str) -> bool:
    return schema in views.HIDDEN or schema in _SYSTEM or schema.startswith("pg_")


def _is_cte(node: exp.Table) -> bool:
    parent: exp.Expr | None = node.parent
    while parent is not None:
        clause = parent.args.get("with_")
        if clause is not None and any(cte.alias == node.name for cte in clause.expressions):
            return True
        parent = parent.parent
    return False
