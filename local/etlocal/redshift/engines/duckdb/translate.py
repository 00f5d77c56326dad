"""Redshift's syntax trees, rewritten so that DuckDB gives Redshift's answers."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from etlocal.redshift.dialect import dateparts, names, types
from etlocal.redshift.dialect.functions import FUNCTIONS, KNOWN_UNSUPPORTED
from etlocal.redshift.dialect.infer import type_of
from etlocal.redshift.dialect.scope import SUPER_PATH
from etlocal.redshift.engines.duckdb import aggregates, dates, scalars
from etlocal.redshift.engines.duckdb.arithmetic import nonzero, quotient
from etlocal.redshift.engines.duckdb.build import call, cast, duck_type, number, text
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
    _name_outputs(tree)
    for table in list(tree.find_all(exp.Table)):
        place(table)
    holder = exp.Paren(this=tree)
    _visit(tree)
    result = holder.this
    result.pop()
    return result  # type: ignore[no-any-return]


def _name_outputs(tree: exp.Expr) -> None:
    for select in tree.find_all(exp.Select):
        if isinstance(select.parent, exp.Exists):
            continue
        for projection in list(select.expressions):
            if isinstance(projection, exp.Alias | exp.Column | exp.Star | exp.Dot):
                continue
            name = names.output_name(projection)
            projection.replace(exp.alias_(projection.copy(), name, quoted=True))


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
    exp.Cast, exp.Case, exp.If, exp.And, exp.Or, exp.Xor, exp.Exists, exp.Any, exp.All, exp.Array,
    exp.Pow, exp.Sqrt, exp.Cbrt, exp.RegexpLike, exp.RegexpILike, exp.Coalesce,
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
        return quotient(left, right, (one.as_numeric(), two.as_numeric()), result)
    divisor = nonzero(right)
    if result is not None and result.is_float:
        left = cast(exp.Paren(this=left), "DOUBLE")
    # The engine's integer_division makes / of two whole numbers truncate.
    return exp.Paren(this=exp.Div(this=left, expression=divisor, typed=False, safe=False))


def _modulo(node: exp.Expr) -> exp.Expr:
    node.set("expression", nonzero(node.args["expression"]))
    return exp.Paren(this=exp.Mod(this=node.args["this"], expression=node.args["expression"]))


def _cast(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.TryCast):
        return _try_cast(node)
    assert isinstance(node, exp.Cast)
    target = types.from_tree(node.to)
    source = type_of(node.this)
    value = node.this
    if source == types.SUPER and target != types.SUPER:
        value = call("json_extract_string", value, text("$"))
    elif target == types.SUPER:
        return call("to_json", value) if source != types.SUPER else value
    if source == types.BOOL and target.is_text:
        raise SqlError("cannot cast type boolean to character varying", sqlstate="42846")
    if target.is_integer and source is not None and source.name == "numeric":
        value = call("round", exp.Paren(this=value))
    plain = cast(value, duck_type(target))
    if target.is_text and target.length and node.to.expressions:
        return call("rs_cut", plain, number(target.length))
    if target.name == "date" and source is not None and source.is_text:
        return cast(cast(value, "TIMESTAMP"), "DATE")
    return plain


def _try_cast(node: exp.TryCast) -> exp.Expr:
    target = types.from_tree(node.to)
    return exp.TryCast(this=node.this, to=exp.DataType.build(duck_type(target), dialect="duckdb"))


def _concatenate(node: exp.Expr) -> exp.Expr:
    parts = []
    for part in (node.args["this"], node.args["expression"]):
        kind = type_of(part)
        if kind == types.SUPER:
            raise FeatureNotSupportedError("|| of SUPER values")
        known = kind is not None and kind.is_text
        parts.append(part if known else cast(exp.Paren(this=part), "VARCHAR"))
    return exp.Paren(this=exp.DPipe(this=parts[0], expression=parts[1]))


def _compare(node: exp.Expr) -> exp.Expr | None:
    left, right = node.args["this"], node.args.get("expression")
    if not isinstance(right, exp.Expr):
        return None
    one, two = type_of(left), type_of(right)
    if types.SUPER in (one, two) and one != two:
        side, other = ("this", two) if one == types.SUPER else ("expression", one)
        value = call("json_extract_string", node.args[side].copy(), text("$"))
        if other is not None and other.is_numeric:
            value = exp.TryCast(this=value, to=exp.DataType.build("DOUBLE"))
        node.set(side, value)
    return None


def _like(node: exp.Expr) -> exp.Expr | None:
    pattern = node.args["expression"]
    if isinstance(node.parent, exp.Escape):
        return None
    plain = isinstance(pattern, exp.Literal) and "\\" not in pattern.name
    if plain or isinstance(pattern, exp.Any | exp.All | exp.Tuple):
        return None
    return exp.Escape(this=node.copy(), expression=text("\\"))


def _similar(node: exp.Expr) -> exp.Expr:
    return call("rs_similar", node.args["this"], node.args["expression"])


def _extract(node: exp.Expr) -> exp.Expr:
    part = dateparts.unit(node.args["this"])
    moment = node.args["expression"]
    kind = type_of(moment)
    if kind is None or kind.is_text:
        moment = cast(moment, "TIMESTAMP")
    return cast(dates.part_of(part, moment), "INTEGER" if part != "epoch" else "BIGINT")


def _current_timestamp(node: exp.Expr) -> exp.Expr:
    return call("rs_sysdate" if node.args.get("sysdate") else "rs_now")


def _trim(node: exp.Expr) -> exp.Expr:
    side = str(node.args.get("position") or "BOTH").upper()
    function = {"LEADING": "rs_ltrim", "TRAILING": "rs_rtrim"}.get(side, "rs_btrim")
    characters = node.args.get("expression")
    return call(function, node.this, *([characters] if characters is not None else []))


def _substring(node: exp.Expr) -> exp.Expr:
    parts = [node.args.get("this"), node.args.get("start"), node.args.get("length")]
    return call("rs_substring", *[part for part in parts if part is not None])


def _position(node: exp.Expr) -> exp.Expr:
    return call("rs_position", node.args["substr"], node.this)


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
    path = "".join('."' + step.replace('"', '\\"') + '"' for step in steps)
    return call("json_extract", exp.column(column, table or None, quoted=True), text(f"${path}"))


def _bracket(node: exp.Expr) -> exp.Expr | None:
    if node.this.unnest().name == "rs_current_schemas":
        return call("list_extract", node.this, *node.expressions)
    if type_of(node.this) != types.SUPER or len(node.expressions) != 1:
        raise FeatureNotSupportedError("[ ] of what is not SUPER")
    index = node.expressions[0]
    if isinstance(index, exp.Literal) and not index.is_string:
        return call("json_extract", node.this, text(f"$[{index.name}]"))
    if isinstance(index, exp.Literal):
        name = index.name.replace('"', '\\"')
        return call("json_extract", node.this, text(f'$."{name}"'))
    path = exp.DPipe(this=text("$["), expression=cast(exp.Paren(this=index), "VARCHAR"))
    return call("json_extract", node.this, exp.DPipe(this=path, expression=text("]")))


def _dot(node: exp.Expr) -> exp.Expr | None:
    if isinstance(node.expression, exp.Anonymous):
        # pg_catalog.len(…): the schema of a built-in function may be written out.
        if node.this.name != "pg_catalog":
            raise undefined_function(f"{node.this.name}.{node.expression.name}()")
        return node.expression
    if type_of(node.this) != types.SUPER:
        raise FeatureNotSupportedError(". of what is not SUPER")
    name = node.expression.name.replace('"', '\\"')
    return call("json_extract", node.this, text(f'$."{name}"'))


_NODES: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr | None]] = {
    exp.Div: _divide,
    exp.Mod: _modulo,
    exp.Cast: _cast,
    exp.DPipe: _concatenate,
    exp.Like: _like,
    exp.ILike: _like,
    exp.SimilarTo: _similar,
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
    exp.TableSample: _unsupported("TABLESAMPLE"),
    exp.Column: _super_column,
    exp.Bracket: _bracket,
    exp.Dot: _dot,
    exp.ByteString: lambda node: text(node.name),
}
