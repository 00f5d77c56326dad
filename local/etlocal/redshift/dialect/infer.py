"""The types of a query's expressions, in Redshift's rules.

What a division, an average or a sum gives depends on the types it is made of, and the text alone
does not say them. The type of every expression is left in its ``meta`` under `KEY` (absent where
it is not known); the result is the query's columns.

Source: Amazon Redshift Database Developer Guide, "Computations with numeric values".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

from etlocal.redshift.dialect import names, types
from etlocal.redshift.dialect.functions import FUNCTIONS, common
from etlocal.redshift.dialect.scope import Columns, Scope, Typed, find_super_path
from etlocal.redshift.dialect.statements import Name
from etlocal.redshift.dialect.types import SqlType
from etlocal.redshift.errors import SqlError

KEY = "redshift_type"
# On a SELECT: its columns. On a name: that it means an expression of the same SELECT list.
COLUMNS = "redshift_columns"
LATERAL_ALIAS = "redshift_lateral_alias"
Lookup = Callable[[Name], Columns]

_PREDICATES = (
    exp.Predicate,
    exp.And,
    exp.Or,
    exp.Not,
    exp.Exists,
    exp.RegexpLike,
    exp.RegexpILike,
    exp.SimilarTo,
)
_MAX_PRECISION = 38


def type_of(node: exp.Expr) -> Typed:
    """Give the type that was left on a node."""
    kind = node.meta.get(KEY)
    return kind if isinstance(kind, SqlType) else None


class Inference:
    """Leaves types on trees.

    Parameters
    ----------
    lookup : callable
        Gives the columns of a relation, or raises that there is no such relation.
    """

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def query(self, tree: exp.Expr, outer: Scope | None = None) -> Columns:
        """Annotate a query and give its columns."""
        scope = Scope(outer=outer)
        for cte in _ctes(tree):
            self._cte(cte, scope)
        if isinstance(tree, exp.Subquery):
            columns = self.query(tree.this, scope)
        elif isinstance(tree, exp.SetOperation):
            left = self.query(tree.left, scope)
            right = self.query(tree.right, scope)
            columns = [
                (name, common([kind, other]))
                for (name, kind), (_, other) in zip(left, right, strict=False)
            ]
        elif isinstance(tree, exp.Values):
            columns = self._values(tree, scope)
        elif isinstance(tree, exp.Select):
            return self._select(tree, scope)
        else:
            columns = []
        scope.aliases.update(dict(columns))
        for part in ("order", "limit", "offset"):
            if isinstance(tree.args.get(part), exp.Expr):
                self.expression(tree.args[part], scope)
        return columns

    def source(self, node: exp.Expr, scope: Scope) -> None:
        """Annotate one relation of a FROM clause and enter it in the scope."""
        alias = node.alias_or_name
        if isinstance(node, exp.Table):
            columns = self._table(node, scope)
        elif isinstance(node, exp.Subquery | exp.Values | exp.Query):
            columns = self.query(node, scope)
        elif isinstance(node, exp.Lateral):
            raise SqlError("LATERAL is not supported", sqlstate="0A000")
        else:
            raise SqlError(
                f"a relation of this form is not supported: {node.sql(dialect='redshift')}",
                sqlstate="0A000",
            )
        aliased = node.args.get("alias")
        if isinstance(aliased, exp.TableAlias) and aliased.columns:
            given = [column.name for column in aliased.columns]
            columns = [
                (given[i] if i < len(given) else name, kind)
                for i, (name, kind) in enumerate(columns)
            ]
        scope.sources[alias] = columns
        for join in node.args.get("joins") or []:
            self._join(join, scope)

    def expression(self, node: exp.Expr, scope: Scope) -> Typed:
        """Annotate an expression and give its type."""
        if isinstance(node, exp.Query):
            columns = self.query(node, scope)
            kind = columns[0][1] if columns else None
        else:
            children = [self.expression(child, scope) for child in _children(node)]
            kind = self._type(node, scope, children)
        if kind is not None:
            node.meta[KEY] = kind
        return kind

    def _cte(self, cte: exp.Expr, scope: Scope) -> None:
        body = cte.this
        if isinstance(body, exp.SetOperation) and _mentions(body, cte.alias):
            scope.ctes[cte.alias] = _named(cte, self.query(body.left.copy(), scope))
        scope.ctes[cte.alias] = _named(cte, self.query(body, scope))

    def _select(self, tree: exp.Select, scope: Scope) -> Columns:
        source = tree.args.get("from_")
        if source is not None:
            self.source(source.this, scope)
        for lateral in tree.args.get("laterals") or []:
            self.source(lateral, scope)
        for join in tree.args.get("joins") or []:
            self._join(join, scope)
        columns: list[tuple[str, Typed]] = []
        for projection in tree.expressions:
            columns.extend(self._projection(projection, scope))
        for part in ("where", "group", "having", "qualify", "order", "limit", "offset", "windows",
                     "distinct"):  # fmt: skip
            clause = tree.args.get(part)
            for node in clause if isinstance(clause, list) else [clause]:
                if isinstance(node, exp.Expr):
                    self.expression(node, scope)
        tree.meta[COLUMNS] = columns
        return columns

    def _projection(self, node: exp.Expr, scope: Scope) -> Columns:
        if isinstance(node, exp.Star):
            shown = [
                (name, kind)
                for alias, columns in scope.sources.items()
                for name, kind in columns
                if (alias, name) not in scope.merged
            ]
            return _without(node, shown)
        if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
            return _without(node.this, scope.sources.get(node.table, []))
        kind = self.expression(node, scope)
        name = names.output_name(node)
        if isinstance(node, exp.Alias):
            scope.aliases.setdefault(name, kind)
        return [(name, kind)]

    def _join(self, join: exp.Expr, scope: Scope) -> None:
        before = {name for columns in scope.sources.values() for name, _ in columns}
        self.source(join.this, scope)
        alias = join.this.alias_or_name
        # USING and NATURAL show a column of both sides once.
        shared = {node.name for node in join.args.get("using") or []}
        if str(join.args.get("method") or "").upper() == "NATURAL":
            shared = {name for name, _ in scope.sources[alias] if name in before}
        scope.merged |= {(alias, name) for name in shared}
        on = join.args.get("on")
        if on is not None:
            self.expression(on, scope)

    def _table(self, node: exp.Table, scope: Scope) -> Columns:
        if not isinstance(node.this, exp.Identifier):
            raise SqlError(
                f"a function in FROM is not supported: {node.this.sql(dialect='redshift')}",
                sqlstate="0A000",
            )
        if not node.db:
            known = scope.cte(node.name)
            if known is not None:
                return known
        return self._lookup(Name(node.name, node.db or None, node.catalog or None))

    def _values(self, tree: exp.Values, scope: Scope) -> Columns:
        rows = [
            [self.expression(value, scope) for value in getattr(row, "expressions", [row])]
            for row in tree.expressions
        ]
        width = len(rows[0]) if rows else 0
        return [
            (f"column{i + 1}", common([row[i] for row in rows if i < len(row)]))
            for i in range(width)
        ]

    def _type(self, node: exp.Expr, scope: Scope, children: list[Typed]) -> Typed:
        if isinstance(node, exp.Column):
            if node.db and node.table in scope.sources and not scope.column_of_super(node.db):
                # schema.table.column: the engine's sources are known by the table's name alone.
                node.set("db", None)
                node.set("catalog", None)
            if find_super_path(node, scope):
                return types.SUPER
            if not node.table and scope.means_alias(node.name):
                node.meta[LATERAL_ALIAS] = True
            return scope.column(node.name, node.table)
        if isinstance(node, exp.Literal):
            return literal_type(node)
        if isinstance(node, exp.Cast):
            return types.from_tree(node.to)
        if isinstance(node, exp.Placeholder):
            return types.VARCHAR
        if isinstance(node, (exp.Boolean, *_PREDICATES)):
            return types.BOOL
        if isinstance(node, exp.Anonymous):
            return self._call(node)
        if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div | exp.Mod):
            return arithmetic(node, type_of(node.left), type_of(node.right))
        if isinstance(node, exp.Case):
            results = [type_of(branch.args["true"]) for branch in node.args["ifs"]]
            default = node.args.get("default")
            if default is not None and not isinstance(default, exp.Null):
                results.append(type_of(default))
            return common(results)
        if isinstance(node, exp.DPipe | exp.Trim | exp.Substring):
            return types.VARCHAR
        if isinstance(node, exp.Extract | exp.StrPosition):
            return types.INT4
        if isinstance(node, exp.CurrentDate):
            return types.DATE
        if isinstance(node, exp.CurrentTimestamp):
            return types.TIMESTAMP if node.args.get("sysdate") else types.TIMESTAMPTZ
        if isinstance(node, exp.Interval):
            return types.INTERVAL
        if isinstance(node, exp.Bracket | exp.Dot) and children and children[0] == types.SUPER:
            return types.SUPER
        if isinstance(node, _TRANSPARENT):
            return children[0] if children else None
        return None

    def _call(self, node: exp.Anonymous) -> Typed:
        function = FUNCTIONS.get(node.name.lower())
        if function is None:
            return None
        arguments = []
        for argument in node.expressions:
            if isinstance(argument, exp.Distinct):
                arguments += [type_of(item) for item in argument.expressions]
            else:
                arguments.append(type_of(argument))
        return function.returns(arguments)


_TRANSPARENT = (
    exp.Paren, exp.Alias, exp.Neg, exp.Window, exp.WithinGroup, exp.Filter, exp.IgnoreNulls,
    exp.RespectNulls, exp.Subquery, exp.Ordered,
)  # fmt: skip


def literal_type(node: exp.Literal) -> SqlType:
    """Give the type of a constant."""
    text = node.name
    if node.is_string:
        return SqlType("varchar", length=max(1, len(text.encode())))
    if "e" in text.lower():
        return types.FLOAT8
    if "." in text:
        whole, _, fraction = text.partition(".")
        digits = len(whole.lstrip("0")) + len(fraction)
        return SqlType("numeric", precision=max(1, digits), scale=len(fraction))
    value = int(text)
    if value < 2**31:
        return types.INT4
    return types.INT8 if value < 2**63 else SqlType("numeric", precision=38)


def arithmetic(node: exp.Expr, left: Typed, right: Typed) -> Typed:
    """Give the type of a sum, difference, product, quotient or remainder."""
    if left is None or right is None:
        return None
    if left.is_numeric and right.is_numeric:
        if left.is_float or right.is_float:
            return types.FLOAT8
        if left.is_integer and right.is_integer:
            return common([left, right])
        return _decimal(node, left.as_numeric(), right.as_numeric())
    if isinstance(node, exp.Sub) and left.name == right.name == "date":
        return types.INT4
    if isinstance(node, exp.Add | exp.Sub) and left.name in ("date", "timestamp", "timestamptz"):
        if right.is_integer and left.name == "date":
            return types.DATE
        if right.name == "interval":
            return types.TIMESTAMP if left.name == "date" else left
    return None


def _decimal(node: exp.Expr, left: SqlType, right: SqlType) -> SqlType:
    if isinstance(node, exp.Div):
        scale = max(4, left.scale + right.precision - right.scale + 1)
        precision = left.precision - left.scale + right.scale + scale
    elif isinstance(node, exp.Mul):
        scale = left.scale + right.scale
        precision = left.precision + right.precision + 1
    else:
        scale = max(left.scale, right.scale)
        whole = max(left.precision - left.scale, right.precision - right.scale)
        precision = whole + 1 + scale
    if precision > _MAX_PRECISION:
        scale = max(_MAX_PRECISION + scale - precision, min(4, scale))
        precision = _MAX_PRECISION
    return SqlType("numeric", precision=precision, scale=scale)


def _children(node: exp.Expr) -> Iterator[exp.Expr]:
    for child in node.iter_expressions():
        if isinstance(child, exp.Expr) and not isinstance(
            child, exp.DataType | exp.Identifier | exp.Var
        ):
            yield child


def _ctes(tree: exp.Expr) -> list[exp.Expr]:
    clause = tree.args.get("with_")
    return list(clause.expressions) if clause is not None else []


def _named(cte: exp.Expr, columns: Columns) -> Columns:
    alias = cte.args.get("alias")
    given = [column.name for column in alias.columns] if alias is not None else []
    return [(given[i] if i < len(given) else name, kind) for i, (name, kind) in enumerate(columns)]


def _mentions(tree: exp.Expr, name: str) -> bool:
    return any(not table.db and table.name == name for table in tree.find_all(exp.Table))


def _without(star: exp.Expr, columns: Columns) -> Columns:
    excluded = {item.name for item in star.args.get("except_") or star.args.get("except") or []}
    return [(name, kind) for name, kind in columns if name not in excluded]
