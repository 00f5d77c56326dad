"""What was acknowledged survives `kill -9`, and no event is silently gone.

One endpoint is killed right after it has answered, and started again on the same folder; each test
looks at one thing that must be true then.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from .conftest import start
from .restarts import ECHO, ROLE, TEMPLATE, TRUST, Clients, running, until

pytestmark = pytest.mark.xdist_group("durability")

OBJECTS = [f"raw/date=2024-01-0{number % 9}/{number}.csv" for number in range(30)]
RETRIES = 5
_ALLOW = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [_ALLOW]})


class Refusing(ThreadingHTTPServer):
    """A target that is never ready, and counts how often it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Refusal)
        self.asked = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _Refusal(BaseHTTPRequestHandler):
    server: Refusing

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked += 1
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@dataclass
class World:
    """The endpoint after its kill, and what was told before."""

    aws: Clients
    log: Path
    target: Refusing
    queues: dict[str, tuple[str, str]] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    refused: dict[str, Any] = field(default_factory=dict)
    asked_before: int = 0


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("durability")
    target = Refusing()
    endpoint = start(folder, os.getpid())
    world = World(Clients(endpoint), folder / "endpoint.log", target)
    try:
        prepare(world)
        world.refused = refuse(world, endpoint.state / "localstack" / "state")
        act(world)
    finally:
        os.kill(endpoint.pid, signal.SIGKILL)
    world.asked_before = target.asked
    with running(folder) as again:
        world.aws = Clients(again)
        yield world
    target.shutdown()


def prepare(world: World) -> None:
    """Make what the changes to come are made to; every service is imported by it."""
    aws = world.aws
    for name in ("objects", "topics", "dead", "given-up"):
        make_queue(world, name)
    make_queue(world, "last.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    world.told["topic"] = topic = aws.sns.create_topic(Name="topic")["TopicArn"]
    aws.sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=world.queues["topics"][1],
        Attributes={"RawMessageDelivery": "true"},
    )
    aws.s3.create_bucket(Bucket="uploads")
    aws.s3.put_bucket_notification_configuration(
        Bucket="uploads", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    make_rule(aws, "uploads", "aws.s3", {"Arn": world.queues["objects"][1]})
    machine = aws.stepfunctions.create_state_machine(
        name="gone", definition=json.dumps(ECHO), roleArn=ROLE
    )["stateMachineArn"]
    dead = {"DeadLetterConfig": {"Arn": world.queues["dead"][1]}}
    make_rule(aws, "gone", "test.gone", {"Arn": machine, "RoleArn": ROLE, **dead})
    aws.stepfunctions.delete_state_machine(stateMachineArn=machine)
    make_rule(aws, "refusing", "test.refusing", refusing_target(world))
    for number, queue in enumerate(("missing", "last.fifo")):
        arn = world.queues["dead"][1].rpartition(":")[0] + f":{queue}"
        lost = {"Arn": machine, "RoleArn": ROLE, "DeadLetterConfig": {"Arn": arn}}
        make_rule(aws, f"lost-{number}", "test.lost", lost)
    aws.logs.create_log_group(logGroupName="/group")
    aws.logs.create_log_stream(logGroupName="/group", logStreamName="stream")
    aws.iam.create_role(RoleName="role", AssumeRolePolicyDocument=TRUST)
    world.told["secret"] = aws.secretsmanager.create_secret(Name="secret", SecretString="old")


def make_queue(world: World, name: str, **attributes: str) -> None:
    url = world.aws.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    got = world.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    world.queues[name] = (url, got["Attributes"]["QueueArn"])


def make_rule(aws: Clients, name: str, source: str, target: dict[str, Any]) -> None:
    aws.events.put_rule(Name=name, EventPattern=json.dumps({"source": [source]}))
    assert not aws.events.put_targets(Rule=name, Targets=[{"Id": "t", **target}])["FailedEntries"]


def refusing_target(world: World) -> dict[str, Any]:
    connection = world.aws.events.create_connection(
        Name="connection",
        AuthorizationType="API_KEY",
        AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "key", "ApiKeyValue": "value"}},
    )["ConnectionArn"]
    destination = world.aws.events.create_api_destination(
        Name="destination",
        ConnectionArn=connection,
        InvocationEndpoint=world.target.url,
        HttpMethod="POST",
    )["ApiDestinationArn"]
    return {
        "Arn": destination,
        "RoleArn": ROLE,
        "RetryPolicy": {"MaximumRetryAttempts": RETRIES},
        "DeadLetterConfig": {"Arn": world.queues["given-up"][1]},
    }


def refuse(world: World, folder: Path) -> dict[str, Any]:
    """Ask once for changes that cannot be saved; give what was answered."""
    make: Any = boto3.client
    once = partial(
        make,
        endpoint_url=world.aws.endpoint.url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
        config=Config(retries={"total_max_attempts": 1}),
    )
    calls: dict[str, Callable[[], Any]] = {
        "sns": partial(once("sns").create_topic, Name="unsaved"),
        "iam": partial(once("iam").create_group, GroupName="unsaved"),
    }
    answers = {}
    for service, call in calls.items():
        snapshot = folder / f"{service}.pickle"
        kept = snapshot.rename(folder / f"{service}.kept")
        snapshot.mkdir()
        answers[service] = refusal(call)
        snapshot.rmdir()
        kept.rename(snapshot)
    return answers


def refusal(call: Callable[[], Any]) -> int:
    try:
        call()
    except ClientError as error:
        return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
    return 200


def put_event(aws: Clients, source: str) -> str:
    entry = {"Source": source, "DetailType": "d", "Detail": json.dumps({"of": source})}
    answer = aws.events.put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0
    return str(answer["Entries"][0]["EventId"])


def act(world: World) -> None:
    """Make changes, all at once: whoever calls this kills the endpoint when all are answered."""
    aws, told = world.aws, world.told
    now = int(time.time() * 1000)
    last = world.queues["last.fifo"][0]
    received = aws.sqs.send_message(QueueUrl=last, MessageBody="read", MessageGroupId="g")
    read = aws.sqs.receive_message(QueueUrl=last)["Messages"][0]
    assert received["MessageId"] == read["MessageId"]
    stream = {"logGroupName": "/group", "logStreamName": "stream"}
    calls: dict[str, Callable[[], Any]] = {
        "queue": partial(aws.sqs.create_queue, QueueName="made"),
        "subscribed": partial(aws.sns.create_topic, Name="made"),
        "machine": partial(
            aws.stepfunctions.create_state_machine,
            name="made",
            definition=json.dumps(ECHO),
            roleArn=ROLE,
        ),
        "policy": partial(
            aws.iam.put_role_policy, RoleName="role", PolicyName="made", PolicyDocument=POLICY
        ),
        "value": partial(
            aws.secretsmanager.put_secret_value, SecretId="secret", SecretString="new"
        ),
        "rule": partial(
            aws.events.put_rule, Name="made", EventPattern=json.dumps({"source": ["made"]})
        ),
        "stack": partial(
            aws.cloudformation.create_change_set,
            StackName="stack",
            ChangeSetName="made",
            ChangeSetType="CREATE",
            TemplateBody=json.dumps(TEMPLATE),
        ),
        "group": partial(aws.logs.create_log_group, logGroupName="/made"),
        "line": partial(
            aws.logs.put_log_events,
            **stream,
            logEvents=[{"timestamp": now, "message": "said"}],
        ),
        "deleted": partial(
            aws.sqs.delete_message, QueueUrl=last, ReceiptHandle=read["ReceiptHandle"]
        ),
        "sent": partial(aws.sqs.send_message, QueueUrl=last, MessageBody="s", MessageGroupId="g"),
        "gone": partial(put_event, aws, "test.gone"),
        "refusing": partial(put_event, aws, "test.refusing"),
        "lost": partial(put_event, aws, "test.lost"),
    }
    calls |= {
        f"message {number}": partial(
            aws.sns.publish, TopicArn=told["topic"], Message=f"message {number}"
        )
        for number in range(10)
    }
    calls |= {
        key: partial(aws.s3.put_object, Bucket="uploads", Key=key, Body=b"1\n") for key in OBJECTS
    }
    with ThreadPoolExecutor(len(calls)) as pool:
        answers = {name: pool.submit(call) for name, call in calls.items()}
    told.update({name: answer.result() for name, answer in answers.items()})


def messages(world: World, name: str, count: int) -> list[dict[str, Any]]:
    """Receive until there are so many messages; they are deleted."""
    url = world.queues[name][0]
    found: dict[str, dict[str, Any]] = {}

    def enough() -> bool:
        got = world.aws.sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=1,
            MessageAttributeNames=["All"],
        )
        for message in got.get("Messages", ()):
            found[message["MessageId"]] = message
            world.aws.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(found) >= count

    until(enough, 60)
    return list(found.values())


def attributes(message: dict[str, Any]) -> dict[str, str]:
    given = message["MessageAttributes"]
    return {name: value["StringValue"] for name, value in given.items()}


def test_an_acknowledged_change_of_each_service_is_there(world: World) -> None:
    aws = world.aws
    assert aws.sqs.get_queue_url(QueueName="made")["QueueUrl"]
    topics = [each["TopicArn"] for each in aws.sns.list_topics()["Topics"]]
    assert world.told["subscribed"]["TopicArn"] in topics
    arn = world.told["machine"]["stateMachineArn"]
    assert aws.stepfunctions.describe_state_machine(stateMachineArn=arn)["status"] == "ACTIVE"
    assert aws.iam.list_role_policies(RoleName="role")["PolicyNames"] == ["made"]
    assert aws.secretsmanager.get_secret_value(SecretId="secret")["SecretString"] == "new"
    assert aws.events.describe_rule(Name="made")["State"] == "ENABLED"
    described = aws.cloudformation.describe_change_set(StackName="stack", ChangeSetName="made")
    assert described["StackName"] == "stack"
    groups = aws.logs.describe_log_groups(logGroupNamePrefix="/made")["logGroups"]
    assert len(groups) == 1
    events = aws.logs.filter_log_events(logGroupName="/group")["events"]
    assert [event["message"] for event in events] == ["said"]


def test_a_message_that_was_sent_is_there_and_one_that_was_deleted_is_not(world: World) -> None:
    assert [each["Body"] for each in messages(world, "last.fifo", 1)] == ["s"]
    url = world.queues["last.fifo"][0]
    assert not world.aws.sqs.receive_message(QueueUrl=url).get("Messages")


def test_a_published_message_is_in_the_queues_that_subscribe(world: World) -> None:
    got = sorted(each["Body"] for each in messages(world, "topics", 10))
    assert got == sorted(f"message {number}" for number in range(10))


def test_every_object_has_sent_its_event(world: World) -> None:
    keys: set[str] = set()

    def all_keys() -> bool:
        for message in messages(world, "objects", 1):
            keys.add(json.loads(message["Body"])["detail"]["object"]["key"])
        return keys == set(OBJECTS)

    until(all_keys, 60)
    listed = world.aws.s3.list_objects_v2(Bucket="uploads")["Contents"]
    assert {each["Key"] for each in listed} == keys


def test_an_event_whose_target_is_gone_is_in_the_dead_letter_queue(world: World) -> None:
    message = messages(world, "dead", 1)[0]
    assert json.loads(message["Body"])["id"] == world.told["gone"]
    told = attributes(message)
    assert told["ERROR_CODE"] == "NO_RESOURCE"
    assert told["RETRY_ATTEMPTS"] == "0"
    assert "EXHAUSTED_RETRY_CONDITION" not in told


def test_retries_go_on_and_the_event_is_given_up_as_the_policy_says(world: World) -> None:
    message = messages(world, "given-up", 1)[0]
    event = json.loads(message["Body"])
    assert event["id"] == world.told["refusing"]
    assert event["detail"] == {"of": "test.refusing"}
    told = attributes(message)
    assert told["ERROR_CODE"] == "ERROR_FROM_TARGET"
    assert told["RETRY_ATTEMPTS"] == str(RETRIES)
    assert told["EXHAUSTED_RETRY_CONDITION"] == "MaximumRetryAttempts"
    assert told["RULE_ARN"].endswith(":rule/refusing")
    # The attempt that the kill cut off is not counted.
    assert world.asked_before < world.target.asked
    assert 1 + RETRIES <= world.target.asked <= 2 + RETRIES


def test_a_dead_letter_queue_that_refuses_is_told_of_loudly(world: World) -> None:
    def lost() -> list[str]:
        text = world.log.read_text()
        return [line for line in text.splitlines() if "is lost: its dead-letter queue" in line]

    until(lambda: len(lost()) >= 2, 60)
    lines = lost()
    assert any(":missing refused it" in line and "NonExistentQueue" in line for line in lines)
    assert any(":last.fifo refused it" in line and "MessageGroupId" in line for line in lines)
    assert all("test.lost" in line for line in lines)


def test_a_change_that_cannot_be_saved_is_not_acknowledged(world: World) -> None:
    assert world.refused == {"sns": 500, "iam": 500}
