"""The operators of ``Condition``.

Sources: IAM User Guide, "IAM JSON policy elements: Condition operators", "Single-valued vs.
multivalued context keys", "Conditions with multiple context keys or values" and "IAM Access
Analyzer policy check reference" (*Null with qualifier*).
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator as comparison
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from etlocal.iam.documents import Condition
from etlocal.iam.patterns import ContextValue, arn_matches, matches, tokens

# Tells whether a value of the request is what one value of the policy says; the context is None
# where the policy has no variables.
_Test = Callable[[str, str, Mapping[str, ContextValue] | None], bool]

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_DATE = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)"
    r"(T(?P<time>\d\d:\d\d(:\d\d)?)(\.(?P<fraction>\d+))?(?P<zone>Z|[+-]\d\d:?\d\d)?)?)?)?"
)
_EPOCH = re.compile(r"-?\d+(\.\d+)?")


def fulfilled(
    condition: Condition, context: Mapping[str, ContextValue], *, variables: bool = True
) -> bool:
    """Tell whether a request fulfils a condition.

    Parameters
    ----------
    condition : Condition
    context : dict
        The request's condition keys in lower case. A key that it lacks is not present; a tuple
        without values, or of empty ones, is present and null.
    variables : bool
        Whether ``${...}`` in the condition's values is a policy variable.

    Returns
    -------
    bool
        A missing key fulfils only negated operators, ``...IfExists``, ``ForAllValues`` and
        ``Null: true``.
    """
    found = context.get(condition.key.lower())
    given = (found,) if isinstance(found, str) else found
    null = not any(given or ())
    if condition.operator == "Null":
        return _is_null(condition, null)
    if given is None and condition.if_exists:
        return True
    if condition.quantifier and null:
        return condition.quantifier == "ForAllValues"
    name, negated = _NEGATED.get(condition.operator, (condition.operator, False))
    if given is None:
        return negated
    test, known = _TESTS[name], context if variables else None
    # A negated operator must hold against every value of the policy.
    said = [any(test(value, each, known) for each in condition.values) for value in given]
    if condition.quantifier == "ForAllValues":
        return all(each != negated for each in said)
    if condition.quantifier == "ForAnyValue":
        return any(each != negated for each in said)
    return any(said) != negated


def _is_null(condition: Condition, null: bool) -> bool:
    if condition.quantifier:
        return condition.quantifier == "ForAllValues"
    return any(_boolean(each) is null for each in condition.values)


def _string_equals(value: str, said: str, context: Mapping[str, ContextValue] | None) -> bool:
    pattern = tokens(said, context, wildcards=False)
    return pattern is not None and matches(pattern, value)


def _string_equals_ignoring_case(
    value: str, said: str, context: Mapping[str, ContextValue] | None
) -> bool:
    pattern = tokens(said, context, wildcards=False)
    return pattern is not None and "".join(map(str, pattern)).lower() == value.lower()


def _string_like(value: str, said: str, context: Mapping[str, ContextValue] | None) -> bool:
    pattern = tokens(said, context)
    return pattern is not None and matches(pattern, value)


def _arn_like(value: str, said: str, context: Mapping[str, ContextValue] | None) -> bool:
    pattern = tokens(said, context)
    return pattern is not None and arn_matches(pattern, value)


def _bool(value: str, said: str, context: Mapping[str, ContextValue] | None) -> bool:
    pattern = tokens(said, context, wildcards=False)
    wanted = None if pattern is None else _boolean("".join(map(str, pattern)))
    return wanted is not None and _boolean(value) is wanted


def _binary(value: str, said: str, _: object) -> bool:
    """Compare bytes; in the request, too, they are text in base 64."""
    wanted = _bytes(said)
    return wanted is not None and _bytes(value) == wanted


def _ip_address(value: str, said: str, _: object) -> bool:
    try:
        network = ipaddress.ip_network(said, strict=False)
        return ipaddress.ip_address(value) in network
    except ValueError:
        return False


def _compared(
    read: Callable[[str], Decimal | None], compare: Callable[[Decimal, Decimal], bool]
) -> _Test:
    """Make the test of an operator that reads both sides; what cannot be read is not equal."""

    def test(value: str, said: str, _: object) -> bool:
        left, right = read(value), read(said)
        return left is not None and right is not None and compare(left, right)

    return test


def _boolean(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _moment(text: str) -> Decimal | None:
    """Read a date of the W3C's profile of ISO 8601, or seconds since 1970, as seconds since 1970.

    Four digits are a year. A time without a zone is taken as UTC.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return Decimal(text) if _EPOCH.fullmatch(text) else None
    written = f"{match['year']}-{match['month'] or '01'}-{match['day'] or '01'}"
    if match["time"]:
        written += f"T{match['time']}{(match['zone'] or 'Z')}"
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return Decimal(since.days * 86_400 + since.seconds) + Decimal(f"0.{match['fraction'] or 0}")


_ORDER: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "Equals": comparison.eq,
    "LessThan": comparison.lt,
    "LessThanEquals": comparison.le,
    "GreaterThan": comparison.gt,
    "GreaterThanEquals": comparison.ge,
}
_TESTS: dict[str, _Test] = {
    "StringEquals": _string_equals,
    "StringEqualsIgnoreCase": _string_equals_ignoring_case,
    "StringLike": _string_like,
    "Bool": _bool,
    "BinaryEquals": _binary,
    "IpAddress": _ip_address,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    **{f"Numeric{name}": _compared(_number, order) for name, order in _ORDER.items()},
    **{f"Date{name}": _compared(_moment, order) for name, order in _ORDER.items()},
}
_NEGATED = {
    "StringNotEquals": ("StringEquals", True),
    "StringNotEqualsIgnoreCase": ("StringEqualsIgnoreCase", True),
    "StringNotLike": ("StringLike", True),
    "NumericNotEquals": ("NumericEquals", True),
    "DateNotEquals": ("DateEquals", True),
    "NotIpAddress": ("IpAddress", True),
    "ArnNotEquals": ("ArnEquals", True),
    "ArnNotLike": ("ArnLike", True),
}
