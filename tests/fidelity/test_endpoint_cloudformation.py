"""CloudFormation as AWS's: properties that are applied, updates that happen, failures undone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .stacks import Stack

Clients = Callable[[str], Any]
Resources = dict[str, Any]

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


def role(**properties: Any) -> Resources:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": TRUST, **properties},
    }


def policy(name: str, action: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": [action], "Resource": "*"}
    return {
        "PolicyName": name,
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }


def rule(prefix: str, *queues: str) -> Resources:
    targets = [{"Id": queue, "Arn": {"Fn::GetAtt": [queue, "Arn"]}} for queue in queues]
    pattern = {"source": ["aws.s3"], "detail": {"object": {"key": [{"prefix": prefix}]}}}
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {"EventPattern": pattern, "Targets": targets},
    }


def test_a_bucket_has_all_of_its_properties_and_an_update_changes_them(
    stack: Stack, client: Clients, name: str
) -> None:
    properties: dict[str, Any] = {
        "BucketName": name,
        "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": "true"}},
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
            ]
        },
        "LifecycleConfiguration": {
            "Rules": [
                {
                    "Id": "old",
                    "Status": "Enabled",
                    "Prefix": "raw/",
                    "ExpirationInDays": "90",
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                }
            ]
        },
        "PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "BlockPublicPolicy": True},
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "VersioningConfiguration": {"Status": "Enabled"},
    }
    bucket = {"Type": "AWS::S3::Bucket", "Properties": properties}
    stack.deploy({"Bucket": bucket}, "CREATE_COMPLETE")
    s3 = client("s3")
    assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=name)
    found = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"][0]
    assert (found["Expiration"], found["Filter"]) == ({"Days": 90}, {"Prefix": "raw/"})
    assert s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"][
        "BlockPublicAcls"
    ]
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    grants = s3.get_bucket_acl(Bucket=name)["Grants"]
    assert not [grant for grant in grants if grant["Grantee"].get("URI")]

    properties["NotificationConfiguration"] = {}
    properties["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] = 30
    del properties["PublicAccessBlockConfiguration"]
    stack.deploy({"Bucket": bucket}, "UPDATE_COMPLETE")
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket=name)
    found = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"][0]
    assert found["Expiration"] == {"Days": 30}
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        s3.get_public_access_block(Bucket=name)


def test_a_property_of_a_bucket_that_is_not_emulated_fails_the_stack(stack: Stack) -> None:
    properties = {"AccelerateConfiguration": {"AccelerationStatus": "Enabled"}}
    bucket = {"Type": "AWS::S3::Bucket", "Properties": properties}
    stack.deploy({"Bucket": bucket}, "ROLLBACK_COMPLETE")
    assert "AccelerateConfiguration" in stack.reasons()


def test_a_bucket_with_objects_is_not_deleted_and_a_retained_one_stays(
    stack: Stack, client: Clients, name: str
) -> None:
    kept = {"BucketName": f"{name}-kept"}
    resources = {
        "Full": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}},
        "Kept": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": kept},
    }
    stack.deploy(resources, "CREATE_COMPLETE")
    s3 = client("s3")
    s3.put_object(Bucket=name, Key="k", Body=b"1")
    stack.cloudformation.delete_stack(StackName=name)
    assert stack.settled()["StackStatus"] == "DELETE_FAILED"
    assert "not empty" in stack.reasons()
    s3.delete_object(Bucket=name, Key="k")
    s3.head_bucket(Bucket=f"{name}-kept")


def test_a_type_that_is_not_emulated_fails_the_stack_before_anything_is_made(
    stack: Stack, client: Clients, name: str
) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}
    stack.deploy(
        {"Bucket": bucket, "Trail": {"Type": "AWS::CloudTrail::Trail"}}, "ROLLBACK_COMPLETE"
    )
    assert "AWS::CloudTrail::Trail" in stack.reasons()
    assert "CREATE_COMPLETE" not in stack.statuses()


def test_numbers_and_text_become_what_a_property_is(
    stack: Stack, client: Clients, name: str
) -> None:
    definition = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "End": True}}}
    text = json.dumps(definition).replace("1,", "${Seconds},")
    machine = {
        "StateMachineName": name,
        "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        "DefinitionString": text,
        "DefinitionSubstitutions": {"Seconds": 10},
        "Tags": [{"Key": "a", "Value": "b"}],
    }
    alarm: dict[str, Any] = {
        "AlarmName": name,
        "Namespace": "AWS/States",
        "MetricName": "ExecutionsFailed",
        "Statistic": "Sum",
        "Period": {"Ref": "Period"},
        "EvaluationPeriods": "1",
        "Threshold": {"Ref": "Threshold"},
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    }
    parameters = {
        "Period": {"Type": "Number", "Default": 60},
        "Threshold": {"Type": "Number", "Default": "1.5"},
    }
    resources = {
        "Role": role(),
        "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
        "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm},
    }
    outputs = {"Arn": {"Value": {"Ref": "Machine"}}}
    made = stack.deploy(resources, "CREATE_COMPLETE", Parameters=parameters, Outputs=outputs)
    found = client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    assert (found["Threshold"], found["Period"]) == (1.5, 60)
    sfn = client("stepfunctions")
    described = sfn.describe_state_machine(stateMachineArn=made["Arn"])
    assert json.loads(described["definition"])["States"]["W"]["Seconds"] == 10
    tags = sfn.list_tags_for_resource(resourceArn=made["Arn"])["tags"]
    assert {"key": "a", "value": "b"} in tags
    alarm["Threshold"] = 3
    machine["DefinitionSubstitutions"] = {"Seconds": 20}
    stack.deploy(resources, "UPDATE_COMPLETE", Parameters=parameters, Outputs=outputs)
    found = client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    assert found["Threshold"] == 3
    described = sfn.describe_state_machine(stateMachineArn=made["Arn"])
    assert json.loads(described["definition"])["States"]["W"]["Seconds"] == 20


def test_an_update_changes_a_rules_pattern_and_its_targets(stack: Stack, client: Clients) -> None:
    queues = {"First": {"Type": "AWS::SQS::Queue"}, "Second": {"Type": "AWS::SQS::Queue"}}
    outputs = {"Rule": {"Value": {"Ref": "Rule"}}}
    made = stack.deploy(
        {**queues, "Rule": rule("raw/", "First")}, "CREATE_COMPLETE", Outputs=outputs
    )
    stack.deploy({**queues, "Rule": rule("new/", "Second")}, "UPDATE_COMPLETE", Outputs=outputs)
    events = client("events")
    pattern = json.loads(events.describe_rule(Name=made["Rule"])["EventPattern"])
    assert pattern["detail"]["object"]["key"] == [{"prefix": "new/"}]
    targets = events.list_targets_by_rule(Rule=made["Rule"])["Targets"]
    assert [target["Id"] for target in targets] == ["Second"]


def test_an_update_changes_a_roles_policies_and_a_log_groups_retention(
    stack: Stack, client: Clients, name: str
) -> None:
    def resources(days: int, *policies: dict[str, Any]) -> Resources:
        return {
            "Role": role(RoleName=name, Policies=list(policies)),
            "Group": {
                "Type": "AWS::Logs::LogGroup",
                "Properties": {"LogGroupName": name, "RetentionInDays": days},
            },
        }

    def retention() -> int:
        groups = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        days: int = groups[0]["retentionInDays"]
        return days

    old, new = policy("old", "sns:Publish"), policy("new", "glue:StartCrawler")
    stack.deploy(resources(30, old), "CREATE_COMPLETE")
    assert retention() == 30
    stack.deploy(resources(7, new), "UPDATE_COMPLETE")
    assert retention() == 7
    iam = client("iam")
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["new"]
    document = iam.get_role_policy(RoleName=name, PolicyName="new")["PolicyDocument"]
    assert document["Statement"][0]["Action"] == ["glue:StartCrawler"]


def test_a_failed_creation_leaves_nothing(stack: Stack, client: Clients, name: str) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}
    twice = {"Type": "AWS::S3::Bucket", "DependsOn": "First", "Properties": {"BucketName": name}}
    stack.deploy({"First": bucket, "Second": twice}, "ROLLBACK_COMPLETE")
    assert f"{name} already exists" in stack.reasons()
    with pytest.raises(ClientError, match="404"):
        client("s3").head_bucket(Bucket=name)


def test_a_failed_update_restores_what_was_and_can_be_mended(
    stack: Stack, client: Clients, name: str
) -> None:
    def resources(prefix: str, **more: Any) -> Resources:
        return {"Queue": {"Type": "AWS::SQS::Queue"}, "Rule": rule(prefix, "Queue"), **more}

    removed = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}
    broken = {
        "Type": "AWS::S3::Bucket",
        "DependsOn": "Rule",
        "Properties": {"BucketName": name},
    }
    outputs = {"Rule": {"Value": {"Ref": "Rule"}}}
    made = stack.deploy(resources("raw/", Removed=removed), "CREATE_COMPLETE", Outputs=outputs)
    stack.deploy(resources("new/", Broken=broken), "UPDATE_ROLLBACK_COMPLETE", Outputs=outputs)

    def prefix() -> Any:
        described = client("events").describe_rule(Name=made["Rule"])
        return json.loads(described["EventPattern"])["detail"]["object"]["key"]

    assert prefix() == [{"prefix": "raw/"}]
    client("s3").head_bucket(Bucket=name)
    stack.deploy(resources("new/", Removed=removed), "UPDATE_COMPLETE", Outputs=outputs)
    assert prefix() == [{"prefix": "new/"}]


def unchangeable(path: str) -> Resources:
    """Give a resource of a type whose updates nobody carries out."""
    return {"Group": {"Type": "AWS::IAM::Group", "Properties": {"Path": path}}}


def test_outputs_stay_what_they_were_when_update_stack_rolls_back(stack: Stack) -> None:
    queue: Resources = {"Queue": {"Type": "AWS::SQS::Queue"}}
    outputs = {"Queue": {"Value": {"Ref": "Queue"}}}
    made = stack.deploy({**queue, **unchangeable("/a/")}, "CREATE_COMPLETE", Outputs=outputs)
    changed = {
        "Resources": {**queue, **unchangeable("/b/")},
        "Outputs": {"Other": {"Value": "x"}},
    }
    stack.cloudformation.update_stack(
        StackName=stack.name,
        TemplateBody=json.dumps(changed),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    settled = stack.settled()
    assert settled["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE", stack.reasons()
    found = {one["OutputKey"]: one["OutputValue"] for one in settled.get("Outputs", ())}
    assert found == made


def test_an_update_of_a_type_that_has_none_fails_loudly(stack: Stack) -> None:
    stack.deploy(unchangeable("/a/"), "CREATE_COMPLETE")
    stack.deploy(unchangeable("/b/"), "UPDATE_ROLLBACK_COMPLETE")
    assert "Updating a resource of type AWS::IAM::Group is not emulated" in stack.reasons()
