"""From an object to an execution: S3's events, EventBridge's transformers and deliveries."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

Clients = Callable[[str], Any]

ROLE = "arn:aws:iam::000000000000:role/events"
KEY = 'raw/date=2024-01-01/a "b" +c.csv'


def until(ask: Callable[[], Any], seconds: float = 20) -> Any:
    """Ask until the answer is true."""
    end = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
    return answer


def make_queue(client: Clients, name: str) -> tuple[str, str]:
    sqs = client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, attributes["Attributes"]["QueueArn"]


def receive(client: Clients, url: str) -> dict[str, Any]:
    def ask() -> Any:
        answer = client("sqs").receive_message(
            QueueUrl=url, WaitTimeSeconds=1, MessageAttributeNames=["All"]
        )
        return answer.get("Messages")

    message: dict[str, Any] = until(ask)[0]
    return message


def make_bucket(client: Clients, name: str) -> None:
    client("s3").create_bucket(Bucket=name)
    client("s3").put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )


def make_rule(client: Clients, name: str, key: Any, target: dict[str, Any]) -> None:
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [name]}, "object": {"key": key}},
    }
    client("events").put_rule(Name=name, EventPattern=json.dumps(pattern))
    answer = client("events").put_targets(Rule=name, Targets=[{"Id": "t", **target}])
    assert not answer["FailedEntries"]


def make_machine(client: Clients, name: str) -> str:
    definition = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    answer = client("stepfunctions").create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=ROLE
    )
    arn: str = answer["stateMachineArn"]
    return arn


@pytest.mark.parametrize(
    "pattern",
    [
        [{"prefix": "raw/date="}],
        [{"suffix": ".csv"}],
        [{"wildcard": "raw/date=*/*.csv"}],
        [{"anything-but": {"prefix": "processed/"}}],
        [{"equals-ignore-case": KEY.upper()}],
    ],
)
def test_an_objects_key_reaches_rule_and_target_as_it_is(
    client: Clients, name: str, pattern: Any
) -> None:
    url, arn = make_queue(client, name)
    make_bucket(client, name)
    make_rule(client, name, pattern, {"Arn": arn})
    client("s3").put_object(Bucket=name, Key=KEY, Body=b"123")
    event = json.loads(receive(client, url)["Body"])
    assert event["detail"]["object"]["key"] == KEY
    assert event["detail"]["object"]["size"] == 3
    assert event["detail"]["reason"] == "PutObject"
    assert event["detail"]["requester"] == "000000000000"


def test_sequencers_of_one_keys_events_grow(client: Clients, name: str) -> None:
    url, arn = make_queue(client, name)
    make_bucket(client, name)
    make_rule(client, name, [{"prefix": ""}], {"Arn": arn})
    found = []
    for body in (b"1", b"2"):
        client("s3").put_object(Bucket=name, Key="k", Body=body)
        message = receive(client, url)
        client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        found.append(json.loads(message["Body"])["detail"]["object"]["sequencer"])
    assert found[0] < found[1]


def test_an_upload_in_parts_gives_its_reason(client: Clients, name: str) -> None:
    url, arn = make_queue(client, name)
    make_bucket(client, name)
    make_rule(client, name, [{"prefix": ""}], {"Arn": arn})
    s3 = client("s3")
    upload = s3.create_multipart_upload(Bucket=name, Key="k")["UploadId"]
    part = s3.upload_part(Bucket=name, Key="k", UploadId=upload, PartNumber=1, Body=b"x")
    s3.complete_multipart_upload(
        Bucket=name,
        Key="k",
        UploadId=upload,
        MultipartUpload={"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]},
    )
    event = json.loads(receive(client, url)["Body"])
    assert event["detail"]["reason"] == "CompleteMultipartUpload"


def test_a_buckets_own_filter_sees_the_key_as_it_is(client: Clients, name: str) -> None:
    url, arn = make_queue(client, name)
    client("s3").create_bucket(Bucket=name)
    configuration = {
        "QueueConfigurations": [
            {
                "QueueArn": arn,
                "Events": ["s3:ObjectCreated:*"],
                "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "raw/date="}]}},
            }
        ]
    }
    client("s3").put_bucket_notification_configuration(
        Bucket=name, NotificationConfiguration=configuration, SkipDestinationValidation=True
    )
    client("s3").put_object(Bucket=name, Key="raw/date=1/a.csv", Body=b"1")
    # The queue has it as soon as the object is acknowledged.
    message = client("sqs").receive_message(QueueUrl=url)["Messages"][0]
    record = json.loads(message["Body"])["Records"][0]
    assert record["s3"]["object"]["key"] == "raw/date%3D1/a.csv"


def test_a_transformed_event_starts_an_execution(client: Clients, name: str) -> None:
    arn = make_machine(client, name)
    make_bucket(client, name)
    transformer = {
        "InputPathsMap": {"key": "$.detail.object.key", "size": "$.detail.object.size"},
        "InputTemplate": '{"key": <key>, "size": <size>, "text": "<key> has <size> bytes"}',
    }
    target = {"Arn": arn, "RoleArn": ROLE, "InputTransformer": transformer}
    make_rule(client, name, [{"suffix": ".csv"}], target)
    client("s3").put_object(Bucket=name, Key=KEY, Body=b"")
    sfn = client("stepfunctions")
    execution = until(lambda: sfn.list_executions(stateMachineArn=arn)["executions"])[0]
    given = sfn.describe_execution(executionArn=execution["executionArn"])["input"]
    assert json.loads(given) == {"key": KEY, "size": 0, "text": f"{KEY} has 0 bytes"}


def test_an_event_without_a_target_goes_to_the_dead_letter_queue(
    client: Clients, name: str
) -> None:
    arn = make_machine(client, name)
    url, queue = make_queue(client, name)
    make_bucket(client, name)
    target = {"Arn": arn, "RoleArn": ROLE, "DeadLetterConfig": {"Arn": queue}}
    make_rule(client, name, [{"prefix": ""}], target)
    client("stepfunctions").delete_state_machine(stateMachineArn=arn)
    client("s3").put_object(Bucket=name, Key=KEY, Body=b"1")
    message = receive(client, url)
    told = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
    assert json.loads(message["Body"])["detail"]["object"]["key"] == KEY
    assert told["ERROR_CODE"] == "NO_RESOURCE"
    assert "State Machine Does Not Exist" in told["ERROR_MESSAGE"]
    assert told["TARGET_ARN"] == arn
    assert told["RULE_ARN"].endswith(f"rule/{name}")
    assert told["RETRY_ATTEMPTS"] == "0"


def test_a_delivery_is_tried_as_often_as_its_policy_says(client: Clients, name: str) -> None:
    url, queue = make_queue(client, name)
    make_bucket(client, name)
    target = {
        # A target that LocalStack does not carry out: every attempt fails.
        "Arn": "arn:aws:ssm:us-east-1:000000000000:document/none",
        "RoleArn": ROLE,
        "RunCommandParameters": {"RunCommandTargets": [{"Key": "k", "Values": ["v"]}]},
        "RetryPolicy": {"MaximumRetryAttempts": 2},
        "DeadLetterConfig": {"Arn": queue},
    }
    make_rule(client, name, [{"prefix": ""}], target)
    client("s3").put_object(Bucket=name, Key="k", Body=b"1")
    attributes = receive(client, url)["MessageAttributes"]
    assert attributes["RETRY_ATTEMPTS"]["StringValue"] == "2"
    assert attributes["EXHAUSTED_RETRY_CONDITION"]["StringValue"] == "MaximumRetryAttempts"
    assert attributes["ERROR_CODE"]["StringValue"] == "INTERNAL_ERROR"


def test_a_disabled_rule_sends_nothing(client: Clients, name: str) -> None:
    url, queue = make_queue(client, name)
    events = client("events")
    for rule, state in ((f"{name}-off", "DISABLED"), (f"{name}-on", "ENABLED")):
        events.put_rule(Name=rule, EventPattern=json.dumps({"source": [name]}), State=state)
        events.put_targets(Rule=rule, Targets=[{"Id": rule, "Arn": queue, "Input": f'"{rule}"'}])
    events.put_events(Entries=[{"Source": name, "DetailType": "d", "Detail": "{}"}])
    assert receive(client, url)["Body"] == f'"{name}-on"'
    # Both would have been sent in the same moment.
    assert not client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages")


def test_a_topics_queues_have_a_message_when_publish_is_answered(
    client: Clients, name: str
) -> None:
    url, queue = make_queue(client, name)
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    for number in range(5):
        client("sns").publish(TopicArn=topic, Message=str(number))
        got = client("sqs").receive_message(QueueUrl=url)["Messages"][0]
        assert json.loads(got["Body"])["Message"] == str(number)
        client("sqs").delete_message(QueueUrl=url, ReceiptHandle=got["ReceiptHandle"])


def test_a_key_of_kms_can_be_made(client: Clients) -> None:
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    secret = kms.encrypt(KeyId=key, Plaintext=b"text")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=secret)["Plaintext"] == b"text"
