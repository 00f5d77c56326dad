"""CREATE and DROP.

Source: Amazon Redshift Database Developer Guide, "CREATE TABLE", "CREATE TABLE AS",
"CREATE VIEW", "DROP TABLE", "DROP SCHEMA".
"""

# ruff: noqa: S608  names are quoted by `build.quote`, values by `build.quote_text`
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlglot import exp

from etlocal.redshift.dialect import grammar, statements, tables
from etlocal.redshift.dialect.infer import Inference, type_of
from etlocal.redshift.dialect.scope import Scope
from etlocal.redshift.dialect.statements import Column, Name, Table
from etlocal.redshift.dialect.types import MAX_VARCHAR, SqlType
from etlocal.redshift.engines.base import Result
from etlocal.redshift.engines.postgres import catalog, views
from etlocal.redshift.engines.postgres.build import column_type, quote, quote_text, sql
from etlocal.redshift.engines.postgres.context import SessionContext
from etlocal.redshift.engines.postgres.pg_types import aligned, refine, type_from_pg
from etlocal.redshift.engines.postgres.translate import rewrite
from etlocal.redshift.engines.postgres.writes import assigned
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError, undefined_schema

_RESERVED_SCHEMAS = ("pg_catalog", "information_schema", "pg_internal", *views.HIDDEN)


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
    described = session.described(query)
    inferred = aligned(inferred, len(described))
    columns = []
    for index, row in enumerate(described):
        known = inferred[index] if index < len(inferred) else (row[0], None)
        name = statement.names[index] if index < len(statement.names) else known[0]
        if name == "?column?":
            raise SqlError("CREATE TABLE AS: every column needs a name", sqlstate="42601")
        kind = refine(type_from_pg(row[1], row[2]) or SqlType("varchar"), known[1])
        if kind.name == "numeric" and not kind.precision:
            raise FeatureNotSupportedError(
                f"CREATE TABLE AS: the scale of {name} is not known on PostgreSQL; add a cast: it"
            )
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
    return Result(affected=session.connection.run(f"INSERT INTO {target} {query}"))


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
        taken = session.kind(table.name) not in ("", "temporary", "system")
    if taken and not if_not_exists:
        raise SqlError(f'Relation "{table.name.relation}" already exists', sqlstate="42P07")
    return taken


def _make(session: SessionContext, table: Table) -> None:
    parts = [column_definition(session, column) for column in table.columns]
    word = "TEMP TABLE" if table.temporary else "TABLE"
    session.connection.run(f"CREATE {word} {session.full_name(table)} ({', '.join(parts)})")
    if table.temporary:
        session.temporary[table.name.relation] = table
    else:
        catalog.write_table(session.connection, table)
    session.forget()


def column_definition(session: SessionContext, column: Column) -> str:
    """Write a column as PostgreSQL's CREATE TABLE has it."""
    text = f"{quote(column.name)} {column_type(column.type)}"
    if column.identity is not None:
        text += f" {_identity(column)}"
    elif column.default is not None:
        text += f" DEFAULT {_default(session, column)}"
    return text if column.nullable else f"{text} NOT NULL"


def _default(session: SessionContext, column: Column) -> str:
    tree = grammar.parse_expression(str(column.default))
    Inference(session.columns_of).expression(tree, Scope())
    value = assigned(rewrite(tree, session.place), column, type_of(tree))
    return f"({sql(value)})"


def _identity(column: Column) -> str:
    seed, step = column.identity or (0, 1)
    low, high = (-(2**31), 2**31 - 1) if column.type.name == "int4" else (-(2**63), 2**63 - 1)
    return (
        f"GENERATED BY DEFAULT AS IDENTITY (START {seed} INCREMENT {step} "
        f"MINVALUE {low} MAXVALUE {high})"
    )


def create_view(session: SessionContext, statement: statements.CreateView) -> Result:
    """Make a view; one with schema binding holds what it reads in place."""
    located = _located(session, Table(statement.name, ()))
    name = located.name
    kind = session.kind(name)
    if kind and not statement.replace:
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
    query = sql(tree)
    described = session.described(query)
    columns = aligned(columns, len(described)) or [(row[0], None) for row in described]
    given = statement.names or tuple(column for column, _ in columns)
    kept = []
    for index, row in enumerate(described):
        kind_of = refine(type_from_pg(row[1], row[2]) or SqlType("varchar"), columns[index][1])
        column = given[index] if index < len(given) else columns[index][0]
        kept.append(Column(column, kind_of))
    if kind == "view":
        # Redshift replaces a view by one with other columns too, which PostgreSQL refuses.
        session.connection.run(f"DROP VIEW {session.full_name(located)}")
    listed = ", ".join(quote(column) for column in given)
    text = query if statement.binding else _never(name, kept)
    session.connection.run(f"CREATE VIEW {session.full_name(located)} ({listed}) AS {text}")
    definition = None if statement.binding else statement.text
    catalog.write_table(session.connection, Table(name, tuple(kept)), "VIEW", definition)
    catalog.write_view(session.connection, name, sources)
    session.forget()
    return Result()


def _never(name: Name, columns: list[Column]) -> str:
    """Stand for a view without schema binding in PostgreSQL's catalog; reading it there fails."""
    shown = ", ".join(f"CAST(NULL AS {column_type(column.type)})" for column in columns)
    message = f"{name} is a view without schema binding: read it through Redshift"
    return (
        f"SELECT {shown} FROM (SELECT 1 AS one) AS s "
        f"WHERE {catalog.INTERNAL}.rs_refuse({quote_text(message)}, '0A000') IS NULL"
    )


def _sources(session: SessionContext, query: exp.Expr) -> list[Name]:
    found = []
    for node in query.find_all(exp.Table):
        place = session.find(Name(node.name, node.db or None, node.catalog or None))
        if place is not None and place.kind in ("table", "view"):
            found.append(Name(place.place[1], place.place[0], session.database))
    return found


def create_schema(session: SessionContext, statement: statements.CreateSchema) -> Result:
    """Make a schema."""
    if statement.name in session.schemas() or statement.name in _RESERVED_SCHEMAS:
        if statement.if_not_exists:
            return Result()
        raise SqlError(f'schema "{statement.name}" already exists', sqlstate="42P06")
    session.connection.run(f"CREATE SCHEMA {quote(statement.name)}")
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
    session.connection.run(f"DROP SCHEMA {quote(name)} CASCADE")


def _drop_relation(session: SessionContext, name: Name, statement: statements.Drop) -> None:
    found = session.find(name)
    if found is None or found.kind == "system":
        if statement.if_exists:
            return
        word = "Table" if statement.what == "table" else "View"
        raise SqlError(f'{word} "{name}" does not exist', sqlstate="42P01")
    target = f"{quote(found.place[0])}.{quote(found.place[1])}"
    if found.kind == "temporary":
        session.connection.run(f"DROP TABLE {target}")
        del session.temporary[found.place[1]]
        session.forget()
        return
    place = Name(found.place[1], found.place[0], session.database)
    if found.kind != statement.what:
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
    session.connection.run(f"DROP {statement.what.upper()} {target}")
    _forget(session, place)


def _forget(session: SessionContext, name: Name) -> None:
    catalog.forget_table(session.connection, name)
    catalog.write_view(session.connection, name, [])
    session.forget()


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
