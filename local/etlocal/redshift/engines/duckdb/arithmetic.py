"""Exact arithmetic of decimals, which DuckDB would do in floating point.

Source: Amazon Redshift Database Developer Guide, "Computations with numeric values".
"""

from __future__ import annotations

from sqlglot import exp

from etlocal.redshift.dialect.types import SqlType
from etlocal.redshift.engines.duckdb.build import call, cast, duck_type, text


def quotient(
    left: exp.Expr,
    right: exp.Expr,
    kinds: tuple[SqlType, SqlType],
    result: SqlType,
) -> exp.Expr:
    """Build the exact quotient of two decimals, cut off behind the result's scale."""
    one, two = kinds
    up = result.scale + two.scale - one.scale
    whole = call(
        "rs_decimal_quotient",
        _unscaled(left, one.scale),
        _unscaled(right, two.scale),
        cast(text(str(10 ** max(up, 0))), "HUGEINT"),
        cast(text(str(10 ** max(-up, 0))), "HUGEINT"),
    )
    unit = f"0.{'1'.rjust(result.scale, '0')}"
    scaled = exp.Mul(
        this=cast(whole, "DECIMAL(38,0)"),
        expression=cast(text(unit), f"DECIMAL({result.scale},{result.scale})"),
    )
    return cast(exp.Paren(this=scaled), duck_type(result))


def _unscaled(node: exp.Expr, scale: int) -> exp.Expr:
    if scale == 0:
        return exp.Paren(this=node)
    power = cast(text(str(10**scale)), f"DECIMAL({scale + 1},0)")
    wide = cast(exp.Paren(this=node), f"DECIMAL(38,{scale})")
    return exp.Paren(this=exp.Mul(this=wide, expression=power))


def nonzero(node: exp.Expr) -> exp.Expr:
    """Guard a divisor; a constant that is not zero needs no guard."""
    if isinstance(node, exp.Literal) and not node.is_string and float(node.name) != 0:
        return node
    return call("rs_nonzero", exp.Paren(this=node))
