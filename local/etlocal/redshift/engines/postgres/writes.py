"""INSERT, UPDATE, DELETE, MERGE, TRUNCATE and ALTER TABLE APPEND.

Values are brought to their column's type on the way in, as Redshift does it: a string that is too
long is an error, blanks at its end apart.

Source: Amazon Redshift Database Developer Guide, "INSERT", "UPDATE", "DELETE", "MERGE".
"""

# ruff: noqa: S608  names are quoted by `build.quote`, values by `build.quote_text` or bound
from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from etlocal.redshift.dialect import grammar, statements, types
from etlocal.redshift.dialect.infer import Inference
from etlocal.redshift.dialect.scope import Scope
from etlocal.redshift.dialect.statements import Column, Name, Table
from etlocal.redshift.dialect.types import SqlType
from etlocal.redshift.engines.base import Result
from etlocal.redshift.engines.postgres.build import call, cast, number, pg_type, quote, spread, sql
from etlocal.redshift.engines.postgres.context import SessionContext
from etlocal.redshift.engines.postgres.translate import rewrite, to_super
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError, undefined_column


def write(session: SessionContext, statement: statements.Write) -> Result:
    """Carry out INSERT, UPDATE, DELETE or MERGE."""
    tree = session.expanded(statement.tree.copy())
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    if not isinstance(target, exp.Table):
        raise SqlError("a table is expected", sqlstate="42601")
    table = session.table(_name(target))
    _refuse_views(session, table)
    if isinstance(tree, exp.Insert):
        return _insert(session, tree, table)
    if isinstance(tree, exp.Update):
        return _update(session, tree, table)
    if isinstance(tree, exp.Delete):
        return _run(session, _resolved(session, tree))
    if not isinstance(tree, exp.Merge):
        raise SqlError("INSERT, UPDATE, DELETE or MERGE is expected", sqlstate="42601")
    if statement.remove_duplicates:
        return _merge_simplified(session, tree, table)
    return _merge(session, tree, table)


def insert_rows(
    session: SessionContext,
    statement: statements.Write,
    names: Sequence[str],
    rows: Sequence[Sequence[str | None]],
) -> Result:
    """Insert rows by an INSERT of one row: its parameters become columns of all the values."""
    if any(value is not None and "\0" in value for row in rows for value in row):
        raise SqlError('invalid byte sequence for encoding "UTF8": 0x00', sqlstate="22021")
    tree = statement.tree.copy()
    assert isinstance(tree, exp.Insert)
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    table = session.table(_name(target))
    _refuse_views(session, table)
    return _insert(session, tree, table, names, json.dumps(rows, ensure_ascii=False))


def assigned(value: exp.Expr, column: Column, source: SqlType | None) -> exp.Expr:
    """Bring a value to a column's type, or fail as Redshift does."""
    kind = column.type
    if source == types.SUPER and kind != types.SUPER:
        value = call("rs_scalar", value)
    if kind == types.SUPER:
        return to_super(value, source)
    if kind.name == "varbyte":
        return call("rs_varbyte", value)
    plain = cast(value, pg_type(kind))
    if kind.name == "varchar" and kind.length:
        return call("rs_text", plain, number(kind.length))
    if kind.name == "bpchar":
        return call("rs_char", plain, number(kind.length or 1))
    return plain


def default_of(column: Column) -> exp.Expr:
    """Give a column's default as an expression."""
    if column.identity is not None:
        raise FeatureNotSupportedError("DEFAULT for an IDENTITY column; leave the column out")
    return grammar.parse_expression(column.default) if column.default else exp.Null()


def _insert(
    session: SessionContext,
    tree: exp.Insert,
    table: Table,
    names_given: Sequence[str] = (),
    rows: str | None = None,
) -> Result:
    source = tree.expression
    if source is None:
        return _insert_defaults(session, table)
    given = (
        [node.name for node in tree.this.expressions] if isinstance(tree.this, exp.Schema) else None
    )
    if isinstance(source, exp.Values):
        width = len(source.expressions[0].expressions)
        columns = _target_columns(table, given, width)
        _fill_defaults(source, columns)
    clause = tree.args.get("with_")
    if clause is not None:
        source.set("with_", clause)
    inference = Inference(session.columns_of)
    found = inference.query(source)
    columns = _target_columns(table, given, len(found))
    columns, kept = _without_identity(columns, source)
    inner = rewrite(source, session.place)
    if isinstance(inner, exp.Values):
        inner.set("alias", None)
    names = [f"c{i}" for i in range(len(found))]
    shown = [
        assigned(exp.column(names[i], quoted=True), column, found[i][1])
        for i, column in zip(kept, columns, strict=True)
    ]
    select = ", ".join(sql(node) for node in shown)
    query = (
        f"INSERT INTO {session.full_name(table)} ({', '.join(quote(c.name) for c in columns)}) "
        f"SELECT {select} FROM ({sql(inner) if rows is None else spread(inner, names_given)}) "
        f"AS q({', '.join(names)})"
    )
    return _affected(session, query, **({} if rows is None else {"rows": rows}))


def _insert_defaults(session: SessionContext, table: Table) -> Result:
    return _affected(session, f"INSERT INTO {session.full_name(table)} DEFAULT VALUES")


def _target_columns(table: Table, given: list[str] | None, width: int) -> list[Column]:
    if given is None:
        columns = list(table.columns)
        if width > len(columns):
            raise SqlError("INSERT has more expressions than target columns", sqlstate="42601")
        return columns[:width]
    found = []
    for name in given:
        column = table.column(name)
        if column is None:
            raise undefined_column(name, table.name.relation)
        found.append(column)
    if len(found) != width:
        more = (
            "expressions than target columns"
            if width > len(found)
            else ("target columns than expressions")
        )
        raise SqlError(f"INSERT has more {more}", sqlstate="42601")
    return found


def _is_default(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column | exp.Var) and node.name.upper() == "DEFAULT"


def _fill_defaults(values: exp.Values, columns: list[Column]) -> None:
    for row in values.expressions:
        for node, column in zip(list(row.expressions), columns, strict=False):
            if _is_default(node):
                if column.identity is None:
                    node.replace(default_of(column))
                else:
                    node.replace(exp.Placeholder(this=_IDENTITY))


_IDENTITY = "identity"


def _without_identity(columns: list[Column], source: exp.Expr) -> tuple[list[Column], list[int]]:
    """Leave out IDENTITY columns given as DEFAULT; refuse values for them."""
    kept = list(range(len(columns)))
    for index, column in enumerate(columns):
        if column.identity is None:
            continue
        rows = source.expressions if isinstance(source, exp.Values) else []
        marked = [_is_identity(row.expressions[index]) for row in rows]
        if marked and all(marked):
            kept.remove(index)
            for row in rows:
                row.expressions[index].replace(exp.Null())
        elif not column.identity_by_default or any(marked):
            raise SqlError(
                f'cannot set an identity column to a value: "{column.name}"', sqlstate="428C9"
            )
    return [columns[i] for i in kept], kept


def _is_identity(node: exp.Expr) -> bool:
    return isinstance(node, exp.Placeholder) and node.name == _IDENTITY


def _update(session: SessionContext, tree: exp.Update, table: Table) -> Result:
    scope = _scope(session, tree)
    for pair in tree.expressions:
        if not isinstance(pair, exp.EQ) or not isinstance(pair.this, exp.Column):
            raise SqlError("only SET column = value is supported", sqlstate="42601")
        _assign(session, pair, table, scope)
    return _run(session, _resolved(session, tree, scope))


def _assign(session: SessionContext, pair: exp.EQ, table: Table, scope: Scope) -> None:
    column = table.column(pair.this.name)
    if column is None:
        raise undefined_column(pair.this.name, table.name.relation)
    if column.identity is not None:
        raise SqlError(
            f'cannot set an identity column to a value: "{column.name}"', sqlstate="428C9"
        )
    if _is_default(pair.expression):
        pair.set("expression", default_of(column))
    kind = Inference(session.columns_of).expression(pair.expression, scope)
    # The wrapper is of the engine's making: it goes in after the rewriting, see `_resolved`.
    pair.meta["assign"] = (column, kind)
    pair.set("this", exp.column(column.name, quoted=True))


def _scope(session: SessionContext, tree: exp.Expr) -> Scope:
    scope = Scope()
    inference = Inference(session.columns_of)
    clause = tree.args.get("with_")
    for cte in clause.expressions if clause is not None else []:
        scope.ctes[cte.alias] = inference.query(cte.this, scope)
    for node in _sources(tree):
        inference.source(node, scope)
    for part in ("where", "on"):
        condition = tree.args.get(part)
        if isinstance(condition, exp.Expr):
            inference.expression(condition, scope)
    return scope


def _sources(tree: exp.Expr) -> list[exp.Expr]:
    found = [tree.this]
    source = tree.args.get("from_")
    if source is not None:
        found.append(source.this)
    using = tree.args.get("using")
    if using:
        found += using if isinstance(using, list) else [using]
    return found


def _resolved(session: SessionContext, tree: exp.Expr, scope: Scope | None = None) -> exp.Expr:
    if scope is None:
        _scope(session, tree)
    result = rewrite(tree, session.place)
    for pair in list(result.find_all(exp.EQ)):
        if "assign" in pair.meta:
            column, kind = pair.meta["assign"]
            value = assigned(pair.expression, column, kind)
            if isinstance(pair.this, exp.Null):
                pair.replace(value)
            else:
                pair.set("expression", value)
    return result


def _merge(session: SessionContext, tree: exp.Merge, table: Table) -> Result:
    scope = _scope(session, tree)
    inference = Inference(session.columns_of)
    for when in tree.args["whens"].expressions:
        if when.args.get("source"):
            raise SqlError("MERGE: WHEN NOT MATCHED BY SOURCE is not supported", sqlstate="0A000")
        then = when.args["then"]
        if isinstance(then, exp.Update):
            for pair in then.expressions:
                _assign(session, pair, table, scope)
        elif isinstance(then, exp.Insert):
            _merge_insert(then, table, scope, inference)
    return _run(session, _resolved(session, tree, scope))


def _merge_insert(then: exp.Insert, table: Table, scope: Scope, inference: Inference) -> None:
    named: list[str] | None = None
    if isinstance(then.expression, exp.Tuple):
        named = [node.name for node in then.this.expressions]
        rows = then.expression.expressions
    else:
        # Without a list of columns sqlglot reads VALUES (…) as a call.
        rows = then.this.expressions[0].expressions
    columns = _target_columns(table, named, len(rows))
    shown = []
    for node, column in zip(rows, columns, strict=True):
        value = default_of(column) if _is_default(node) else node.copy()
        kind = inference.expression(value, scope)
        wrapped = exp.EQ(this=exp.Null(), expression=value)
        wrapped.meta["assign"] = (column, kind)
        shown.append(wrapped)
    then.set("this", exp.Tuple(expressions=[exp.column(c.name, quoted=True) for c in columns]))
    then.set("expression", exp.Tuple(expressions=shown))


def _merge_simplified(session: SessionContext, tree: exp.Merge, table: Table) -> Result:
    """MERGE … REMOVE DUPLICATES: matched rows are replaced, what is inserted is distinct."""
    using = tree.args["using"]
    if not isinstance(using, exp.Table):
        raise FeatureNotSupportedError("MERGE … REMOVE DUPLICATES from a subquery")
    source = session.table(_name(using))
    if len(source.columns) != len(table.columns):
        raise SqlError(
            "MERGE … REMOVE DUPLICATES: source and target must have the same columns",
            sqlstate="42601",
        )
    delete = exp.Delete(
        this=tree.this.copy(), using=[using.copy()], where=exp.Where(this=tree.args["on"].copy())
    )
    _run(session, _resolved(session, delete))
    rows = exp.select("*").distinct().from_(using.copy())
    insert = exp.Insert(this=_bare(tree.this), expression=rows)
    return _insert(session, insert, table)


def _bare(node: exp.Expr) -> exp.Expr:
    copy = node.copy()
    copy.set("alias", None)
    return copy


def truncate(session: SessionContext, statement: statements.Truncate) -> Result:
    """Empty a table; the session commits afterwards."""
    table = session.table(statement.name)
    _refuse_views(session, table)
    session.connection.run(f"DELETE FROM {session.full_name(table)}")
    return Result()


def append(session: SessionContext, statement: statements.AppendTable) -> Result:
    """Move another table's rows."""
    target, source = session.table(statement.target), session.table(statement.source)
    common = [c for c in source.columns if target.column(c.name) is not None]
    if len(common) < len(source.columns) and not statement.ignore_extra:
        raise SqlError("Source table has columns that the target lacks; use IGNOREEXTRA")
    if len(common) < len(target.columns) and not statement.fill_target:
        raise SqlError("Target table has columns that the source lacks; use FILLTARGET")
    for column in common:
        other = target.column(column.name)
        if other is None or other.type != column.type:
            raise SqlError(f'Column "{column.name}" has another type in the target table')
    listed = ", ".join(quote(column.name) for column in common)
    moved = _affected(
        session,
        f"INSERT INTO {session.full_name(target)} ({listed}) "
        f"SELECT {listed} FROM {session.full_name(source)}",
    )
    session.connection.run(f"DELETE FROM {session.full_name(source)}")
    return moved


def _refuse_views(session: SessionContext, table: Table) -> None:
    if table.temporary:
        return
    if session.kind(table.name) in ("", "system"):
        raise SqlError(f"permission denied for relation {table.name.relation}", sqlstate="42501")
    if session.kind(table.name) == "view":
        raise SqlError(f"cannot change rows of the view {table.name.relation}", sqlstate="0A000")


def _name(node: exp.Table) -> Name:
    return Name(node.name, node.db or None, node.catalog or None)


def _run(session: SessionContext, tree: exp.Expr) -> Result:
    return _affected(session, sql(tree))


def _affected(session: SessionContext, query: str, **values: str) -> Result:
    return Result(affected=session.connection.run(query, **values))


HANDLERS: dict[type[statements.Statement], Callable[[SessionContext, Any], Result]] = {
    statements.Write: write,
    statements.Truncate: truncate,
    statements.AppendTable: append,
}
