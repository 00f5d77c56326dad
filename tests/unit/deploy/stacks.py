"""Stacks for the tests of the stub: a small template, and how it becomes a stack."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.deploy.aws_stub import Stub

Template = dict[str, Any]
HERE = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}


def small() -> Template:
    """A bucket that stays, one that does not, and two that follow from it."""
    return {
        "Description": "small",
        "Parameters": {
            "Title": {"Type": "String", "Default": "Loads", "AllowedPattern": "[A-Za-z ]+"},
            "Days": {"Type": "Number", "Default": 7, "MinValue": 1, "MaxValue": 30},
        },
        "Resources": {
            "Kept": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"},
            "Temp": {"Type": "AWS::S3::Bucket"},
            "Topic": {
                "Type": "AWS::SNS::Topic",
                "Properties": {"DisplayName": {"Ref": "Title"}},
            },
            "Crawler": {
                "Type": "AWS::Glue::Crawler",
                "Properties": {
                    "Name": {"Fn::Sub": "${AWS::StackName}-crawler"},
                    "Role": "crawling",
                    "Targets": {"S3Targets": [{"Path": {"Fn::Sub": "s3://${Temp}/in/"}}]},
                },
            },
        },
        "Outputs": {
            "TempName": {"Value": {"Ref": "Temp"}},
            "TopicArn": {"Value": {"Ref": "Topic"}},
            "KeptArn": {"Value": {"Fn::GetAtt": ["Kept", "Arn"]}},
        },
    }


def change_set(aws: Stub, template: Template, *, name: str = "one", **more: Any) -> dict[str, Any]:
    """Make a change set and give its description when it is made."""
    cloudformation = aws.client("cloudformation")
    exists = any(
        stack.name == "demo" and stack.status not in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE")
        for stack in aws.cloudformation.stacks
    )
    made = cloudformation.create_change_set(
        StackName="demo",
        ChangeSetName=name,
        TemplateBody=json.dumps(template),
        ChangeSetType="UPDATE" if exists else "CREATE",
        **more,
    )
    while True:
        described: dict[str, Any] = cloudformation.describe_change_set(ChangeSetName=made["Id"])
        if described["Status"] in ("CREATE_COMPLETE", "FAILED"):
            return described


def deploy(aws: Stub, template: Template, **more: Any) -> dict[str, Any]:
    """Create or update the stack ``demo`` and give its description at the end."""
    described = change_set(aws, template, **more)
    aws.client("cloudformation").execute_change_set(ChangeSetName=described["ChangeSetId"])
    return ended(aws)


def ended(aws: Stub) -> dict[str, Any]:
    """Give the description of the stack ``demo`` when nothing is under way."""
    while True:
        found: dict[str, Any] = aws.client("cloudformation").describe_stacks(StackName="demo")
        stack: dict[str, Any] = found["Stacks"][0]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack


def delete(aws: Stub, **more: Any) -> str:
    """Delete the stack ``demo`` and give its status at the end."""
    cloudformation = aws.client("cloudformation")
    identity = cloudformation.describe_stacks(StackName="demo")["Stacks"][0]["StackId"]
    cloudformation.delete_stack(StackName="demo", **more)
    while True:
        status: str = cloudformation.describe_stacks(StackName=identity)["Stacks"][0]["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            return status


def events(aws: Stub, name: str = "demo") -> list[dict[str, Any]]:
    """Give all events, the oldest first."""
    pages = aws.client("cloudformation").get_paginator("describe_stack_events")
    return [event for page in pages.paginate(StackName=name) for event in page["StackEvents"]][::-1]


def of(found: list[dict[str, Any]], logical: str) -> list[str]:
    """Give the statuses that a resource went through."""
    return [each["ResourceStatus"] for each in found if each["LogicalResourceId"] == logical]


def refused(call: Any, code: str, text: str, **given: Any) -> None:
    """Let a call be refused."""
    with pytest.raises(ClientError) as raised:
        call(**given)
    answer: Any = raised.value.response
    assert answer["Error"]["Code"] == code
    assert text in answer["Error"]["Message"]


def parameters(**values: str) -> list[dict[str, Any]]:
    """Give parameters as requests have them."""
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
