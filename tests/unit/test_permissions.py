"""Every action of the template has a test or a reason, and the script that takes them out works."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path

import pytest

from tests.copies import ROOT, Outcome
from tests.permissions.__main__ import gaps, main
from tests.permissions.proof import Copy, denied, verdict
from tests.permissions.table import MODULES, TESTS
from tests.permissions.template import (
    NOTHING,
    Permission,
    PolicyError,
    permissions,
    without,
)

TEMPLATE = (ROOT / "template.yaml").read_text("utf-8")
SMALL = """
Resources:
  Loader:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Action: sts:AssumeRole}]}
      Policies:
        - PolicyName: Load
          PolicyDocument:
            Statement:
              - Sid: Read
                Effect: Allow
                Action:
                  - s3:GetObject # of any version
                  - s3:List* # no local call: nobody lists
                Resource: !GetAtt Bucket.Arn
              - {Effect: Deny, Action: s3:PutObject, Resource: "*"}
              - Effect: Allow
                Action: sns:Publish
                Resource: "*"
  Shared:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: Together
      Roles: [!Ref Loader, !Ref Other]
      PolicyDocument:
        Statement:
          - Effect: Allow
            Action: # no local call: there is no network
              - ec2:CreateTags
              - ec2:DeleteTags
            Resource: "*"
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      PolicyDocument:
        Statement: {Sid: Let, Effect: Allow, Principal: "*", Action: "sqs:SendMessage"}
"""


def small() -> dict[str, Permission]:
    return {each.name: each for each in permissions(SMALL)}


def test_each_action_has_a_test_or_a_reason_and_not_both() -> None:
    assert gaps(permissions(TEMPLATE), TESTS) == []


def test_the_tests_that_are_named_are_there() -> None:
    there = set()
    for module in MODULES:
        tree = ast.parse((ROOT / "tests" / "e2e" / module).read_text("utf-8"))
        there |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert {test for needed in TESTS.values() for test in needed} <= there


def test_permissions_are_those_that_are_allowed_with_their_reasons() -> None:
    assert {name: each.reason for name, each in small().items()} == {
        "Loader/Read/s3:GetObject": None,
        "Loader/Read/s3:List*": "nobody lists",
        "Loader/Load/sns:Publish": None,
        "Shared/Together/ec2:CreateTags": "there is no network",
        "Shared/Together/ec2:DeleteTags": "there is no network",
        "Policy/Let/sqs:SendMessage": None,
    }
    assert small()["Shared/Together/ec2:CreateTags"].roles == ("Loader", "Other")
    assert small()["Policy/Let/sqs:SendMessage"].roles == ()


@pytest.mark.parametrize("name", sorted(small()))
def test_a_permission_that_is_taken_out_is_gone_and_no_other(name: str) -> None:
    taken = small().pop(name)

    left = {each.name for each in permissions(without(SMALL, [taken]))}

    nothing = f"{taken.owner}/{taken.statement}/{NOTHING}"
    assert left == (set(small()) - {name}) | {nothing}


def test_several_are_taken_out_at_once() -> None:
    taken = [each for each in permissions(TEMPLATE) if each.reason]

    left = without(TEMPLATE, taken)

    assert left.count(NOTHING) == len(taken) > 1
    assert not [line for line in left.splitlines() if "ec2:" in line and "arn:" not in line]
    assert len(left.splitlines()) == len(TEMPLATE.splitlines())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "      Policies:\n",
            "      ManagedPolicyArns: [a]\n      Policies:\n",
            "managed policies",
        ),
        ('Action: "sqs:SendMessage"', 'NotAction: "sqs:SendMessage"', "NotAction"),
        ("s3:List*", "s3:GetObject", "names of their own"),
        ("            Statement:\n", "            Statements:\n", "not written as a list"),
        ("                Action: sns:Publish\n", "                Action: !Ref A\n", "!Ref"),
        ("                Action: sns:Publish\n", "                NotAction: a:b\n", "NotAction"),
    ],
)
def test_what_cannot_be_taken_apart_is_an_error(old: str, new: str, words: str) -> None:
    assert old in SMALL
    with pytest.raises(PolicyError, match=words):
        permissions(SMALL.replace(old, new))


def test_gaps_are_told() -> None:
    found = list(small().values())
    tests = {
        "Loader/Read/s3:GetObject": ("t",),
        "Loader/Read/s3:List*": ("t",),
        "Policy/Let/sqs:SendMessage": ("t",),
        "Gone/Read/s3:GetObject": ("t",),
    }
    said = gaps(found, tests)
    assert [line.split()[0] for line in said] == [
        "Loader/Read/s3:List*",
        "Loader/Load/sns:Publish",
        "Gone/Read/s3:GetObject",
    ]


READ = Permission("Loader", "Read", "kms:GenerateDataKey*", ("Loader",))
SAID = (
    "AssertionError: arn:aws:iam::0:role/pipeline-{role}-1a2b is not authorized to perform: "
    "{action} on resource: arn:x"
)


@pytest.mark.parametrize(
    ("role", "action", "expected"),
    [
        ("Loader", "kms:GenerateDataKey", True),
        ("Loader", "kms:GenerateDataKeyPair", True),
        ("Loader", "kms:Decrypt", False),
        ("OtherLoader", "kms:GenerateDataKey", False),
    ],
)
def test_a_denial_names_the_role_and_the_action(role: str, action: str, expected: bool) -> None:
    said = f"first line\n{SAID.format(role=role, action=action)}\nlast line"
    assert denied(READ, said) is expected
    anybody = dataclasses.replace(READ, roles=())
    assert denied(anybody, said) is (action != "kms:Decrypt")


def test_only_a_denial_proves_a_permission() -> None:
    copy = Copy("c", Path(), ("t",), (READ,), must_fail=True)
    proving = SAID.format(role="Loader", action="kms:GenerateDataKey")
    assert verdict(copy, {"t": Outcome(True, proving)}) == (True, "t")
    assert verdict(copy, {"t": Outcome(False, proving)})[0] is False
    assert verdict(copy, {"t": Outcome(True, "it took too long")}) == (False, "it took too long")
    assert verdict(copy, {}) == (False, "did not run: t")


def test_a_reason_holds_where_every_test_passes_without() -> None:
    copy = Copy("c", Path(), ("t", "u"), (READ,), must_fail=False)
    passed = {"t": Outcome(False), "u": Outcome(False)}
    assert verdict(copy, passed)[0] is True
    assert verdict(copy, {**passed, "u": Outcome(True, "denied")}) == (False, "u: denied")
    assert verdict(copy, {"t": Outcome(False)})[0] is False


def test_the_list_names_each_with_its_tests(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "--role", "RuleRole"]) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if "states:" in line]
    name = "RuleRole/StartTheExecution/states:StartExecution"
    assert line.split() == [name, *TESTS[name]]
