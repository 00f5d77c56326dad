"""The AWS command line works against the endpoint, with AWS_ENDPOINT_URL alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from etlocal.inbox import Inbox
from etlocal.target import Target
from etlocal.testing.harness import Harness
from tests.e2e.commands import aws_command

pytestmark = pytest.mark.spark

STACK = "by-hand"
Client = Callable[[str], Any]


class Deployer:
    """Deploys the project as docs/pipeline.md says for AWS, and looks at what was made."""

    def __init__(self, target: Target, project: Path, folder: Path) -> None:
        self.target, self.project, self.folder = target, project, folder
        self.client: Client = target.clients().client

    def aws(self, *arguments: str) -> str:
        """Run a command that must succeed; give what it printed."""
        done = aws_command(*arguments, on=self.target, cwd=self.project)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def deploy(self, *parameters: str) -> str:
        """Package and deploy; give what the deployment printed."""
        packaged = str(self.folder / "packaged.yaml")
        self.aws(
            *("cloudformation", "package", "--template-file", "template.yaml"),
            *("--s3-bucket", "artifacts", "--output-template-file", packaged),
        )
        return self.aws(
            *("cloudformation", "deploy", "--template-file", packaged, "--stack-name", STACK),
            *("--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset"),
            *("--parameter-overrides", "ArtifactBucketName=artifacts", *parameters),
        )

    def outputs(self) -> dict[str, str]:
        """Give the stack's outputs."""
        [stack] = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}

    def resources(self) -> list[dict[str, Any]]:
        """Give the stack's resources."""
        answer = self.client("cloudformation").describe_stack_resources(StackName=STACK)
        found: list[dict[str, Any]] = answer["StackResources"]
        return found


@pytest.fixture
def deployer(
    etlocal: Harness, etlocal_stack: Target, project: Path, tmp_path: Path
) -> Iterator[Deployer]:
    """A clean endpoint with a bucket for artifacts, and who deploys there."""
    made = Deployer(etlocal_stack, project, tmp_path)
    made.aws("s3", "mb", "s3://artifacts")
    yield made
    etlocal.reset()


def test_cloudformation_package_and_deploy_make_change_and_delete_the_stack(
    deployer: Deployer,
) -> None:
    deployer.deploy()

    databases = deployer.client("glue").get_databases()["DatabaseList"]
    assert [database["Name"] for database in databases] == ["airlines"]
    outputs = deployer.outputs()
    job = deployer.client("glue").get_job(JobName=outputs["JobName"])["Job"]
    assert job["Command"]["ScriptLocation"].startswith("s3://artifacts/")
    named = {"workgroupName": outputs["WorkgroupName"]}
    workgroup = deployer.client("redshift-serverless").get_workgroup(**named)["workgroup"]
    assert (workgroup["baseCapacity"], workgroup["maxCapacity"]) == (8, 16)
    assert outputs["WarehouseMonthlyRpuHours"] == "100"
    _assert_machine_is_the_file(deployer, outputs)
    _assert_alarms_tell_the_topic(deployer, outputs)
    _assert_topic_is_guarded(deployer, outputs)
    assert _tags(deployer) == dict.fromkeys(TAGGED, ("airline-flights", STACK))

    assert "No changes to deploy" in deployer.deploy()
    deployer.deploy("WarehouseMaxCapacity=24", "DeadlineSeconds=900")
    workgroup = deployer.client("redshift-serverless").get_workgroup(**named)["workgroup"]
    assert workgroup["maxCapacity"] == 24
    _assert_machine_is_the_file(deployer, outputs, DeadlineSeconds="900")

    _assert_deletion_leaves_the_raw_files_and_a_key_that_waits(deployer, outputs)


def _assert_deletion_leaves_the_raw_files_and_a_key_that_waits(
    deployer: Deployer, outputs: dict[str, str]
) -> None:
    kinds = {resource["ResourceType"] for resource in deployer.resources()}

    deployer.aws("cloudformation", "delete-stack", "--stack-name", STACK)
    deployer.aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", STACK)

    left = {kind: LISTS[kind](deployer.client) for kind in kinds & set(LISTS)}
    buckets = left.pop("AWS::S3::Bucket")
    assert sorted(buckets) == sorted(["artifacts", outputs["RawBucketName"]])
    assert {kind: names for kind, names in left.items() if names} == {}
    assert kinds - set(LISTS) == WITHOUT_A_LIST
    key = deployer.client("kms").describe_key(KeyId=outputs["TopicKeyArn"])["KeyMetadata"]
    assert key["KeyState"] == "PendingDeletion"
    assert 6 <= (key["DeletionDate"] - key["CreationDate"]).days <= 7


def _assert_machine_is_the_file(
    deployer: Deployer, outputs: dict[str, str], **parameters: str
) -> None:
    machine = {"stateMachineArn": outputs["StateMachineArn"]}
    deployed = deployer.client("stepfunctions").describe_state_machine(**machine)["definition"]
    names = ("CrawlerName", "JobName", "TopicArn", "WorkgroupName", "DatabaseName")
    values = {name: outputs[name] for name in (*names, "WarehouseSecretArn")}
    values |= {"DeadlineSeconds": "14400"} | parameters
    text = (deployer.project / "statemachine.asl.json").read_text()
    for name, value in values.items():
        assert f"${{{name}}}" in text
        text = text.replace(f"${{{name}}}", value)
    assert "${" not in text
    assert json.loads(deployed) == json.loads(text)


def _assert_alarms_tell_the_topic(deployer: Deployer, outputs: dict[str, str]) -> None:
    alarms = deployer.client("cloudwatch").describe_alarms()["MetricAlarms"]
    names = [alarm["AlarmName"] for alarm in alarms]
    assert sorted(names) == sorted(outputs["AlarmNames"].split(","))
    # Key and topic let alarms in by this beginning of their names.
    assert all(name.startswith(f"{STACK}-") for name in names)
    assert [alarm["AlarmActions"] for alarm in alarms] == [[outputs["TopicArn"]]] * 4
    machine = [{"Name": "StateMachineArn", "Value": outputs["StateMachineArn"]}]
    queue = outputs["DeadLetterQueueUrl"].rpartition("/")[2]
    assert {alarm["MetricName"]: alarm["Dimensions"] for alarm in alarms} == {
        "ExecutionsFailed": machine,
        "ExecutionsTimedOut": machine,
        "ExecutionsAborted": machine,
        "ApproximateNumberOfMessagesVisible": [{"Name": "QueueName", "Value": queue}],
    }
    inbox = Inbox(deployer.target.clients(), outputs["TopicArn"])
    for name in names:
        deployer.client("cloudwatch").set_alarm_state(
            AlarmName=name, StateValue="ALARM", StateReason="as if it were so"
        )
    told = [json.loads(each["Message"]) for each in inbox.receive(len(names))]
    assert {each["AlarmName"]: each["NewStateValue"] for each in told} == dict.fromkeys(
        names, "ALARM"
    )
    inbox.close()


def _assert_topic_is_guarded(deployer: Deployer, outputs: dict[str, str]) -> None:
    sns, kms = deployer.client("sns"), deployer.client("kms")
    attributes = sns.get_topic_attributes(TopicArn=outputs["TopicArn"])["Attributes"]
    statements = {one["Sid"]: one for one in json.loads(attributes["Policy"])["Statement"]}
    assert set(statements) == {"TlsOnly", "AlarmsOfThisStack"}
    assert statements["TlsOnly"]["Effect"] == "Deny"
    allowed = statements["AlarmsOfThisStack"]["Condition"]
    assert allowed["StringEquals"] == {"aws:SourceAccount": deployer.target.account}
    key = kms.describe_key(KeyId=outputs["TopicKeyArn"])["KeyMetadata"]
    assert (attributes["KmsMasterKeyId"], key["KeyState"]) == (key["KeyId"], "Enabled")
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]
    aliases = kms.list_aliases(KeyId=key["KeyId"])["Aliases"]
    assert [alias["AliasName"] for alias in aliases] == [f"alias/{STACK}-topic"]


def _tags(deployer: Deployer) -> dict[str, tuple[str, str]]:
    """Give the tags Project and Stack of every resource of a type that has tags, by its name."""
    found = {}
    for resource in deployer.resources():
        ask = TAGS.get(resource["ResourceType"])
        if ask is not None:
            tags = ask(deployer, resource["PhysicalResourceId"])
            if not isinstance(tags, dict):
                tags = dict(one.values() for one in tags)
            assert set(tags) == {"Project", "Stack"}, resource["LogicalResourceId"]
            found[resource["LogicalResourceId"]] = (tags["Project"], tags["Stack"])
    return found


def _arn(deployer: Deployer, service: str, name: str) -> str:
    target = deployer.target
    return f"arn:aws:{service}:{target.region}:{target.account}:{name}"


def _glue_tags(kind: str) -> Callable[[Deployer, str], Any]:
    def tags(deployer: Deployer, name: str) -> Any:
        arn = _arn(deployer, "glue", f"{kind}/{name}")
        return deployer.client("glue").get_tags(ResourceArn=arn)["Tags"]

    return tags


def _serverless_tags(kind: str) -> Callable[[Deployer, str], Any]:
    def tags(deployer: Deployer, name: str) -> Any:
        client = deployer.client("redshift-serverless")
        described = getattr(client, f"get_{kind}")(**{f"{kind}Name": name})[kind]
        return client.list_tags_for_resource(resourceArn=described[f"{kind}Arn"])["tags"]

    return tags


TAGS: dict[str, Callable[[Deployer, str], Any]] = {
    "AWS::CloudWatch::Alarm": lambda d, i: d.client("cloudwatch").list_tags_for_resource(
        ResourceARN=_arn(d, "cloudwatch", f"alarm:{i}")
    )["Tags"],
    "AWS::Events::Rule": lambda d, i: d.client("events").list_tags_for_resource(
        ResourceARN=_arn(d, "events", f"rule/{i}")
    )["Tags"],
    "AWS::Glue::Crawler": _glue_tags("crawler"),
    "AWS::Glue::Job": _glue_tags("job"),
    "AWS::IAM::Role": lambda d, i: d.client("iam").list_role_tags(RoleName=i)["Tags"],
    "AWS::KMS::Key": lambda d, i: d.client("kms").list_resource_tags(KeyId=i)["Tags"],
    "AWS::Logs::LogGroup": lambda d, i: d.client("logs").list_tags_for_resource(
        resourceArn=_arn(d, "logs", f"log-group:{i}")
    )["tags"],
    "AWS::RedshiftServerless::Namespace": _serverless_tags("namespace"),
    "AWS::RedshiftServerless::Workgroup": _serverless_tags("workgroup"),
    "AWS::S3::Bucket": lambda d, i: d.client("s3").get_bucket_tagging(Bucket=i)["TagSet"],
    "AWS::SNS::Topic": lambda d, i: d.client("sns").list_tags_for_resource(ResourceArn=i)["Tags"],
    "AWS::SQS::Queue": lambda d, i: d.client("sqs").list_queue_tags(QueueUrl=i)["Tags"],
    "AWS::SecretsManager::Secret": lambda d, i: d.client("secretsmanager").describe_secret(
        SecretId=i
    )["Tags"],
    "AWS::StepFunctions::StateMachine": lambda d, i: d.client(
        "stepfunctions"
    ).list_tags_for_resource(resourceArn=i)["tags"],
}
TAGGED = (
    *("RawBucket", "AssetsBucket", "TempBucket", "RawFileRule", "DeadLetterQueue"),
    *("RuleRole", "StateMachineRole", "RawCrawlerRole", "WarehouseCrawlerRole", "JobRole"),
    *(
        "RedshiftRole",
        "StateMachine",
        "StateMachineLogGroup",
        "JobOutputLogGroup",
        "JobErrorLogGroup",
        "Topic",
        "TopicKey",
    ),
    *("ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted", "EventsUndelivered"),
    *("RawCrawler", "WarehouseCrawler", "FlightsJob", "WarehouseSecret"),
    *("Namespace", "Workgroup"),
)


def _names(service: str, operation: str, member: str, name: str) -> Callable[[Client], list[str]]:
    def listed(client: Client) -> list[str]:
        return [one[name] for one in getattr(client(service), operation)().get(member, [])]

    return listed


# Resource type → the names of what there is of it.
LISTS: dict[str, Callable[[Client], list[str]]] = {
    "AWS::CloudWatch::Alarm": _names("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "AWS::Events::Rule": _names("events", "list_rules", "Rules", "Name"),
    "AWS::Glue::Connection": _names("glue", "get_connections", "ConnectionList", "Name"),
    "AWS::Glue::Crawler": _names("glue", "get_crawlers", "Crawlers", "Name"),
    "AWS::Glue::Database": _names("glue", "get_databases", "DatabaseList", "Name"),
    "AWS::Glue::Job": _names("glue", "get_jobs", "Jobs", "Name"),
    "AWS::IAM::Role": _names("iam", "list_roles", "Roles", "RoleName"),
    "AWS::KMS::Alias": _names("kms", "list_aliases", "Aliases", "AliasName"),
    "AWS::Logs::LogGroup": _names("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "AWS::RedshiftServerless::Namespace": _names(
        "redshift-serverless", "list_namespaces", "namespaces", "namespaceName"
    ),
    "AWS::RedshiftServerless::Workgroup": _names(
        "redshift-serverless", "list_workgroups", "workgroups", "workgroupName"
    ),
    "AWS::S3::Bucket": _names("s3", "list_buckets", "Buckets", "Name"),
    "AWS::SNS::Topic": _names("sns", "list_topics", "Topics", "TopicArn"),
    "AWS::SQS::Queue": lambda client: client("sqs").list_queues().get("QueueUrls", []),
    "AWS::SecretsManager::Secret": _names("secretsmanager", "list_secrets", "SecretList", "Name"),
    "AWS::StepFunctions::StateMachine": _names(
        "stepfunctions", "list_state_machines", "stateMachines", "name"
    ),
}
# A classifier is asked for beside; the others go with what they belong to.
WITHOUT_A_LIST = {
    "AWS::Glue::Classifier",
    "AWS::KMS::Key",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
}


def test_operation_that_is_not_emulated_says_so(etlocal: Harness, etlocal_stack: Target) -> None:
    done = aws_command("glue", "list-triggers", on=etlocal_stack)

    assert done.returncode != 0
    assert "NotImplemented" in done.stderr
    assert "glue.ListTriggers" in done.stderr


def test_bad_parameter_is_refused_in_awss_words(etlocal: Harness, etlocal_stack: Target) -> None:
    done = aws_command(
        *("glue", "create-database", "--database-input", json.dumps({"Name": "a" * 300})),
        on=etlocal_stack,
    )

    assert done.returncode != 0
    assert "ValidationException" in done.stderr
    assert "length less than or equal to 255" in done.stderr
