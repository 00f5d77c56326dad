"""What was used of what is granted."""

from __future__ import annotations

from etlocal.iam.documents import parse_policy
from etlocal.iam.usage import Grant, Use, grants, least_policy, unused

BUCKET = "arn:aws:s3:::lake"
USES = [
    Use("s3:GetObject", f"{BUCKET}/raw/a", True, 3),
    Use("s3:GetObject", f"{BUCKET}/raw/b", True, 1),
    Use("s3:ListBucket", BUCKET, True, 1),
    Use("s3:GetBucketLocation", BUCKET, True, 1),
    Use("sns:Publish", "arn:t", False, 1),
]


def granted(*statements: dict[str, object]) -> list[Grant]:
    return grants([parse_policy({"Version": "2012-10-17", "Statement": list(statements)})])


def allow(action: object, resource: object, **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def test_a_grant_is_unused_when_no_allowed_use_is_of_it() -> None:
    policy = granted(
        allow(["s3:Get*", "s3:PutObject"], f"{BUCKET}/raw/*", Sid="Raw"),
        allow("s3:GetObject", f"{BUCKET}/other/*"),
        allow("s3:listbucket", BUCKET),
        # What was denied is no use of it.
        allow("sns:Publish", "arn:t"),
        {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"},
    )
    assert unused(policy, USES) == [
        Grant("s3:PutObject", (f"{BUCKET}/raw/*",), "Raw"),
        Grant("s3:GetObject", (f"{BUCKET}/other/*",), None),
        Grant("sns:Publish", ("arn:t",), None),
    ]


def test_a_variable_stands_for_anything() -> None:
    policy = granted(allow("s3:GetObject", BUCKET + "/${aws:username}/*"))
    assert unused(policy, USES) == []
    assert unused(policy, []) == policy


def test_the_least_policy_allows_what_was_allowed_and_no_more() -> None:
    assert least_policy(USES) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:GetBucketLocation", "s3:ListBucket"],
                "Resource": [BUCKET],
            },
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject"],
                "Resource": [f"{BUCKET}/raw/a", f"{BUCKET}/raw/b"],
            },
        ],
    }
    policy = grants([parse_policy(least_policy(USES))])
    assert all(any(grant.covers(use) for grant in policy) for use in USES if use.allowed)
