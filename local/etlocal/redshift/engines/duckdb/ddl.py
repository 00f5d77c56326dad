"""CREATE and DROP.

Source: Amazon Redshift Database Developer Guide, "CREATE TABLE", "CREATE TABLE AS",
"CREATE VIEW", "DROP TABLE", "DROP SCHEMA".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlglot import exp

from etlocal.redshift.dialect import grammar, statements, tables
from etlocal.redshift.dialect.infer import Inference
from etlocal.redshift.dialect.scope import Scope
from etlocal.redshift.dialect.statements import Column, Name, Table
from etlocal.redshift.dialect.types import MAX_VARCHAR, SqlType
from etlocal.redshift.engines.base import Result
from etlocal.redshift.engines.duckdb import catalog
from etlocal.redshift.engines.duckdb.build import duck_type, quote, sql
from etlocal.redshift.engines.duckdb.context import SessionContext
from etlocal.redshift.engines.duckdb.duck_types import aligned, refine, type_from_duck
from etlocal.redshift.engines.duckdb.translate import rewrite
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError, undefined_schema

_RESERVED_SCHEMAS = ("pg_catalog", "information_schema", "main", catalog.INTERNAL)


def create_table(session: SessionContext, statement: statements.CreateTable) -> Result:
    """Make a table; its attributes are kept in the catalog."""
    table = _located(session, statement.table)
    if _taken(session, table, if_not_exists=statement.if_not_exists):
        return Result()
    if statement.like is not None:
        source = session.table(statement.like)
        copied = tuple(
            replace(
                column,
                default=column.default if statement.like_defaults else None,
                identity=None,
            )
            for column in source.columns
        )
        table = replace(
            table,
            columns=copied + table.columns,
            diststyle=source.diststyle,
            sortstyle=source.sortstyle,
        )
    _make(session, table)
    return Result()


def create_table_as(session: SessionContext, statement: statements.CreateTableAs) -> Result:
    """Make a table of a query's rows."""
    table = _located(session, statement.table)
    if _taken(session, table, if_not_exists=statement.if_not_exists):
        return Result()
    tree, inferred = session.prepared(statement.query)
    query = sql(tree)
    described = session.connection.execute(f"DESCRIBE {query}").fetchall()
    inferred = aligned(inferred, len(described))
    columns = []
    for index, row in enumerate(described):
        known = inferred[index] if index < len(inferred) else (row[0], None)
        name = statement.names[index] if index < len(statement.names) else known[0]
        if name == "?column?":
            raise SqlError("CREATE TABLE AS: every column needs a name", sqlstate="42601")
        kind = refine(type_from_duck(row[1]) or SqlType("varchar"), known[1])
        if kind.is_text and not kind.length:
            kind = SqlType("varchar", length=MAX_VARCHAR)
        columns.append(Column(name, kind, encoding=tables.default_encoding(kind)))
    seen = [column.name for column in columns]
    for name in seen:
        if seen.count(name) > 1:
            raise SqlError(f'column "{name}" specified more than once', sqlstate="42701")
    table = replace(table, columns=_keyed(columns, statement))
    _make(session, table)
    target = session.full_name(table)
    written = session.connection.execute(f"INSERT INTO {target} {query}").fetchone()
    return Result(affected=int(written[0]) if written else 0)


def _keyed(columns: list[Column], statement: statements.CreateTableAs) -> tuple[Column, ...]:
    """Mark the columns that DISTKEY and SORTKEY name."""
    known = [column.name for column in columns]
    for name in (*statement.sortkeys, *([statement.distkey] if statement.distkey else [])):
        if name not in known:
            raise SqlError(f'column "{name}" named in key does not exist', sqlstate="42703")
    return tuple(
        replace(
            column,
            distkey=column.name == statement.distkey,
            sortkey=statement.sortkeys.index(column.name) + 1
            if column.name in statement.sortkeys
            else 0,
        )
        for column in columns
    )


def _located(session: SessionContext, table: Table) -> Table:
    if table.temporary:
        return replace(table, name=Name(table.name.relation))
    if not session.search_path and table.name.schema is None:
        raise SqlError("no schema has been selected to create in", sqlstate="3F000")
    schema = table.name.schema or session.search_path[0]
    if table.name.database not in (None, session.database):
        raise SqlError(
            f"cross-database reference to database {table.name.database} is not supported",
            sqlstate="0A000",
        )
    if schema in _RESERVED_SCHEMAS or schema not in session.schemas():
        raise undefined_schema(schema)
    return replace(table, name=Name(table.name.relation, schema, session.database))


def _taken(session: SessionContext, table: Table, *, if_not_exists: bool) -> bool:
    if table.temporary:
        taken = table.name.relation in session.temporary
    else:
        taken = session.find(table.name) is not None
    if taken and not if_not_exists:
        raise SqlError(f'Relation "{table.name.relation}" already exists', sqlstate="42P07")
    return taken


def _make(session: SessionContext, table: Table) -> None:
    parts = [column_definition(session, table, column) for column in table.columns]
    word = "TEMP TABLE" if table.temporary else "TABLE"
    session.connection.execute(f"CREATE {word} {session.full_name(table)} ({', '.join(parts)})")
    if table.temporary:
        session.temporary[table.name.relation] = table
    else:
        catalog.write_table(session.connection, session.database, table)


def column_definition(session: SessionContext, table: Table, column: Column) -> str:
    text = f"{quote(column.name)} {duck_type(column.type)}"
    if column.identity is not None:
        text += f" DEFAULT nextval({_sequence(session, table, column)})"
    elif column.default is not None:
        text += f" DEFAULT {_default(session, column)}"
    return text if column.nullable else f"{text} NOT NULL"


def _default(session: SessionContext, column: Column) -> str:
    tree = grammar.parse_expression(str(column.default))
    Inference(session.columns_of).expression(tree, Scope())
    return f"({sql(rewrite(tree, session.place))})"


def _sequence(session: SessionContext, table: Table, column: Column) -> str:
    seed, step = column.identity or (0, 1)
    if table.temporary:
        place, owner = "temp.main", "temp"
    else:
        place, owner = f"{quote(session.database)}.{catalog.INTERNAL}", str(table.name.schema)
    name = f"{place}.{quote(f'{owner}.{table.name.relation}.{column.name}')}"
    word = "TEMP SEQUENCE" if table.temporary else "SEQUENCE"
    low, high = (-(2**63), 2**63 - 1)
    session.connection.execute(
        f"CREATE OR REPLACE {word} {name} START {seed} INCREMENT {step} "
        f"MINVALUE {low} MAXVALUE {high}"
    )
    return "'" + name.replace("'", "''") + "'"


def create_view(session: SessionContext, statement: statements.CreateView) -> Result:
    """Make a view; one with schema binding holds what it reads in place."""
    located = _located(session, Table(statement.name, ()))
    name = located.name
    found = session.find(name)
    if found is not None and not statement.replace:
        raise SqlError(f'Relation "{name.relation}" already exists', sqlstate="42P07")
    sources = _sources(session, statement.query) if statement.binding else []
    try:
        tree, columns = session.prepared(statement.query)
    except SqlError as error:
        if statement.binding or error.sqlstate != "42P01":
            raise
        raise FeatureNotSupportedError(
            f"a view without schema binding over a relation that is not there yet ({error.message})"
        ) from error
    given = statement.names or tuple(column for column, _ in columns)
    listed = ", ".join(quote(column) for column in given)
    session.connection.execute(
        f"CREATE OR REPLACE VIEW {session.full_name(located)} ({listed}) AS {sql(tree)}"
    )
    catalog.write_view(session.connection, session.database, name, sources)
    return Result()


def _sources(session: SessionContext, query: exp.Expr) -> list[Name]:
    found = []
    for node in query.find_all(exp.Table):
        place = session.find(Name(node.name, node.db or None, node.catalog or None))
        if place is not None and place[0] == session.database:
            found.append(Name(place[2], place[1], place[0]))
    return found


def create_schema(session: SessionContext, statement: statements.CreateSchema) -> Result:
    """Make a schema."""
    if statement.name in session.schemas() or statement.name in _RESERVED_SCHEMAS:
        if statement.if_not_exists:
            return Result()
        raise SqlError(f'schema "{statement.name}" already exists', sqlstate="42P06")
    session.connection.execute(f"CREATE SCHEMA {quote(session.database)}.{quote(statement.name)}")
    return Result()


def drop(session: SessionContext, statement: statements.Drop) -> Result:
    """Drop tables, views or schemas."""
    for name in statement.names:
        if statement.what == "schema":
            _drop_schema(session, name.relation, statement)
        else:
            _drop_relation(session, name, statement)
    return Result()


def _drop_schema(session: SessionContext, name: str, statement: statements.Drop) -> None:
    if name in _RESERVED_SCHEMAS or name not in session.schemas():
        if statement.if_exists:
            return
        raise undefined_schema(name)
    inside = [relation for relation in session.relations() if relation.schema == name]
    if inside and not statement.cascade:
        raise SqlError(
            f"cannot drop schema {name} because other objects depend on it", sqlstate="2BP01",
            detail="Use DROP ... CASCADE to drop the dependent objects too.",
        )  # fmt: skip
    for relation in inside:
        _forget(session, Name(relation.name, name, session.database))
    session.connection.execute(f"DROP SCHEMA {quote(session.database)}.{quote(name)} CASCADE")


def _drop_relation(session: SessionContext, name: Name, statement: statements.Drop) -> None:
    found = session.find(name)
    if found is None or found[0] == "memory":
        if statement.if_exists:
            return
        word = "Table" if statement.what == "table" else "View"
        raise SqlError(f'{word} "{name}" does not exist', sqlstate="42P01")
    if found[0] == "temp":
        session.connection.execute(f"DROP TABLE temp.main.{quote(found[2])}")
        del session.temporary[found[2]]
        return
    place = Name(found[2], found[1], found[0])
    is_table = catalog.read_table(session.connection, session.database, found[1], found[2])
    if (is_table is not None) != (statement.what == "table"):
        wanted = "table" if statement.what == "table" else "view"
        raise SqlError(f'"{name.relation}" is not a {wanted}', sqlstate="42809")
    for view in catalog.views_of(session.connection, session.database, place):
        if not statement.cascade:
            raise SqlError(
                f"cannot drop {statement.what} {name} because other objects depend on it",
                sqlstate="2BP01",
                detail=f"view {view.schema}.{view.relation} depends on {statement.what} {name}. "
                "Use DROP ... CASCADE to drop the dependent objects too.",
            )
        _drop_relation(
            session, view, statements.Drop("view", (view,), if_exists=True, cascade=True)
        )
    word = statement.what.upper()
    target = ".".join(quote(part) for part in found)
    session.connection.execute(f"DROP {word} {target}")
    _forget(session, place)


def _forget(session: SessionContext, name: Name) -> None:
    catalog.forget_table(session.connection, session.database, name)
    catalog.write_view(session.connection, session.database, name, [])


def database(session: SessionContext, statement: statements.CreateDatabase) -> Result:
    """Make a database."""
    if session.in_transaction:
        raise SqlError("CREATE DATABASE cannot run inside a transaction block", sqlstate="25001")
    session.instance.create_database(statement.name)
    return Result()


def _drop_any(session: SessionContext, statement: statements.Drop) -> Result:
    if statement.what != "database":
        return drop(session, statement)
    if session.in_transaction:
        raise SqlError("DROP DATABASE cannot run inside a transaction block", sqlstate="25001")
    session.instance.drop_database(statement.names[0].relation)
    return Result()


HANDLERS: dict[type[statements.Statement], Callable[[SessionContext, Any], Result]] = {
    statements.CreateTable: create_table,
    statements.CreateTableAs: create_table_as,
    statements.CreateView: create_view,
    statements.CreateSchema: create_schema,
    statements.CreateDatabase: database,
    statements.Drop: _drop_any,
}
