"""Random policies and requests, small enough that they often have to do with each other."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.unit.iam.case import ACCOUNT, BOB, LOADER, OBJECT, OTHER, ROLE, ROOT, SESSION, USER

Statement = dict[str, Any]

ACTIONS = ["s3:GetObject", "s3:PutObject", "S3:getobject", "sqs:SendMessage", "iam:PassRole"]
ACTION_PATTERNS = [*ACTIONS, "*", "s3:*", "s3:Get*", "s3:?utObject", "sqs:*"]
RESOURCES = [
    OBJECT,
    "arn:aws:s3:::lake",
    "arn:aws:s3:::lake/Bob/x",
    f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs",
    f"arn:aws:iam::{ACCOUNT}:role/etl/Target",
]
# An action with what it is about; the others are asked for, too.
SENSIBLE = [
    ("s3:GetObject", RESOURCES[0]),
    ("s3:PutObject", RESOURCES[2]),
    ("sqs:SendMessage", RESOURCES[3]),
    ("iam:PassRole", RESOURCES[4]),
]
RESOURCE_PATTERNS = [
    *RESOURCES,
    "*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::lake/*",
    "arn:aws:s3:::lake/???/*",
    "arn:aws:s3:::LAKE/*",
    "arn:aws:s3:::lake/${aws:username}/*",
    "arn:aws:sqs:*:*:*",
    "arn:aws:iam::*:role/etl/*",
]
# Keys by the kind of their values; a request has some of them.
VALUES: dict[str, list[str]] = {
    "aws:PrincipalTag/team": ["gold", "Gold", "silver", "go?d", "g*", "*"],
    "aws:MultiFactorAuthAge": ["9", "10", "10.0", "11"],
    "aws:CurrentTime": ["2020-01-01T00:00:00Z", "2020-06-01T00:00:00Z", "2021-01-01T00:00:00Z"],
    "aws:SecureTransport": ["true", "false"],
    "aws:SourceIp": ["203.0.113.7", "203.0.113.0", "198.51.100.1"],
    "aws:SourceArn": [
        f"arn:aws:sns:us-east-1:{ACCOUNT}:alerts",
        f"arn:aws:sns:eu-west-1:{ACCOUNT}:alerts",
        f"arn:aws:sns:us-east-1:{OTHER}:alerts",
    ],
}
PATTERNS = {
    "aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/0"],
    "aws:SourceArn": ["arn:aws:sns:*:*:*", f"arn:aws:sns:us-*:{ACCOUNT}:*"],
}
TAG_KEYS = ["cost", "owner", "Owner", "team"]
OPERATORS = {
    "aws:PrincipalTag/team": [
        "StringEquals",
        "StringNotEquals",
        "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase",
        "StringLike",
        "StringNotLike",
    ],
    "aws:MultiFactorAuthAge": [
        f"Numeric{order}"
        for order in (
            "Equals",
            "NotEquals",
            "LessThan",
            "LessThanEquals",
            "GreaterThan",
            "GreaterThanEquals",
        )
    ],
    "aws:CurrentTime": [
        f"Date{order}"
        for order in (
            "Equals",
            "NotEquals",
            "LessThan",
            "LessThanEquals",
            "GreaterThan",
            "GreaterThanEquals",
        )
    ],
    "aws:SecureTransport": ["Bool"],
    "aws:SourceIp": ["IpAddress", "NotIpAddress"],
    "aws:SourceArn": ["ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike"],
}
PRINCIPALS: list[Any] = [
    "*",
    *({"AWS": each} for each in ("*", ACCOUNT, OTHER, ROOT, BOB, ROLE, SESSION)),
    {"AWS": [BOB, ROLE]},
    {"Service": "glue.amazonaws.com"},
]


def some(choices: list[str]) -> st.SearchStrategy[Any]:
    """One of the choices, or a list of one or two."""
    one = st.sampled_from(choices)
    return one | st.lists(one, min_size=1, max_size=2, unique=True)


@st.composite
def conditions(draw: st.DrawFn) -> dict[str, Any]:
    """A ``Condition`` of one or two operators."""
    block: dict[str, Any] = {}
    for key in draw(st.lists(st.sampled_from([*VALUES, "aws:TagKeys"]), max_size=2, unique=True)):
        if key == "aws:TagKeys":
            quantifier = draw(st.sampled_from(["ForAllValues", "ForAnyValue"]))
            operator = draw(st.sampled_from(["StringEquals", "StringLike", "StringNotEquals"]))
            block[f"{quantifier}:{operator}"] = {key: draw(some([*TAG_KEYS, "o*"]))}
            continue
        operator = draw(st.sampled_from([*OPERATORS[key], "Null"]))
        if operator == "Null":
            block.setdefault(operator, {})[key] = draw(st.sampled_from(["true", "false"]))
            continue
        suffix = draw(st.sampled_from(["", "", "IfExists"]))
        values = [*VALUES[key], *PATTERNS.get(key, [])]
        block[operator + suffix] = {key: draw(some(values))}
    return block


@st.composite
def statements(draw: st.DrawFn, effect: str | None = None, principal: bool = False) -> Statement:
    """A statement; of a resource-based policy where it has a principal."""
    effect = effect or draw(st.sampled_from(["Allow", "Allow", "Deny"]))
    rarely = st.sampled_from(["", "", "", "Not"])
    statement: Statement = {
        "Effect": effect,
        draw(rarely) + "Action": draw(some(ACTION_PATTERNS)),
        draw(rarely) + "Resource": draw(some(RESOURCE_PATTERNS)),
    }
    if draw(st.booleans()):
        statement["Condition"] = draw(conditions())
    if principal:
        negated = "Not" if effect == "Deny" and draw(st.booleans()) else ""
        statement[negated + "Principal"] = draw(st.sampled_from(PRINCIPALS))
    return statement


@st.composite
def contexts(draw: st.DrawFn) -> dict[str, Any]:
    """Some condition keys of a request; ``aws:TagKeys`` is a list."""
    context: dict[str, Any] = {
        key: draw(st.sampled_from(values)) for key, values in VALUES.items() if draw(st.booleans())
    }
    if draw(st.booleans()):
        context["aws:TagKeys"] = draw(st.lists(st.sampled_from(TAG_KEYS), max_size=2, unique=True))
    return context


@st.composite
def accesses(draw: st.DrawFn) -> dict[str, Any]:
    """A request with all the policies there may be, as JSON's types."""
    several = st.lists(statements(), max_size=3)
    limit = st.none() | st.lists(statements(), min_size=1, max_size=2)
    user = draw(st.booleans())
    anything = st.tuples(st.sampled_from(ACTIONS), st.sampled_from(RESOURCES))
    sensible = st.sampled_from(SENSIBLE)
    action, resource = draw(st.one_of(sensible, sensible, anything))
    return {
        "principal": (USER if user else LOADER).arn,
        "action": action,
        "resource": resource,
        "context": draw(contexts()),
        "identity": draw(several),
        "resource_policy": draw(
            st.none() | st.lists(statements(principal=True), min_size=1, max_size=2)
        ),
        "boundary": draw(limit),
        "session": None if user else draw(limit),
        "resource_account": draw(st.sampled_from([ACCOUNT, ACCOUNT, OTHER])),
    }
