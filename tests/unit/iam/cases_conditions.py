"""Condition operators: each with a match, with none, and with a key that the request lacks."""

from __future__ import annotations

from dataclasses import dataclass

from etlocal.iam.patterns import ContextValue
from tests.unit.iam.case import Case, allow, deny, when

OPERATORS = "IAM JSON policy elements: Condition operators"
STRING, NUMERIC, DATE = (
    f"{OPERATORS}: {kind} condition operators" for kind in ("String", "Numeric", "Date")
)
BOOLEAN, BINARY, IP = (
    f"{OPERATORS}: {kind} condition operators" for kind in ("Boolean", "Binary", "IP address")
)
ARN = f"{OPERATORS}: Amazon Resource Name (ARN) condition operators"
IF_EXISTS = f"{OPERATORS}: ...IfExists condition operators"
NULL = f"{OPERATORS}: Condition operator to check existence of condition keys"
SETS = "Single-valued vs. multivalued context keys: Set operators for multivalued context keys"
MULTIVALUED = "Multivalued context key examples"
SEVERAL = "Conditions with multiple context keys or values"
ELEMENT = "IAM JSON policy elements: Condition"
CHECKS = "IAM Access Analyzer policy check reference: Null with qualifier"

KEY = "aws:TestedKey"
TOPIC = "arn:aws:sns:us-east-1:111122223333:alerts"
BASE64 = "QmluYXJ5VmFsdWVJbkJhc2U2NA=="


@dataclass(frozen=True)
class Tested:
    """An operator with its values, what the request gives (None: no key), and whether it holds."""

    page: str
    operator: str
    values: object
    given: ContextValue | None
    holds: bool

    def case(self) -> Case:
        return Case(
            name=f"{self.operator} {self.values!r} with {self.given!r}",
            page=self.page,
            expected="Allowed" if self.holds else "ImplicitDeny",
            by="identity-based",
            identity=[when(self.operator, KEY, self.values)],
            context={} if self.given is None else {KEY: self.given},
        )


_TESTED = [
    Tested(STRING, "StringEquals", "gold", "gold", True),
    Tested(STRING, "StringEquals", "gold", "Gold", False),
    Tested(STRING, "StringEquals", "go*", "gold", False),
    Tested(STRING, "StringEquals", "gold", None, False),
    Tested(STRING, "StringNotEquals", "gold", "silver", True),
    Tested(STRING, "StringNotEquals", "gold", "gold", False),
    Tested(STRING, "StringNotEquals", "gold", None, True),
    Tested(STRING, "StringEqualsIgnoreCase", "Gold", "gOLD", True),
    Tested(STRING, "StringEqualsIgnoreCase", "Gold", "golden", False),
    Tested(STRING, "StringEqualsIgnoreCase", "Gold", None, False),
    Tested(STRING, "StringNotEqualsIgnoreCase", "Gold", "silver", True),
    Tested(STRING, "StringNotEqualsIgnoreCase", "Gold", "gOLD", False),
    Tested(STRING, "StringNotEqualsIgnoreCase", "Gold", None, True),
    Tested(STRING, "StringLike", "home/*", "home/bob/a", True),
    Tested(STRING, "StringLike", "g?ld", "gold", True),
    Tested(STRING, "StringLike", "g?ld", "gld", False),
    Tested(STRING, "StringLike", "home/*", "Home/bob", False),
    Tested(STRING, "StringLike", "home", "home/bob", False),
    Tested(STRING, "StringLike", "*", None, False),
    Tested(STRING, "StringLike", ["", "home/"], "", True),
    Tested(STRING, "StringNotLike", "home/*", "tmp/bob", True),
    Tested(STRING, "StringNotLike", "home/*", "home/bob", False),
    Tested(STRING, "StringNotLike", "home/*", None, True),
    Tested(NUMERIC, "NumericEquals", "10", "10.0", True),
    Tested(NUMERIC, "NumericEquals", 10, "11", False),
    Tested(NUMERIC, "NumericEquals", "10", "ten", False),
    Tested(NUMERIC, "NumericEquals", "10", None, False),
    Tested(NUMERIC, "NumericNotEquals", "10", "11", True),
    Tested(NUMERIC, "NumericNotEquals", "10", "10", False),
    Tested(NUMERIC, "NumericNotEquals", "10", None, True),
    Tested(NUMERIC, "NumericLessThan", "10", "9.5", True),
    Tested(NUMERIC, "NumericLessThan", "10", "10", False),
    Tested(NUMERIC, "NumericLessThan", "10", None, False),
    Tested(NUMERIC, "NumericLessThanEquals", "10", "10", True),
    Tested(NUMERIC, "NumericLessThanEquals", "9", "10", False),
    Tested(NUMERIC, "NumericLessThanEquals", "10", None, False),
    Tested(NUMERIC, "NumericGreaterThan", "9", "10", True),
    Tested(NUMERIC, "NumericGreaterThan", "10", "10", False),
    Tested(NUMERIC, "NumericGreaterThan", "10", None, False),
    Tested(NUMERIC, "NumericGreaterThanEquals", "10", "10", True),
    Tested(NUMERIC, "NumericGreaterThanEquals", "10", "9", False),
    Tested(NUMERIC, "NumericGreaterThanEquals", "10", None, False),
    Tested(DATE, "DateEquals", "2020-01-01T00:00:00Z", "2020-01-01T01:00:00+01:00", True),
    Tested(DATE, "DateEquals", "2020-01-01T00:00:00Z", "1577836800", True),
    Tested(DATE, "DateEquals", "2020-01-01", "2020-01-01T00:00:01Z", False),
    Tested(DATE, "DateEquals", "2020-01-01", None, False),
    Tested(DATE, "DateNotEquals", "2020-01-01", "2020-01-02", True),
    Tested(DATE, "DateNotEquals", "2020", "2020-01-01T00:00Z", False),
    Tested(DATE, "DateNotEquals", "2020-01-01", None, True),
    Tested(DATE, "DateLessThan", "2020-01-01T00:00:00Z", "2019-12-31T23:59:59.9Z", True),
    Tested(DATE, "DateLessThan", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", False),
    Tested(DATE, "DateLessThan", "2020-01-01T00:00:00Z", None, False),
    Tested(DATE, "DateLessThanEquals", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", True),
    Tested(DATE, "DateLessThanEquals", "2020-01-01T00:00:00Z", "2020-01-01T00:00:01Z", False),
    Tested(DATE, "DateLessThanEquals", "2020-01-01T00:00:00Z", None, False),
    Tested(DATE, "DateGreaterThan", "2020-01-01T00:00:01Z", "2020-01-01T00:00:02Z", True),
    Tested(DATE, "DateGreaterThan", "2020-01-01T00:00:01Z", "2020-01-01T00:00:01Z", False),
    Tested(DATE, "DateGreaterThan", "2020-01-01T00:00:01Z", None, False),
    Tested(DATE, "DateGreaterThanEquals", "2020-01-01T00:00:01Z", "2020-01-01T00:00:01Z", True),
    Tested(DATE, "DateGreaterThanEquals", "2020-01-01T00:00:01Z", "2020-01-01", False),
    Tested(DATE, "DateGreaterThanEquals", "2020-01-01T00:00:01Z", None, False),
    Tested(BOOLEAN, "Bool", "true", "true", True),
    Tested(BOOLEAN, "Bool", False, "false", True),
    Tested(BOOLEAN, "Bool", "true", "false", False),
    Tested(BOOLEAN, "Bool", "true", None, False),
    Tested(BINARY, "BinaryEquals", BASE64, BASE64, True),
    Tested(BINARY, "BinaryEquals", BASE64, "QmluYXJ5", False),
    Tested(BINARY, "BinaryEquals", BASE64, None, False),
    Tested(IP, "IpAddress", "203.0.113.0/24", "203.0.113.77", True),
    Tested(IP, "IpAddress", "203.0.113.0/24", "203.0.114.1", False),
    Tested(IP, "IpAddress", "203.0.113.7", "203.0.113.7", True),
    Tested(IP, "IpAddress", "203.0.113.7", "203.0.113.8", False),
    Tested(
        IP,
        "IpAddress",
        ["203.0.113.0/24", "2001:DB8:1234:5678::/64"],
        "2001:db8:1234:5678::1",
        True,
    ),
    Tested(IP, "IpAddress", "203.0.113.0/24", None, False),
    Tested(IP, "NotIpAddress", "203.0.113.0/24", "198.51.100.1", True),
    Tested(IP, "NotIpAddress", "203.0.113.0/24", "203.0.113.1", False),
    Tested(IP, "NotIpAddress", "203.0.113.0/24", None, True),
    Tested(ARN, "ArnEquals", TOPIC, TOPIC, True),
    Tested(ARN, "ArnEquals", "arn:aws:sns:*:111122223333:al?rts", TOPIC, True),
    Tested(ARN, "ArnEquals", TOPIC, TOPIC.upper(), False),
    Tested(ARN, "ArnEquals", TOPIC, None, False),
    Tested(ARN, "ArnLike", "arn:aws:sns:*:*:*", TOPIC, True),
    Tested(ARN, "ArnLike", "arn:aws:sns:*:444455556666:*", TOPIC, False),
    Tested(
        ARN,
        "ArnLike",
        "arn:aws:someservice:*:111122223333:finance/*",
        "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",
        False,
    ),
    Tested(
        ARN,
        "StringLike",
        "arn:aws:someservice:*:111122223333:finance/*",
        "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt",
        True,
    ),
    Tested(ARN, "ArnLike", "arn:aws:sns:*:*:*", None, False),
    Tested(ARN, "ArnNotEquals", "arn:aws:sns:*:444455556666:*", TOPIC, True),
    Tested(ARN, "ArnNotEquals", "arn:aws:sns:*:*:alerts", TOPIC, False),
    Tested(ARN, "ArnNotEquals", TOPIC, None, True),
    Tested(ARN, "ArnNotLike", "arn:aws:sqs:*:*:*", TOPIC, True),
    Tested(ARN, "ArnNotLike", "arn:aws:sns:*:*:*", TOPIC, False),
    Tested(ARN, "ArnNotLike", "arn:aws:sns:*:*:*", None, True),
    Tested(NULL, "Null", "true", None, True),
    Tested(NULL, "Null", "true", "x", False),
    Tested(NULL, "Null", "false", "x", True),
    Tested(NULL, "Null", "false", None, False),
    Tested(NULL, "Null", True, (), True),
    Tested(CHECKS, "ForAllValues:Null", "false", None, True),
    Tested(CHECKS, "ForAnyValue:Null", "true", None, False),
    Tested(IF_EXISTS, "StringLikeIfExists", ["t1.*", "t2.*"], None, True),
    Tested(IF_EXISTS, "StringLikeIfExists", ["t1.*", "t2.*"], "t2.micro", True),
    Tested(IF_EXISTS, "StringLikeIfExists", ["t1.*", "t2.*"], "m3.large", False),
    Tested(IF_EXISTS, "StringNotEqualsIfExists", "gold", None, True),
    Tested(IF_EXISTS, "StringNotEqualsIfExists", "gold", "gold", False),
    Tested(IF_EXISTS, "BoolIfExists", "true", None, True),
    Tested(IF_EXISTS, "BoolIfExists", "true", "false", False),
    Tested(IF_EXISTS, "NumericLessThanIfExists", "10", None, True),
    Tested(IF_EXISTS, "DateLessThanIfExists", "2020-01-01", "2021-01-01", False),
    Tested(IF_EXISTS, "IpAddressIfExists", "203.0.113.0/24", None, True),
    Tested(IF_EXISTS, "ArnLikeIfExists", "arn:aws:sns:*:*:*", "arn:aws:sqs:us-east-1:1:q", False),
    Tested(IF_EXISTS, "ForAnyValue:StringEqualsIfExists", ["a"], None, True),
    Tested(SETS, "ForAllValues:StringEquals", ["ID", "Message", "Tags"], ("Message", "Tags"), True),
    Tested(SETS, "ForAllValues:StringEquals", ["ID", "Message", "Tags"], ("ID", "UserName"), False),
    Tested(SETS, "ForAllValues:StringEquals", ["ID"], None, True),
    Tested(SETS, "ForAllValues:StringEquals", ["ID"], (), True),
    Tested(SETS, "ForAllValues:StringEquals", ["ID"], ("",), True),
    Tested(SETS, "ForAnyValue:StringEquals", ["ID", "PostDateTime"], ("Message", "ID"), True),
    Tested(SETS, "ForAnyValue:StringEquals", ["ID", "PostDateTime"], ("UserName",), False),
    Tested(SETS, "ForAnyValue:StringEquals", ["ID"], None, False),
    Tested(SETS, "ForAnyValue:StringEquals", ["ID"], (), False),
    Tested(SETS, "ForAnyValue:StringLike", ["env*", "web*"], ("environment", "x"), True),
    Tested(SETS, "ForAllValues:ArnLike", "arn:aws:sns:*:*:*", (TOPIC, TOPIC), True),
    Tested(SETS, "ForAnyValue:StringNotEquals", ["ID"], None, False),
    Tested(MULTIVALUED, "ForAllValues:StringNotLike", "key1*", ("key1:legal",), False),
    Tested(MULTIVALUED, "ForAllValues:StringNotLike", "key1*", ("key1:hr", "key1:staff"), False),
    Tested(MULTIVALUED, "ForAllValues:StringNotLike", "key1*", ("key2:audit",), True),
    Tested(MULTIVALUED, "ForAllValues:StringNotLike", "key1*", None, True),
    Tested(SEVERAL, "StringEquals", ["gold", "silver"], "silver", True),
    Tested(SEVERAL, "StringEquals", ["gold", "silver"], "bronze", False),
    Tested(SEVERAL, "StringNotEquals", ["gold", "silver"], "silver", False),
    Tested(SEVERAL, "StringNotEquals", ["gold", "silver"], "bronze", True),
    Tested(SEVERAL, "DateNotEquals", ["2020-01-01", "2020-01-02"], "2020-01-02", False),
    Tested(SEVERAL, "NotIpAddress", ["203.0.113.0/24", "198.51.100.0/24"], "198.51.100.9", False),
]

_TWO_KEYS = {
    "StringEqualsIgnoreCase": {"aws:PrincipalTag/department": ["finance", "hr"]},
    "StringEquals": {
        "aws:PrincipalTag/role": ["audit", "security"],
        "aws:PrincipalAccount": "111122223333",
    },
}

CASES = [each.case() for each in _TESTED] + [
    Case(
        "all keys of all operators must match",
        SEVERAL,
        "Allowed",
        identity=[allow(Condition=_TWO_KEYS)],
        context={"aws:PrincipalTag/department": "Finance", "aws:PrincipalTag/role": "audit"},
    ),
    Case(
        "one key that does not match is enough for none",
        SEVERAL,
        "ImplicitDeny",
        identity=[allow(Condition=_TWO_KEYS)],
        context={"aws:PrincipalTag/department": "Finance", "aws:PrincipalTag/role": "sales"},
    ),
    Case(
        "a key's name has no case",
        ELEMENT,
        "Allowed",
        identity=[when("StringEquals", "AWS:sourceip", "203.0.113.7")],
        context={"aws:SourceIp": "203.0.113.7"},
    ),
    Case(
        "a tag's name in a key has no case",
        ELEMENT,
        "Allowed",
        identity=[when("StringEquals", "aws:ResourceTag/TagKey1", "Value1")],
        context={"aws:resourcetag/tagkey1": "Value1"},
    ),
    Case(
        "a denial on a negated operator holds where the key is missing",
        IF_EXISTS,
        "ExplicitDeny",
        "identity-based",
        identity=[
            when("Null", KEY, "true"),
            deny(Condition={"StringNotEqualsIfExists": {KEY: "gold"}}),
        ],
    ),
    Case(
        "who has no second factor is denied, whether the key is there or not",
        "IAM JSON policy elements: NotAction: NotAction with Deny",
        "ExplicitDeny",
        identity=[
            {
                "Effect": "Deny",
                "NotAction": "iam:*",
                "Resource": "*",
                "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
            }
        ],
    ),
]
