"""CloudFormation tags what it makes, and changes keys, aliases and a topic's policy in place."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from .stacks import Stack

Clients = Callable[[str], Any]
Resources = dict[str, dict[str, Any]]

ACCOUNT, REGION = "000000000000", "us-east-1"
ROOT = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}
ALARM = {
    "Namespace": "AWS/SQS",
    "MetricName": "ApproximateNumberOfMessagesVisible",
    "Statistic": "Maximum",
    "Period": 300,
    "EvaluationPeriods": 1,
    "Threshold": 0,
    "ComparisonOperator": "GreaterThanThreshold",
}


def key_policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [ROOT, *statements]}


# Type → the properties it cannot do without, what asks for the tags of a `Ref`.
TAGGED: dict[str, tuple[dict[str, Any], Callable[[Clients, str], Any]]] = {
    "AWS::CloudWatch::Alarm": (
        ALARM,
        lambda client, ref: client("cloudwatch").list_tags_for_resource(
            ResourceARN=f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{ref}"
        )["Tags"],
    ),
    "AWS::Events::Rule": (
        {"EventPattern": {"source": ["none"]}},
        lambda client, ref: client("events").list_tags_for_resource(
            ResourceARN=f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{ref}"
        )["Tags"],
    ),
    "AWS::KMS::Key": (
        {"KeyPolicy": key_policy()},
        lambda client, ref: client("kms").list_resource_tags(KeyId=ref)["Tags"],
    ),
    "AWS::Logs::LogGroup": (
        {},
        lambda client, ref: client("logs").list_tags_for_resource(
            resourceArn=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{ref}"
        )["tags"],
    ),
    "AWS::SecretsManager::Secret": (
        {"SecretString": "s"},
        lambda client, ref: client("secretsmanager").describe_secret(SecretId=ref)["Tags"],
    ),
    "AWS::S3::Bucket": (
        {},
        lambda client, ref: client("s3").get_bucket_tagging(Bucket=ref)["TagSet"],
    ),
    "AWS::SQS::Queue": (
        {},
        lambda client, ref: client("sqs").list_queue_tags(QueueUrl=ref)["Tags"],
    ),
    "AWS::SNS::Topic": (
        {},
        lambda client, ref: client("sns").list_tags_for_resource(ResourceArn=ref)["Tags"],
    ),
    "AWS::IAM::Role": (
        {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "events.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            }
        },
        lambda client, ref: client("iam").list_role_tags(RoleName=ref)["Tags"],
    ),
}


@pytest.mark.parametrize("kind", TAGGED)
def test_tags_are_set_and_an_update_changes_them(stack: Stack, client: Clients, kind: str) -> None:
    properties, ask = TAGGED[kind]
    outputs = {"Ref": {"Value": {"Ref": "Tagged"}}}

    def deploy(expect: str, **tags: str) -> str:
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        resource = {"Type": kind, "Properties": {**properties, "Tags": listed}}
        return stack.deploy({"Tagged": resource}, expect, Outputs=outputs)["Ref"]

    def tags(ref: str) -> dict[str, str]:
        answered = ask(client, ref)
        return answered if isinstance(answered, dict) else dict(o.values() for o in answered)

    ref = deploy("CREATE_COMPLETE", Project="one", Gone="soon")
    assert tags(ref) == {"Project": "one", "Gone": "soon"}
    assert deploy("UPDATE_COMPLETE", Project="two", New="here") == ref
    assert tags(ref) == {"Project": "two", "New": "here"}


def test_a_key_is_changed_in_place_and_waits_as_long_as_it_says(
    stack: Stack, client: Clients, name: str
) -> None:
    kms = client("kms")
    properties: dict[str, Any] = {
        "KeyPolicy": key_policy(),
        "Description": "Old",
        "EnableKeyRotation": True,
        "PendingWindowInDays": 7,
    }
    alias = {"AliasName": f"alias/{name}", "TargetKeyId": {"Ref": "First"}}
    resources: Resources = {
        "First": {"Type": "AWS::KMS::Key", "Properties": properties},
        "Second": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": key_policy()}},
        "Alias": {"Type": "AWS::KMS::Alias", "Properties": alias},
    }
    outputs = {one: {"Value": {"Ref": one}} for one in ("First", "Second")}
    made = stack.deploy(resources, "CREATE_COMPLETE", Outputs=outputs)
    first = {"KeyId": made["First"]}
    assert kms.get_key_rotation_status(**first)["KeyRotationEnabled"]
    assert kms.describe_key(KeyId=f"alias/{name}")["KeyMetadata"]["KeyId"] == made["First"]

    alarms = ROOT | {"Principal": {"Service": "cloudwatch.amazonaws.com"}, "Sid": "Alarms"}
    properties |= {"KeyPolicy": key_policy(alarms), "EnableKeyRotation": False}
    properties |= {"Description": "New", "Enabled": False}
    alias["TargetKeyId"] = {"Ref": "Second"}
    assert stack.deploy(resources, "UPDATE_COMPLETE", Outputs=outputs) == made
    described = kms.describe_key(**first)["KeyMetadata"]
    assert (described["Description"], described["KeyState"]) == ("New", "Disabled")
    policy = json.loads(kms.get_key_policy(**first, PolicyName="default")["Policy"])
    assert [one.get("Sid") for one in policy["Statement"]] == [None, "Alarms"]
    assert kms.describe_key(KeyId=f"alias/{name}")["KeyMetadata"]["KeyId"] == made["Second"]

    properties |= {"Enabled": True, "EnableKeyRotation": True}
    stack.deploy(resources, "UPDATE_COMPLETE", Outputs=outputs)
    assert kms.describe_key(**first)["KeyMetadata"]["KeyState"] == "Enabled"
    assert kms.get_key_rotation_status(**first)["KeyRotationEnabled"]

    stack.cloudformation.delete_stack(StackName=stack.name)
    stack.cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=stack.name, WaiterConfig={"Delay": 1}
    )
    for key, days in ((made["First"], 7), (made["Second"], 30)):
        waiting = kms.describe_key(KeyId=key)["KeyMetadata"]
        assert waiting["KeyState"] == "PendingDeletion"
        assert abs((waiting["DeletionDate"] - waiting["CreationDate"]).days - days) <= 1
    assert not [a for a in kms.list_aliases()["Aliases"] if a["AliasName"] == f"alias/{name}"]


def test_what_a_key_is_cannot_be_changed(stack: Stack) -> None:
    properties: dict[str, Any] = {"KeyPolicy": key_policy()}
    resources: Resources = {"Key": {"Type": "AWS::KMS::Key", "Properties": properties}}
    stack.deploy(resources, "CREATE_COMPLETE")
    properties |= {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}
    stack.deploy(resources, "UPDATE_ROLLBACK_COMPLETE")
    assert "KeySpec" in stack.reasons()
