"""Exact arithmetic of decimals with Redshift's scales, where PostgreSQL chooses its own.

Source: Amazon Redshift Database Developer Guide, "Computations with numeric values"; PostgreSQL's
documentation, "Mathematical Functions and Operators".
"""

from __future__ import annotations

from sqlglot import exp

from etlocal.redshift.dialect.types import SqlType
from etlocal.redshift.engines.postgres.build import call, cast, pg_type, text


def quotient(left: exp.Expr, right: exp.Expr, result: SqlType) -> exp.Expr:
    """Build the exact quotient of two decimals, cut off behind the result's scale."""
    scaled: exp.Expr = cast(exp.Paren(this=left), "NUMERIC")
    if result.scale:
        power = cast(text(str(10**result.scale)), "NUMERIC")
        scaled = exp.Mul(this=scaled, expression=power)
    whole: exp.Expr = call("div", scaled, cast(exp.Paren(this=right), "NUMERIC"))
    if result.scale:
        unit = cast(text(f"0.{'1'.rjust(result.scale, '0')}"), "NUMERIC")
        whole = exp.Mul(this=whole, expression=unit)
    return cast(exp.Paren(this=whole), pg_type(result))
