"""Scalar functions in DuckDB's terms: those that one macro cannot say.

The others are macros, ``rs_<name>`` in ``macros.sql``.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from etlocal.redshift.dialect import dateparts, types
from etlocal.redshift.dialect.infer import type_of
from etlocal.redshift.engines.duckdb import dates
from etlocal.redshift.engines.duckdb.build import call, cast, number, text
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError

Arguments = list[exp.Expr]


def build(name: str, node: exp.Anonymous) -> exp.Expr:
    """Build the call of a function of the allow-list."""
    builder = _BUILDERS.get(name)
    if builder is not None:
        return builder(list(node.expressions))
    return call(f"rs_{name}", *node.expressions)


def _simple(function: str) -> Callable[[Arguments], exp.Expr]:
    return lambda arguments: call(function, *arguments)


def _nvl2(arguments: Arguments) -> exp.Expr:
    test = exp.Not(this=exp.Is(this=arguments[0], expression=exp.Null()))
    return exp.Case(ifs=[exp.If(this=test, true=arguments[1])], default=arguments[2])


def _decode(arguments: Arguments) -> exp.Expr:
    """DECODE compares NULL with NULL as equal, which CASE does not."""
    subject, rest = arguments[0], arguments[1:]
    branches = [
        exp.If(this=exp.NullSafeEQ(this=subject.copy(), expression=rest[i]), true=rest[i + 1])
        for i in range(0, len(rest) - 1, 2)
    ]
    return exp.Case(ifs=branches, default=rest[-1] if len(rest) % 2 else None)


def _mod(arguments: Arguments) -> exp.Expr:
    divisor = call("rs_nonzero", exp.Paren(this=arguments[1]))
    return exp.Paren(this=exp.Mod(this=exp.Paren(this=arguments[0]), expression=divisor))


def _trunc(arguments: Arguments) -> exp.Expr:
    kind = type_of(arguments[0])
    if kind is None:
        raise FeatureNotSupportedError("TRUNC of an expression whose type is not known; add a cast")
    if kind.name in ("timestamp", "timestamptz", "date"):
        return cast(arguments[0], "DATE")
    if kind.is_text:
        return cast(cast(arguments[0], "TIMESTAMP"), "DATE")
    if len(arguments) == 1:
        return call("trunc", arguments[0])
    return call("trunc", arguments[0], cast(arguments[1], "INTEGER"))


def _date_trunc(arguments: Arguments) -> exp.Expr:
    kind = type_of(arguments[1])
    moment = arguments[1]
    if kind != types.TIMESTAMPTZ:
        moment = cast(moment, "TIMESTAMP")
    return call("date_trunc", text(dateparts.unit(arguments[0])), moment)


def _date_part(arguments: Arguments) -> exp.Expr:
    part = dateparts.unit(arguments[0])
    moment = arguments[1]
    kind = type_of(moment)
    if kind is None or kind.is_text:
        moment = cast(moment, "TIMESTAMP")
    return cast(dates.part_of(part, moment), "DOUBLE")


def _constant(node: exp.Expr, function: str) -> str:
    if isinstance(node, exp.Literal) and node.is_string:
        return node.name
    raise FeatureNotSupportedError(f"{function} with a format that is not a constant")


def _to_char(arguments: Arguments) -> exp.Expr:
    pattern = _constant(arguments[1], "TO_CHAR")
    kind = type_of(arguments[0])
    if kind is not None and kind.is_numeric:
        return _number_to_char(arguments[0], pattern)
    if kind is None:
        raise FeatureNotSupportedError(
            "TO_CHAR of an expression whose type is not known; add a cast"
        )
    moment = arguments[0]
    if kind != types.TIMESTAMPTZ:
        moment = cast(moment, "TIMESTAMP")
    else:
        moment = call("timezone", text("UTC"), moment)
    return dates.to_char(moment, pattern)


def _number_to_char(value: exp.Expr, pattern: str) -> exp.Expr:
    fill = pattern.upper().startswith("FM")
    body = pattern[2:] if fill else pattern
    whole, _, fraction = body.replace("D", ".").partition(".")
    grouped = "," in whole or "G" in whole
    digits = whole.replace(",", "").replace("G", "")
    if set(digits) - {"9", "0"} or set(fraction) - {"9", "0"} or not digits:
        raise FeatureNotSupportedError(f"the number format {pattern!r} in TO_CHAR")
    if fill and set(fraction) == {"9"}:
        raise FeatureNotSupportedError(f"the number format {pattern!r} in TO_CHAR")
    zeros = len(digits) - digits.index("0") if "0" in digits else 0
    if grouped and zeros:
        raise FeatureNotSupportedError(f"the number format {pattern!r} in TO_CHAR")
    comma = "," if grouped else ""
    spec = f"{{:{comma}.{len(fraction)}f}}"
    width = len(body) + 1
    magnitude = call("round", call("abs", exp.Paren(this=value.copy())), number(len(fraction)))
    shown: exp.Expr = call("format", text(spec), cast(magnitude, "DOUBLE"))
    if zeros:
        padded = zeros + (len(fraction) + 1 if fraction else 0)
        longest = call("greatest", number(padded), call("length", shown.copy()))
        shown = call("lpad", shown, cast(longest, "INTEGER"), text("0"))
    sign = exp.Case(
        ifs=[exp.If(this=exp.LT(this=exp.Paren(this=value.copy()), expression=number(0)),
                    true=text("-"))],
        default=text("" if fill else " "),
    )  # fmt: skip
    signed = exp.Paren(this=exp.DPipe(this=sign, expression=shown))
    if fill:
        return signed
    fits = exp.LTE(this=call("length", signed.copy()), expression=number(width))
    padded_text = call("lpad", signed, number(width), text(" "))
    overflow = " " + "".join("#" if c in "90" else c for c in body)
    return exp.Case(ifs=[exp.If(this=fits, true=padded_text)], default=text(overflow))


def _to_date(arguments: Arguments) -> exp.Expr:
    pattern = dates.strptime_format(_constant(arguments[1], "TO_DATE"))
    return cast(call("strptime", cast(arguments[0], "VARCHAR"), text(pattern)), "DATE")


def _to_timestamp(arguments: Arguments) -> exp.Expr:
    pattern = dates.strptime_format(_constant(arguments[1], "TO_TIMESTAMP"))
    moment = call("strptime", cast(arguments[0], "VARCHAR"), text(pattern))
    return call("timezone", text("UTC"), cast(moment, "TIMESTAMP"))


def _to_number(arguments: Arguments) -> exp.Expr:
    pattern = _constant(arguments[1], "TO_NUMBER").upper()
    if set(pattern) - set("90.,DGSMIL$"):
        raise FeatureNotSupportedError(f"the number format {pattern!r} in TO_NUMBER")
    fraction = pattern.replace("D", ".").partition(".")[2]
    scale = sum(c in "90" for c in fraction)
    digits = call("regexp_replace", arguments[0], text(r"[^0-9.]"), text(""), text("g"))
    sign = call("regexp_extract", arguments[0].copy(), text("-"))
    return cast(exp.DPipe(this=sign, expression=digits), f"DECIMAL(38,{scale})")


def _json_path(arguments: Arguments) -> exp.Expr:
    if isinstance(arguments[-1], exp.Boolean):
        arguments = arguments[:-1]
    path = "$"
    for step in arguments[1:]:
        name = _constant(step, "JSON_EXTRACT_PATH_TEXT").replace('"', '\\"')
        path += f'."{name}"'
    return call("json_extract_string", arguments[0], text(path))


def _array(arguments: Arguments) -> exp.Expr:
    return call("json_array", *arguments)


def _object(arguments: Arguments) -> exp.Expr:
    if len(arguments) % 2:
        raise SqlError("OBJECT takes pairs of a name and a value", sqlstate="42601")
    return call("json_object", *arguments)


def _coalesce(arguments: Arguments) -> exp.Expr:
    return exp.Coalesce(this=arguments[0], expressions=arguments[1:])


_BUILDERS: dict[str, Callable[[Arguments], exp.Expr]] = {
    "nvl": _coalesce,
    "coalesce": _coalesce,
    "nvl2": _nvl2,
    "decode": _decode,
    "nullif": _simple("nullif"),
    "greatest": _simple("greatest"),
    "least": _simple("least"),
    "mod": _mod,
    "trunc": _trunc,
    "dateadd": lambda a: dates.add(a[0], a[1], a[2]),
    "date_add": lambda a: dates.add(a[0], a[1], a[2]),
    "datediff": lambda a: dates.difference(a[0], a[1], a[2]),
    "date_diff": lambda a: dates.difference(a[0], a[1], a[2]),
    "date_trunc": _date_trunc,
    "date_part": _date_part,
    "pgdate_part": _date_part,
    "timezone": _simple("timezone"),
    "to_char": _to_char,
    "to_date": _to_date,
    "to_timestamp": _to_timestamp,
    "to_number": _to_number,
    "json_extract_path_text": _json_path,
    "array": _array,
    "object": _object,
    "get_item": lambda a: exp.Bracket(this=a[0], expressions=[a[1]]),
    "current_setting": _simple("current_setting"),
}
