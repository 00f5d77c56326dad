"""``Principal`` and ``NotPrincipal`` in policies of resources."""

from __future__ import annotations

from etlocal.iam.requests import Principal
from tests.unit.iam.case import (
    ACCOUNT,
    BOB,
    GLUE,
    LOADER,
    OTHER,
    ROLE,
    ROOT,
    SESSION,
    USER,
    Case,
    Document,
    allow,
    deny,
    to,
    when,
)

PRINCIPAL = "AWS JSON policy elements: Principal"
NOT_PRINCIPAL = "AWS JSON policy elements: NotPrincipal"


def excepting(*principals: str) -> list[Document]:
    """Everyone may, and all but these are denied."""
    denial = {
        "Effect": "Deny",
        "NotPrincipal": {"AWS": [*principals]},
        "Action": "*",
        "Resource": "*",
    }
    return [to("*", allow()), denial]


def named(name: str, page: str, principal: Principal, element: object, allowed: bool) -> Case:
    """A resource's policy of another account, which must name who has all permissions here."""
    return Case(
        name,
        page,
        "Allowed" if allowed else "ImplicitDeny",
        identity=[allow()],
        principal=principal,
        resource_policy=to(element, allow()),
        resource_account=OTHER,
    )


_WEB = Principal.federated("accounts.google.com")
_STATES = Principal.service("states.amazonaws.com", "states.us-east-1.amazonaws.com")
CASES = [
    named("an account's number", f"{PRINCIPAL}: AWS account principals", USER, ACCOUNT, True),
    named("an account's root", f"{PRINCIPAL}: AWS account principals", LOADER, ROOT, True),
    named("another account", f"{PRINCIPAL}: AWS account principals", USER, OTHER, False),
    named("a user", f"{PRINCIPAL}: IAM user principals", USER, BOB, True),
    named(
        "a user's name has its case",
        f"{PRINCIPAL}: IAM user principals",
        USER,
        BOB.replace("Bob", "bob"),
        False,
    ),
    named("a role", f"{PRINCIPAL}: IAM role principals", LOADER, ROLE, True),
    named("a session", f"{PRINCIPAL}: Role session principals", LOADER, SESSION, True),
    named("another session", f"{PRINCIPAL}: Role session principals", LOADER, SESSION + "2", False),
    named("one of several", f"{PRINCIPAL}: Specifying a principal", USER, [OTHER, BOB], True),
    named("everyone", f"{PRINCIPAL}: All principals", USER, "*", True),
    named(
        "nobody",
        "IAM Access Analyzer policy check reference: Empty array principal",
        USER,
        [],
        False,
    ),
    Case(
        "a service",
        f"{PRINCIPAL}: AWS service principals",
        "Allowed",
        "resource-based",
        principal=GLUE,
        resource_policy=to({"Service": ["ecs.amazonaws.com", "glue.amazonaws.com"]}, allow()),
    ),
    Case(
        "another service",
        f"{PRINCIPAL}: AWS service principals",
        "ImplicitDeny",
        "resource-based",
        principal=GLUE,
        resource_policy=to({"Service": "ecs.amazonaws.com"}, allow()),
    ),
    Case(
        "a service by its other name",
        f"{PRINCIPAL}: AWS service principals",
        "Allowed",
        principal=_STATES,
        resource_policy=to({"Service": "states.us-east-1.amazonaws.com"}, allow()),
    ),
    Case(
        "a service is no account's",
        f"{PRINCIPAL}: AWS service principals",
        "ImplicitDeny",
        principal=GLUE,
        identity=[allow()],
        resource_policy=to(ROOT, allow()),
    ),
    Case(
        "a web identity",
        f"{PRINCIPAL}: Role session principals",
        "Allowed",
        principal=_WEB,
        resource_policy=to({"Federated": "accounts.google.com"}, allow()),
    ),
    Case(
        "the anonymous",
        f"{PRINCIPAL}: All principals",
        "Allowed",
        "resource-based",
        principal=Principal.anonymous(),
        resource_policy={**allow(), "Principal": {"AWS": "*"}},
    ),
    Case(
        "the anonymous are no account's",
        f"{PRINCIPAL}: All principals",
        "ImplicitDeny",
        principal=Principal.anonymous(),
        resource_policy=to(ROOT, allow()),
    ),
    Case(
        "all but the one who is named are denied",
        f"{PRINCIPAL}: All principals",
        "ExplicitDeny",
        identity=[allow()],
        resource_policy=to(
            "*",
            deny(
                Condition={"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/Eve"}}
            ),
        ),
    ),
    Case(
        "the one who is named is not",
        f"{PRINCIPAL}: All principals",
        "Allowed",
        identity=[allow()],
        resource_policy=to("*", deny(Condition={"ArnNotEquals": {"aws:PrincipalArn": BOB}})),
    ),
    Case(
        "aws:PrincipalArn of a session is its role",
        "AWS global condition context keys: aws:PrincipalArn",
        "Allowed",
        principal=LOADER,
        identity=[when("ArnEquals", "aws:PrincipalArn", ROLE)],
    ),
    Case(
        "an excepted user and the account",
        NOT_PRINCIPAL,
        "Allowed",
        resource_policy=excepting(BOB, ROOT),
    ),
    Case(
        "another user of the account",
        NOT_PRINCIPAL,
        "ExplicitDeny",
        principal=Principal.from_arn(f"arn:aws:iam::{ACCOUNT}:user/Eve"),
        resource_policy=excepting(BOB, ROOT),
    ),
    Case(
        "an excepted user without the account",
        NOT_PRINCIPAL,
        "ExplicitDeny",
        "resource-based",
        resource_policy=excepting(BOB),
    ),
    Case(
        "an excepted account without the user",
        NOT_PRINCIPAL,
        "ExplicitDeny",
        resource_policy=excepting(ROOT),
    ),
    Case(
        "an excepted session, its role and the account",
        NOT_PRINCIPAL,
        "Allowed",
        principal=LOADER,
        resource_policy=excepting(SESSION, ROLE, ROOT),
    ),
    Case(
        "an excepted role without the session",
        NOT_PRINCIPAL,
        "ExplicitDeny",
        principal=LOADER,
        resource_policy=excepting(ROLE, ROOT),
    ),
    Case(
        "whoever has a boundary is denied",
        f"{NOT_PRINCIPAL}: Key points",
        "ExplicitDeny",
        boundary=allow(),
        resource_policy=excepting(BOB, ROOT),
    ),
    Case(
        "an excepted service",
        NOT_PRINCIPAL,
        "Allowed",
        principal=GLUE,
        resource_policy=[
            to({"Service": "glue.amazonaws.com"}, allow()),
            {
                "Effect": "Deny",
                "NotPrincipal": {"Service": "glue.amazonaws.com"},
                "Action": "*",
                "Resource": "*",
            },
        ],
    ),
]
