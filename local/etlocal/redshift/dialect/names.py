"""The names of a query's columns that were not given one."""

from __future__ import annotations

from sqlglot import exp

_NO_NAME = "?column?"
_TYPE_NAMES = {
    exp.DType.SMALLINT: "int2",
    exp.DType.INT: "int4",
    exp.DType.BIGINT: "int8",
    exp.DType.FLOAT: "float4",
    exp.DType.DOUBLE: "float8",
    exp.DType.DECIMAL: "numeric",
    exp.DType.BOOLEAN: "bool",
    exp.DType.TEXT: "text",
    exp.DType.CHAR: "bpchar",
    exp.DType.VARBINARY: "varbyte",
}


def output_name(node: exp.Expr) -> str:
    """Give the name under which an expression of a SELECT list is answered.

    A column keeps its name, a call has the function's, a cast that of what it casts or else the
    type's; anything else is ``?column?``, as in PostgreSQL.
    """
    return _named(node) or _NO_NAME


def _named(node: exp.Expr) -> str:
    if isinstance(node, exp.Alias | exp.Column | exp.Dot):
        return node.alias_or_name
    if isinstance(node, exp.Anonymous):
        return _FUNCTION_NAMES.get(node.name.lower(), node.name.lower().split()[-1])
    if isinstance(node, exp.Cast):
        kind = node.to.this
        return _named(node.this) or _TYPE_NAMES.get(kind, str(kind.value).lower())
    if isinstance(node, exp.Case):
        default = node.args.get("default")
        return (_named(default) if default is not None else "") or "case"
    for kind, name in _SYNTAX.items():
        if isinstance(node, kind):
            return name
    if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select):
        selected = node.this.selects
        return _named(selected[0]) if selected else ""
    if isinstance(
        node, exp.Window | exp.WithinGroup | exp.Filter | exp.IgnoreNulls | exp.Paren | exp.Bracket
    ):
        return _named(node.this)
    return ""


_FUNCTION_NAMES = {"nvl": "coalesce", "decode": "case", "nvl2": "case"}
_SYNTAX: dict[type[exp.Expr], str] = {
    exp.Trim: "btrim",
    exp.Substring: "substring",
    exp.StrPosition: "position",
    exp.Extract: "date_part",
    exp.CurrentDate: "date",
    exp.CurrentTimestamp: "timestamp",
    exp.CurrentUser: "current_user",
    exp.Exists: "exists",
}
