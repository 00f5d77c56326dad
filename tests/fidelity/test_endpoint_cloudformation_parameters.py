"""CloudFormation refuses parameters that break their constraints or a rule of the template."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .stacks import Stack

TOPIC = {"Topic": {"Type": "AWS::SNS::Topic"}}
CONSTRAINED: dict[str, dict[str, Any]] = {
    "Word": {"Type": "String", "Default": "a", "AllowedPattern": "[a-z]+"},
    "Mail": {
        "Type": "String",
        "Default": "",
        "AllowedPattern": "^$|^[^@]+@[^@]+$",
        "ConstraintDescription": "must be an address",
    },
    "Number": {"Type": "Number", "Default": 8, "MinValue": 4, "MaxValue": "512"},
    "Days": {"Type": "Number", "Default": 1, "AllowedValues": [1, 3]},
    "Length": {"Type": "String", "Default": "abc", "MinLength": 2, "MaxLength": 3},
    "Words": {"Type": "CommaDelimitedList", "Default": "a,b", "AllowedValues": ["a", "b"]},
}
LIST = {"Type": "CommaDelimitedList", "Default": ""}
EMPTY: dict[str, Any] = {"Fn::Contains": [{"Ref": "Subnets"}, ""]}
ZONE: dict[str, Any] = {"Fn::Equals": [{"Ref": "Zone"}, ""]}
RULES = {
    "Whole": {
        "Assertions": [
            {
                "AssertDescription": "both or none",
                "Assert": {
                    "Fn::Or": [
                        {"Fn::And": [EMPTY, ZONE]},
                        {"Fn::And": [{"Fn::Not": [EMPTY]}, {"Fn::Not": [ZONE]}]},
                    ]
                },
            }
        ]
    },
    "Known": {
        "RuleCondition": {"Fn::Not": [ZONE]},
        "Assertions": [
            {
                "AssertDescription": "a zone of ours",
                "Assert": {"Fn::Contains": [["here", "there"], {"Ref": "Zone"}]},
            },
            {
                "AssertDescription": "subnets alike",
                "Assert": {"Fn::EachMemberIn": [{"Ref": "Subnets"}, ["s1", "s2"]]},
            },
        ],
    },
}


def refusal(stack: Stack, given: dict[str, str], **template: Any) -> str:
    """Give in which words a stack is refused; fail if it is not."""
    with pytest.raises(ClientError) as caught:
        stack.cloudformation.create_stack(
            StackName=stack.name,
            TemplateBody=json.dumps({"Resources": TOPIC, **template}),
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()],
        )
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationError"
    return str(error["Message"])


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("Word", "A", "Parameter 'Word' must match pattern [a-z]+"),
        ("Mail", "me", "Parameter Mail failed to satisfy constraint: must be an address"),
        ("Number", "3", "Parameter 'Number' must be a number not less than 4"),
        ("Number", "513", "Parameter 'Number' must be a number not greater than 512"),
        ("Days", "2", "Parameter 'Days' must be one of AllowedValues"),
        ("Length", "a", "Parameter 'Length' must contain at least 2 characters"),
        ("Length", "abcd", "Parameter 'Length' must contain at most 3 characters"),
        ("Words", "a,c", "Parameter 'Words' must be one of AllowedValues"),
    ],
)
def test_a_value_that_breaks_a_constraint_is_refused(
    stack: Stack, name: str, value: str, words: str
) -> None:
    assert words in refusal(stack, {name: value}, Parameters=CONSTRAINED)


def test_values_within_their_constraints_are_taken_and_an_update_is_refused_too(
    stack: Stack,
) -> None:
    given = {"Word": "b", "Mail": "me@here", "Number": "512", "Days": "3", "Length": "ab"}
    stack.deploy(TOPIC, "CREATE_COMPLETE", given | {"Words": "b, a"}, Parameters=CONSTRAINED)
    with pytest.raises(ClientError, match="not less than 4"):
        stack.deploy(TOPIC, "UPDATE_COMPLETE", given | {"Number": "1"}, Parameters=CONSTRAINED)
    assert stack.describe()["StackStatus"] == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"Subnets": "s1"}, "Rule Whole failed: both or none"),
        ({"Zone": "here"}, "Rule Whole failed: both or none"),
        ({"Zone": "else", "Subnets": "s1"}, "Rule Known failed: a zone of ours"),
        ({"Zone": "else", "Subnets": "s1,s3"}, "Known failed: a zone of ours; subnets alike"),
    ],
)
def test_a_rule_that_does_not_hold_refuses_the_stack(
    stack: Stack, given: dict[str, str], words: str
) -> None:
    parameters = {"Subnets": LIST, "Zone": {"Type": "String", "Default": ""}}
    assert words in refusal(stack, given, Parameters=parameters, Rules=RULES)


@pytest.mark.parametrize("given", [{}, {"Zone": "there", "Subnets": "s2, s1"}])
def test_rules_that_hold_let_the_stack_be_made(stack: Stack, given: dict[str, str]) -> None:
    parameters = {"Subnets": LIST, "Zone": {"Type": "String", "Default": ""}}
    stack.deploy(TOPIC, "CREATE_COMPLETE", given, Parameters=parameters, Rules=RULES)


def test_a_function_that_no_rule_has_is_refused_by_name(stack: Stack) -> None:
    rules = {"Odd": {"Assertions": [{"Assert": {"Fn::Join": ["", ["a"]]}}]}}
    assert "Fn::Join" in refusal(stack, {}, Rules=rules)
