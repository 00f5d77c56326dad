"""S3 of the stand-in for AWS behaves as S3's documentation says."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.deploy import stacks
from tests.unit.deploy.aws_stub import Stub

BUCKET = "some-bucket"


@pytest.fixture
def aws() -> Stub:
    """AWS with a bucket."""
    made = Stub(page_size=3)
    made.client("s3").create_bucket(Bucket=BUCKET, **stacks.HERE)
    return made


def code(raised: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    """Give an error's code and HTTP status."""
    answer: Any = raised.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("region", "location", "refusal"),
    [
        ("us-east-1", None, None),
        ("us-east-1", "us-east-1", "InvalidLocationConstraint"),
        ("us-east-1", "eu-west-1", None),
        ("eu-west-1", "eu-west-1", None),
        ("eu-west-1", None, "IllegalLocationConstraintException"),
        ("eu-west-1", "eu-central-1", "IllegalLocationConstraintException"),
    ],
)
def test_where_a_bucket_may_be_made(region: str, location: str | None, refusal: str | None) -> None:
    s3 = Stub(region=region).client("s3")
    given = {"CreateBucketConfiguration": {"LocationConstraint": location}} if location else {}
    if refusal is None:
        s3.create_bucket(Bucket=BUCKET, **given)
        expected = location or "us-east-1"
        assert s3.head_bucket(Bucket=BUCKET)["BucketRegion"] == expected
        located = s3.get_bucket_location(Bucket=BUCKET).get("LocationConstraint")
        assert located == (None if expected == "us-east-1" else expected)
        return
    with pytest.raises(ClientError) as raised:
        s3.create_bucket(Bucket=BUCKET, **given)
    assert code(raised) == (refusal, 400)


def test_a_bucket_is_made_twice_in_us_east_1_alone(aws: Stub) -> None:
    with pytest.raises(aws.client("s3").exceptions.BucketAlreadyOwnedByYou):
        aws.client("s3").create_bucket(Bucket=BUCKET, **stacks.HERE)
    first = Stub(region="us-east-1").client("s3")
    first.create_bucket(Bucket=BUCKET)
    first.put_object(Bucket=BUCKET, Key="k", Body=b"")
    first.create_bucket(Bucket=BUCKET)
    first.head_object(Bucket=BUCKET, Key="k")


def test_a_bucket_of_another_account_is_refused(aws: Stub) -> None:
    s3 = aws.client("s3")
    aws.s3.foreign_bucket("theirs")
    with pytest.raises(s3.exceptions.BucketAlreadyExists):
        s3.create_bucket(Bucket="theirs", **stacks.HERE)
    with pytest.raises(ClientError) as head:
        s3.head_bucket(Bucket="theirs")
    with pytest.raises(ClientError) as missing:
        s3.head_bucket(Bucket="nobodys")
    with pytest.raises(ClientError) as put:
        s3.put_object(Bucket="theirs", Key="k", Body=b"")
    assert [code(each) for each in (head, missing, put)] == [
        ("403", 403),
        ("404", 404),
        ("AccessDenied", 403),
    ]
    assert "theirs" not in aws.snapshot()["buckets"]


def test_the_expected_owner_is_honoured(aws: Stub) -> None:
    s3 = aws.client("s3")
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"", ExpectedBucketOwner=aws.account)
    calls: list[tuple[Any, dict[str, Any]]] = [
        (s3.put_object, {"Key": "k", "Body": b""}),
        (s3.get_object, {"Key": "k"}),
        (s3.list_objects_v2, {}),
        (s3.put_bucket_versioning, {"VersioningConfiguration": {"Status": "Enabled"}}),
        (s3.delete_bucket, {}),
    ]
    for call, given in calls:
        with pytest.raises(ClientError) as raised:
            call(Bucket=BUCKET, ExpectedBucketOwner="999999999999", **given)
        assert code(raised) == ("AccessDenied", 403)
    for head, given in ((s3.head_bucket, {}), (s3.head_object, {"Key": "k"})):
        with pytest.raises(ClientError) as raised:
            head(Bucket=BUCKET, ExpectedBucketOwner="999999999999", **given)
        assert code(raised) == ("403", 403)


def test_configuration_that_is_put_is_got(aws: Stub) -> None:
    s3 = aws.client("s3")
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration=encryption)
    assert (
        s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"] == encryption
    )
    s3.put_public_access_block(
        Bucket=BUCKET, PublicAccessBlockConfiguration={"BlockPublicAcls": True}
    )
    assert s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    assert s3.get_bucket_policy(Bucket=BUCKET)["Policy"] == policy
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls=controls)
    assert s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"] == controls
    rules = [{"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": rules})
    assert s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"] == rules
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"] == [{"Key": "a", "Value": "b"}]


def test_a_new_bucket_is_encrypted_and_private_and_has_nothing_else(aws: Stub) -> None:
    s3 = aws.client("s3")
    block = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert all(block.values())
    assert "Status" not in s3.get_bucket_versioning(Bucket=BUCKET)
    refusals = [
        (s3.get_bucket_policy, "NoSuchBucketPolicy"),
        (s3.get_bucket_lifecycle_configuration, "NoSuchLifecycleConfiguration"),
        (s3.get_bucket_tagging, "NoSuchTagSet"),
    ]
    for call, refusal in refusals:
        with pytest.raises(ClientError) as raised:
            call(Bucket=BUCKET)
        assert code(raised) == (refusal, 404)


@pytest.mark.parametrize("policy", ["not json", "[]", "{}"])
def test_a_malformed_policy_is_refused(aws: Stub, policy: str) -> None:
    with pytest.raises(ClientError) as raised:
        aws.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=policy)
    assert code(raised) == ("MalformedPolicy", 400)


def test_objects_are_kept_with_what_describes_them(aws: Stub) -> None:
    s3 = aws.client("s3")
    digest = base64.b64encode(hashlib.sha256(b"text").digest()).decode()
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"text", ChecksumSHA256=digest, Metadata={"a": "b"})
    head = s3.head_object(Bucket=BUCKET, Key="k", ChecksumMode="ENABLED")
    assert (head["ContentLength"], head["Metadata"]) == (4, {"a": "b"})
    assert head["ChecksumSHA256"] == digest
    assert "ChecksumSHA256" not in s3.head_object(Bucket=BUCKET, Key="k")
    with pytest.raises(ClientError) as corrupted:
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"other", ChecksumSHA256=digest)
    assert code(corrupted) == ("BadDigest", 400)
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=BUCKET, Key="none")
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.get_object(Bucket="nobodys", Key="none")
    with pytest.raises(ClientError) as missing:
        s3.head_object(Bucket=BUCKET, Key="none")
    assert code(missing) == ("404", 404)


def test_a_write_can_ask_for_what_is_there(aws: Stub) -> None:
    s3 = aws.client("s3")
    first = s3.put_object(Bucket=BUCKET, Key="lock", Body=b"a", IfNoneMatch="*")["ETag"]
    with pytest.raises(ClientError) as again:
        s3.put_object(Bucket=BUCKET, Key="lock", Body=b"b", IfNoneMatch="*")
    second = s3.put_object(Bucket=BUCKET, Key="lock", Body=b"c", IfMatch=first)["ETag"]
    with pytest.raises(ClientError) as changed:
        s3.put_object(Bucket=BUCKET, Key="lock", Body=b"d", IfMatch=first)
    assert code(again) == code(changed) == ("PreconditionFailed", 412)
    assert s3.head_object(Bucket=BUCKET, Key="lock")["ETag"] == second


def test_listings_come_in_pages(aws: Stub) -> None:
    s3 = aws.client("s3")
    keys = [f"a/{number}" for number in range(7)]
    for key in [*keys, "b"]:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"")
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix="a/")["IsTruncated"]
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="a/"))
    assert [each["Key"] for page in pages for each in page["Contents"]] == keys
    assert len(pages) == 3
    after = s3.list_objects_v2(Bucket=BUCKET, StartAfter="a/6")
    assert [each["Key"] for each in after["Contents"]] == ["b"]
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix="c")


def test_versions_are_listed_and_emptied_a_page_at_a_time(aws: Stub) -> None:
    s3 = aws.client("s3")
    s3.put_object(Bucket=BUCKET, Key="old", Body=b"")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2", b"3", b"4"):
        s3.put_object(Bucket=BUCKET, Key="k", Body=body)
    first = s3.list_object_versions(Bucket=BUCKET)["Versions"][0]
    assert first["IsLatest"]
    deleted = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "k"}]})["Deleted"]
    assert deleted[0]["DeleteMarker"]
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=BUCKET, Key="k")
    kept = s3.get_object(Bucket=BUCKET, Key="k", VersionId=first["VersionId"])
    assert kept["Body"].read() == b"4"
    with pytest.raises(ClientError) as raised:
        s3.delete_bucket(Bucket=BUCKET)
    assert code(raised) == ("BucketNotEmpty", 409)
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET):
        found = page.get("Versions", []) + page.get("DeleteMarkers", [])
        named = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
        assert len(named) <= 3
        s3.delete_objects(Bucket=BUCKET, Delete={"Objects": named, "Quiet": True})
    s3.delete_bucket(Bucket=BUCKET)


def test_deleting_what_is_not_there_is_no_error_and_1001_are_too_many(aws: Stub) -> None:
    s3 = aws.client("s3")
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "none"}]})
    assert answer["Deleted"] == [{"Key": "none"}]
    s3.delete_object(Bucket=BUCKET, Key="none")
    with pytest.raises(ClientError) as raised:
        s3.delete_objects(
            Bucket=BUCKET, Delete={"Objects": [{"Key": str(each)} for each in range(1001)]}
        )
    assert code(raised) == ("MalformedXML", 400)
