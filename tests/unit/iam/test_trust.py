"""Who may assume a role, and who may pass it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from etlocal.iam.evaluation import PolicyType, Reason
from etlocal.iam.patterns import ContextValue
from etlocal.iam.requests import Principal
from etlocal.iam.trust import may_assume, may_pass
from tests.unit.iam.case import (
    ACCOUNT,
    BOB,
    GLUE,
    LOADER,
    OTHER,
    ROLE,
    ROOT,
    ROOT_USER,
    SESSION,
    USER,
    Document,
    allow,
    deny,
    policy,
)

LOGIC = (
    "How AWS enforcement code logic evaluates requests to allow or deny access: "
    "Resource-based policies"
)
PRINCIPAL = "AWS JSON policy elements: Principal"
EXTERNAL = "Access to AWS accounts owned by third parties: external ID"
PASSING = "Grant a user permissions to pass a role to an AWS service"
DEPUTY = "The confused deputy problem: Cross-service confused deputy prevention"

TARGET = f"arn:aws:iam::{ACCOUNT}:role/etl/Target"
ELSEWHERE = f"arn:aws:iam::{OTHER}:role/Target"
WEB = Principal.federated("accounts.google.com")
SAML = Principal.federated(f"arn:aws:iam::{ACCOUNT}:saml-provider/Corp")


def trust(principal: object, action: str = "sts:AssumeRole", **more: object) -> Document:
    named = {"AWS": principal} if isinstance(principal, (str, list)) else principal
    return {"Effect": "Allow", "Principal": named, "Action": action, **more}


@dataclass(frozen=True)
class Assumed:
    """A role's trust, and what becomes of who wants to assume the role."""

    name: str
    page: str
    expected: Reason
    by: PolicyType
    trust: Document | Sequence[Document]
    principal: Principal = USER
    identity: Sequence[Document] = ()
    boundary: Document | None = None
    role: str = TARGET
    action: str = "sts:AssumeRole"
    context: Mapping[str, ContextValue] = field(default_factory=dict)


_EXTERNAL_ID = {"StringEquals": {"sts:ExternalId": "12345"}}
_SOURCE = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
_AUDIENCE = {"StringEquals": {"accounts.google.com:aud": "app"}}
ASSUMED = [
    Assumed("a trusted user", LOGIC, "Allowed", "role trust", trust(BOB)),
    Assumed(
        "an identity's policy is not enough",
        LOGIC,
        "ImplicitDeny",
        "role trust",
        trust(OTHER),
        identity=[allow()],
    ),
    Assumed(
        "a trusted account lets identities' policies decide",
        LOGIC,
        "Allowed",
        "identity-based",
        trust(ROOT),
        identity=[allow("sts:AssumeRole", TARGET)],
    ),
    Assumed("and they must allow it", LOGIC, "ImplicitDeny", "identity-based", trust(ACCOUNT)),
    Assumed("a trusted role", LOGIC, "Allowed", "role trust", trust(ROLE), LOADER),
    Assumed(
        "a trusted role within its boundary",
        LOGIC,
        "ImplicitDeny",
        "permissions boundary",
        trust(ROLE),
        LOADER,
        boundary=allow("s3:*"),
    ),
    Assumed(
        "a trusted session",
        LOGIC,
        "Allowed",
        "role trust",
        trust(SESSION),
        LOADER,
        boundary=allow("s3:*"),
    ),
    Assumed(
        "a role trusts itself only where it says so",
        LOGIC,
        "ImplicitDeny",
        "role trust",
        trust(BOB),
        LOADER,
        identity=[allow()],
        role=ROLE,
    ),
    Assumed(
        "a denying trust",
        LOGIC,
        "ExplicitDeny",
        "role trust",
        [trust(ROOT), {**trust(BOB), "Effect": "Deny"}],
        identity=[allow()],
    ),
    Assumed(
        "a denying identity",
        LOGIC,
        "ExplicitDeny",
        "identity-based",
        trust(BOB),
        identity=[deny("sts:*")],
    ),
    Assumed(
        "the root, whose account is trusted", LOGIC, "Allowed", "role trust", trust(ROOT), ROOT_USER
    ),
    Assumed(
        "the root, whose account is not",
        LOGIC,
        "ImplicitDeny",
        "role trust",
        trust(OTHER),
        ROOT_USER,
    ),
    Assumed(
        "another action", LOGIC, "ImplicitDeny", "role trust", trust(BOB), action="sts:TagSession"
    ),
    Assumed(
        "a role of another account",
        "Cross-account policy evaluation logic",
        "Allowed",
        "identity-based",
        trust(ACCOUNT),
        identity=[allow()],
        role=ELSEWHERE,
    ),
    Assumed(
        "a role of another account without an own policy",
        "Cross-account policy evaluation logic",
        "ImplicitDeny",
        "identity-based",
        trust(BOB),
        role=ELSEWHERE,
    ),
    Assumed(
        "a service",
        f"{PRINCIPAL}: AWS service principals",
        "Allowed",
        "role trust",
        trust({"Service": "glue.amazonaws.com"}),
        GLUE,
    ),
    Assumed(
        "another service",
        f"{PRINCIPAL}: AWS service principals",
        "ImplicitDeny",
        "role trust",
        trust({"Service": ["lambda.amazonaws.com"]}),
        GLUE,
    ),
    Assumed(
        "a service for the right account",
        DEPUTY,
        "Allowed",
        "role trust",
        trust({"Service": "glue.amazonaws.com"}, Condition=_SOURCE),
        GLUE,
        context={"aws:SourceAccount": ACCOUNT},
    ),
    Assumed(
        "a service for a wrong account",
        DEPUTY,
        "ImplicitDeny",
        "role trust",
        trust({"Service": "glue.amazonaws.com"}, Condition=_SOURCE),
        GLUE,
        context={"aws:SourceAccount": OTHER},
    ),
    Assumed(
        "with the external id",
        EXTERNAL,
        "Allowed",
        "role trust",
        trust(BOB, Condition=_EXTERNAL_ID),
        context={"sts:ExternalId": "12345"},
    ),
    Assumed(
        "without the external id",
        EXTERNAL,
        "ImplicitDeny",
        "role trust",
        trust(BOB, Condition=_EXTERNAL_ID),
    ),
    Assumed(
        "a web identity",
        f"{PRINCIPAL}: Role session principals",
        "Allowed",
        "role trust",
        trust(
            {"Federated": "accounts.google.com"},
            "sts:AssumeRoleWithWebIdentity",
            Condition=_AUDIENCE,
        ),
        WEB,
        action="sts:AssumeRoleWithWebIdentity",
        context={"accounts.google.com:aud": "app"},
    ),
    Assumed(
        "a web identity for another audience",
        f"{PRINCIPAL}: Role session principals",
        "ImplicitDeny",
        "role trust",
        trust(
            {"Federated": "accounts.google.com"},
            "sts:AssumeRoleWithWebIdentity",
            Condition=_AUDIENCE,
        ),
        WEB,
        action="sts:AssumeRoleWithWebIdentity",
        context={"accounts.google.com:aud": "other"},
    ),
    Assumed(
        "a SAML provider",
        f"{PRINCIPAL}: Role session principals",
        "Allowed",
        "role trust",
        trust({"Federated": SAML.arn}, "sts:AssumeRoleWithSAML"),
        SAML,
        action="sts:AssumeRoleWithSAML",
    ),
    Assumed(
        "another SAML provider",
        f"{PRINCIPAL}: Role session principals",
        "ImplicitDeny",
        "role trust",
        trust({"Federated": SAML.arn + "2"}, "sts:AssumeRoleWithSAML"),
        SAML,
        action="sts:AssumeRoleWithSAML",
    ),
]


@pytest.mark.parametrize("case", ASSUMED, ids=lambda case: case.name)
def test_assuming_a_role(case: Assumed) -> None:
    decision = may_assume(
        case.principal,
        policy(case.trust, "trust"),
        role_arn=case.role,
        action=case.action,
        context=case.context,
        identity=[policy(each) for each in case.identity],
        boundary=policy(case.boundary) if case.boundary else None,
    )
    assert (decision.reason, decision.decided_by) == (case.expected, case.by), case.page


@dataclass(frozen=True)
class Passed:
    """A caller's policies, and what becomes of its passing a role to Glue."""

    name: str
    expected: Reason
    by: PolicyType
    identity: Sequence[Document]
    boundary: Document | None = None
    trusted: str = "glue.amazonaws.com"
    role: str = TARGET


_TO_GLUE = {"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}}
_TO_EC2 = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
_ROLES = f"arn:aws:iam::{ACCOUNT}:role/etl/*"
PASSED = [
    Passed("it may pass the role", "Allowed", "role trust", [allow("iam:PassRole", TARGET)]),
    Passed("by a pattern", "Allowed", "role trust", [allow("iam:PassRole", _ROLES)]),
    Passed("other roles only", "ImplicitDeny", "identity-based", [allow("iam:PassRole", ROLE)]),
    Passed("no role", "ImplicitDeny", "identity-based", [allow("glue:*")]),
    Passed(
        "to this service", "Allowed", "role trust", [allow("iam:PassRole", "*", Condition=_TO_GLUE)]
    ),
    Passed(
        "to another service",
        "ImplicitDeny",
        "identity-based",
        [allow("iam:PassRole", "*", Condition=_TO_EC2)],
    ),
    Passed("denied", "ExplicitDeny", "identity-based", [allow(), deny("iam:PassRole")]),
    Passed(
        "a boundary without it", "ImplicitDeny", "permissions boundary", [allow()], allow("glue:*")
    ),
    Passed(
        "to a service that the role does not trust",
        "ImplicitDeny",
        "role trust",
        [allow()],
        trusted="ec2.amazonaws.com",
    ),
    Passed(
        "a role of another account", "ImplicitDeny", "identity-based", [allow()], role=ELSEWHERE
    ),
]


@pytest.mark.parametrize("case", PASSED, ids=lambda case: case.name)
def test_passing_a_role(case: Passed) -> None:
    decision = may_pass(
        USER,
        policy(trust({"Service": case.trusted}), "trust"),
        role_arn=case.role,
        service="glue.amazonaws.com",
        identity=[policy(each) for each in case.identity],
        boundary=policy(case.boundary) if case.boundary else None,
    )
    assert (decision.reason, decision.decided_by) == (case.expected, case.by), PASSING
