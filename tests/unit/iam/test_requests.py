"""Principals by their ARNs, and the condition keys that say who they are.

Pages: IAM User Guide, "AWS global condition context keys" and "IAM policy elements: Variables and
tags" (*Principal key values*).
"""

from __future__ import annotations

import pytest

from etlocal.iam.patterns import ContextValue
from etlocal.iam.requests import Principal, Request
from tests.unit.iam.case import ACCOUNT, BOB, GLUE, LOADER, ROLE, ROOT, ROOT_USER, SESSION, USER


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        (ROOT, Principal(ROOT, ACCOUNT, "root")),
        (BOB, Principal(BOB, ACCOUNT, "user")),
        (ROLE, Principal(ROLE, ACCOUNT, "role", ROLE)),
        (SESSION, Principal(SESSION, ACCOUNT, "role", f"arn:aws:iam::{ACCOUNT}:role/Loader")),
    ],
)
def test_principals_by_their_arns(arn: str, expected: Principal) -> None:
    assert Principal.from_arn(arn) == expected


@pytest.mark.parametrize("arn", ["Bob", f"arn:aws:iam::{ACCOUNT}:group/g", "arn:aws:s3:::lake"])
def test_what_is_no_principal(arn: str) -> None:
    with pytest.raises(ValueError, match=r"ARN|names no"):
        Principal.from_arn(arn)


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        (
            USER,
            {
                "aws:PrincipalType": "User",
                "aws:PrincipalArn": BOB,
                "aws:PrincipalAccount": ACCOUNT,
                "aws:username": "Bob",
                "aws:PrincipalIsAWSService": "false",
            },
        ),
        (
            LOADER,
            {
                "aws:PrincipalType": "AssumedRole",
                "aws:PrincipalArn": ROLE,
                "aws:PrincipalAccount": ACCOUNT,
                "aws:PrincipalIsAWSService": "false",
            },
        ),
        (
            ROOT_USER,
            {
                "aws:PrincipalType": "Account",
                "aws:PrincipalArn": ROOT,
                "aws:PrincipalAccount": ACCOUNT,
                "aws:PrincipalIsAWSService": "false",
            },
        ),
        (
            GLUE,
            {
                "aws:PrincipalServiceName": "glue.amazonaws.com",
                "aws:PrincipalServiceNamesList": ("glue.amazonaws.com",),
                "aws:PrincipalIsAWSService": "true",
            },
        ),
        (Principal.federated("accounts.google.com"), {}),
        (Principal.anonymous(), {"aws:PrincipalType": "Anonymous"}),
    ],
)
def test_keys_of_principals(principal: Principal, expected: dict[str, ContextValue]) -> None:
    assert principal.context() == expected


def test_what_the_request_says_goes_first() -> None:
    request = Request(USER, "s3:GetObject", "*", {"AWS:UserName": "Eve", "s3:prefix": "a"})
    full = request.full_context()
    assert (full["aws:username"], full["s3:prefix"]) == ("Eve", "a")
