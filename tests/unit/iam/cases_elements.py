"""Elements of statements: actions, resources and variables in them."""

from __future__ import annotations

from tests.unit.iam.case import ACCOUNT, OBJECT, Case, allow, deny, when

ACTION = "IAM JSON policy elements: Action"
NOT_ACTION = "IAM JSON policy elements: NotAction"
RESOURCE = "IAM JSON policy elements: Resource"
WILDCARDS = f"{RESOURCE}: Using wildcards in resource ARNs"
NOT_RESOURCE = "IAM JSON policy elements: NotResource"
VARIABLES = "IAM policy elements: Variables and tags"
NO_VALUE = f"{VARIABLES}: Policy variables with no value"
VERSION = "IAM JSON policy elements: Version"

TEAM = "arn:aws:s3:::lake-${aws:PrincipalTag/team, 'company-wide'}"
NOT_BUCKET = {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::hr/payroll/*"}
ALL_BUT_DELETE = {"Effect": "Allow", "NotAction": "s3:DeleteBucket", "Resource": "arn:aws:s3:::*"}


_ACTIONS = [
    Case("an action by its name", ACTION, "Allowed", identity=[allow("s3:GetObject")]),
    Case("an action's name has no case", ACTION, "Allowed", identity=[allow("S3:getobject")]),
    Case("another action", ACTION, "ImplicitDeny", identity=[allow("s3:PutObject")]),
    Case("all actions of a service", ACTION, "Allowed", identity=[allow("s3:*")]),
    Case("all actions of another service", ACTION, "ImplicitDeny", identity=[allow("sqs:*")]),
    Case("all actions", ACTION, "Allowed", identity=[allow("*")]),
    Case("one of several actions", ACTION, "Allowed", identity=[allow(["sqs:*", "s3:Get*"])]),
    Case(
        "wildcards in the middle of a name",
        ACTION,
        "Allowed",
        identity=[allow("iam:*AccessKey*")],
        action="iam:CreateAccessKey",
    ),
    Case("one character", ACTION, "Allowed", identity=[allow("s3:?etObject")]),
    Case("a name is a whole", ACTION, "ImplicitDeny", identity=[allow("s3:GetObject?")]),
    Case(
        "a list of no actions",
        "IAM Access Analyzer policy check reference: Empty array action",
        "ImplicitDeny",
        identity=[allow([])],
    ),
    Case(
        "all but one action, of one service's resources",
        f"{NOT_ACTION}: NotAction with Allow",
        "Allowed",
        identity=[ALL_BUT_DELETE],
    ),
    Case(
        "the one action",
        f"{NOT_ACTION}: NotAction with Allow",
        "ImplicitDeny",
        identity=[ALL_BUT_DELETE],
        action="s3:DeleteBucket",
        resource="arn:aws:s3:::lake",
    ),
    Case(
        "an action that has no resource is not about the service's resources",
        f"{NOT_ACTION}: NotAction with Allow",
        "ImplicitDeny",
        identity=[ALL_BUT_DELETE],
        action="s3:ListAllMyBuckets",
        resource="*",
    ),
    Case(
        "everything but one service is denied",
        f"{NOT_ACTION}: NotAction with Deny",
        "ExplicitDeny",
        identity=[allow(), {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}],
    ),
    Case(
        "the one service is not",
        f"{NOT_ACTION}: NotAction with Deny",
        "Allowed",
        identity=[allow(), {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}],
        action="iam:ListUsers",
        resource="*",
    ),
]


def object_case(
    name: str, pattern: str, resource: str, allowed: bool, page: str = WILDCARDS
) -> Case:
    return Case(
        name,
        page,
        "Allowed" if allowed else "ImplicitDeny",
        identity=[allow("*", pattern)],
        resource=resource,
    )


_MIDDLE = "arn:aws:s3:::lake/*/test/*"
_RESOURCES = [
    object_case("a resource by its ARN", OBJECT, OBJECT, True, RESOURCE),
    object_case("a resource has its case", "arn:aws:s3:::lake/RAW/a.csv", OBJECT, False, RESOURCE),
    object_case("every resource", "*", OBJECT, True, RESOURCE),
    object_case("all in a bucket", "arn:aws:s3:::lake/*", OBJECT, True),
    object_case(
        "the bucket itself is not in it", "arn:aws:s3:::lake/*", "arn:aws:s3:::lake", False
    ),
    object_case("another bucket's objects", "arn:aws:s3:::lak/*", OBJECT, False),
    object_case("one character", "arn:aws:s3:::lake/raw/?.csv", OBJECT, True),
    object_case("not two", "arn:aws:s3:::lake/raw/??.csv", OBJECT, False),
    object_case("slashes are characters", _MIDDLE, "arn:aws:s3:::lake/1/2/3/test/4/o.jpg", True),
    object_case("nothing is some characters", _MIDDLE, "arn:aws:s3:::lake//test/o.jpg", True),
    object_case("the end may be empty", _MIDDLE, "arn:aws:s3:::lake/1/test/", True),
    object_case("no slash before", _MIDDLE, "arn:aws:s3:::lake/1-test/o.jpg", False),
    object_case("no part before", _MIDDLE, "arn:aws:s3:::lake/test/o.jpg", False),
    object_case("no slash behind", _MIDDLE, "arn:aws:s3:::lake/1/2/test.jpg", False),
    object_case(
        "a star within a part stays in it",
        "arn:aws:sqs:us-*-1:111122223333:q",
        "arn:aws:sqs:us-a:b-1:111122223333:q",
        False,
    ),
    object_case(
        "a star within a part matches in it",
        "arn:aws:sqs:us-*-1:111122223333:q",
        "arn:aws:sqs:us-east-1:111122223333:q",
        True,
    ),
    object_case(
        "a star that ends a part goes on across colons",
        "arn:aws:logs:*:log-group:jobs",
        "arn:aws:logs:us-east-1:111122223333:log-group:jobs",
        True,
    ),
    object_case(
        "a star that ends a resource goes on across colons",
        "arn:aws:logs:*:*:log-group:*",
        "arn:aws:logs:us-east-1:111122223333:log-group:jobs:log-stream:1",
        True,
    ),
    Case(
        "one of several resources",
        f"{RESOURCE}: Specifying multiple resources",
        "Allowed",
        identity=[allow("*", ["arn:aws:sqs:*:*:*", OBJECT])],
    ),
    Case(
        "a list of no resources",
        "IAM Access Analyzer policy check reference: Empty array resource",
        "ImplicitDeny",
        identity=[allow("*", [])],
    ),
    Case(
        "what is outside of NotResource is denied",
        NOT_RESOURCE,
        "ExplicitDeny",
        identity=[allow(), NOT_BUCKET],
    ),
    Case(
        "what is in NotResource is not",
        NOT_RESOURCE,
        "Allowed",
        identity=[allow(), NOT_BUCKET],
        resource="arn:aws:s3:::hr/payroll/may",
    ),
    Case(
        "what NotResource denies of one service only",
        NOT_RESOURCE,
        "Allowed",
        identity=[allow(), NOT_BUCKET],
        action="ec2:RunInstances",
        resource="arn:aws:ec2:us-east-1:111122223333:instance/i-1",
    ),
    Case(
        "NotResource with Allow is all the others",
        NOT_RESOURCE,
        "Allowed",
        identity=[{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::hr"}],
    ),
]

_VARIABLES = [
    object_case(
        "a user's name",
        "arn:aws:s3:::lake/${aws:username}/*",
        "arn:aws:s3:::lake/Bob/a",
        True,
        f"{VARIABLES}: Resource element",
    ),
    object_case(
        "another user's name",
        "arn:aws:s3:::lake/${aws:username}/*",
        "arn:aws:s3:::lake/Eve/a",
        False,
        f"{VARIABLES}: Resource element",
    ),
    object_case(
        "a variable's name has no case",
        "arn:aws:s3:::lake/${AWS:UserName}",
        "arn:aws:s3:::lake/Bob",
        True,
        VARIABLES,
    ),
    object_case(
        "no variable before the fifth colon",
        "arn:aws:sqs:us-east-1:${aws:PrincipalAccount}:q",
        f"arn:aws:sqs:us-east-1:{ACCOUNT}:q",
        False,
        f"{VARIABLES}: Resource element",
    ),
    Case(
        "a principal's tag",
        f"{VARIABLES}: Resource element",
        "Allowed",
        identity=[allow("*", "arn:aws:s3:::bucket/${aws:PrincipalTag/department}")],
        resource="arn:aws:s3:::bucket/hr",
        context={"aws:PrincipalTag/department": "hr"},
    ),
    Case(
        "a tag's default",
        f"{VARIABLES}: Specifying default values",
        "Allowed",
        identity=[allow("*", TEAM)],
        resource="arn:aws:s3:::lake-company-wide",
    ),
    Case(
        "a tag before its default",
        f"{VARIABLES}: Specifying default values",
        "Allowed",
        identity=[allow("*", TEAM)],
        resource="arn:aws:s3:::lake-yellow",
        context={"aws:PrincipalTag/team": "yellow"},
    ),
    Case(
        "not the default where there is a tag",
        f"{VARIABLES}: Specifying default values",
        "ImplicitDeny",
        identity=[allow("*", TEAM)],
        resource="arn:aws:s3:::lake-company-wide",
        context={"aws:PrincipalTag/team": "yellow"},
    ),
    object_case(
        "no value matches no resource",
        "arn:aws:s3:::lake${aws:PrincipalTag/none}*",
        "arn:aws:s3:::lake",
        False,
        NO_VALUE,
    ),
    Case(
        "no value makes a statement with NotResource one about nothing",
        NO_VALUE,
        "Allowed",
        identity=[
            allow(),
            {
                "Effect": "Deny",
                "Action": "*",
                "NotResource": "arn:aws:s3:::${aws:PrincipalTag/none}*",
            },
        ],
    ),
    Case(
        "unless the pattern is for another service",
        NO_VALUE,
        "ExplicitDeny",
        identity=[
            allow(),
            {
                "Effect": "Deny",
                "Action": "*",
                "NotResource": f"arn:aws:iam::{ACCOUNT}:user/${{aws:PrincipalTag/none}}",
            },
        ],
    ),
    Case(
        "no value equals nothing",
        NO_VALUE,
        "ImplicitDeny",
        identity=[when("StringEquals", "aws:TestedKey", "${aws:PrincipalTag/Team}")],
        context={"aws:TestedKey": ""},
    ),
    Case(
        "no value is unequal to everything",
        NO_VALUE,
        "ExplicitDeny",
        identity=[
            allow(),
            deny(
                Condition={
                    "StringNotEquals": {"s3:ExistingObjectTag/Team": "${aws:PrincipalTag/Team}"}
                }
            ),
        ],
        context={"s3:ExistingObjectTag/Team": "yellow"},
    ),
    Case(
        "a variable in a condition",
        f"{VARIABLES}: Condition element",
        "Allowed",
        identity=[when("StringLike", "s3:prefix", ["${aws:username}/*"])],
        context={"s3:prefix": "Bob/2024"},
    ),
    Case(
        "a variable in an ARN condition",
        f"{VARIABLES}: Condition element",
        "Allowed",
        identity=[when("ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:${aws:username}-*")],
        context={"aws:SourceArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:Bob-alerts"},
    ),
    Case(
        "a variable in a Boolean condition",
        "IAM JSON policy elements: Condition operators: Boolean condition operators",
        "Allowed",
        identity=[when("Bool", "aws:ViaAWSService", "${aws:SecureTransport}")],
        context={"aws:ViaAWSService": "false", "aws:SecureTransport": "false"},
    ),
    Case(
        "no variable in a numeric condition",
        f"{VARIABLES}: Condition element",
        "ImplicitDeny",
        identity=[when("NumericEquals", "s3:max-keys", "${aws:EpochTime}")],
        context={"s3:max-keys": "10", "aws:EpochTime": "10"},
    ),
    Case(
        "a multivalued key is no variable",
        f"{VARIABLES}: Using variables in policies",
        "ImplicitDeny",
        identity=[allow("*", "arn:aws:s3:::lake/${aws:TagKeys}")],
        resource="arn:aws:s3:::lake/a",
        context={"aws:TagKeys": ("a",)},
    ),
    object_case(
        "a star as a character",
        "arn:aws:s3:::lake/${*}",
        "arn:aws:s3:::lake/*",
        True,
        f"{VARIABLES}: Special characters",
    ),
    object_case(
        "it is no wildcard",
        "arn:aws:s3:::lake/${*}",
        "arn:aws:s3:::lake/a",
        False,
        f"{VARIABLES}: Special characters",
    ),
    object_case(
        "a question mark as a character",
        "arn:aws:s3:::lake/a${?}",
        "arn:aws:s3:::lake/a?",
        True,
        f"{VARIABLES}: Special characters",
    ),
    object_case(
        "a dollar as a character",
        "arn:aws:s3:::lake/${$}{aws:username}",
        "arn:aws:s3:::lake/${aws:username}",
        True,
        f"{VARIABLES}: Special characters",
    ),
    Case(
        "the old version has no variables",
        VERSION,
        "ImplicitDeny",
        identity=[
            {"Version": "2008-10-17", "Statement": allow("*", "arn:aws:s3:::lake/${aws:username}")}
        ],
        resource="arn:aws:s3:::lake/Bob",
    ),
    Case(
        "in the old version they are plain text",
        VERSION,
        "Allowed",
        identity=[{"Statement": allow("*", "arn:aws:s3:::lake/${aws:username}")}],
        resource="arn:aws:s3:::lake/${aws:username}",
    ),
]


CASES = [*_ACTIONS, *_RESOURCES, *_VARIABLES]
