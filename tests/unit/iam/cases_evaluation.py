"""Which policies are enough, and which limit what others grant."""

from __future__ import annotations

from typing import Any

from etlocal.iam.evaluation import PolicyType, Reason
from etlocal.iam.requests import Principal
from tests.unit.iam.case import (
    ACCOUNT,
    BOB,
    LOADER,
    OBJECT,
    OTHER,
    ROLE,
    ROOT,
    ROOT_USER,
    SESSION,
    USER,
    Case,
    allow,
    deny,
    to,
)

LOGIC = "How AWS enforcement code logic evaluates requests to allow or deny access"
SINGLE = "Policy evaluation for requests within a single account"
DENIES = "The difference between explicit and implicit denies"
BOUNDARIES = (
    "Permissions boundaries for IAM entities: Evaluating effective permissions with boundaries"
)
SESSIONS = "Policies and permissions in AWS Identity and Access Management: Session policies"
RESOURCE_BASED = f"{LOGIC}: Resource-based policies"
ANYONE = "AWS JSON policy elements: Principal: All principals"

OTHERS = allow("sqs:*")  # allows nothing of what the cases ask for


def case(name: str, page: str, expected: Reason, by: PolicyType | None = None, **more: Any) -> Case:
    return Case(name, page, expected, by, **more)


_WITHIN = [
    case("nothing allows it", LOGIC, "ImplicitDeny", "identity-based"),
    case("an Allow", LOGIC, "Allowed", "identity-based", identity=[allow()]),
    case("one of two policies", LOGIC, "Allowed", identity=[OTHERS, allow("s3:Get*")]),
    case(
        "a Deny goes before an Allow",
        DENIES,
        "ExplicitDeny",
        "identity-based",
        identity=[allow(), deny("s3:Get*")],
    ),
    case("a Deny of another action", DENIES, "Allowed", identity=[allow(), deny("s3:Put*")]),
    case("the account's root is allowed everything", LOGIC, "Allowed", principal=ROOT_USER),
    case(
        "unless the resource's policy denies it",
        LOGIC,
        "ExplicitDeny",
        "resource-based",
        principal=ROOT_USER,
        resource_policy=to("*", deny()),
    ),
    case(
        "the identity's policy is enough",
        SINGLE,
        "Allowed",
        "identity-based",
        identity=[allow()],
        resource_policy=to(OTHER, allow()),
    ),
    case(
        "the resource's policy is enough",
        SINGLE,
        "Allowed",
        "resource-based",
        resource_policy=to(BOB, allow()),
    ),
    case(
        "a Deny in the resource's policy",
        SINGLE,
        "ExplicitDeny",
        "resource-based",
        identity=[allow()],
        resource_policy=to(BOB, deny()),
    ),
    case(
        "a Deny in the identity's policy",
        SINGLE,
        "ExplicitDeny",
        "identity-based",
        identity=[deny("*", "arn:aws:s3:::*ake*")],
        resource_policy=to(BOB, allow()),
    ),
    case(
        "the account is not enough",
        "AWS JSON policy elements: Principal: AWS account principals",
        "ImplicitDeny",
        "identity-based",
        resource_policy=to(ROOT, allow()),
    ),
    case(
        "the account and the identity's policy",
        "AWS JSON policy elements: Principal: AWS account principals",
        "Allowed",
        identity=[allow()],
        resource_policy=to(ACCOUNT, allow()),
    ),
    case(
        "everyone is enough within the account",
        ANYONE,
        "Allowed",
        "resource-based",
        resource_policy=to("*", allow()),
    ),
    case(
        "the resource's policy without a Resource is about it",
        RESOURCE_BASED,
        "Allowed",
        resource_policy={"Effect": "Allow", "Principal": {"AWS": BOB}, "Action": "s3:*"},
    ),
]

_LIMITS = [
    case(
        "a boundary grants nothing", BOUNDARIES, "ImplicitDeny", "identity-based", boundary=allow()
    ),
    case("both allow", BOUNDARIES, "Allowed", identity=[allow()], boundary=allow("s3:*")),
    case(
        "the boundary does not",
        BOUNDARIES,
        "ImplicitDeny",
        "permissions boundary",
        identity=[allow()],
        boundary=OTHERS,
    ),
    case(
        "the boundary denies",
        BOUNDARIES,
        "ExplicitDeny",
        "permissions boundary",
        identity=[allow()],
        boundary=deny("s3:*"),
    ),
    case(
        "a user who is named is not limited by a boundary",
        RESOURCE_BASED,
        "Allowed",
        "resource-based",
        boundary=OTHERS,
        resource_policy=to(BOB, allow()),
    ),
    case(
        "unless the boundary denies",
        RESOURCE_BASED,
        "ExplicitDeny",
        "permissions boundary",
        boundary=deny(),
        resource_policy=to(BOB, allow()),
    ),
    case(
        "everyone is not limited by a boundary",
        "AWS JSON policy elements: Principal: IAM role principals",
        "Allowed",
        boundary=OTHERS,
        principal=LOADER,
        resource_policy=to("*", allow(Condition={"ArnEquals": {"aws:PrincipalArn": ROLE}})),
    ),
    case(
        "a role that is named needs no policy",
        RESOURCE_BASED,
        "Allowed",
        "resource-based",
        principal=LOADER,
        resource_policy=to(ROLE, allow()),
    ),
    case(
        "a role that is named is limited by its boundary",
        RESOURCE_BASED,
        "ImplicitDeny",
        "permissions boundary",
        principal=LOADER,
        boundary=OTHERS,
        resource_policy=to(ROLE, allow()),
    ),
    case(
        "a role that is named, within its boundary",
        RESOURCE_BASED,
        "Allowed",
        principal=LOADER,
        boundary=allow("s3:*"),
        resource_policy=to(ROLE, allow()),
    ),
    case(
        "a role that is named is limited by the session's policies",
        RESOURCE_BASED,
        "ImplicitDeny",
        "session",
        principal=LOADER,
        session=[OTHERS],
        resource_policy=to(ROLE, allow()),
    ),
    case(
        "a session that is named is not limited by the boundary",
        RESOURCE_BASED,
        "Allowed",
        "resource-based",
        principal=LOADER,
        boundary=OTHERS,
        resource_policy=to(SESSION, allow()),
    ),
    case(
        "a session that is named is not limited by its policies",
        RESOURCE_BASED,
        "Allowed",
        "resource-based",
        principal=LOADER,
        session=[OTHERS],
        resource_policy=to(SESSION, allow()),
    ),
    case(
        "a session that is named beside its role",
        RESOURCE_BASED,
        "Allowed",
        "resource-based",
        principal=LOADER,
        session=[OTHERS],
        resource_policy=to([ROLE, SESSION], allow()),
    ),
    case(
        "unless its policies deny",
        RESOURCE_BASED,
        "ExplicitDeny",
        "session",
        principal=LOADER,
        session=[deny()],
        resource_policy=to(SESSION, allow()),
    ),
    case(
        "an account that is named is limited by the boundary",
        RESOURCE_BASED,
        "ImplicitDeny",
        "permissions boundary",
        identity=[allow()],
        boundary=OTHERS,
        resource_policy=to(ROOT, allow()),
    ),
    case(
        "a session without policies has the role's",
        LOGIC,
        "Allowed",
        principal=LOADER,
        identity=[allow()],
    ),
    case(
        "a session's policy grants nothing",
        SESSIONS,
        "ImplicitDeny",
        "identity-based",
        principal=LOADER,
        session=[allow()],
    ),
    case(
        "a session's policy limits the role's",
        SESSIONS,
        "ImplicitDeny",
        "session",
        principal=LOADER,
        identity=[allow()],
        session=[OTHERS],
    ),
    case(
        "the role's within the session's",
        SESSIONS,
        "Allowed",
        principal=LOADER,
        identity=[allow()],
        session=[allow("s3:*")],
    ),
    case(
        "several policies of a session are one limit",
        SESSIONS,
        "Allowed",
        principal=LOADER,
        identity=[allow()],
        session=[OTHERS, allow("s3:*")],
    ),
    case(
        "role, boundary and session must all allow",
        BOUNDARIES,
        "Allowed",
        principal=LOADER,
        identity=[allow()],
        boundary=allow("s3:*"),
        session=[allow("*", "arn:aws:s3:::lake/*")],
    ),
    case(
        "the session does not",
        BOUNDARIES,
        "ImplicitDeny",
        "session",
        principal=LOADER,
        identity=[allow()],
        boundary=allow("s3:*"),
        session=[allow("*", "arn:aws:s3:::hr/*")],
    ),
]

_ROLE_ITSELF = Principal.from_arn(ROLE)
_OTHERS = [
    case(
        "a role itself",
        RESOURCE_BASED,
        "Allowed",
        "resource-based",
        principal=_ROLE_ITSELF,
        resource_policy=to(ROLE, allow()),
    ),
    case(
        "a role itself within its boundary",
        RESOURCE_BASED,
        "ImplicitDeny",
        "permissions boundary",
        principal=_ROLE_ITSELF,
        boundary=OTHERS,
        resource_policy=to(ROLE, allow()),
    ),
    case(
        "what is said of the object only",
        SINGLE,
        "ImplicitDeny",
        principal=USER,
        identity=[allow("s3:PutObject", OBJECT)],
    ),
]

CASES = [*_WITHIN, *_LIMITS, *_OTHERS]
