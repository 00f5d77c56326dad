"""Scalar functions in PostgreSQL's terms: those that are no plain call of one.

The others are PostgreSQL's own, or ``rs_<name>`` in ``functions.sql``; `_CALLS` says which, and to
what their arguments are brought: PostgreSQL takes no number for a string of its own accord, which
Redshift, being older, does.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from etlocal.redshift.dialect import dateparts, types
from etlocal.redshift.dialect.infer import type_of
from etlocal.redshift.engines.postgres import dates
from etlocal.redshift.engines.postgres.build import call, cast, number, pg_type, text
from etlocal.redshift.errors import FeatureNotSupportedError, SqlError

Arguments = list[exp.Expr]
_ARGUMENTS = {"t": "TEXT", "i": "INTEGER", "b": "BIGINT", "f": "DOUBLE PRECISION",
              "s": "TIMESTAMP", "d": "DATE", "o": "BOOLEAN"}  # fmt: skip
# Redshift's name: PostgreSQL's, and a letter for each argument ("j": as it is).
_CALLS = {
    "len": "length t", "length": "length t", "char_length": "length t",
    "character_length": "length t", "textlen": "length t", "octet_length": "octet_length t",
    "strpos": "strpos tt", "ascii": "ascii t", "lower": "lower t", "upper": "upper t",
    "initcap": "initcap t", "reverse": "reverse t", "left": "left ti", "right": "right ti",
    "lpad": "lpad tit", "rpad": "rpad tit", "ltrim": "ltrim tt", "rtrim": "rtrim tt",
    "btrim": "btrim tt", "trim": "btrim tt", "substring": "rs_substring tii",
    "substr": "rs_substring tii", "split_part": "rs_split_part tti", "replace": "replace ttt",
    "translate": "translate ttt", "repeat": "repeat ti", "replicate": "repeat ti", "chr": "chr i",
    "md5": "md5 t", "sha2": "rs_sha2 ti", "to_hex": "to_hex b", "quote_ident": "rs_quote_ident t",
    "quote_literal": "rs_quote_literal t", "concat": "rs_concat tt", "strtol": "rs_strtol ti",
    "regexp_replace": "rs_regexp_replace ttti", "regexp_substr": "rs_regexp_substr ttii",
    "regexp_count": "rs_regexp_count tti", "regexp_instr": "rs_regexp_instr tti",
    "sqrt": "sqrt f", "cbrt": "cbrt f", "exp": "exp f", "dexp": "exp f", "ln": "ln f",
    "dlog1": "ln f", "log": "log10 f", "dlog10": "log10 f", "power": "power ff", "pow": "power ff",
    "sin": "sin f", "cos": "cos f", "tan": "tan f", "cot": "cot f", "asin": "asin f",
    "acos": "acos f", "atan": "atan f", "atan2": "atan2 ff", "degrees": "degrees f",
    "radians": "radians f", "pi": "pi", "random": "random", "getdate": "rs_getdate", "now": "now",
    "last_day": "rs_last_day s", "add_months": "rs_add_months si",
    "months_between": "rs_months_between ss", "next_day": "rs_next_day st",
    "date_cmp": "rs_date_cmp dd", "timestamp_cmp": "rs_timestamp_cmp ss",
    "date_part_year": "rs_date_part_year d", "json_parse": "rs_json_parse t",
    "can_json_parse": "rs_can_json_parse t", "is_valid_json": "rs_is_valid_json t",
    "is_valid_json_array": "rs_is_valid_json_array t", "json_serialize": "rs_json_serialize j",
    "json_array_length": "rs_json_array_length to",
    "json_extract_array_element_text": "rs_json_extract_array_element_text tio",
    "json_typeof": "rs_json_typeof j", "get_array_length": "rs_get_array_length j",
    "is_array": "rs_is_array j", "is_object": "rs_is_object j", "is_varchar": "rs_is_varchar j",
    "is_integer": "rs_is_integer j", "is_scalar": "rs_is_scalar j",
    "array_concat": "rs_array_concat jj", "split_to_array": "rs_split_to_array tt",
    "version": "rs_version", "current_user": "rs_current_user",
    "current_schema": "rs_current_schema", "current_database": "rs_current_database",
    "pg_backend_pid": "rs_pg_backend_pid", "pg_last_query_id": "rs_pg_last_query_id",
    "pg_last_copy_count": "rs_pg_last_copy_count", "nullif": "nullif jj", "abs": "abs j",
    "timezone": "timezone tj", "current_setting": "current_setting t",
    "pg_table_is_visible": "rs_pg_table_is_visible b", "array_to_string": "array_to_string jt",
    "current_schemas": "rs_current_schemas o", "format_type": "rs_format_type bi",
}  # fmt: skip


def build(name: str, node: exp.Anonymous) -> exp.Expr:
    """Build the call of a function of the allow-list.

    Raises
    ------
    FeatureNotSupportedError
        If there is no such function on PostgreSQL.
    """
    arguments = list(node.expressions)
    builder = _BUILDERS.get(name)
    if builder is not None:
        return builder(arguments)
    if name not in _CALLS:
        raise FeatureNotSupportedError(f"the function {name.upper()} on PostgreSQL")
    function, _, letters = _CALLS[name].partition(" ")
    brought = [
        argument if letter == "j" else cast(exp.Paren(this=argument), _ARGUMENTS[letter])
        for argument, letter in zip(arguments, letters, strict=False)
    ]
    return call(function, *brought)


def modulo(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Build the remainder of a division; PostgreSQL has none of floating-point numbers."""
    kinds = [type_of(left), type_of(right)]
    floating = any(kind is not None and kind.is_float for kind in kinds)
    parts: list[exp.Expr] = [exp.Paren(this=left), exp.Paren(this=right)]
    if floating:
        parts = [cast(part, "NUMERIC") for part in parts]
    rest = exp.Paren(this=exp.Mod(this=parts[0], expression=parts[1]))
    return cast(rest, "DOUBLE PRECISION") if floating else rest


def _nvl2(arguments: Arguments) -> exp.Expr:
    test = exp.Not(this=exp.Is(this=exp.Paren(this=arguments[0]), expression=exp.Null()))
    return exp.Case(ifs=[exp.If(this=test, true=arguments[1])], default=arguments[2])


def _decode(arguments: Arguments) -> exp.Expr:
    """DECODE compares NULL with NULL as equal, which CASE does not."""
    subject, rest = arguments[0], arguments[1:]
    branches = [
        exp.If(this=exp.NullSafeEQ(this=subject.copy(), expression=rest[i]), true=rest[i + 1])
        for i in range(0, len(rest) - 1, 2)
    ]
    return exp.Case(ifs=branches, default=rest[-1] if len(rest) % 2 else None)


def _trunc(arguments: Arguments) -> exp.Expr:
    kind = type_of(arguments[0])
    if kind is None:
        raise FeatureNotSupportedError("TRUNC of an expression whose type is not known; add a cast")
    if not kind.is_numeric:
        return cast(cast(arguments[0], "TIMESTAMP"), "DATE")
    return _to_digits("trunc", arguments, kind)


def _round(arguments: Arguments) -> exp.Expr:
    kind = type_of(arguments[0])
    if kind is None:
        raise FeatureNotSupportedError("ROUND of an expression whose type is not known; add a cast")
    return _to_digits("round", arguments, kind)


def _to_digits(function: str, arguments: Arguments, kind: types.SqlType) -> exp.Expr:
    """Round or cut a number: exactly, whatever its type, and to that type."""
    digits = _digits(arguments[1]) if len(arguments) > 1 else 0
    if kind.is_integer and digits is not None and digits >= 0:
        return exp.Paren(this=arguments[0])
    value = cast(exp.Paren(this=arguments[0]), "NUMERIC")
    places = number(0) if len(arguments) == 1 else cast(arguments[1], "INTEGER")
    made = call(function, value, places)
    if kind.name != "numeric":
        return cast(made, pg_type(kind))
    if digits is None:
        return made
    return cast(made, f"NUMERIC(38,{min(max(digits, 0), 37)})")


def _digits(node: exp.Expr) -> int | None:
    sign = 1
    while isinstance(node, exp.Neg | exp.Paren):
        sign, node = (-sign if isinstance(node, exp.Neg) else sign), node.this
    if isinstance(node, exp.Literal) and node.name.isdecimal():
        return sign * int(node.name)
    return None


def _whole(function: str) -> Callable[[Arguments], exp.Expr]:
    """Build CEILING, FLOOR and SIGN, whose value keeps the argument's type."""

    def make(arguments: Arguments) -> exp.Expr:
        kind = type_of(arguments[0])
        made = call(function, arguments[0])
        if kind is None or not kind.is_numeric:
            return made
        return cast(made, "NUMERIC(38,0)" if kind.name == "numeric" else pg_type(kind))

    return make


def _moment(node: exp.Expr) -> exp.Expr:
    kind = type_of(node)
    return node if kind == types.TIMESTAMPTZ else cast(exp.Paren(this=node), "TIMESTAMP")


def _date_trunc(arguments: Arguments) -> exp.Expr:
    return call("date_trunc", text(dateparts.unit(arguments[0])), _moment(arguments[1]))


def _date_part(arguments: Arguments) -> exp.Expr:
    part = dateparts.unit(arguments[0])
    kind = type_of(arguments[1])
    moment = arguments[1]
    if kind is None or kind.is_text:
        moment = cast(exp.Paren(this=moment), "TIMESTAMP")
    return cast(dates.part_of(part, moment), "DOUBLE PRECISION")


def _pattern(node: exp.Expr, function: str) -> exp.Expr:
    if isinstance(node, exp.Literal) and node.is_string:
        return node
    raise FeatureNotSupportedError(f"{function} with a format that is not a constant")


def _to_char(arguments: Arguments) -> exp.Expr:
    pattern = _pattern(arguments[1], "TO_CHAR")
    kind = type_of(arguments[0])
    if kind is None:
        raise FeatureNotSupportedError(
            "TO_CHAR of an expression whose type is not known; add a cast"
        )
    value = arguments[0] if kind.is_numeric else _moment(arguments[0])
    return call("to_char", value, pattern)


def _read(function: str) -> Callable[[Arguments], exp.Expr]:
    def make(arguments: Arguments) -> exp.Expr:
        pattern = _pattern(arguments[1], function.upper())
        return call(function, cast(exp.Paren(this=arguments[0]), "TEXT"), pattern)

    return make


def _to_number(arguments: Arguments) -> exp.Expr:
    pattern = _pattern(arguments[1], "TO_NUMBER")
    fraction = pattern.name.upper().replace("D", ".").partition(".")[2]
    scale = sum(character in "90" for character in fraction)
    made = call("to_number", cast(exp.Paren(this=arguments[0]), "TEXT"), pattern)
    return cast(made, f"NUMERIC(38,{scale})")


def _convert_timezone(arguments: Arguments) -> exp.Expr:
    zones = [cast(exp.Paren(this=zone), "TEXT") for zone in arguments[:-1]]
    return call("rs_convert_timezone", *zones, cast(exp.Paren(this=arguments[-1]), "TIMESTAMP"))


def _json_path(arguments: Arguments) -> exp.Expr:
    lenient: exp.Expr = exp.false()
    if isinstance(arguments[-1], exp.Boolean):
        *arguments, lenient = arguments
    # An array of PostgreSQL's: the elements in braces, in double quotes.
    steps = []
    for step in arguments[1:]:
        name = _pattern(step, "JSON_EXTRACT_PATH_TEXT").name
        steps.append('"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"')
    path = cast(text("{" + ",".join(steps) + "}"), "TEXT[]")
    return call("rs_json_path", cast(exp.Paren(this=arguments[0]), "TEXT"), path, lenient)


def _elements(arguments: Arguments) -> list[exp.Expr]:
    found: list[exp.Expr] = []
    for argument in arguments:
        kind = type_of(argument)
        plain = isinstance(argument, exp.Null) or (kind is not None and kind.is_text)
        found.append(cast(exp.Paren(this=argument), "TEXT") if plain else argument)
    return found


def _array(arguments: Arguments) -> exp.Expr:
    return call("rs_compact", call("json_build_array", *_elements(arguments)))


def _object(arguments: Arguments) -> exp.Expr:
    if len(arguments) % 2:
        raise SqlError("OBJECT takes pairs of a name and a value", sqlstate="42601")
    return call("rs_compact", call("json_build_object", *_elements(arguments)))


def _get_item(arguments: Arguments) -> exp.Expr:
    kind = type_of(arguments[1])
    target = "INTEGER" if kind is not None and kind.is_integer else "TEXT"
    return call("rs_item", arguments[0], cast(exp.Paren(this=arguments[1]), target))


def _coalesce(arguments: Arguments) -> exp.Expr:
    return exp.Coalesce(this=arguments[0], expressions=arguments[1:])


def _charindex(arguments: Arguments) -> exp.Expr:
    part, value = (cast(exp.Paren(this=argument), "TEXT") for argument in arguments)
    return call("strpos", value, part)


_BUILDERS: dict[str, Callable[[Arguments], exp.Expr]] = {
    "nvl": _coalesce,
    "coalesce": _coalesce,
    "nvl2": _nvl2,
    "decode": _decode,
    "greatest": lambda a: call("greatest", *a),
    "least": lambda a: call("least", *a),
    "charindex": _charindex,
    "position": _charindex,
    "mod": lambda a: modulo(a[0], a[1]),
    "trunc": _trunc,
    "round": _round,
    "ceil": _whole("ceil"),
    "ceiling": _whole("ceil"),
    "floor": _whole("floor"),
    "sign": _whole("sign"),
    "date": lambda a: cast(exp.Paren(this=a[0]), "DATE"),
    "dateadd": lambda a: dates.add(a[0], a[1], a[2]),
    "date_add": lambda a: dates.add(a[0], a[1], a[2]),
    "datediff": lambda a: dates.difference(a[0], a[1], a[2]),
    "date_diff": lambda a: dates.difference(a[0], a[1], a[2]),
    "date_trunc": _date_trunc,
    "date_part": _date_part,
    "pgdate_part": _date_part,
    "convert_timezone": _convert_timezone,
    "to_char": _to_char,
    "to_date": _read("to_date"),
    "to_timestamp": _read("to_timestamp"),
    "to_number": _to_number,
    "json_extract_path_text": _json_path,
    "array": _array,
    "object": _object,
    "get_item": _get_item,
    # Every user has all rights, and owns what there is.
    "has_table_privilege": lambda _a: exp.true(),
    "has_schema_privilege": lambda _a: exp.true(),
    "has_database_privilege": lambda _a: exp.true(),
    "pg_get_userbyid": lambda _a: call("rs_current_user"),
    "pg_encoding_to_char": lambda _a: cast(text("UTF8"), "TEXT"),
    "pg_get_expr": lambda a: exp.Paren(this=a[0]),
}
