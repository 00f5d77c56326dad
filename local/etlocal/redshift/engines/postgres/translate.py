"""Redshift's syntax trees, rewritten so that PostgreSQL gives Redshift's answers."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from etlocal.redshift.dialect import dateparts, types
from etlocal.redshift.dialect.functions import FUNCTIONS, KNOWN_UNSUPPORTED
from etlocal.redshift.dialect.infer import type_of
from etlocal.redshift.dialect.scope import SUPER_PATH
from etlocal.redshift.engines.postgres import aggregates, dates, scalars
from etlocal.redshift.engines.postgres.arithmetic import quotient
from etlocal.redshift.engines.postgres.build import call, cast, number, pg_type, text
from etlocal.redshift.engines.postgres.shape import reshape
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError, undefined_function

Place = Callable[[exp.Table], None]


def rewrite(tree: exp.Expr, place: Place) -> exp.Expr:
    """Rewrite an annotated tree (see `dialect.infer`) in place.

    Parameters
    ----------
    tree : Expression
        A query, or a statement that holds one.
    place : callable
        Puts a table's full name in place of the one that was written.

    Returns
    -------
    Expression
        The tree; another node than the one given if the root itself was replaced.
    """
    tree = reshape(tree)
    for table in list(tree.find_all(exp.Table)):
        place(table)
    holder = exp.Paren(this=tree)
    _visit(tree)
    result = holder.this
    result.pop()
    return result  # type: ignore[no-any-return]


def _visit(node: exp.Expr) -> None:
    for child in list(node.iter_expressions()):
        _visit(child)
    replacement = _replacement(node)
    if replacement is not None and replacement is not node:
        kind = type_of(node)
        node.replace(replacement)
        if kind is not None:
            replacement.meta.setdefault("redshift_type", kind)


def _replacement(node: exp.Expr) -> exp.Expr | None:
    if isinstance(node, exp.Anonymous) or aggregates.is_wrapper(node):
        return _call(node)
    for kind, build in _NODES.items():
        if isinstance(node, kind):
            return build(node)
    if isinstance(node, exp.Func) and not isinstance(node, _ALLOWED_NODES):
        raise SqlError(
            f"{node.sql(dialect='redshift')} is not supported by etlocal", sqlstate="0A000"
        )
    return None


_ALLOWED_NODES = (
    exp.Cast, exp.Case, exp.If, exp.And, exp.Or, exp.Exists, exp.RegexpLike, exp.RegexpILike,
    exp.Coalesce,
)  # fmt: skip


def _call(node: exp.Expr) -> exp.Expr | None:
    if aggregates.is_inner(node):
        return None
    core = aggregates.core(node)
    if isinstance(node, exp.IgnoreNulls | exp.RespectNulls) and isinstance(
        node.parent, exp.Anonymous
    ):
        return None  # FIRST_VALUE(x IGNORE NULLS): it belongs to the argument
    if not isinstance(core, exp.Anonymous):
        raise SqlError(f"{core.sql(dialect='redshift')} is not a window function", sqlstate="42809")
    name = core.name.lower()
    function = FUNCTIONS.get(name)
    if function is None:
        if name in KNOWN_UNSUPPORTED:
            raise FeatureNotSupportedError(f"the function {name.upper()}")
        raise undefined_function(f"{name}({_signature(core)})")
    count = len(aggregates.arguments(core))
    if not function.least <= count <= function.most:
        raise undefined_function(f"{name}({_signature(core)})")
    if function.aggregate or function.window:
        return aggregates.build(name, core, node)
    if core is not node:
        raise SqlError(f"{name} is not a window function", sqlstate="42809")
    return scalars.build(name, core)


def _signature(node: exp.Anonymous) -> str:
    kinds = []
    for argument in node.expressions:
        kind = type_of(argument)
        kinds.append(kind.formatted() if kind else '"unknown"')
    return ", ".join(kinds)


def _divide(node: exp.Expr) -> exp.Expr:
    left, right = node.args["this"], node.args["expression"]
    one, two, result = type_of(left), type_of(right), type_of(node)
    if one and two and result and result.name == "numeric":
        return quotient(left, right, result)
    if result is not None and result.is_float:
        left = cast(exp.Paren(this=left), "DOUBLE PRECISION")
    # PostgreSQL's / of two whole numbers truncates, as Redshift's does.
    return exp.Paren(this=exp.Div(this=left, expression=right, typed=True, safe=False))


def _literal(node: exp.Expr) -> exp.Expr | None:
    """Make a constant with an exponent a floating-point number; PostgreSQL's is a decimal."""
    exponent = isinstance(node, exp.Literal) and not node.is_string and "e" in node.name.lower()
    return cast(node.copy(), "DOUBLE PRECISION") if exponent else None


def _modulo(node: exp.Expr) -> exp.Expr:
    return scalars.modulo(node.args["this"], node.args["expression"])


def _multiply(node: exp.Expr) -> exp.Expr | None:
    """Keep a product of decimals to Redshift's 38 digits."""
    one, two = type_of(node.args["this"]), type_of(node.args["expression"])
    result = type_of(node)
    if one is None or two is None or result is None or result.name != "numeric":
        return None
    if result.scale == one.as_numeric().scale + two.as_numeric().scale and result.precision < 38:
        return None
    return cast(exp.Paren(this=node.copy()), pg_type(result))


def _power(node: exp.Expr) -> exp.Expr:
    return call("power", _float(node.args["this"]), _float(node.args["expression"]))


def _root(function: str) -> Callable[[exp.Expr], exp.Expr]:
    return lambda node: call(function, _float(node.this))


def _float(node: exp.Expr) -> exp.Expr:
    return cast(exp.Paren(this=node), "DOUBLE PRECISION")


def _cast(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.TryCast):
        return _try_cast(node)
    assert isinstance(node, exp.Cast)
    target = types.from_tree(node.to)
    source = type_of(node.this)
    value = node.this
    if source == types.SUPER and target != types.SUPER:
        value = call("rs_scalar", value)
    elif target == types.SUPER:
        return to_super(value, source)
    if source == types.BOOL and target.is_text:
        raise SqlError("cannot cast type boolean to character varying", sqlstate="42846")
    if target.name == "varbyte":
        return call("rs_varbyte", value)
    plain = cast(value, pg_type(target))
    if target.is_text and target.length and node.to.expressions:
        return call("rs_cut", plain, number(target.length))
    return plain


def to_super(value: exp.Expr, source: types.SqlType | None) -> exp.Expr:
    """Build a SUPER value of another one."""
    if source == types.SUPER:
        return value
    if isinstance(value, exp.Null):
        return cast(value, "JSON")
    if source is not None and source.is_text:
        value = cast(exp.Paren(this=value), "TEXT")
    # Of a value that is JSON already, and not known to be, PostgreSQL makes the same.
    return call("to_json", value)


def _try_cast(node: exp.TryCast) -> exp.Expr:
    target = types.from_tree(node.to)
    kind = pg_type(target)
    value = cast(exp.Paren(this=node.this), "TEXT")
    return cast(call("rs_try_cast", value, text(kind), cast(exp.Null(), kind)), kind)


def _concatenate(node: exp.Expr) -> exp.Expr:
    parts = []
    for part in (node.args["this"], node.args["expression"]):
        kind = type_of(part)
        if kind == types.SUPER:
            raise FeatureNotSupportedError("|| of SUPER values")
        known = kind is not None and kind.is_text
        parts.append(part if known else cast(exp.Paren(this=part), "TEXT"))
    return exp.Paren(this=exp.DPipe(this=parts[0], expression=parts[1]))


def _compare(node: exp.Expr) -> exp.Expr | None:
    left, right = node.args["this"], node.args.get("expression")
    if not isinstance(right, exp.Expr):
        return None
    one, two = type_of(left), type_of(right)
    for side, kind, other in (("this", one, two), ("expression", two, one)):
        if kind == types.SUPER:
            numeric = other is not None and other.is_numeric
            node.set(side, call("rs_number" if numeric else "rs_scalar", node.args[side].copy()))
    return None


def _like(node: exp.Expr) -> exp.Expr | None:
    if isinstance(node.args["expression"], exp.Any | exp.All | exp.Tuple):
        raise FeatureNotSupportedError("LIKE with several patterns on PostgreSQL")
    return None


def _extract(node: exp.Expr) -> exp.Expr:
    part = dateparts.unit(node.args["this"])
    moment = node.args["expression"]
    kind = type_of(moment)
    if kind is None or kind.is_text:
        moment = cast(moment, "TIMESTAMP")
    return cast(dates.part_of(part, moment), "INTEGER" if part != "epoch" else "BIGINT")


def _current_timestamp(node: exp.Expr) -> exp.Expr:
    return call("rs_sysdate" if node.args.get("sysdate") else "now")


def _trim(node: exp.Expr) -> exp.Expr:
    side = str(node.args.get("position") or "BOTH").upper()
    function = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(side, "btrim")
    characters = node.args.get("expression")
    value = cast(exp.Paren(this=node.this), "TEXT")
    return call(function, value, *([characters] if characters is not None else []))


def _substring(node: exp.Expr) -> exp.Expr:
    parts = [node.args.get(part) for part in ("start", "length")]
    value = cast(exp.Paren(this=node.this), "TEXT")
    return call("rs_substring", value, *[part for part in parts if part is not None])


def _position(node: exp.Expr) -> exp.Expr:
    return call("strpos", *[cast(exp.Paren(this=part), "TEXT")
                            for part in (node.this, node.args["substr"])])  # fmt: skip


def _unsupported(what: str) -> Callable[[exp.Expr], exp.Expr | None]:
    def refuse(_node: exp.Expr) -> exp.Expr | None:
        raise FeatureNotSupportedError(what)

    return refuse


def _super_column(node: exp.Expr) -> exp.Expr | None:
    """Turn a path that was parsed as a qualified column into one into the SUPER column's value."""
    found = node.meta.get(SUPER_PATH)
    if found is None:
        return None
    (table, column), steps = found
    value: exp.Expr = exp.column(column, table or None, quoted=True)
    for step in steps:
        value = call("rs_item", value, cast(text(step), "TEXT"))
    return value


def _bracket(node: exp.Expr) -> exp.Expr | None:
    if node.this.unnest().name == "rs_current_schemas":
        return call("rs_element", node.this, *node.expressions)
    if type_of(node.this) != types.SUPER or len(node.expressions) != 1:
        raise FeatureNotSupportedError("[ ] of what is not SUPER")
    index = node.expressions[0]
    if isinstance(index, exp.Literal) and index.is_string:
        return call("rs_item", node.this, cast(index, "TEXT"))
    return call("rs_item", node.this, cast(exp.Paren(this=index), "INTEGER"))


def _dot(node: exp.Expr) -> exp.Expr | None:
    inner = node.args["expression"]
    if not isinstance(inner, exp.Identifier):
        # pg_catalog.len(…): the schema of a built-in function may be written out.
        if node.this.name != "pg_catalog":
            raise undefined_function(f"{node.this.name}.{inner.name}()")
        assert isinstance(inner, exp.Expr)
        return inner
    if type_of(node.this) != types.SUPER:
        raise FeatureNotSupportedError(". of what is not SUPER")
    return call("rs_item", node.this, cast(text(inner.name), "TEXT"))


_NODES: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr | None]] = {
    exp.Div: _divide,
    exp.Literal: _literal,
    exp.Mod: _modulo,
    exp.Mul: _multiply,
    exp.Pow: _power,
    exp.Sqrt: _root("sqrt"),
    exp.Cbrt: _root("cbrt"),
    exp.Cast: _cast,
    exp.DPipe: _concatenate,
    exp.Like: _like,
    exp.ILike: _like,
    exp.EQ: _compare,
    exp.NEQ: _compare,
    exp.LT: _compare,
    exp.LTE: _compare,
    exp.GT: _compare,
    exp.GTE: _compare,
    exp.Extract: _extract,
    exp.CurrentTimestamp: _current_timestamp,
    exp.CurrentDate: lambda _node: cast(call("rs_sysdate"), "DATE"),
    exp.CurrentUser: lambda _node: call("rs_current_user"),
    exp.Trim: _trim,
    exp.Substring: _substring,
    exp.StrPosition: _position,
    exp.Any: _unsupported("ANY of what is no subquery"),
    exp.All: _unsupported("ALL of what is no subquery"),
    exp.Column: _super_column,
    exp.Bracket: _bracket,
    exp.Dot: _dot,
    exp.ByteString: lambda node: text(node.name),
}
