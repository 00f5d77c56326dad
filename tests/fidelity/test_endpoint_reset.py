"""``POST /_etlocal/reset``: everything is gone, what was under way has ended, all works anew."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import Endpoint
from .stacks import Stack

ROLE = "arn:aws:iam::000000000000:role/r"
TRUST = {"Version": "2012-10-17", "Statement": []}
LONG = {"Type": "Wait", "Seconds": 10**6, "End": True}


def await_(condition: Callable[[], Any], seconds: float = 30) -> Any:
    """Wait until a condition is true; give what it gave."""
    limit = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < limit, "it did not come to be"
        time.sleep(0.05)
    return value


def contents(endpoint: Endpoint) -> dict[str, Any]:
    """Give what is there, by kind; empty kinds are left out."""
    asked: dict[str, tuple[str, str, str]] = {
        "alarms": ("cloudwatch", "describe_alarms", "MetricAlarms"),
        "buckets": ("s3", "list_buckets", "Buckets"),
        "crawlers": ("glue", "get_crawlers", "Crawlers"),
        "databases": ("glue", "get_databases", "DatabaseList"),
        "connections": ("glue", "get_connections", "ConnectionList"),
        "jobs": ("glue", "get_jobs", "Jobs"),
        "log groups": ("logs", "describe_log_groups", "logGroups"),
        "machines": ("stepfunctions", "list_state_machines", "stateMachines"),
        "namespaces": ("redshift-serverless", "list_namespaces", "namespaces"),
        "queues": ("sqs", "list_queues", "QueueUrls"),
        "roles": ("iam", "list_roles", "Roles"),
        "rules": ("events", "list_rules", "Rules"),
        "secrets": ("secretsmanager", "list_secrets", "SecretList"),
        "stacks": ("cloudformation", "describe_stacks", "Stacks"),
        "statements": ("redshift-data", "list_statements", "Statements"),
        "subscriptions": ("sns", "list_subscriptions", "Subscriptions"),
        "topics": ("sns", "list_topics", "Topics"),
        "workgroups": ("redshift-serverless", "list_workgroups", "workgroups"),
    }
    found = {
        kind: getattr(endpoint.client(service), operation)().get(key)
        for kind, (service, operation, key) in asked.items()
    }
    return {kind: value for kind, value in found.items() if value}


def stack_resources() -> dict[str, Any]:
    """Give a resource of each kind that a pipeline is made of."""
    definition = {"StartAt": "W", "States": {"W": LONG}}
    trust = {"AssumeRolePolicyDocument": TRUST}
    target = {"Id": "m", "Arn": {"Ref": "Machine"}, "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}}
    properties: dict[str, tuple[str, dict[str, Any]]] = {
        "Role": ("AWS::IAM::Role", trust),
        "Topic": ("AWS::SNS::Topic", {}),
        "Queue": ("AWS::SQS::Queue", {}),
        "Group": ("AWS::Logs::LogGroup", {}),
        "Subscription": (
            "AWS::SNS::Subscription",
            {
                "TopicArn": {"Ref": "Topic"},
                "Protocol": "sqs",
                "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]},
            },
        ),
        "Secret": ("AWS::SecretsManager::Secret", {"GenerateSecretString": {}}),
        "Machine": (
            "AWS::StepFunctions::StateMachine",
            {
                "StateMachineName": "machine",
                "RoleArn": ROLE,
                "DefinitionString": json.dumps(definition),
            },
        ),
        "Rule": (
            "AWS::Events::Rule",
            {"EventPattern": {"source": ["me"]}, "Targets": [target]},
        ),
        "Database": (
            "AWS::Glue::Database",
            {"CatalogId": "000000000000", "DatabaseInput": {"Name": "db"}},
        ),
    }
    return {name: {"Type": kind, "Properties": given} for name, (kind, given) in properties.items()}


def fill(endpoint: Endpoint) -> None:
    """Deploy a stack, put data in, and start what goes on: an execution, a crawl, a job run."""
    Stack(endpoint.client, "stack").deploy(stack_resources(), "CREATE_COMPLETE")
    s3, glue, sfn = map(endpoint.client, ("s3", "glue", "stepfunctions"))
    s3.create_bucket(Bucket="bucket")
    for number in range(200):
        body = f"id,name\n{number},a\n{number},b\n".encode()
        s3.put_object(Bucket="bucket", Key=f"in/day={number}/file.csv", Body=body)
    targets = {"S3Targets": [{"Path": "s3://bucket/in/"}]}
    glue.create_crawler(Name="crawler", Role=ROLE, DatabaseName="db", Targets=targets)
    command = {"Name": "glueetl", "ScriptLocation": "s3://bucket/job.py"}
    glue.create_job(Name="job", Role=ROLE, Command=command, GlueVersion="5.1")
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::glue:startJobRun.sync",
        "Arguments": {"JobName": "job"},
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Told"}],
        "Next": "Told",
    }
    # What an execution does that takes the reset for a failure: it would be there afterwards.
    told = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:createBucket",
        "Arguments": {"Bucket": "told"},
        "End": True,
    }
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "Job",
        "States": {"Job": state, "Told": told},
    }
    waiting = sfn.create_state_machine(
        name="job-machine", definition=json.dumps(definition), roleArn=ROLE
    )["stateMachineArn"]
    warehouse(endpoint)
    for _ in range(3):
        sfn.start_execution(stateMachineArn=waiting)
    events = endpoint.client("events")
    events.put_events(Entries=[{"Source": "me", "DetailType": "d", "Detail": "{}"}])
    await_(lambda: glue.get_job_runs(JobName="job")["JobRuns"])
    glue.start_crawler(Name="crawler")


def warehouse(endpoint: Endpoint) -> None:
    """Make a workgroup with a table of one row; it fails if there is a table of its name."""
    serverless, data = map(endpoint.client, ("redshift-serverless", "redshift-data"))
    serverless.create_namespace(
        namespaceName="namespace", adminUsername="admin", manageAdminPassword=True
    )
    serverless.create_workgroup(workgroupName="workgroup", namespaceName="namespace")
    statement = data.batch_execute_statement(
        WorkgroupName="workgroup",
        Database="dev",
        Sqls=["CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)"],
    )
    ended = ("FINISHED", "FAILED", "ABORTED")

    def outcome() -> str | None:
        status: str = data.describe_statement(Id=statement["Id"])["Status"]
        return status if status in ended else None

    assert await_(outcome) == "FINISHED"


def test_reset_clears_everything_and_ends_what_is_under_way(private_endpoint: Endpoint) -> None:
    for _ in range(2):
        fill(private_endpoint)
        present = contents(private_endpoint)
        assert {"buckets", "jobs", "crawlers", "stacks", "statements", "subscriptions"} <= set(
            present
        )
        began = time.monotonic()
        status, document = private_endpoint.call("POST", "/_etlocal/reset")
        took = time.monotonic() - began
        assert status == 200
        assert {"s3", "events", "glue", "redshift-serverless", "cloudformation"} <= set(
            document["reset"]
        )
        assert contents(private_endpoint) == {}
        # Under a second on an idle machine; tests share theirs.
        assert took < 3
    # What had gone on would have acted by now: on its retries' delays, which are short here.
    time.sleep(2)
    assert contents(private_endpoint) == {}


def test_an_event_that_was_to_be_tried_again_is_forgotten(private_endpoint: Endpoint) -> None:
    events, sqs = private_endpoint.client("events"), private_endpoint.client("sqs")
    queue = sqs.create_queue(QueueName="queue")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    events.put_rule(Name="rule", EventPattern=json.dumps({"source": ["me"]}))
    target = {
        "Id": "t",
        # A target that LocalStack does not carry out: every attempt fails.
        "Arn": "arn:aws:ssm:us-east-1:000000000000:document/none",
        "RoleArn": ROLE,
        "RunCommandParameters": {"RunCommandTargets": [{"Key": "k", "Values": ["v"]}]},
        # Some two seconds of the tests' time until the dead-letter queue gets it.
        "RetryPolicy": {"MaximumRetryAttempts": 7},
        "DeadLetterConfig": {"Arn": arn["Attributes"]["QueueArn"]},
    }
    events.put_targets(Rule="rule", Targets=[target])
    events.put_events(Entries=[{"Source": "me", "DetailType": "d", "Detail": "{}"}])
    outbox = sqlite3.connect(private_endpoint.state / "localstack" / "state" / "outbox.sqlite3")
    pending = "SELECT count(*) FROM delivery"
    await_(lambda: outbox.execute(pending).fetchone()[0])
    assert private_endpoint.call("POST", "/_etlocal/reset")[0] == 200
    assert outbox.execute(pending).fetchone()[0] == 0
    queue = sqs.create_queue(QueueName="queue")["QueueUrl"]
    assert "Messages" not in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=4)


def test_all_works_anew_after_a_reset(private_endpoint: Endpoint) -> None:
    sqs, events, glue, iam, sts = map(
        private_endpoint.client, ("sqs", "events", "glue", "iam", "sts")
    )
    for _ in range(2):
        queue = sqs.create_queue(QueueName="queue")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        events.put_rule(Name="rule", EventPattern=json.dumps({"source": ["me"]}))
        target = {"Id": "t", "Arn": arn["Attributes"]["QueueArn"]}
        events.put_targets(Rule="rule", Targets=[target])
        events.put_events(Entries=[{"Source": "me", "DetailType": "d", "Detail": "{}"}])
        got = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)
        assert len(got["Messages"]) == 1
        role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
        sts.assume_role(RoleArn=role["Arn"], RoleSessionName="session")
        glue.create_database(DatabaseInput={"Name": "db"})
        private_endpoint.call("POST", "/_etlocal/reset")
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        glue.get_database(Name="db")
