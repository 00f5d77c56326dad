"""Change sets of the stand-in for AWS behave as CloudFormation's documentation says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.deploy import stacks
from tests.unit.deploy.aws_stub import Stub


@pytest.fixture
def aws() -> Stub:
    """AWS."""
    return Stub()


def create(aws: Stub, template: stacks.Template, **more: Any) -> Any:
    """Ask for a change set to create the stack ``demo``."""
    given = {"StackName": "demo", "ChangeSetName": "one", "ChangeSetType": "CREATE", **more}
    if "TemplateURL" not in given:
        given["TemplateBody"] = json.dumps(template)
    return aws.client("cloudformation").create_change_set(**given)


def test_a_change_set_is_made_and_executed_as_it_is_asked(aws: Stub) -> None:
    cloudformation = aws.client("cloudformation")
    made = create(aws, stacks.small())
    stack = cloudformation.describe_stacks(StackName="demo")["Stacks"][0]
    assert stack["StackStatus"] == "REVIEW_IN_PROGRESS"
    stacks.refused(
        cloudformation.execute_change_set,
        "InvalidChangeSetStatus",
        "current status of [CREATE_PENDING]",
        ChangeSetName=made["Id"],
    )
    seen = [
        cloudformation.describe_change_set(StackName="demo", ChangeSetName="one")["Status"]
        for _ in range(2)
    ]
    assert seen == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    cloudformation.execute_change_set(StackName="demo", ChangeSetName="one")
    statuses: list[str] = []
    while not statuses or statuses[-1].endswith("_IN_PROGRESS"):
        found = cloudformation.describe_stacks(StackName="demo")["Stacks"][0]
        statuses.append(found["StackStatus"])
        assert ("Outputs" in found) is (statuses[-1] == "CREATE_COMPLETE")
    assert statuses == ["CREATE_IN_PROGRESS"] * 4 + ["CREATE_COMPLETE"]
    described = cloudformation.describe_change_set(ChangeSetName=made["Id"])
    assert described["ExecutionStatus"] == "EXECUTE_COMPLETE"
    assert found["ChangeSetId"] == made["Id"]


def test_a_stack_exists_once(aws: Stub) -> None:
    cloudformation = aws.client("cloudformation")
    first = create(aws, stacks.small())
    second = create(aws, stacks.small(), ChangeSetName="two")
    assert first["StackId"] == second["StackId"]
    update = {"StackName": "demo", "ChangeSetName": "three", "TemplateBody": "{}"}
    stacks.refused(
        cloudformation.create_change_set,
        "ValidationError",
        "is in REVIEW_IN_PROGRESS state and can not be updated.",
        **update,
    )
    stacks.refused(
        cloudformation.create_change_set,
        "ValidationError",
        "Stack [other] does not exist",
        **{**update, "StackName": "other"},
    )
    stacks.deploy(aws, stacks.small(), name="three")
    assert cloudformation.list_change_sets(StackName="demo")["Summaries"] == []
    with pytest.raises(cloudformation.exceptions.ChangeSetNotFoundException):
        cloudformation.describe_change_set(StackName="demo", ChangeSetName="two")
    with pytest.raises(ClientError, match="already exists and cannot be created again"):
        create(aws, stacks.small())


def test_a_name_is_taken_unless_the_token_says_that_it_is_the_same_request(aws: Stub) -> None:
    made = create(aws, stacks.small(), ClientToken="token")
    assert create(aws, stacks.small(), ClientToken="token")["Id"] == made["Id"]
    for token in ({"ClientToken": "another"}, {}):
        with pytest.raises(aws.client("cloudformation").exceptions.AlreadyExistsException):
            create(aws, stacks.small(), **token)
    summaries = aws.client("cloudformation").list_change_sets(StackName="demo")["Summaries"]
    assert [each["ChangeSetName"] for each in summaries] == ["one"]


def test_nothing_changed_is_a_failed_change_set(aws: Stub) -> None:
    aws.pace = 3
    stacks.deploy(aws, stacks.small())
    template = stacks.small()
    template["Description"] = "other words change nothing"
    template["Metadata"] = {"nor": "does this"}
    described = stacks.change_set(aws, template, name="same")
    assert (described["Status"], described["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert described["StatusReason"] == (
        "The submitted information didn't contain changes. "
        "Submit different information to create a change set."
    )
    assert described["Changes"] == []
    cloudformation = aws.client("cloudformation")
    cloudformation.delete_change_set(StackName="demo", ChangeSetName="same")
    cloudformation.delete_change_set(StackName="demo", ChangeSetName="same")
    template["Outputs"]["New"] = {"Value": "an output is a change"}
    assert stacks.change_set(aws, template, name="output")["Status"] == "CREATE_COMPLETE"


def test_an_execution_asked_for_twice_by_one_token_is_one(aws: Stub) -> None:
    made = stacks.change_set(aws, stacks.small())
    execute = aws.client("cloudformation").execute_change_set
    for _ in range(2):
        execute(ChangeSetName=made["ChangeSetId"], ClientRequestToken="token")
    for token in ({"ClientRequestToken": "other"}, {}):
        with pytest.raises(ClientError, match="InvalidChangeSetStatus"):
            execute(ChangeSetName=made["ChangeSetId"], **token)
    stacks.ended(aws)
    found = stacks.events(aws)
    assert stacks.of(found, "demo").count("CREATE_IN_PROGRESS") == 1
    assert found[-1]["ClientRequestToken"] == "token"


def test_the_previous_template_can_be_used_again(aws: Stub) -> None:
    aws.pace = 5
    stacks.deploy(aws, stacks.small())
    made = aws.client("cloudformation").create_change_set(
        StackName="demo",
        ChangeSetName="two",
        UsePreviousTemplate=True,
        Parameters=stacks.parameters(Title="Other"),
    )
    described = aws.client("cloudformation").describe_change_set(ChangeSetName=made["Id"])
    changed = [each["ResourceChange"]["LogicalResourceId"] for each in described["Changes"]]
    assert changed == ["Topic"]


def test_what_the_stub_does_not_do_is_said(aws: Stub) -> None:
    with pytest.raises(AssertionError, match="ImportExistingResources"):
        create(aws, stacks.small(), ImportExistingResources=True)
    with pytest.raises(AssertionError, match="transforms"):
        create(aws, {**stacks.small(), "Transform": "AWS::LanguageExtensions"})


def test_a_change_set_that_is_being_made_cannot_be_deleted(aws: Stub) -> None:
    create(aws, stacks.small())
    cloudformation = aws.client("cloudformation")
    with pytest.raises(cloudformation.exceptions.InvalidChangeSetStatusException):
        cloudformation.delete_change_set(StackName="demo", ChangeSetName="one")
    with pytest.raises(ClientError, match="does not exist"):
        cloudformation.delete_change_set(StackName="other", ChangeSetName="one")


def test_changes_say_what_is_replaced_and_why(aws: Stub) -> None:
    aws.pace = 5
    stacks.deploy(aws, stacks.small())
    template = stacks.small()
    resources = template["Resources"]
    del resources["Kept"], template["Outputs"]["KeptArn"]
    resources["Temp"]["Properties"] = {"BucketName": "a-name-of-its-own"}
    resources["Added"] = {"Type": "AWS::SQS::Queue"}
    described = stacks.change_set(
        aws, template, name="two", Parameters=stacks.parameters(Title="Other")
    )
    changes = {
        each["ResourceChange"]["LogicalResourceId"]: each["ResourceChange"]
        for each in described["Changes"]
    }
    shown = {
        name: (each["Action"], each.get("Replacement"), each.get("PolicyAction"))
        for name, each in changes.items()
    }
    assert shown == {
        "Temp": ("Modify", "True", "ReplaceAndDelete"),
        "Topic": ("Modify", "False", None),
        "Crawler": ("Modify", "False", None),
        "Added": ("Add", None, None),
        "Kept": ("Remove", None, "Retain"),
    }
    assert changes["Temp"]["Details"] == [
        {
            "Target": {
                "Attribute": "Properties",
                "Name": "BucketName",
                "RequiresRecreation": "Always",
            },
            "Evaluation": "Static",
            "ChangeSource": "DirectModification",
        }
    ]
    topic, crawler = changes["Topic"]["Details"][0], changes["Crawler"]["Details"][0]
    assert (topic["ChangeSource"], topic["CausingEntity"]) == ("ParameterReference", "Title")
    assert (crawler["ChangeSource"], crawler["CausingEntity"]) == ("ResourceReference", "Temp")
    assert crawler["Evaluation"] == "Dynamic"
    assert "AfterContext" not in changes["Temp"]
    values = aws.client("cloudformation").describe_change_set(
        ChangeSetName=described["ChangeSetId"], IncludePropertyValues=True
    )
    assert any("a-name-of-its-own" in json.dumps(each) for each in values["Changes"])


def test_changes_come_in_pages() -> None:
    aws = Stub(page_size=3)
    described = stacks.change_set(aws, stacks.small())
    assert len(described["Changes"]) == 3
    pages = aws.client("cloudformation").get_paginator("describe_change_set")
    found = [
        change
        for page in pages.paginate(ChangeSetName=described["ChangeSetId"])
        for change in page["Changes"]
    ]
    assert len(found) == 4


def test_tags_of_the_stack_are_a_change_of_what_takes_tags(aws: Stub) -> None:
    aws.pace = 5
    tags = [{"Key": "team", "Value": "loads"}]
    stacks.deploy(aws, stacks.small())
    described = stacks.change_set(aws, stacks.small(), name="two", Tags=tags)
    scopes = {
        each["ResourceChange"]["LogicalResourceId"]: each["ResourceChange"]["Scope"]
        for each in described["Changes"]
    }
    assert scopes["Temp"] == ["Tags"]
    aws.client("cloudformation").execute_change_set(ChangeSetName=described["ChangeSetId"])
    stack = stacks.ended(aws)
    assert stack["Tags"] == tags
    bucket = stack["Outputs"][0]["OutputValue"]
    found = aws.client("s3").get_bucket_tagging(Bucket=bucket)["TagSet"]
    assert tags[0] in found
    assert {"Key": "aws:cloudformation:logical-id", "Value": "Temp"} in found


def test_a_long_template_must_be_in_s3(aws: Stub) -> None:
    template = stacks.small()
    template["Metadata"] = {"long": "x" * 51_200}
    with pytest.raises(ClientError, match="length less than or equal to 51200"):
        create(aws, template)
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="artifacts", **stacks.HERE)
    s3.put_object(Bucket="artifacts", Key="a/t.json", Body=json.dumps(template).encode())
    for url in (
        "https://artifacts.s3.eu-west-1.amazonaws.com/a/t.json",
        "https://s3.eu-west-1.amazonaws.com/artifacts/a/t.json",
    ):
        given = {"StackName": "demo", "ChangeSetType": "CREATE", "TemplateURL": url}
        name = f"by-{len(aws.calls)}"
        aws.client("cloudformation").create_change_set(ChangeSetName=name, **given)
    for url, message in (
        ("https://artifacts.s3.amazonaws.com/none", "The specified key does not exist"),
        ("https://nobodys.s3.amazonaws.com/none", "The specified bucket does not exist"),
        ("https://example.com/t.json", "must be a supported URL"),
    ):
        with pytest.raises(ClientError, match=message):
            create(aws, template, TemplateURL=url)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Resources": {}}, "At least one Resources member"),
        (
            {"Resources": {"A": {"Type": "AWS::No::Such"}}, "Outputs": {}},
            "Unrecognized resource types",
        ),
        ({"Outputs": {"A": {"Value": {"Ref": "Nothing"}}}}, "Unresolved resource dependencies"),
        (
            {"Outputs": {"A": {"Value": {"Fn::GetAtt": ["Kept", "Nothing"]}}}},
            "does not support attribute type Nothing",
        ),
    ],
)
def test_a_template_is_checked(aws: Stub, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        create(aws, {**stacks.small(), **change})


def test_resources_may_not_need_one_another(aws: Stub) -> None:
    template = stacks.small()
    template["Resources"]["Temp"]["DependsOn"] = "Topic"
    template["Resources"]["Topic"]["DependsOn"] = ["Temp"]
    with pytest.raises(ClientError, match="Circular dependency between resources"):
        create(aws, template)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (stacks.parameters(Other="x"), r"Parameters: \[Other\] do not exist in the template"),
        (stacks.parameters(Title="12"), "Parameter 'Title' must match pattern"),
        (stacks.parameters(Days="0"), "Parameter 'Days' must be a number not less than 1"),
        (stacks.parameters(Days="many"), "Parameter 'Days' must be a number."),
        ([{"ParameterKey": "Title", "UsePreviousValue": True}], "not in the previous template"),
    ],
)
def test_parameters_are_checked(aws: Stub, given: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        create(aws, stacks.small(), Parameters=given)


def test_parameters_without_a_default_must_be_given(aws: Stub) -> None:
    template = stacks.small()
    template["Parameters"]["Needed"] = {"Type": "String", "AllowedValues": ["a"], "NoEcho": True}
    with pytest.raises(ClientError, match=r"Parameters: \[Needed\] must have values"):
        create(aws, template)
    with pytest.raises(ClientError, match="must be one of AllowedValues"):
        create(aws, template, Parameters=stacks.parameters(Needed="b"))
    stack = stacks.deploy(aws, template, Parameters=stacks.parameters(Needed="a"))
    assert {"ParameterKey": "Needed", "ParameterValue": "****"} in stack["Parameters"]


def test_a_parameter_not_named_again_falls_back_to_its_default(aws: Stub) -> None:
    aws.pace = 5
    stacks.deploy(aws, stacks.small(), Parameters=stacks.parameters(Title="Mine"))
    kept = [{"ParameterKey": "Title", "UsePreviousValue": True}]
    assert stacks.change_set(aws, stacks.small(), name="a", Parameters=kept)["Status"] == "FAILED"
    described = stacks.change_set(aws, stacks.small(), name="b")
    assert {"ParameterKey": "Title", "ParameterValue": "Loads"} in described["Parameters"]
    assert described["Status"] == "CREATE_COMPLETE"


def test_iam_wants_its_capability(aws: Stub) -> None:
    template = stacks.small()
    role: dict[str, Any] = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}
    template["Resources"]["Role"] = {"Type": "AWS::IAM::Role", "Properties": role}
    insufficient = aws.client("cloudformation").exceptions.InsufficientCapabilitiesException
    with pytest.raises(insufficient, match="CAPABILITY_IAM"):
        create(aws, template)
    create(aws, template, Capabilities=["CAPABILITY_IAM"])
    role["RoleName"] = "named"
    with pytest.raises(insufficient, match="CAPABILITY_NAMED_IAM"):
        create(aws, template, Capabilities=["CAPABILITY_IAM"], ChangeSetName="two")
    create(aws, template, Capabilities=["CAPABILITY_NAMED_IAM"], ChangeSetName="two")


def test_templates_are_given_back_as_they_were_and_summed_up(aws: Stub) -> None:
    cloudformation = aws.client("cloudformation")
    stacks.deploy(aws, stacks.small())
    found = cloudformation.get_template(StackName="demo", TemplateStage="Original")
    assert found["TemplateBody"] == stacks.small()
    yaml = "Resources: {Temp: {Type: 'AWS::S3::Bucket'}}"
    made = cloudformation.create_change_set(
        StackName="demo", ChangeSetName="yaml", TemplateBody=yaml
    )
    of_set = cloudformation.get_template(ChangeSetName=made["Id"], TemplateStage="Processed")
    assert of_set["TemplateBody"] == yaml
    summary = cloudformation.get_template_summary(StackName="demo")
    assert [each["ParameterKey"] for each in summary["Parameters"]] == ["Title", "Days"]
    assert "AWS::SNS::Topic" in summary["ResourceTypes"]
