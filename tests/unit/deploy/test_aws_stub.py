"""The stand-in for AWS as a whole: nothing leaves it, it records, interrupts and compares."""

from __future__ import annotations

import io
import socket
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.unit.deploy import stacks
from tests.unit.deploy.aws_stub import Interrupted, Stub
from tests.unit.deploy.aws_stub.service import AwsError
from tests.unit.deploy.aws_stub.sts import Sts


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let any attempt to reach another machine fail, and no profile of the user's be there."""

    def refuse(*_arguments: Any, **_more: Any) -> None:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("AWS_PROFILE", "there-is-no-such-profile")


@pytest.fixture
def aws() -> Stub:
    """AWS."""
    return Stub()


def test_the_clients_are_boto3s_and_say_whose_they_are(aws: Stub) -> None:
    identity = aws.client("sts").get_caller_identity()
    assert identity["Account"] == aws.account == "123456789012"
    assert aws.client("s3").meta.region_name == aws.region == "eu-west-1"
    assert identity["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_botocore_validates_requests_first(aws: Stub) -> None:
    with pytest.raises(ParamValidationError):
        aws.client("s3").head_bucket(Name="wrong")
    assert aws.calls == []


def test_an_unknown_operation_is_named(aws: Stub) -> None:
    with pytest.raises(AssertionError, match="s3:ListMultipartUploads"):
        aws.client("s3").list_multipart_uploads(Bucket="some-bucket")
    with pytest.raises(AssertionError, match="lambda"):
        aws.client("lambda")


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ({"Account": "123456789012", "Invented": "x"}, "Invented"),
        ({"Account": 123456789012}, "Account"),
    ],
)
def test_the_stub_cannot_answer_what_the_model_does_not_have(
    aws: Stub, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], complaint: str
) -> None:
    monkeypatch.setattr(Sts, "GetCallerIdentity", lambda _self, _asked: answer)
    with pytest.raises(AssertionError, match=complaint):
        aws.client("sts").get_caller_identity()


def test_the_stub_cannot_raise_what_the_model_does_not_have(
    aws: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: Sts, _asked: dict[str, Any]) -> dict[str, Any]:
        raise AwsError("InventedException", "no")

    monkeypatch.setattr(Sts, "GetCallerIdentity", refuse)
    with pytest.raises(AssertionError, match="InventedException"):
        aws.client("sts").get_caller_identity()


def test_calls_are_recorded_with_copies_and_outcomes(aws: Stub) -> None:
    s3 = aws.client("s3")
    tags = {"TagSet": [{"Key": "a", "Value": "b"}]}
    s3.create_bucket(Bucket="some-bucket", **stacks.HERE)
    s3.put_bucket_tagging(Bucket="some-bucket", Tagging=tags)
    tags["TagSet"].clear()
    with pytest.raises(ClientError):
        s3.get_bucket_policy(Bucket="some-bucket")
    s3.put_object(Bucket="some-bucket", Key="k", Body=io.BytesIO(b"text"))
    assert [(call.number, call.name, call.outcome) for call in aws.calls] == [
        (1, "s3:CreateBucket", "answered"),
        (2, "s3:PutBucketTagging", "answered"),
        (3, "s3:GetBucketPolicy", "NoSuchBucketPolicy"),
        (4, "s3:PutObject", "answered"),
    ]
    assert aws.calls[1].parameters["Tagging"] == {"TagSet": [{"Key": "a", "Value": "b"}]}
    assert aws.calls[3].parameters["Body"] == b"text"
    assert s3.get_object(Bucket="some-bucket", Key="k")["Body"].read() == b"text"


@pytest.mark.parametrize(("when", "there"), [("before", False), ("after", True)])
def test_an_interruption_is_before_or_after_the_effect(aws: Stub, when: Any, there: bool) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="first-bucket", **stacks.HERE)
    aws.interrupt(at=2, when=when)
    with pytest.raises(Interrupted):
        try:
            s3.create_bucket(Bucket="second-bucket", **stacks.HERE)
        except Exception:  # noqa: BLE001 - a killed process has no chance to catch anything
            pytest.fail("an interruption was caught")
    assert aws.calls[1].outcome == f"interrupted {when}"
    assert ("second-bucket" in aws.snapshot()["buckets"]) is there
    s3.create_bucket(Bucket="third-bucket", **stacks.HERE)


def test_an_operation_can_be_refused_some_times(aws: Stub) -> None:
    s3 = aws.client("s3")
    aws.refuse("s3:CreateBucket", code="AccessDenied", times=1)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.create_bucket(Bucket="some-bucket", **stacks.HERE)
    assert (aws.calls[0].outcome, aws.snapshot()["buckets"]) == ("AccessDenied", {})
    s3.create_bucket(Bucket="some-bucket", **stacks.HERE)
    with pytest.raises(AssertionError, match="s3:NoSuchOperation"):
        aws.refuse("s3:NoSuchOperation")


def test_snapshots_of_equal_deployments_are_equal_whatever_their_ids() -> None:
    def run(noise: int) -> dict[str, Any]:
        aws = Stub(pace=5)
        for number in range(noise):
            aws.client("s3").create_bucket(Bucket=f"noise-{number}", **stacks.HERE)
            aws.client("s3").delete_bucket(Bucket=f"noise-{number}")
            stacks.change_set(aws, stacks.small(), name=f"noise-{number}")
        template = stacks.small()
        stack = stacks.deploy(aws, template)
        named = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
        aws.client("s3").put_object(
            Bucket=named["TempName"], Key="note", Body=f"see {named['TopicArn']}".encode()
        )
        names.append(named["TempName"])
        return aws.snapshot()

    names: list[str] = []
    first, second = run(0), run(3)
    assert names[0] != names[1]
    assert first == second
    assert first["stacks"]["demo"]["outputs"]["TempName"] == "demo-temp-<demo/Temp>"


def test_snapshots_differ_where_deployments_do() -> None:
    first, second = Stub(pace=5), Stub(pace=5)
    for aws, title in ((first, "One"), (second, "Two")):
        stacks.deploy(
            aws, stacks.small(), Parameters=[{"ParameterKey": "Title", "ParameterValue": title}]
        )
    assert first.snapshot()["buckets"] == second.snapshot()["buckets"]
    assert first.snapshot()["stacks"] != second.snapshot()["stacks"]


def test_what_is_outside_the_stack_is_told(aws: Stub) -> None:
    aws.pace = 5
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="artifacts", **stacks.HERE)
    s3.put_object(Bucket="artifacts", Key="code", Body=b"x")
    stacks.deploy(aws, stacks.small())
    assert aws.outside_the_stack() == {
        "buckets": ["artifacts"],
        "objects": {"artifacts": ["code"]},
        "usage limits": [],
    }


def test_settling_ends_what_nobody_asks_for(aws: Stub) -> None:
    described = stacks.change_set(aws, stacks.small())
    aws.client("cloudformation").execute_change_set(ChangeSetName=described["ChangeSetId"])
    assert aws.snapshot()["stacks"]["demo"]["status"] == "CREATE_IN_PROGRESS"
    aws.settle()
    assert aws.snapshot()["stacks"]["demo"]["status"] == "CREATE_COMPLETE"


def test_change_sets_left_behind_are_in_the_snapshot(aws: Stub) -> None:
    stacks.change_set(aws, stacks.small(), name="forgotten")
    assert aws.snapshot()["stacks"]["demo"]["change sets"] == ["CREATE_COMPLETE"]
    stacks.deploy(aws, stacks.small())
    assert aws.snapshot()["stacks"]["demo"]["change sets"] == []
