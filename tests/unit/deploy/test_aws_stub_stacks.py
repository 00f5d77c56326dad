"""Stacks of the stand-in for AWS behave as CloudFormation's documentation says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from etlocal import templates
from tests.unit.deploy import stacks
from tests.unit.deploy.aws_stub import Stub

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def aws() -> Stub:
    """AWS."""
    return Stub()


def test_a_missing_stack_is_told_of_as_aws_words_it(aws: Stub) -> None:
    cloudformation = aws.client("cloudformation")
    given = {"StackName": "none"}
    with_id, in_brackets = "Stack with id none does not exist", "Stack [none] does not exist"
    stacks.refused(cloudformation.describe_stacks, "ValidationError", with_id, **given)
    stacks.refused(cloudformation.get_template, "ValidationError", with_id, **given)
    stacks.refused(cloudformation.list_stack_resources, "ValidationError", with_id, **given)
    stacks.refused(cloudformation.describe_stack_events, "ValidationError", in_brackets, **given)
    stacks.refused(cloudformation.list_change_sets, "ValidationError", in_brackets, **given)
    cloudformation.delete_stack(**given)
    assert cloudformation.describe_stacks()["Stacks"] == []


def test_buckets_of_a_stack_are_in_s3_with_their_configuration(aws: Stub) -> None:
    aws.pace = 5
    template = stacks.small()
    template["Resources"]["Temp"]["Properties"] = {
        "VersioningConfiguration": {"Status": "Enabled"},
        "LifecycleConfiguration": {
            "Rules": [{"Id": "a", "Status": "Enabled", "ExpirationInDays": 3}]
        },
    }
    template["Resources"]["Policy"] = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": "Temp"},
            "PolicyDocument": {"Statement": [{"Resource": {"Fn::GetAtt": "Temp.Arn"}}]},
        },
    }
    stack = stacks.deploy(aws, template)
    name = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}["TempName"]
    assert name.startswith("demo-temp-")
    assert name == name.lower()
    s3 = aws.client("s3")
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert rules[0]["Expiration"] == {"Days": 3}
    assert f"arn:aws:s3:::{name}" in s3.get_bucket_policy(Bucket=name)["Policy"]
    assert aws.client("glue").get_crawler(Name="demo-crawler")["Crawler"]["State"] == "READY"


def test_events_are_unique_newest_first_and_in_pages_that_do_not_move() -> None:
    aws = Stub(page_size=4)
    cloudformation = aws.client("cloudformation")
    described = stacks.change_set(aws, stacks.small())
    cloudformation.execute_change_set(ChangeSetName=described["ChangeSetId"])
    for _ in range(3):
        first = cloudformation.describe_stack_events(StackName="demo")
    assert "NextToken" in first
    cloudformation.describe_stacks(StackName="demo")
    cloudformation.describe_stacks(StackName="demo")
    all_of_then = first["StackEvents"]
    while "NextToken" in first:
        first = cloudformation.describe_stack_events(StackName="demo", NextToken=first["NextToken"])
        all_of_then += first["StackEvents"]
    assert len({each["EventId"] for each in all_of_then}) == len(all_of_then)
    stacks.ended(aws)
    found = stacks.events(aws)
    assert len({each["EventId"] for each in found}) == len(found)
    assert [each["Timestamp"] for each in found] == sorted(each["Timestamp"] for each in found)
    assert stacks.of(found, "Topic") == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    expected = ["REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert stacks.of(found, "demo") == expected


def test_a_creation_that_fails_is_rolled_back_and_takes_no_update(aws: Stub) -> None:
    aws.cloudformation.fail("Crawler", on="create", reason="no such role")
    stack = stacks.deploy(aws, stacks.small())
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    found = stacks.events(aws)
    failed = [each for each in found if each["ResourceStatus"] == "CREATE_FAILED"]
    assert failed[0]["ResourceStatusReason"] == "no such role"
    begun = next(each for each in found if each["ResourceStatus"] == "ROLLBACK_IN_PROGRESS")
    assert "failed to create: [Crawler" in begun["ResourceStatusReason"]
    assert stacks.of(found, "Temp")[-1] == "DELETE_COMPLETE"
    # A bucket with DeletionPolicy Retain stays behind when its creation is rolled back.
    assert stacks.of(found, "Kept")[-1] == "DELETE_SKIPPED"
    assert list(aws.snapshot()["buckets"]) == ["demo-kept-<demo/Kept>"]
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        stacks.change_set(aws, stacks.small(), name="two")
    assert stacks.delete(aws) == "DELETE_COMPLETE"
    aws.cloudformation.heal("Crawler")
    assert stacks.deploy(aws, stacks.small())["StackStatus"] == "CREATE_COMPLETE"


def test_what_is_begun_beside_a_failure_is_cancelled(aws: Stub) -> None:
    aws.cloudformation.fail("Kept", on="create", reason="the cause")
    stacks.deploy(aws, stacks.small())
    reasons = [
        each["ResourceStatusReason"]
        for each in stacks.events(aws)
        if each["ResourceStatus"] == "CREATE_FAILED"
    ]
    assert reasons == ["the cause", "Resource creation cancelled"]


def test_retain_except_on_create_leaves_nothing_behind(aws: Stub) -> None:
    aws.cloudformation.fail("Crawler", on="create")
    described = stacks.change_set(aws, stacks.small())
    aws.client("cloudformation").execute_change_set(
        ChangeSetName=described["ChangeSetId"], RetainExceptOnCreate=True
    )
    assert stacks.ended(aws)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert aws.snapshot()["buckets"] == {}


@pytest.mark.parametrize(
    ("given", "status"), [("DO_NOTHING", "CREATE_FAILED"), ("DELETE", "DELETE_COMPLETE")]
)
def test_a_failure_may_be_left_or_deleted(aws: Stub, given: str, status: str) -> None:
    aws.cloudformation.fail("Crawler", on="create")
    described = stacks.change_set(aws, stacks.small(), OnStackFailure=given)
    cloudformation = aws.client("cloudformation")
    cloudformation.execute_change_set(ChangeSetName=described["ChangeSetId"])
    aws.settle()
    stack = cloudformation.describe_stacks(StackName=described["StackId"])["Stacks"][0]
    assert stack["StackStatus"] == status


def test_an_update_changes_replaces_and_cleans_up(aws: Stub) -> None:
    stacks.deploy(aws, stacks.small())
    template = stacks.small()
    del template["Resources"]["Kept"], template["Outputs"]["KeptArn"]
    template["Resources"]["Temp"]["Properties"] = {"BucketName": "a-name-of-its-own"}
    stack = stacks.deploy(aws, template, name="two")
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert stack["Outputs"][0]["OutputValue"] == "a-name-of-its-own"
    found = stacks.events(aws)
    assert stacks.of(found, "demo")[-3:] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_COMPLETE",
    ]
    assert stacks.of(found, "Temp")[2:] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE",
        "DELETE_IN_PROGRESS",
        "DELETE_COMPLETE",
    ]
    assert stacks.of(found, "Topic") == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert stacks.of(found, "Kept")[-1] == "DELETE_SKIPPED"
    assert sorted(aws.snapshot()["buckets"]) == ["a-name-of-its-own", "demo-kept-<demo/Kept>"]
    crawler = aws.client("glue").get_crawler(Name="demo-crawler")["Crawler"]
    assert crawler["Targets"]["S3Targets"] == [{"Path": "s3://a-name-of-its-own/in/"}]


def test_an_update_that_fails_gives_everything_back(aws: Stub) -> None:
    aws.pace = 2
    stacks.deploy(aws, stacks.small())
    before = aws.snapshot()
    template = stacks.small()
    template["Resources"]["Temp"]["Properties"] = {"BucketName": "a-name-of-its-own"}
    template["Resources"]["Added"] = {"Type": "AWS::S3::Bucket", "DependsOn": "Topic"}
    template["Resources"]["Crawler"]["DependsOn"] = "Added"
    template["Resources"]["Kept"]["DeletionPolicy"] = "Delete"
    aws.cloudformation.fail("Crawler", on="update", reason="no such role", times=1)
    stack = stacks.deploy(aws, template, name="two", Parameters=stacks.parameters(Title="Other"))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    after = aws.snapshot()
    after["stacks"]["demo"]["status"] = "CREATE_COMPLETE"
    assert after == before
    body = aws.client("cloudformation").get_template(StackName="demo")["TemplateBody"]
    assert body == stacks.small()
    assert aws.cloudformation.stacks[0].resources["Kept"].deletion_policy == "Retain"
    again = stacks.deploy(aws, template, name="two", Parameters=stacks.parameters(Title="Other"))
    assert again["StackStatus"] == "UPDATE_COMPLETE"


def test_an_update_can_be_cancelled_while_it_goes_on(aws: Stub) -> None:
    stacks.deploy(aws, stacks.small())
    cloudformation = aws.client("cloudformation")
    refusal = "cannot be called from current stack status"
    stacks.refused(cloudformation.cancel_update_stack, "ValidationError", refusal, StackName="demo")
    described = stacks.change_set(
        aws, stacks.small(), name="two", Parameters=stacks.parameters(Title="Other")
    )
    cloudformation.execute_change_set(ChangeSetName=described["ChangeSetId"])
    with pytest.raises(ClientError, match="is in UPDATE_IN_PROGRESS state and can not be updated"):
        stacks.change_set(aws, stacks.small(), name="three")
    cloudformation.cancel_update_stack(StackName="demo")
    assert stacks.ended(aws)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    topic = aws.snapshot()["stacks"]["demo"]["resources"]["Topic"]
    assert topic == {"DisplayName": "Loads"}


@pytest.mark.parametrize("skipped", [False, True])
def test_a_rollback_that_fails_can_be_continued(aws: Stub, skipped: bool) -> None:
    aws.pace = 2
    stacks.deploy(aws, stacks.small())
    cloudformation = aws.client("cloudformation")
    with pytest.raises(ClientError, match="ValidationError"):
        cloudformation.continue_update_rollback(StackName="demo")
    template = stacks.small()
    template["Resources"]["Crawler"]["Properties"]["Role"] = "other"
    aws.cloudformation.fail("Crawler", on="update")
    aws.cloudformation.fail("Topic", on="rollback")
    changed = stacks.parameters(Title="Other")
    template["Resources"]["Crawler"]["DependsOn"] = "Topic"
    stack = stacks.deploy(aws, template, name="two", Parameters=changed)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    with pytest.raises(ClientError, match="can not be updated"):
        stacks.change_set(aws, template, name="three")
    cloudformation.continue_update_rollback(StackName="demo")
    assert stacks.ended(aws)["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    given = {"ResourcesToSkip": ["Topic"]} if skipped else {}
    if not skipped:
        aws.cloudformation.heal("Topic")
    cloudformation.continue_update_rollback(StackName="demo", **given)
    assert stacks.ended(aws)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    topic = aws.snapshot()["stacks"]["demo"]["resources"]["Topic"]
    assert topic == {"DisplayName": "Other" if skipped else "Loads"}


def test_a_stack_is_deleted_but_for_what_stays(aws: Stub) -> None:
    stack = stacks.deploy(aws, stacks.small())
    name = stack["Outputs"][0]["OutputValue"]
    s3 = aws.client("s3")
    s3.put_object(Bucket=name, Key="k", Body=b"")
    assert stacks.delete(aws) == "DELETE_FAILED"
    found = stacks.events(aws)
    assert stacks.of(found, "Temp")[-1] == "DELETE_FAILED"
    reason = next(e for e in found if e["ResourceStatus"] == "DELETE_FAILED")
    assert "is not empty" in reason["ResourceStatusReason"]
    assert found[-1]["ResourceStatusReason"].startswith(
        "The following resource(s) failed to delete: [Temp]"
    )
    s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "k"}]})
    assert stacks.delete(aws) == "DELETE_COMPLETE"
    assert stacks.of(stacks.events(aws, stack["StackId"]), "Kept")[-1] == "DELETE_SKIPPED"
    assert sorted(aws.snapshot()["buckets"]) == ["demo-kept-<demo/Kept>"]
    assert aws.snapshot()["stacks"] == {}
    refusal = "Stack with id demo does not exist"
    describe = aws.client("cloudformation").describe_stacks
    stacks.refused(describe, "ValidationError", refusal, StackName="demo")


def test_what_an_undeletable_resource_needs_is_left_too(aws: Stub) -> None:
    aws.pace = 3
    template = stacks.small()
    template["Resources"]["Temp"]["DependsOn"] = "Topic"
    stacks.deploy(aws, template)
    aws.cloudformation.fail("Temp", on="delete", times=1)
    assert stacks.delete(aws) == "DELETE_FAILED"
    assert stacks.of(stacks.events(aws), "Topic")[-1] == "CREATE_COMPLETE"
    assert stacks.delete(aws) == "DELETE_COMPLETE"


def test_resources_can_be_retained_when_a_deletion_has_failed_alone(aws: Stub) -> None:
    aws.pace = 3
    stack = stacks.deploy(aws, stacks.small())
    aws.client("s3").put_object(Bucket=stack["Outputs"][0]["OutputValue"], Key="k", Body=b"")
    with pytest.raises(ClientError, match="only when the stack is in the DELETE_FAILED state"):
        stacks.delete(aws, RetainResources=["Temp"])
    assert stacks.delete(aws) == "DELETE_FAILED"
    assert stacks.delete(aws, RetainResources=["Temp"]) == "DELETE_COMPLETE"


def test_termination_protection_protects(aws: Stub) -> None:
    aws.pace = 3
    stacks.deploy(aws, stacks.small())
    cloudformation = aws.client("cloudformation")
    for protected in (True, False):
        cloudformation.update_termination_protection(
            StackName="demo", EnableTerminationProtection=protected
        )
        assert stacks.ended(aws)["EnableTerminationProtection"] is protected
        if protected:
            with pytest.raises(ClientError, match="while TerminationProtection is enabled"):
                stacks.delete(aws)
    assert stacks.delete(aws) == "DELETE_COMPLETE"


def test_a_stack_that_was_only_reviewed_is_deleted_at_once(aws: Stub) -> None:
    stacks.change_set(aws, stacks.small())
    assert stacks.delete(aws) == "DELETE_COMPLETE"


def test_the_projects_template_becomes_a_stack(aws: Stub) -> None:
    aws.pace = 5
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="artifacts", **stacks.HERE)

    def upload(file: Path, key: str) -> tuple[str, str]:
        s3.put_object(Bucket="artifacts", Key=key, Body=file.read_bytes())
        return "artifacts", key

    template = templates.load(ROOT / "template.yaml")
    body = json.loads(templates.package(template, upload))
    given = {
        "Capabilities": ["CAPABILITY_IAM"],
        "Parameters": stacks.parameters(ArtifactBucketName="artifacts"),
    }
    stack = stacks.deploy(aws, body, **given)
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    assert outputs["RedshiftRoleArn"].startswith(
        "arn:aws:iam::123456789012:role/demo-RedshiftRole-"
    )
    assert outputs["WarehouseCrawlerName"] == "demo-warehouse"
    workgroup = aws.client("redshift-serverless").get_workgroup(workgroupName="demo")["workgroup"]
    assert (workgroup["status"], workgroup["baseCapacity"]) == ("AVAILABLE", 8)
    resources = aws.client("cloudformation").get_paginator("list_stack_resources")
    found = [
        each
        for page in resources.paginate(StackName="demo")
        for each in page["StackResourceSummaries"]
    ]
    # The subscription wants an address, the network's policy subnets.
    assert {each["LogicalResourceId"] for each in found} == set(body["Resources"]) - {
        "TopicSubscription",
        "ConnectionNetworkPolicy",
    }
    assert stacks.change_set(aws, body, name="again", **given)["Status"] == "FAILED"
    assert stacks.delete(aws) == "DELETE_COMPLETE"
