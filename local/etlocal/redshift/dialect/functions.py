"""The functions that exist: an allow-list, with what they take and give.

A name that is not here is answered with Redshift's ``function … does not exist``, or, if Redshift
has it, with an error that says it is not supported: never with what an engine takes it for.

Source: Amazon Redshift Database Developer Guide, "SQL functions reference"; "AVG function" and
"SUM function" say what these answer (BIGINT for whole numbers, DECIMAL(38, s) for a scale of s).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from etlocal.redshift.dialect import types
from etlocal.redshift.dialect.types import SqlType

Types = Sequence[SqlType | None]
Returns = Callable[[Types], SqlType | None]


@dataclass(frozen=True)
class Function:
    """One function.

    Attributes
    ----------
    least, most : int
        How many arguments it takes.
    returns : callable
        The type it gives for its arguments' types; None where that is not known.
    aggregate, window : bool
        Whether it is an aggregate, and whether it is only a window function.
    """

    name: str
    least: int
    most: int
    returns: Returns
    aggregate: bool = False
    window: bool = False


def common(kinds: Types) -> SqlType | None:
    """Give the type that values of all these types are brought to; None where not known."""
    known = [kind for kind in kinds if kind is not None]
    if not known or len(known) != len(kinds):
        return None
    result = known[0]
    for kind in known[1:]:
        merged = _merge(result, kind)
        if merged is None:
            return None
        result = merged
    return result


_INTEGER_ORDER = ("int2", "int4", "int8")


def _merge(left: SqlType, right: SqlType) -> SqlType | None:
    if left == right:
        return left
    if left.is_integer and right.is_integer:
        return max(left, right, key=lambda kind: _INTEGER_ORDER.index(kind.name))
    if left.is_numeric and right.is_numeric:
        if left.is_float or right.is_float:
            return types.FLOAT8
        one, two = left.as_numeric(), right.as_numeric()
        scale = max(one.scale, two.scale)
        whole = max(one.precision - one.scale, two.precision - two.scale)
        return SqlType("numeric", precision=min(38, whole + scale), scale=scale)
    if left.is_text and right.is_text:
        length = max(left.length, right.length) if left.length and right.length else 0
        return SqlType("varchar", length=length)
    order = ("date", "timestamp", "timestamptz")
    if left.name in order and right.name in order:
        return max(left, right, key=lambda kind: order.index(kind.name))
    return None


def _always(kind: SqlType) -> Returns:
    return lambda _arguments: kind


def _first(arguments: Types) -> SqlType | None:
    return arguments[0] if arguments else None


def _text(arguments: Types) -> SqlType | None:
    first = _first(arguments)
    return SqlType("varchar", length=first.length if first and first.is_text else 0)


def _avg(arguments: Types) -> SqlType | None:
    kind = _first(arguments)
    if kind is None:
        return None
    if kind.is_integer:
        return types.INT8
    if kind.name == "numeric":
        return SqlType("numeric", precision=38, scale=kind.scale)
    return types.FLOAT8 if kind.is_float else None


def _sum(arguments: Types) -> SqlType | None:
    kind = _first(arguments)
    if kind is None:
        return None
    if kind.name in ("int2", "int4"):
        return types.INT8
    if kind.name == "int8":
        return SqlType("numeric", precision=38, scale=0)
    if kind.name == "numeric":
        return SqlType("numeric", precision=38, scale=kind.scale)
    return types.FLOAT8 if kind.is_float else None


def _all_common(arguments: Types) -> SqlType | None:
    return common(arguments)


def _float_or_null(_arguments: Types) -> SqlType | None:
    return types.FLOAT8


def _unknown(_arguments: Types) -> SqlType | None:
    return None


def _decode(arguments: Types) -> SqlType | None:
    results = list(arguments[2::2])
    if len(arguments) % 2 == 0:
        results.append(arguments[-1])
    return common(results)


def _rounded(arguments: Types) -> SqlType | None:
    kind = _first(arguments)
    if kind is not None and kind.name == "numeric":
        return None
    return kind


_VARCHAR, _MANY = types.VARCHAR, 200
_INT4, _INT8, _FLOAT8 = _always(types.INT4), _always(types.INT8), _always(types.FLOAT8)
_BOOL, _TEXT = _always(types.BOOL), _always(_VARCHAR)
_DATE, _TS, _SUPER = _always(types.DATE), _always(types.TIMESTAMP), _always(types.SUPER)

_SCALAR: dict[Returns, str] = {
    _INT4: "len:1 length:1 char_length:1 character_length:1 textlen:1 octet_length:1 strpos:2 "
    "charindex:2 position:2 ascii:1 regexp_instr:2-3 regexp_count:2-3 json_array_length:1-2 "
    "date_cmp:2 timestamp_cmp:2 date_part_year:1 pg_backend_pid:0 get_array_length:1 "
    "pg_last_copy_count:0",
    _INT8: "strtol:2 datediff:3 date_diff:3 pg_last_query_id:0",
    _FLOAT8: "sqrt:1 cbrt:1 exp:1 dexp:1 ln:1 dlog1:1 log:1 dlog10:1 power:2 pow:2 sin:1 cos:1 "
    "tan:1 cot:1 asin:1 acos:1 atan:1 atan2:2 degrees:1 radians:1 pi:0 random:0 "
    "months_between:2 date_part:2 pgdate_part:2",
    _BOOL: "is_valid_json:1 is_valid_json_array:1 can_json_parse:1 is_array:1 is_object:1 "
    "is_varchar:1 is_integer:1 is_scalar:1 pg_table_is_visible:1 has_table_privilege:2-3 "
    "has_schema_privilege:2-3 has_database_privilege:2-3",
    _TEXT: "lpad:2-3 rpad:2-3 replace:3 repeat:2 replicate:2 chr:1 md5:1 sha:1 sha1:1 func_sha1:1 "
    "sha2:2 to_hex:1 quote_ident:1 quote_literal:1 concat:2 to_char:2 json_serialize:1 "
    "json_extract_path_text:2-6 json_extract_array_element_text:2-3 json_typeof:1 "
    "regexp_replace:3-4 translate:3 current_schema:0 current_database:0 version:0 "
    "current_user:0 current_setting:1 pg_get_userbyid:1 pg_encoding_to_char:1 format_type:2 "
    "pg_get_expr:2-3 array_to_string:2 current_schemas:1",
    _text: "lower:1 upper:1 initcap:1 reverse:1 left:2 right:2 ltrim:1-2 rtrim:1-2 btrim:1-2 "
    "trim:1-2 substring:2-3 substr:2-3 split_part:3 regexp_substr:2-4",
    _first: "abs:1 ceil:1 ceiling:1 floor:1 sign:1 nullif:2",
    _rounded: "round:1-2",
    _all_common: "nvl:1-200 coalesce:1-200 greatest:1-200 least:1-200",
    _DATE: "last_day:1 next_day:2 to_date:2-3 date:1",
    _TS: "getdate:0 dateadd:3 date_add:3 add_months:2 convert_timezone:2-3",
    _always(types.TIMESTAMPTZ): "to_timestamp:2-3 now:0",
    _SUPER: "json_parse:1 array:0-200 object:0-200 array_concat:2 split_to_array:1-2 get_item:2",
    _decode: "decode:3-200",
    lambda arguments: common(arguments[1:]): "nvl2:3",
    _always(SqlType("numeric", precision=38)): "to_number:2",
    _unknown: "timezone:2 date_trunc:2 trunc:1-2 mod:2",
}
_AGGREGATES: dict[Returns, str] = {
    _INT8: "count:1",
    lambda _arguments: types.INT8: "approximate count:1",
    _sum: "sum:1",
    _avg: "avg:1",
    _first: "min:1 max:1 any_value:1 bit_and:1 bit_or:1",
    _BOOL: "bool_and:1 bool_or:1",
    _float_or_null: "stddev:1 stddev_samp:1 stddev_pop:1 variance:1 var_samp:1 var_pop:1",
    _unknown: "median:1 percentile_cont:1 percentile_disc:1 approximate percentile_disc:1",
    _TEXT: "listagg:1-2",
}
_WINDOWS: dict[Returns, str] = {
    _INT8: "row_number:0 rank:0 dense_rank:0 ntile:1",
    _FLOAT8: "percent_rank:0 cume_dist:0 ratio_to_report:1",
    _first: "lag:1-3 lead:1-3 first_value:1 last_value:1 nth_value:2",
}


def _read(
    table: dict[Returns, str], *, aggregate: bool = False, window: bool = False
) -> dict[str, Function]:
    found = {}
    for returns, text in table.items():
        # "approximate count" is one name: its blank binds to the word before it.
        words = text.replace("approximate ", "approximate\0").split()
        for word in words:
            name, _, counts = word.replace("\0", " ").partition(":")
            least, _, most = counts.partition("-")
            found[name] = Function(name, int(least), int(most or least), returns, aggregate, window)
    return found


FUNCTIONS: dict[str, Function] = {
    **_read(_SCALAR),
    **_read(_AGGREGATES, aggregate=True),
    **_read(_WINDOWS, window=True),
}

KNOWN_UNSUPPORTED = frozenset(
    (
        "crc32", "soundex", "difference", "bpcharcmp", "fnv_hash", "farmfingerprint64", "hll",
        "hll_create_sketch", "hll_cardinality", "hll_combine", "array_flatten", "subarray",
        "json_size", "collate", "explode_map", "timeofday", "interval_cmp", "timestamptz_cmp",
        "to_varbyte", "from_varbyte", "from_hex", "url_encode", "url_decode",
        "bttext_pattern_cmp", "decode_varbyte", "listaggdistinct", "width_bucket",
        "pg_get_late_binding_view_cols", "generate_series", "current_aws_account",
        "current_namespace", "checksum", "pg_last_copy_id", "pg_last_unload_count",
        "pg_last_unload_id", "pg_terminate_backend", "pg_cancel_backend", "slice_num",
        "user_is_member_of", "is_boolean", "is_bigint", "is_decimal", "is_float", "is_small",
        "lower_attribute_names", "upper_attribute_names", "mask", "kurtosis", "skewness",
        "corr", "regr_slope", "covar_pop",
    )
)  # fmt: skip
