"""What CloudFormation says of changes: before, in a change set; after, in events and lists."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .stacks import Stack

Clients = Callable[[str], Any]
Resources = dict[str, Any]


def queue(**properties: Any) -> Resources:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def changes(stack: Stack, resources: Resources) -> dict[str, dict[str, Any]]:
    """Give what a change set would change, by the resource's logical id; it is not executed."""
    where = {"StackName": stack.name, "ChangeSetName": "looked-at"}
    stack.cloudformation.create_change_set(
        **where, ChangeSetType="UPDATE", TemplateBody=json.dumps({"Resources": resources})
    )
    stack.cloudformation.get_waiter("change_set_create_complete").wait(
        **where, WaiterConfig={"Delay": 1}
    )
    described = stack.cloudformation.describe_change_set(**where)
    stack.cloudformation.delete_change_set(**where)
    found = [each["ResourceChange"] for each in described["Changes"]]
    return {each["LogicalResourceId"]: each for each in found}


def events(stack: Stack, of: str) -> list[tuple[str, str]]:
    """Give resource and status of each event, the oldest first."""
    told = stack.cloudformation.describe_stack_events(StackName=of)["StackEvents"]
    return [(each["LogicalResourceId"], each["ResourceStatus"]) for each in reversed(told)]


def test_a_change_set_names_the_properties_that_change(stack: Stack, name: str) -> None:
    before = queue(QueueName=name, VisibilityTimeout=10, DelaySeconds=1)
    stack.deploy({"Queue": before, "Other": queue()}, "CREATE_COMPLETE")

    after = queue(QueueName=name, VisibilityTimeout=20, MaximumMessageSize=2048)
    found = changes(stack, {"Queue": after, "Other": queue()})

    assert list(found) == ["Queue"]
    assert (found["Queue"]["Action"], found["Queue"]["Replacement"]) == ("Modify", "False")
    assert found["Queue"]["Scope"] == ["Properties"]
    targets = [detail["Target"] for detail in found["Queue"]["Details"]]
    assert {target["Attribute"] for target in targets} == {"Properties"}
    named = [target["Name"] for target in targets]
    assert named == ["DelaySeconds", "MaximumMessageSize", "VisibilityTimeout"]


def test_who_uses_a_nested_attribute_does_not_change_with_every_change_set(
    stack: Stack, name: str
) -> None:
    url = {"Fn::Sub": "jdbc:redshift://${Group.Workgroup.Endpoint.Address}:5439/dev"}
    resources = {
        "Space": {
            "Type": "AWS::RedshiftServerless::Namespace",
            "Properties": {"NamespaceName": name},
        },
        "Group": {
            "Type": "AWS::RedshiftServerless::Workgroup",
            "Properties": {"WorkgroupName": name, "NamespaceName": {"Ref": "Space"}},
        },
        "Parameter": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": name, "Type": "String", "Value": url},
        },
        "Queue": queue(),
    }
    stack.deploy(resources, "CREATE_COMPLETE")

    found = changes(stack, {**resources, "Queue": queue(DelaySeconds=1)})

    assert list(found) == ["Queue"]


@pytest.mark.parametrize(("policy", "action"), [("Retain", "Retain"), ("Delete", "Delete")])
def test_a_change_set_says_what_becomes_of_a_resource_that_goes(
    stack: Stack, policy: str, action: str
) -> None:
    stack.deploy(
        {"Queue": {**queue(), "DeletionPolicy": policy}, "Other": queue()}, "CREATE_COMPLETE"
    )

    found = changes(stack, {"Other": queue()})

    assert (found["Queue"]["Action"], found["Queue"]["PolicyAction"]) == ("Remove", action)


def test_events_tell_of_the_resource_that_failed_and_of_none_that_was_not_begun(
    stack: Stack, name: str
) -> None:
    topic: Resources = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "not a name!"}}
    dependent = queue(QueueName={"Fn::Sub": [f"{name}-${{Its}}", {"Its": {"Ref": "Topic"}}]})

    stack.deploy({"Topic": topic, "Queue": dependent}, "ROLLBACK_COMPLETE")

    told = events(stack, stack.name)
    assert ("Topic", "CREATE_FAILED") in told
    assert [status for resource, status in told if resource == "Queue"] == []
    assert [status for resource, status in told if resource == stack.name] == [
        *("REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS"),
        *("ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"),
    ]


def test_a_deleted_stack_says_what_it_kept_and_is_found_by_its_id_alone(
    stack: Stack, client: Clients
) -> None:
    kept = {**queue(), "DeletionPolicy": "Retain"}
    stack.deploy({"Kept": kept, "Gone": queue()}, "CREATE_COMPLETE")
    identity = stack.describe()["StackId"]
    resources = stack.cloudformation.describe_stack_resources(StackName=stack.name)
    urls = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for each in resources["StackResources"]
    }

    stack.cloudformation.delete_stack(StackName=stack.name)
    stack.cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=identity, WaiterConfig={"Delay": 1}
    )

    told = events(stack, identity)
    assert ("Kept", "DELETE_SKIPPED") in told
    assert ("Gone", "DELETE_COMPLETE") in told
    assert ("Kept", "DELETE_COMPLETE") not in told
    pages = stack.cloudformation.get_paginator("describe_stacks").paginate()
    assert identity not in [each["StackId"] for page in pages for each in page["Stacks"]]
    [found] = stack.cloudformation.describe_stacks(StackName=identity)["Stacks"]
    assert found["StackStatus"] == "DELETE_COMPLETE"
    with pytest.raises(ClientError, match="does not exist"):
        stack.describe()
    sqs = client("sqs")
    sqs.delete_queue(QueueUrl=urls["Kept"])
    with pytest.raises(ClientError, match="NonExistentQueue"):
        sqs.get_queue_attributes(QueueUrl=urls["Gone"])
