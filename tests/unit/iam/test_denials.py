"""The texts of denials: IAM User Guide, "Troubleshoot access denied error messages"."""

from __future__ import annotations

from dataclasses import replace

import pytest

from etlocal.iam.denials import denial_message
from etlocal.iam.documents import parse_policy
from etlocal.iam.evaluation import Decision, PolicyType, evaluate
from etlocal.iam.requests import Principal, Request
from tests.unit.iam.case import GLUE, LOADER, OBJECT, SESSION, USER, deny

READ = Request(LOADER, "s3:GetObject", OBJECT)
BEGINNING = f"User: {SESSION} is not authorized to perform: s3:GetObject on resource: {OBJECT} "


@pytest.mark.parametrize(
    ("decided_by", "end"),
    [
        ("identity-based", "because no identity-based policy allows the s3:GetObject action"),
        ("resource-based", "because no resource-based policy allows the s3:GetObject action"),
        (
            "permissions boundary",
            "because no permissions boundary allows the s3:GetObject action",
        ),
        ("session", "because no session policy allows the s3:GetObject action"),
        ("role trust", "because no role trust policy allows the s3:GetObject action"),
    ],
)
def test_nothing_allows(decided_by: PolicyType, end: str) -> None:
    assert denial_message(READ, Decision("ImplicitDeny", decided_by)) == BEGINNING + end


@pytest.mark.parametrize(
    ("decided_by", "end"),
    [
        ("identity-based", "with an explicit deny in an identity-based policy"),
        ("resource-based", "with an explicit deny in a resource-based policy"),
        ("permissions boundary", "with an explicit deny in a permissions boundary"),
        ("session", "with an explicit deny in a session policy"),
        ("role trust", "with an explicit deny in the role trust policy"),
    ],
)
def test_a_statement_denies(decided_by: PolicyType, end: str) -> None:
    assert denial_message(READ, Decision("ExplicitDeny", decided_by)) == BEGINNING + end


def test_a_managed_policy_is_named() -> None:
    arn = "arn:aws:iam::111122223333:policy/ExampleDenyPolicy"
    policy = parse_policy({"Version": "2012-10-17", "Statement": deny()}, arn=arn)
    decision = evaluate(READ, identity=[policy])
    assert denial_message(READ, decision) == (
        f"{BEGINNING}with an explicit deny in an identity-based policy: {arn}"
    )


def test_an_action_without_a_resource() -> None:
    listing = Request(USER, "codecommit:ListRepositories", "*")
    assert denial_message(listing, evaluate(listing)) == (
        f"User: {USER.arn} is not authorized to perform: codecommit:ListRepositories "
        "because no identity-based policy allows the codecommit:ListRepositories action"
    )


@pytest.mark.parametrize(
    ("principal", "name"),
    [(GLUE, "glue.amazonaws.com"), (Principal.anonymous(), "anonymous")],
)
def test_who_is_of_no_account(principal: Principal, name: str) -> None:
    request = replace(READ, principal=principal)
    assert denial_message(request, evaluate(request)) == (
        f"User: {name} is not authorized to perform: s3:GetObject on resource: {OBJECT} "
        "because no resource-based policy allows the s3:GetObject action"
    )


def test_what_is_allowed_has_no_denial() -> None:
    with pytest.raises(ValueError, match="is allowed"):
        denial_message(READ, Decision("Allowed", "identity-based"))
