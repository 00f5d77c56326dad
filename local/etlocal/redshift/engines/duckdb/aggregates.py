"""Aggregates and window functions in DuckDB's terms.

What an aggregate is in Redshift can be several of DuckDB's, so a call is rebuilt together with
what stands around it (``OVER``, ``WITHIN GROUP``, ``FILTER``, ``IGNORE NULLS``).

Source: Amazon Redshift Database Developer Guide, "Aggregate functions" and "Window functions".
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from etlocal.redshift.dialect import types
from etlocal.redshift.dialect.infer import type_of
from etlocal.redshift.engines.duckdb.arithmetic import quotient
from etlocal.redshift.engines.duckdb.build import call, cast, number, text
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError

Around = Callable[[exp.Expr], exp.Expr]
_WRAPPERS = (exp.Window, exp.WithinGroup, exp.Filter, exp.IgnoreNulls, exp.RespectNulls)


def is_wrapper(node: exp.Expr) -> bool:
    """Whether a node stands around a call."""
    return isinstance(node, _WRAPPERS)


def is_inner(node: exp.Expr) -> bool:
    """Whether a node has a wrapper around it, with which it is built."""
    return is_wrapper(node.parent) and node.parent.this is node if node.parent else False


def core(node: exp.Expr) -> exp.Expr:
    """Give the call inside the wrappers."""
    while is_wrapper(node):
        node = node.this
    return node


def arguments(node: exp.Anonymous) -> list[exp.Expr]:
    """Give a call's arguments, those after DISTINCT among them."""
    first = node.expressions[0] if node.expressions else None
    return list(first.expressions) if isinstance(first, exp.Distinct) else list(node.expressions)


def build(name: str, node: exp.Anonymous, top: exp.Expr) -> exp.Expr:
    """Build a call with what stands around it."""
    distinct = bool(node.expressions) and isinstance(node.expressions[0], exp.Distinct)
    items = arguments(node)
    order = next((w.expression for w in _wrappers(top) if isinstance(w, exp.WithinGroup)), None)

    def around(inner: exp.Expr) -> exp.Expr:
        for wrapper in reversed(list(_wrappers(top))):
            if not isinstance(wrapper, exp.WithinGroup):
                copy = wrapper.copy()
                copy.set("this", inner)
                inner = copy
        return inner

    def plain(function: str) -> exp.Expr:
        copies = [item.copy() for item in items]
        if function in _TYPED:
            # sqlglot puts IGNORE NULLS where DuckDB wants it for functions that it knows.
            kind, parts = _TYPED[function]
            wrapper = type(copies[0]) if copies and is_wrapper(copies[0]) else None
            if wrapper is not None:
                copies[0] = copies[0].this
            made = kind(**dict(zip(parts, copies, strict=False)))
            return around(made if wrapper is None else wrapper(this=made))
        if distinct:
            return around(call(function, exp.Distinct(expressions=copies)))
        return around(call(function, *copies))

    if name == "listagg":
        return around(_listagg(items, order, distinct=distinct))
    if name in ("percentile_cont", "percentile_disc", "approximate percentile_disc"):
        return around(_percentile(name, items, order))
    if order is not None:
        raise SqlError(f"{name} does not take WITHIN GROUP", sqlstate="42601")
    if name == "avg":
        return _average(items[0], plain)
    if name == "sum":
        return _sum(items[0], plain)
    if name == "approximate count":
        return plain("count")
    if name == "ratio_to_report":
        return _ratio(items[0], plain)
    if name in ("row_number", "rank", "dense_rank", "ntile", "percent_rank", "cume_dist", "lag",
                "lead", "first_value", "last_value", "nth_value"):  # fmt: skip
        _check_window(name, top)
    return plain(_NAMES.get(name, name))


_TYPED: dict[str, tuple[type[exp.Expr], tuple[str, ...]]] = {
    "lag": (exp.Lag, ("this", "offset", "default")),
    "lead": (exp.Lead, ("this", "offset", "default")),
    "first_value": (exp.FirstValue, ("this",)),
    "last_value": (exp.LastValue, ("this",)),
    "nth_value": (exp.NthValue, ("this", "offset")),
}
_NAMES = {"variance": "var_samp", "stddev": "stddev_samp"}


def _wrappers(top: exp.Expr) -> list[exp.Expr]:
    found = []
    while is_wrapper(top):
        found.append(top)
        top = top.this
    return found


def _check_window(name: str, top: exp.Expr) -> None:
    if not any(isinstance(wrapper, exp.Window) for wrapper in _wrappers(top)):
        raise SqlError(f"window function {name} requires an OVER clause", sqlstate="42809")


def _average(item: exp.Expr, plain: Callable[[str], exp.Expr]) -> exp.Expr:
    kind = type_of(item)
    if kind is not None and kind.is_float:
        return plain("avg")
    if kind is not None and kind.name == "numeric":
        total = types.SqlType("numeric", precision=38, scale=kind.scale)
        result = types.SqlType("numeric", precision=38, scale=kind.scale)
        if kind.scale == 0:
            whole = exp.Div(this=cast(plain("sum"), "HUGEINT"), expression=plain("count"))
            return cast(exp.Paren(this=whole), "DECIMAL(38,0)")
        # Where every value is NULL there is no average, and no division by zero either.
        rows = call("nullif", plain("count"), number(0))
        return quotient(plain("sum"), rows, (total, types.INT8.as_numeric()), result)
    # Whole numbers: integer_division truncates, as Redshift's AVG of whole numbers does.
    mean = exp.Paren(this=exp.Div(this=plain("sum"), expression=plain("count")))
    return cast(mean, "BIGINT") if kind is not None and kind.is_integer else mean


def _sum(item: exp.Expr, plain: Callable[[str], exp.Expr]) -> exp.Expr:
    kind = type_of(item)
    if kind is not None and kind.name in ("int2", "int4"):
        return cast(plain("sum"), "BIGINT")
    if kind is not None and kind.name == "int8":
        return cast(plain("sum"), "DECIMAL(38,0)")
    return plain("sum")


def _ratio(item: exp.Expr, plain: Callable[[str], exp.Expr]) -> exp.Expr:
    total = call("nullif", plain("sum"), number(0))
    return exp.Div(
        this=cast(exp.Paren(this=item.copy()), "DOUBLE"), expression=cast(total, "DOUBLE")
    )


def _listagg(items: list[exp.Expr], order: exp.Expr | None, *, distinct: bool) -> exp.Expr:
    value = cast(items[0].copy(), "VARCHAR")
    separator = items[1].copy() if len(items) > 1 else text("")
    if not isinstance(separator, exp.Literal):
        raise FeatureNotSupportedError("LISTAGG with a delimiter that is not a constant")
    last: exp.Expr = separator
    if order is not None:
        if distinct and any(o.this != items[0] for o in order.expressions):
            raise FeatureNotSupportedError("LISTAGG DISTINCT ordered by another expression")
        ordered = order.copy()
        for item in ordered.expressions if distinct else []:
            item.set("this", value.copy())
        last = exp.Order(this=separator, expressions=ordered.expressions)
    if distinct:
        return call("string_agg", exp.Distinct(expressions=[value]), last)
    return call("string_agg", value, last)


def _percentile(name: str, items: list[exp.Expr], order: exp.Expr | None) -> exp.Expr:
    if order is None or len(order.expressions) != 1:
        raise SqlError(f"{name} requires WITHIN GROUP (ORDER BY …)", sqlstate="42601")
    share = items[0].copy()
    by = order.expressions[0]
    if by.args.get("desc"):
        share = exp.Paren(this=exp.Sub(this=number(1), expression=share))
    function = "quantile_cont" if name == "percentile_cont" else "quantile_disc"
    return call(function, by.this.copy(), share)
