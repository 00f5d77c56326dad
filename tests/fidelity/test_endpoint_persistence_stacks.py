"""A stack survives the end of the endpoint, and goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .restarts import ECHO, ROLE, TEMPLATE, Clients, running, until
from .stacks import Stack


def test_a_stack_can_be_changed_and_deleted_after_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as endpoint:
        aws = Clients(endpoint)
        aws.cloudformation.create_stack(StackName="stack", TemplateBody=json.dumps(TEMPLATE))
        aws.cloudformation.get_waiter("stack_create_complete").wait(
            StackName="stack", WaiterConfig={"Delay": 1}
        )
        before = aws.cloudformation.describe_stacks(StackName="stack")["Stacks"][0]
    with running(tmp_path) as endpoint:
        aws = Clients(endpoint)
        stack = aws.cloudformation.describe_stacks(StackName="stack")["Stacks"][0]
        assert stack == before
        assert stack["Outputs"][0]["OutputValue"] in str(aws.s3.list_buckets()["Buckets"])
        resources = {**TEMPLATE["Resources"], "Second": {"Type": "AWS::SQS::Queue"}}
        changed = {**TEMPLATE, "Resources": resources}
        aws.cloudformation.update_stack(StackName="stack", TemplateBody=json.dumps(changed))
        aws.cloudformation.get_waiter("stack_update_complete").wait(
            StackName="stack", WaiterConfig={"Delay": 1}
        )
        assert len(aws.sqs.list_queues()["QueueUrls"]) == 2
        aws.cloudformation.delete_stack(StackName="stack")
        aws.cloudformation.get_waiter("stack_delete_complete").wait(
            StackName="stack", WaiterConfig={"Delay": 1}
        )
        assert aws.s3.list_buckets()["Buckets"] == []


def test_a_stack_goes_on_with_its_key_alarm_and_included_file_after_a_restart(
    tmp_path: Path,
) -> None:
    root = {"AWS": "arn:aws:iam::000000000000:root"}
    allow = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    key: dict[str, Any] = {
        "KeyPolicy": {"Version": "2012-10-17", "Statement": [allow]},
        "EnableKeyRotation": True,
    }
    alarm: dict[str, Any] = {
        "Namespace": "etl",
        "MetricName": "Failed",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        "AlarmActions": [{"Ref": "Topic"}],
        "Tags": [{"Key": "Stack", "Value": "s"}],
    }
    include = {"Name": "AWS::Include", "Parameters": {"Location": "s3://files/echo.json"}}
    machine = {"RoleArn": ROLE, "Definition": {"Fn::Transform": include}}
    resources = {
        "Key": {"Type": "AWS::KMS::Key", "Properties": key},
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": {"Ref": "Key"}}},
        "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm},
        "Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
    }
    outputs = {name: {"Value": {"Ref": name}} for name in resources}

    def put(aws: Clients, comment: str) -> None:
        body = json.dumps(ECHO | {"Comment": comment})
        aws.s3.put_object(Bucket="files", Key="echo.json", Body=body)

    with running(tmp_path) as endpoint:
        aws = Clients(endpoint)
        aws.s3.create_bucket(Bucket="files")
        put(aws, "before")
        stack = Stack(endpoint.client, "s")
        made = stack.deploy(resources, "CREATE_COMPLETE", Outputs=outputs)
    with running(tmp_path) as endpoint:
        aws = Clients(endpoint)
        rotation = aws.kms.get_key_rotation_status(KeyId=made["Key"])
        assert rotation["KeyRotationEnabled"]
        [found] = aws.cloudwatch.describe_alarms()["MetricAlarms"]
        assert found["AlarmActions"] == [made["Topic"]]
        tags = aws.cloudwatch.list_tags_for_resource(ResourceARN=found["AlarmArn"])["Tags"]
        assert tags == alarm["Tags"]
        put(aws, "after")
        alarm["Threshold"], key["EnableKeyRotation"] = 5, False
        stack = Stack(endpoint.client, "s")
        assert stack.deploy(resources, "UPDATE_COMPLETE", Outputs=outputs) == made
        [found] = aws.cloudwatch.describe_alarms()["MetricAlarms"]
        assert found["Threshold"] == 5
        described = aws.stepfunctions.describe_state_machine(stateMachineArn=made["Machine"])
        assert json.loads(described["definition"])["Comment"] == "after"
        stack.cloudformation.delete_stack(StackName="s")
        until(
            lambda: (
                aws.kms.describe_key(KeyId=made["Key"])["KeyMetadata"]["KeyState"]
                == "PendingDeletion"
            )
        )
        assert not aws.cloudwatch.describe_alarms()["MetricAlarms"]
