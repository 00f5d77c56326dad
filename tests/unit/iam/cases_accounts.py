"""Across accounts, and where the resource's policy must allow in any case."""

from __future__ import annotations

from tests.unit.iam.case import (
    ACCOUNT,
    BOB,
    LOADER,
    OTHER,
    ROOT,
    ROOT_USER,
    SESSION,
    allow,
    deny,
    to,
)
from tests.unit.iam.cases_evaluation import ANYONE, OTHERS, case

ACROSS = "Cross-account policy evaluation logic"
KEYS = "Key policies in AWS KMS"

_ACROSS = [
    case(
        "both accounts allow",
        ACROSS,
        "Allowed",
        identity=[allow()],
        resource_policy=to(BOB, allow()),
        resource_account=OTHER,
    ),
    case(
        "the principal's account does not",
        ACROSS,
        "ImplicitDeny",
        "identity-based",
        resource_policy=to(BOB, allow()),
        resource_account=OTHER,
    ),
    case(
        "the resource's account does not",
        ACROSS,
        "ImplicitDeny",
        "resource-based",
        identity=[allow()],
        resource_account=OTHER,
    ),
    case(
        "the resource's account names the account",
        ACROSS,
        "Allowed",
        identity=[allow()],
        resource_policy=to(ROOT, allow()),
        resource_account=OTHER,
    ),
    case(
        "everyone is not enough across accounts",
        ANYONE,
        "ImplicitDeny",
        "identity-based",
        resource_policy=to("*", allow()),
        resource_account=OTHER,
    ),
    case(
        "a session that is named is not enough across accounts",
        ACROSS,
        "ImplicitDeny",
        "identity-based",
        principal=LOADER,
        resource_policy=to(SESSION, allow()),
        resource_account=OTHER,
    ),
    case(
        "the principal's account denies",
        ACROSS,
        "ExplicitDeny",
        "identity-based",
        identity=[allow(), deny("*", "arn:aws:s3:::*lake*")],
        resource_policy=to(BOB, allow()),
        resource_account=OTHER,
    ),
    case(
        "the boundary limits across accounts",
        ACROSS,
        "ImplicitDeny",
        "permissions boundary",
        identity=[allow()],
        boundary=OTHERS,
        resource_policy=to(BOB, allow()),
        resource_account=OTHER,
    ),
    case(
        "the session limits across accounts",
        ACROSS,
        "ImplicitDeny",
        "session",
        principal=LOADER,
        identity=[allow()],
        session=[OTHERS],
        resource_policy=to(SESSION, allow()),
        resource_account=OTHER,
    ),
    case(
        "another account's root needs the resource's policy",
        ACROSS,
        "ImplicitDeny",
        "resource-based",
        principal=ROOT_USER,
        resource_account=OTHER,
    ),
    case(
        "another account's root, whom it names",
        ACROSS,
        "Allowed",
        principal=ROOT_USER,
        resource_policy=to(ACCOUNT, allow()),
        resource_account=OTHER,
    ),
]

_KEY = {
    "action": "kms:Decrypt",
    "resource": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1",
    "required": True,
}
_KEYS = [
    case(
        "a key's policy must allow",
        KEYS,
        "ImplicitDeny",
        "resource-based",
        identity=[allow()],
        resource_policy=to(OTHER, allow()),
        **_KEY,
    ),
    case(
        "no identity's policy counts without it",
        KEYS,
        "ImplicitDeny",
        "resource-based",
        identity=[allow()],
        **_KEY,
    ),
    case(
        "a key's policy that names the account lets identities' policies decide",
        KEYS,
        "Allowed",
        "identity-based",
        identity=[allow()],
        resource_policy=to(ROOT, allow("kms:*")),
        **_KEY,
    ),
    case(
        "and they must allow it then",
        KEYS,
        "ImplicitDeny",
        "identity-based",
        resource_policy=to(ROOT, allow("kms:*")),
        **_KEY,
    ),
    case(
        "a key's policy that names the user is enough",
        KEYS,
        "Allowed",
        "resource-based",
        resource_policy=to(BOB, allow("kms:*")),
        **_KEY,
    ),
    case(
        "an identity's policy denies without it",
        KEYS,
        "ExplicitDeny",
        "identity-based",
        identity=[deny("kms:*")],
        **_KEY,
    ),
    case(
        "the root, too, must be allowed",
        KEYS,
        "ImplicitDeny",
        "resource-based",
        principal=ROOT_USER,
        **_KEY,
    ),
    case(
        "the root is, by its account",
        KEYS,
        "Allowed",
        "resource-based",
        principal=ROOT_USER,
        resource_policy=to(ACCOUNT, allow("kms:*")),
        **_KEY,
    ),
]

CASES = [*_ACROSS, *_KEYS]
