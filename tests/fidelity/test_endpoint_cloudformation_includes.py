"""CloudFormation includes files of S3 in templates, by ``Fn::Transform`` of ``AWS::Include``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .stacks import Stack

Clients = Callable[[str], Any]

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "states.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


class Included:
    """A state machine whose definition is a file of a bucket."""

    def __init__(self, stack: Stack, client: Clients, name: str) -> None:
        self.stack, self.bucket = stack, name
        self.s3, self.stepfunctions = client("s3"), client("stepfunctions")
        self.s3.create_bucket(Bucket=name)

    def put(self, key: str, text: str) -> str:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode())
        return f"s3://{self.bucket}/{key}"

    def template(self, location: str, seconds: str = "7") -> dict[str, Any]:
        transform = {"Name": "AWS::Include", "Parameters": {"Location": location}}
        return {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
            "Machine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                    "Definition": {"Fn::Transform": transform},
                    "DefinitionSubstitutions": {"Seconds": seconds},
                },
            },
        }

    def deploy(self, location: str, expect: str, **template: Any) -> dict[str, str]:
        outputs = {"Arn": {"Value": {"Ref": "Machine"}}}
        metadata = {"etlocal": {"StateMachine": "Arn"}}
        return self.stack.deploy(
            self.template(location) | template, expect, Outputs=outputs, Metadata=metadata
        )

    def definition(self, arn: str) -> Any:
        text = self.stepfunctions.describe_state_machine(stateMachineArn=arn)["definition"]
        return json.loads(text)


@pytest.fixture
def included(stack: Stack, client: Clients, name: str) -> Included:
    return Included(stack, client, name)


def machine(comment: str, seconds: str = "${Seconds}") -> dict[str, Any]:
    """A definition with values of every kind, and a member named as a function of templates."""
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "BackoffRate": 1.5}
    return {
        "Comment": f"{comment} – {seconds}",
        "QueryLanguage": "JSONata",
        "StartAt": "Look",
        "States": {
            "Look": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:glue:getTables",
                "Arguments": {"DatabaseName": "d", "MaxResults": 5},
                "Retry": [retry],
                "Next": "Choose",
            },
            "Choose": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $x = " + seconds + " %}", "Next": "Wait"}],
                "Default": "Done",
            },
            "Wait": {"Type": "Wait", "Seconds": 1, "End": True},
            "Done": {"Type": "Pass", "Output": {"no": False, "ratio": 0.5}, "End": True},
        },
    }


def test_an_included_definition_has_its_numbers_and_its_substitutions(included: Included) -> None:
    location = included.put("a.json", json.dumps(machine("first")))
    arn = included.deploy(location, "CREATE_COMPLETE")["Arn"]
    assert included.definition(arn) == machine("first", "7")


def test_an_update_that_changes_the_file_alone_changes_the_machine(included: Included) -> None:
    first = included.put("a.json", json.dumps(machine("first")))
    arn = included.deploy(first, "CREATE_COMPLETE")["Arn"]
    included.s3.delete_object(Bucket=included.bucket, Key="a.json")
    second = included.put("b.json", json.dumps(machine("second")))
    assert included.deploy(second, "UPDATE_COMPLETE")["Arn"] == arn
    assert included.definition(arn) == machine("second", "7")
    # Under the same key, as those do who do not name files by their content.
    included.put("b.json", json.dumps(machine("third")))
    included.deploy(second, "UPDATE_COMPLETE")
    assert included.definition(arn) == machine("third", "7")


def test_the_same_file_under_another_key_is_no_change(included: Included) -> None:
    text = json.dumps(machine("first"))
    included.deploy(included.put("a.json", text), "CREATE_COMPLETE")
    again = json.dumps(
        {
            "Resources": included.template(included.put("b.json", text)),
            "Outputs": {"Arn": {"Value": {"Ref": "Machine"}}},
            "Metadata": {"etlocal": {"StateMachine": "Arn"}},
        }
    )
    with pytest.raises(ClientError, match="No updates are to be performed"):
        included.stack.cloudformation.update_stack(
            StackName=included.stack.name,
            TemplateBody=again,
            Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )


def test_a_failed_update_puts_the_former_definition_back(included: Included) -> None:
    first = included.put("a.json", json.dumps(machine("first")))
    arn = included.deploy(first, "CREATE_COMPLETE")["Arn"]
    second = included.put("b.json", json.dumps(machine("second")))
    nothing = {
        "Type": "AWS::S3::BucketPolicy",
        "DependsOn": "Machine",
        "Properties": {"Bucket": "no-such-bucket-at-all", "PolicyDocument": {}},
    }
    included.deploy(second, "UPDATE_ROLLBACK_COMPLETE", Fails=nothing)
    assert included.definition(arn) == machine("first", "7")
    included.deploy(second, "UPDATE_COMPLETE")
    assert included.definition(arn) == machine("second", "7")


def test_the_template_is_shown_as_it_was_processed_and_as_it_was_given(included: Included) -> None:
    location = included.put("a.json", json.dumps(machine("first")))
    included.deploy(location, "CREATE_COMPLETE")
    ask = included.stack.cloudformation.get_template
    shown = ask(StackName=included.stack.name)["TemplateBody"]
    assert shown["Metadata"] == {"etlocal": {"StateMachine": "Arn"}}
    assert shown["Resources"]["Machine"]["Properties"]["Definition"] == machine("first")
    given = ask(StackName=included.stack.name, TemplateStage="Original")["TemplateBody"]
    assert given["Resources"] == included.template(location)


@pytest.mark.parametrize(
    ("text", "words"),
    [(None, "NoSuchKey"), ("[1]", "not an object"), ("{", "neither JSON nor YAML")],
)
def test_a_file_that_cannot_be_included_fails_the_change_set(
    included: Included, text: str | None, words: str
) -> None:
    location = f"s3://{included.bucket}/a.json"
    if text is not None:
        included.put("a.json", text)
    cloudformation, name = included.stack.cloudformation, included.stack.name
    cloudformation.create_change_set(
        StackName=name,
        ChangeSetName="c",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps({"Resources": included.template(location)}),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    made = cloudformation.describe_change_set(StackName=name, ChangeSetName="c")
    assert made["Status"] == "FAILED"
    assert "Transform AWS::Include failed" in made["StatusReason"]
    assert words in made["StatusReason"]


def test_a_stack_whose_update_cannot_include_stays_as_it_is(included: Included) -> None:
    first = included.put("a.json", json.dumps(machine("first")))
    arn = included.deploy(first, "CREATE_COMPLETE")["Arn"]
    missing = json.dumps({"Resources": included.template(f"s3://{included.bucket}/none")})
    with pytest.raises(ClientError, match="AWS::Include failed"):
        included.stack.cloudformation.update_stack(
            StackName=included.stack.name,
            TemplateBody=missing,
            Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
    assert included.stack.describe()["StackStatus"] == "CREATE_COMPLETE"
    assert included.definition(arn) == machine("first", "7")
