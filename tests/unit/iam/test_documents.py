"""Policy documents: what is read, and what is none.

Pages: IAM User Guide, "Grammar of the IAM JSON policy language" and "IAM Access Analyzer policy
check reference".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from etlocal.iam.documents import (
    Condition,
    Kind,
    MalformedPolicyDocument,
    Policy,
    Principals,
    Statement,
    parse_policy,
)
from tests.unit.iam.case import OBJECT, ROLE, allow, to, when

Document = Mapping[str, Any]


def document(statement: object) -> Document:
    return {"Version": "2012-10-17", "Statement": statement}


def test_a_policy_from_its_text() -> None:
    text = json.dumps(document(allow("s3:GetObject", OBJECT, Sid="Read")))
    assert parse_policy(text) == Policy(
        (Statement(effect="Allow", sid="Read", actions=("s3:GetObject",), resources=(OBJECT,)),),
        "2012-10-17",
    )


def test_a_policy_from_a_dictionary_is_the_same() -> None:
    given = document([allow(["s3:Get*", "s3:List*"], OBJECT)])
    assert parse_policy(given) == parse_policy(json.dumps(given))


def test_a_policy_without_a_version_is_old() -> None:
    policy = parse_policy({"Statement": allow()})
    assert policy.version == "2008-10-17"
    assert not policy.statements[0].variables


def test_a_managed_policy_keeps_its_arn() -> None:
    assert parse_policy(document(allow()), arn="arn:aws:iam::aws:policy/X").arn is not None


def test_negated_elements() -> None:
    given = {
        "Effect": "Deny",
        "NotPrincipal": {"AWS": ["123456789012"], "Service": "glue.amazonaws.com"},
        "NotAction": "s3:*",
        "NotResource": OBJECT,
    }
    assert parse_policy(document(given), "resource").statements == (
        Statement(
            effect="Deny",
            not_principals=Principals(aws=("123456789012",), services=("glue.amazonaws.com",)),
            not_actions=("s3:*",),
            not_resources=(OBJECT,),
        ),
    )


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ("*", Principals(everyone=True)),
        ({"AWS": "*"}, Principals(everyone=True)),
        ({"AWS": ["*", ROLE]}, Principals(everyone=True, aws=(ROLE,))),
        ({"Federated": "accounts.google.com"}, Principals(federated=("accounts.google.com",))),
        ({"CanonicalUser": ["79a5"]}, Principals(canonical_users=("79a5",))),
        ({}, Principals()),
    ],
)
def test_principals(element: object, expected: Principals) -> None:
    given = {**allow(), "Principal": element}
    assert parse_policy(document(given), "resource").statements[0].principals == expected


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("StringLike", "a*", Condition("StringLike", "aws:k", ("a*",))),
        ("Bool", True, Condition("Bool", "aws:k", ("true",))),
        ("NumericLessThan", [1, 2.5], Condition("NumericLessThan", "aws:k", ("1", "2.5"))),
        ("Null", "true", Condition("Null", "aws:k", ("true",))),
        ("ArnLikeIfExists", [], Condition("ArnLike", "aws:k", (), None, True)),
        (
            "ForAnyValue:StringEqualsIfExists",
            ["a"],
            Condition("StringEquals", "aws:k", ("a",), "ForAnyValue", True),
        ),
        ("ForAllValues:Bool", "x", Condition("Bool", "aws:k", ("x",), "ForAllValues")),
    ],
)
def test_conditions(name: str, values: object, expected: Condition) -> None:
    read = parse_policy(document(when(name, "aws:k", values))).statements[0].conditions
    assert read == (expected,)


def without(statement: Document, element: str) -> Document:
    return {name: value for name, value in statement.items() if name != element}


@pytest.mark.parametrize(
    ("given", "kind", "rule"),
    [
        ("{", "identity", "not JSON"),
        ("[]", "identity", "JSON object"),
        ({"Version": "2012-10-17"}, "identity", "must have a Statement"),
        (document([]), "identity", "must have a Statement"),
        (document(["x"]), "identity", r"Statement\[0\] must be an object"),
        ({"Version": "2012-10-18", "Statement": allow()}, "identity", "Version must be"),
        ({**document(allow()), "Statements": []}, "identity", "no element Statements"),
        (document(allow(Actions="x")), "identity", r"Statement\[0\]: there is no element Actions"),
        (document([allow(), without(allow(), "Effect")]), "identity", r"Statement\[1\]: Effect"),
        (document({**allow(), "Effect": "allow"}), "identity", "not 'allow'"),
        (document(without(allow(), "Action")), "identity", "Action or NotAction"),
        (document(without(allow(), "Resource")), "identity", "Resource or NotResource"),
        (document(allow(NotAction="*")), "identity", "Action and NotAction exclude"),
        (document(allow(NotResource="*")), "identity", "Resource and NotResource exclude"),
        (document(allow("GetObject")), "identity", "service:name"),
        (document(allow("s3:")), "identity", "service:name"),
        (document(allow([1])), "identity", "Action must be text or a list of texts"),
        (document(allow("*", "lake/raw")), "identity", "must be an ARN"),
        (document(allow("*", "arn:aws:s3:::${aws:username")), "identity", "closing brace"),
        (document(allow(Sid="a b")), "identity", "letters and digits"),
        (document(allow(Sid=1)), "identity", "Sid must be text"),
        (document([allow(Sid="a"), allow(Sid="a")]), "identity", "Sid must be unique"),
        (document(to(ROLE, allow())), "identity", "has no Principal"),
        (document(allow()), "resource", "a resource policy must have a Principal"),
        (document({**allow(), "Principal": "me"}), "resource", "an object"),
        (document(to({"User": "me"}, allow())), "resource", "Principal has no User"),
        (document(to(ROLE + "*", allow())), "resource", "whole principals"),
        (document({**allow(), "NotPrincipal": "*"}), "resource", "used with Deny"),
        (document(to("*", allow(NotPrincipal="*"))), "resource", "exclude each other"),
        (document(to(ROLE, allow())), "trust", "no Resource"),
        (
            document({"Effect": "Deny", "NotPrincipal": "*", "Action": "sts:AssumeRole"}),
            "trust",
            "no NotPrincipal",
        ),
        (document(allow(Condition=[])), "identity", "Condition must be an object"),
        (document(allow(Condition={"Bool": "x"})), "identity", "object of keys and values"),
        (document(when("StringIs", "aws:k", "x")), "identity", "no operator 'StringIs'"),
        (document(when("ForEach:StringLike", "aws:k", "x")), "identity", "no operator"),
        (document(when("NullIfExists", "aws:k", "true")), "identity", "every operator but Null"),
        (document(when("Bool", "aws:k", None)), "identity", "text or a list of texts"),
        (
            document(allow(Condition={"Bool": {"aws:k": "x", "AWS:K": "y"}})),
            "identity",
            "case has no meaning",
        ),
        ('{"Statement": [], "Statement": []}', "identity", "'Statement' twice"),
    ],
)
def test_what_is_no_policy(given: str | Document, kind: Kind, rule: str) -> None:
    with pytest.raises(MalformedPolicyDocument, match=rule):
        parse_policy(given, kind)


def test_sids_of_resource_policies_are_their_services_matter() -> None:
    statements = [to(ROLE, allow(Sid="a b")), to(ROLE, allow(Sid="a b"))]
    assert len(parse_policy(document(statements), "resource").statements) == 2


def test_resources_in_short_forms_of_resource_policies() -> None:
    given = document(to(ROLE, allow("execute-api:Invoke", "execute-api:/prod/GET/pets")))
    assert parse_policy(given, "resource").statements[0].resources is not None
