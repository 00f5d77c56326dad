"""Aggregates and window functions in PostgreSQL's terms.

What an aggregate is in Redshift can be several of PostgreSQL's, so a call is rebuilt together with
what stands around it (``OVER``, ``WITHIN GROUP``, ``FILTER``, ``IGNORE NULLS``).

Source: Amazon Redshift Database Developer Guide, "Aggregate functions" and "Window functions".
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from etlocal.redshift.dialect import types
from etlocal.redshift.dialect.infer import type_of
from etlocal.redshift.engines.postgres.arithmetic import quotient
from etlocal.redshift.engines.postgres.build import call, cast, number, text
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
            if not isinstance(wrapper, exp.WithinGroup | exp.IgnoreNulls | exp.RespectNulls):
                copy = wrapper.copy()
                copy.set("this", inner)
                inner = copy
        return inner

    def plain(function: str) -> exp.Expr:
        copies = [item.copy() for item in items]
        if distinct:
            return around(call(function, exp.Distinct(expressions=copies)))
        return around(call(function, *copies))

    if name == "listagg":
        return around(_listagg(items, order, distinct=distinct))
    if name in ("percentile_cont", "percentile_disc", "approximate percentile_disc"):
        return around(_percentile(name, items, order, top))
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
    if name == "median":
        return around(_median(items, top, distinct=distinct))
    if name in _WINDOWS:
        _check_window(name, top)
        if _ignores_nulls(items, top):
            return _ignoring(name, items, top)
        items = [item.this if isinstance(item, exp.RespectNulls) else item for item in items]
    if name in _FLOATS:
        items = [cast(exp.Paren(this=item.copy()), "DOUBLE PRECISION") for item in items]
    made = plain(_NAMES.get(name, name))
    return cast(made, "BIGINT") if name == "ntile" else made


_NAMES = {"variance": "var_samp", "stddev": "stddev_samp", "any_value": "rs_first"}
_FLOATS = ("stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop")
_WINDOWS = ("row_number", "rank", "dense_rank", "ntile", "percent_rank", "cume_dist", "lag", "lead",
            "first_value", "last_value", "nth_value")  # fmt: skip


def _wrappers(top: exp.Expr) -> list[exp.Expr]:
    found = []
    while is_wrapper(top):
        found.append(top)
        top = top.this
    return found


def _check_window(name: str, top: exp.Expr) -> None:
    if not any(isinstance(wrapper, exp.Window) for wrapper in _wrappers(top)):
        raise SqlError(f"window function {name} requires an OVER clause", sqlstate="42809")


def _ignores_nulls(items: list[exp.Expr], top: exp.Expr) -> bool:
    return any(isinstance(node, exp.IgnoreNulls) for node in (*_wrappers(top), *items))


def _ignoring(name: str, items: list[exp.Expr], top: exp.Expr) -> exp.Expr:
    """Build a window function that passes NULLs over, which PostgreSQL's have no word for.

    ``rs_first`` and ``rs_last`` are aggregates that keep the first or last value that is not NULL.
    """
    window = next(wrapper for wrapper in _wrappers(top) if isinstance(wrapper, exp.Window)).copy()
    value = items[0].this if is_wrapper(items[0]) else items[0]
    if name in ("lag", "lead"):
        if len(items) > 1:
            raise FeatureNotSupportedError(f"{name.upper()} IGNORE NULLS with an offset")
        before, after = ("UNBOUNDED", "1") if name == "lag" else ("1", "UNBOUNDED")
        side = "PRECEDING" if name == "lag" else "FOLLOWING"
        bounds = [exp.var(word) if word == "UNBOUNDED" else number(1) for word in (before, after)]
        spec = exp.WindowSpec(
            kind="ROWS", start=bounds[0], start_side=side, end=bounds[1], end_side=side
        )
        for part in ("start", "end"):
            if spec.args[part].name == "UNBOUNDED":
                spec.set(part, "UNBOUNDED")
        window.set("spec", spec)
    elif name not in ("first_value", "last_value"):
        raise FeatureNotSupportedError(f"{name.upper()} IGNORE NULLS")
    first = name in ("first_value", "lead")
    window.set("this", call("rs_first" if first else "rs_last", value.copy()))
    return window


def _median(items: list[exp.Expr], top: exp.Expr, *, distinct: bool) -> exp.Expr:
    if distinct or any(isinstance(wrapper, exp.Window) for wrapper in _wrappers(top)):
        raise FeatureNotSupportedError("MEDIAN DISTINCT, or as a window function, on PostgreSQL")
    share = exp.Literal.number("0.5")
    return _within("percentile_cont", share, exp.Ordered(this=items[0].copy()))


def _within(function: str, share: exp.Expr, by: exp.Expr) -> exp.Expr:
    return exp.WithinGroup(this=call(function, share), expression=exp.Order(expressions=[by]))


def _average(item: exp.Expr, plain: Callable[[str], exp.Expr]) -> exp.Expr:
    kind = type_of(item)
    if kind is None or not (kind.is_integer or kind.name == "numeric"):
        return plain("avg")
    # Cut off behind the scale, as Redshift does; where every value is NULL there is no average.
    result = types.SqlType("numeric", precision=38, scale=kind.scale)
    mean = quotient(plain("sum"), call("nullif", plain("count"), number(0)), result)
    return cast(mean, "BIGINT") if kind.is_integer else mean


def _sum(item: exp.Expr, plain: Callable[[str], exp.Expr]) -> exp.Expr:
    kind = type_of(item)
    if kind is not None and kind.name == "float4":
        return cast(plain("sum"), "DOUBLE PRECISION")
    if kind is not None and kind.name == "numeric":
        return cast(plain("sum"), f"NUMERIC(38,{kind.scale})")
    return cast(plain("sum"), "NUMERIC(38,0)") if kind == types.INT8 else plain("sum")


def _ratio(item: exp.Expr, plain: Callable[[str], exp.Expr]) -> exp.Expr:
    total = call("nullif", plain("sum"), number(0))
    return exp.Div(
        this=cast(exp.Paren(this=item.copy()), "DOUBLE PRECISION"),
        expression=cast(total, "DOUBLE PRECISION"),
        typed=True,
        safe=False,
    )


def _listagg(items: list[exp.Expr], order: exp.Expr | None, *, distinct: bool) -> exp.Expr:
    value = cast(exp.Paren(this=items[0].copy()), "TEXT")
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


def _percentile(
    name: str, items: list[exp.Expr], order: exp.Expr | None, top: exp.Expr
) -> exp.Expr:
    if order is None or len(order.expressions) != 1:
        raise SqlError(f"{name} requires WITHIN GROUP (ORDER BY …)", sqlstate="42601")
    if any(isinstance(wrapper, exp.Window) for wrapper in _wrappers(top)):
        raise FeatureNotSupportedError(f"{name.upper()} as a window function on PostgreSQL")
    function = "percentile_cont" if name == "percentile_cont" else "percentile_disc"
    return _within(function, items[0].copy(), order.expressions[0].copy())
