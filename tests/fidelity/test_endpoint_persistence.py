"""What the services know survives the end of the endpoint, an orderly one and a sudden one."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from .restarts import ECHO, ROLE, TRUST, Clients, running, until

MEGABYTE = 1 << 20


def _machine(aws: Clients, name: str, definition: dict[str, Any]) -> str:
    answer = aws.stepfunctions.create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=ROLE
    )
    return str(answer["stateMachineArn"])


def _queue(aws: Clients, name: str, **attributes: str) -> tuple[str, str]:
    url = aws.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    got = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, got["Attributes"]["QueueArn"]


def _start_on_upload(aws: Clients, bucket: str, machine: str) -> None:
    aws.s3.create_bucket(Bucket=bucket)
    aws.s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket]}},
    }
    aws.events.put_rule(Name="uploads", EventPattern=json.dumps(pattern))
    target = {"Id": "machine", "Arn": machine, "RoleArn": ROLE}
    aws.events.put_targets(Rule="uploads", Targets=[target])


def _messages(aws: Clients, url: str) -> list[str]:
    got = aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2)
    return [message["Body"] for message in got.get("Messages", ())]


def test_an_upload_starts_an_execution_after_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as endpoint:
        aws = Clients(endpoint)
        machine = _machine(aws, "echo", ECHO)
        _start_on_upload(aws, "uploads", machine)
        aws.s3.put_object(Bucket="uploads", Key="raw/date=2024-01-01/a.csv", Body=b"1\n")
        states = aws.stepfunctions
        first = until(lambda: states.list_executions(stateMachineArn=machine)["executions"])[0]
        arn = first["executionArn"]
        until(lambda: states.describe_execution(executionArn=arn)["status"] == "SUCCEEDED")
        described = states.describe_execution(executionArn=arn)
        history = states.get_execution_history(executionArn=arn)["events"]
    with running(tmp_path) as endpoint:
        aws = Clients(endpoint)
        states = aws.stepfunctions
        again = states.describe_execution(executionArn=arn)
        assert {**again, "ResponseMetadata": 0} == {**described, "ResponseMetadata": 0}
        assert states.get_execution_history(executionArn=arn)["events"] == history
        assert json.loads(states.describe_state_machine(stateMachineArn=machine)["definition"])
        aws.s3.put_object(Bucket="uploads", Key="raw/date=2024-01-02/b.csv", Body=b"2\n")
        until(lambda: len(states.list_executions(stateMachineArn=machine)["executions"]) == 2)
        second = states.list_executions(stateMachineArn=machine)["executions"][0]
        got = states.describe_execution(executionArn=second["executionArn"])["input"]
        assert json.loads(got)["detail"]["object"]["key"] == "raw/date=2024-01-02/b.csv"
        # What was made before the restart can be changed after it.
        aws.events.remove_targets(Rule="uploads", Ids=["machine"])
        aws.events.delete_rule(Name="uploads")
        states.stop_execution(executionArn=arn)
        states.delete_state_machine(stateMachineArn=machine)


def test_objects_versions_and_open_uploads_are_there_after_a_restart(tmp_path: Path) -> None:
    large = os.urandom(6 * MEGABYTE)
    with running(tmp_path) as endpoint:
        s3 = endpoint.client("s3")
        s3.create_bucket(Bucket="plain")
        s3.put_object(Bucket="plain", Key="large", Body=large, Metadata={"of": "us"})
        s3.put_object(Bucket="plain", Key="../../up", Body=b"inside", Tagging="a=b")
        s3.put_object(Bucket="plain", Key="changed", Body=b"before")
        s3.put_object(Bucket="plain", Key="changed", Body=b"after")
        s3.put_object(Bucket="plain", Key="gone", Body=b"gone")
        s3.delete_object(Bucket="plain", Key="gone")
        s3.copy_object(Bucket="plain", Key="copy", CopySource="plain/large")
        s3.create_bucket(Bucket="versions")
        s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
        versions = [
            s3.put_object(Bucket="versions", Key="k", Body=body)["VersionId"]
            for body in (b"one", b"two")
        ]
        s3.delete_object(Bucket="versions", Key="k")
        upload = s3.create_multipart_upload(Bucket="plain", Key="parts")["UploadId"]
        part = {"Bucket": "plain", "Key": "parts", "UploadId": upload}
        first = s3.upload_part(**part, PartNumber=1, Body=large)["ETag"]
    with running(tmp_path) as endpoint:
        s3 = endpoint.client("s3")
        got = s3.get_object(Bucket="plain", Key="large")
        assert got["Body"].read() == large
        assert got["Metadata"] == {"of": "us"}
        ranged = s3.get_object(Bucket="plain", Key="copy", Range="bytes=5-9")
        assert ranged["Body"].read() == large[5:10]
        assert s3.get_object(Bucket="plain", Key="../../up")["Body"].read() == b"inside"
        tags = s3.get_object_tagging(Bucket="plain", Key="../../up")["TagSet"]
        assert tags == [{"Key": "a", "Value": "b"}]
        assert s3.get_object(Bucket="plain", Key="changed")["Body"].read() == b"after"
        keys = [each["Key"] for each in s3.list_objects_v2(Bucket="plain")["Contents"]]
        assert keys == ["../../up", "changed", "copy", "large"]
        for version, body in zip(versions, (b"one", b"two"), strict=True):
            kept = s3.get_object(Bucket="versions", Key="k", VersionId=version)
            assert kept["Body"].read() == body
        with pytest.raises(s3.exceptions.NoSuchKey):
            s3.get_object(Bucket="versions", Key="k")
        second = s3.upload_part(**part, PartNumber=2, Body=b"end")["ETag"]
        parts = [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second}]
        s3.complete_multipart_upload(**part, MultipartUpload={"Parts": parts})
        assert s3.get_object(Bucket="plain", Key="parts")["Body"].read() == large + b"end"
    outside = [path for path in tmp_path.rglob("*") if path.name == "up"]
    assert outside == []


def test_queues_topics_and_their_messages_are_there_after_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as endpoint:
        aws = Clients(endpoint)
        url, arn = _queue(aws, "plain", VisibilityTimeout="1")
        fifo, _ = _queue(aws, "order.fifo", FifoQueue="true", ContentBasedDeduplication="true")
        aws.sqs.send_message(QueueUrl=url, MessageBody="in flight")
        assert _messages(aws, url) == ["in flight"]
        for number in range(3):
            aws.sqs.send_message(QueueUrl=fifo, MessageBody=str(number), MessageGroupId="g")
        aws.sqs.send_message(QueueUrl=url, MessageBody="delayed", DelaySeconds=1)
        topic = aws.sns.create_topic(Name="topic")["TopicArn"]
        aws.sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=arn,
            Attributes={"RawMessageDelivery": "true"},
        )
    with running(tmp_path) as endpoint:
        aws = Clients(endpoint)
        url = aws.sqs.get_queue_url(QueueName="plain")["QueueUrl"]
        aws.sns.publish(TopicArn=topic, Message="published")
        bodies: set[str] = set()

        def all_of_them() -> bool:
            bodies.update(_messages(aws, url))
            return bodies == {"in flight", "delayed", "published"}

        until(all_of_them)
        fifo = aws.sqs.get_queue_url(QueueName="order.fifo")["QueueUrl"]
        assert _messages(aws, fifo) == ["0", "1", "2"]
        counts = aws.sqs.get_queue_attributes(QueueUrl=fifo, AttributeNames=["All"])
        assert counts["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "3"
        assert counts["Attributes"]["ContentBasedDeduplication"] == "true"


def test_roles_secrets_logs_and_alarms_are_there_after_a_restart(tmp_path: Path) -> None:
    now = int(time.time() * 1000)
    with running(tmp_path) as endpoint:
        aws = Clients(endpoint)
        allow = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        aws.iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
        aws.iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=policy)
        role = aws.iam.get_role(RoleName="r")["Role"]["Arn"]
        session = aws.sts.assume_role(RoleArn=role, RoleSessionName="session")
        secret = aws.secretsmanager.create_secret(Name="secret", SecretString="quiet")["ARN"]
        aws.secretsmanager.put_secret_value(SecretId=secret, SecretString="quieter")
        stream = {"logGroupName": "/g", "logStreamName": "s"}
        aws.logs.create_log_group(logGroupName="/g")
        aws.logs.create_log_stream(**stream)
        aws.logs.put_log_events(**stream, logEvents=[{"timestamp": now, "message": "said"}])
        aws.cloudwatch.put_metric_alarm(
            AlarmName="alarm",
            MetricName="Failed",
            Namespace="etl",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
        )
        aws.cloudwatch.put_metric_data(
            Namespace="etl", MetricData=[{"MetricName": "Failed", "Value": 2}]
        )
        assert aws.cloudwatch.list_metrics(Namespace="etl")["Metrics"]
    with running(tmp_path) as endpoint:
        aws = Clients(endpoint)
        assert aws.iam.get_role(RoleName="r")["Role"]["Arn"] == role
        assert aws.iam.list_role_policies(RoleName="r")["PolicyNames"] == ["p"]
        key = session["Credentials"]["AccessKeyId"]
        assert session["AssumedRoleUser"]["Arn"] in str(
            endpoint.client("sts", key).get_caller_identity()
        )
        value = aws.secretsmanager.get_secret_value(SecretId="secret")
        assert (value["ARN"], value["SecretString"]) == (secret, "quieter")
        events = aws.logs.filter_log_events(logGroupName="/g")["events"]
        assert [event["message"] for event in events] == ["said"]
        aws.logs.put_log_events(**stream, logEvents=[{"timestamp": now, "message": "again"}])
        alarms = aws.cloudwatch.describe_alarms()["MetricAlarms"]
        assert [alarm["AlarmName"] for alarm in alarms] == ["alarm"]
        assert aws.cloudwatch.list_metrics(Namespace="etl")["Metrics"]


def test_acknowledged_objects_are_there_after_a_kill(tmp_path: Path) -> None:
    with running(tmp_path, signal.SIGKILL) as endpoint:
        s3 = endpoint.client("s3")
        s3.create_bucket(Bucket="bucket")
        for number in range(20):
            s3.put_object(Bucket="bucket", Key=f"k{number}", Body=b"old")
        s3.put_object(Bucket="bucket", Key="k0", Body=b"new", Tagging="a=b")
        s3.delete_object(Bucket="bucket", Key="k1")
        upload = s3.create_multipart_upload(Bucket="bucket", Key="parts")["UploadId"]
        part = {"Bucket": "bucket", "Key": "parts", "UploadId": upload, "PartNumber": 1}
        etag = s3.upload_part(**part, Body=b"part")["ETag"]
    with running(tmp_path, signal.SIGKILL) as endpoint:
        s3 = endpoint.client("s3")
        keys = {each["Key"] for each in s3.list_objects_v2(Bucket="bucket")["Contents"]}
        assert keys == {f"k{number}" for number in range(20)} - {"k1"}
        assert s3.get_object(Bucket="bucket", Key="k0")["Body"].read() == b"new"
        assert s3.get_object(Bucket="bucket", Key="k19")["Body"].read() == b"old"
        assert s3.get_object_tagging(Bucket="bucket", Key="k0")["TagSet"]
        s3.complete_multipart_upload(
            Bucket="bucket",
            Key="parts",
            UploadId=upload,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]},
        )
    with running(tmp_path) as endpoint:
        s3 = endpoint.client("s3")
        assert s3.get_object(Bucket="bucket", Key="parts")["Body"].read() == b"part"
        assert "Uploads" not in s3.list_multipart_uploads(Bucket="bucket")


def test_a_long_journal_gives_way_to_a_snapshot_and_a_short_one_to_an_orderly_end(
    tmp_path: Path,
) -> None:
    line = "x" * 200_000
    with running(tmp_path) as endpoint:
        logs = endpoint.client("logs")
        logs.create_log_group(logGroupName="group")
        logs.create_log_stream(logGroupName="group", logStreamName="stream")
        folder = endpoint.state / "localstack" / "state"
        sns = endpoint.client("sns")
        topic = sns.create_topic(Name="topic")["TopicArn"]
        saved = (folder / "sns.pickle").stat().st_mtime_ns
        early = {"timestamp": int(time.time() * 1000), "message": "early"}
        logs.put_log_events(logGroupName="group", logStreamName="stream", logEvents=[early])
        sns.publish(TopicArn=topic, Message="saved with whatever else is to be saved")
        until(lambda: (folder / "sns.pickle").stat().st_mtime_ns > saved)
        assert _size(folder, "logs-journal-*/*") > 0
        for number in range(30):
            now = int(time.time() * 1000)
            event = {"timestamp": now, "message": f"{number} {line}"}
            logs.put_log_events(logGroupName="group", logStreamName="stream", logEvents=[event])
        # Six megabytes were written; what is left of them is what no snapshot has.
        until(lambda: _size(folder, "logs-journal-*/*") < 3 * MEGABYTE)
        assert _size(folder, "logs.pickle") > MEGABYTE
        sqs = endpoint.client("sqs")
        url = sqs.create_queue(QueueName="queue")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="short")
        assert _size(folder, "sqs-journal-*/*") > 0
    assert _size(folder, "sqs-journal-*/*") == 0
    with running(tmp_path) as endpoint:
        logs = endpoint.client("logs")
        got = logs.get_log_events(
            logGroupName="group", logStreamName="stream", startFromHead=True, limit=100
        )
        assert [each["message"].split()[0] for each in got["events"]] == [
            "early",
            *[str(number) for number in range(30)],
        ]
        aws = Clients(endpoint)
        assert _messages(aws, aws.sqs.get_queue_url(QueueName="queue")["QueueUrl"]) == ["short"]


def _size(folder: Path, pattern: str) -> int:
    return sum(path.stat().st_size for path in folder.glob(pattern))


def test_state_of_another_version_is_kept_and_not_loaded(tmp_path: Path) -> None:
    with running(tmp_path) as endpoint:
        endpoint.client("sqs").create_queue(QueueName="old")
        folder = endpoint.state / "localstack" / "state"
    saved = folder / "sqs.pickle"
    header, _, content = saved.read_bytes().partition(b"\n")
    versions = {**json.loads(header), "localstack": "0.1"}
    saved.write_bytes(json.dumps(versions).encode() + b"\n" + content)
    with running(tmp_path) as endpoint:
        assert "QueueUrls" not in endpoint.client("sqs").list_queues()
        endpoint.client("sqs").create_queue(QueueName="new")
    kept = [path for path in folder.glob("sqs.*.pickle") if path.read_bytes().endswith(content)]
    assert len(kept) == 1
    log = (tmp_path / "endpoint.log").read_text()
    assert "the saved state of sqs was written by" in log
    assert str(kept[0]) in log


def test_what_was_reset_does_not_come_back(tmp_path: Path) -> None:
    with running(tmp_path) as endpoint:
        aws = Clients(endpoint)
        aws.s3.create_bucket(Bucket="bucket")
        aws.s3.put_object(Bucket="bucket", Key="k", Body=b"content")
        aws.sqs.create_queue(QueueName="queue")
    # Nothing has been used yet when the second process resets: the files count, not the memory.
    with running(tmp_path, signal.SIGKILL) as endpoint:
        assert endpoint.call("POST", "/_etlocal/reset")[0] == 200
    with running(tmp_path) as endpoint:
        aws = Clients(endpoint)
        assert aws.s3.list_buckets()["Buckets"] == []
        assert "QueueUrls" not in aws.sqs.list_queues()
        aws.s3.create_bucket(Bucket="bucket")
        assert "Contents" not in aws.s3.list_objects_v2(Bucket="bucket")
    objects = endpoint.state / "localstack" / "objects"
    assert [path for path in objects.rglob("*") if path.is_file()] == []
