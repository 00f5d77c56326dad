"""Which permissions the calls of a pipeline need."""

from __future__ import annotations

from typing import Any

import pytest

from etlocal.iam.actions import ApiCall, Need, prefix_of, required

ACCOUNT, REGION = "111122223333", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service/load"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:login-AbCdEf"
WORKGROUP = f"arn:aws:redshift-serverless:{REGION}:{ACCOUNT}:workgroup/id-of-w"
NAMESPACE = f"arn:aws:redshift-serverless:{REGION}:{ACCOUNT}:namespace/id-of-n"


class Known:
    """An account with one of each."""

    def role(self, name: str) -> str:
        return f"arn:aws:iam::{ACCOUNT}:role/service/{name}"

    def secret(self, secret_id: str) -> str:
        return secret_id if secret_id.startswith("arn:") else SECRET

    def workgroup(self, name: str) -> str:
        return WORKGROUP[:-1] + name

    def namespace(self, name: str) -> str:
        return NAMESPACE[:-1] + name

    def statement_owner(self, statement_id: str) -> str | None:
        return "AROA:session" if statement_id == "s" else None

    def key(self, key_id: str) -> str:
        return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/of-{key_id}"

    def topic_key(self, topic_arn: str) -> str | None:
        return self.key("t") if topic_arn.endswith("encrypted") else None

    def queue_key(self, queue_arn: str) -> str | None:
        return self.key("q") if queue_arn.endswith("encrypted") else None


def needs(service: str, operation: str, **parameters: Any) -> tuple[Need, ...]:
    return required(ApiCall(service, operation, parameters, ACCOUNT, REGION, Known()))


def asked(service: str, operation: str, **parameters: Any) -> list[str]:
    return [f"{each.action} {each.resource}" for each in needs(service, operation, **parameters)]


def glue(resource: str) -> str:
    return f"arn:aws:glue:{REGION}:{ACCOUNT}:{resource}"


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        ("HeadObject", {"Bucket": "b", "Key": "a/k"}, ["s3:GetObject arn:aws:s3:::b/a/k"]),
        ("GetObject", {"Bucket": "b", "Key": "k"}, ["s3:GetObject arn:aws:s3:::b/k"]),
        (
            "GetObject",
            {"Bucket": "b", "Key": "k", "VersionId": "1"},
            ["s3:GetObjectVersion arn:aws:s3:::b/k"],
        ),
        ("ListObjectsV2", {"Bucket": "b"}, ["s3:ListBucket arn:aws:s3:::b"]),
        ("HeadBucket", {"Bucket": "b"}, ["s3:ListBucket arn:aws:s3:::b"]),
        ("ListBuckets", {}, ["s3:ListAllMyBuckets *"]),
        ("GetBucketLocation", {"Bucket": "b"}, ["s3:GetBucketLocation arn:aws:s3:::b"]),
        (
            "GetBucketLifecycleConfiguration",
            {"Bucket": "b"},
            ["s3:GetLifecycleConfiguration arn:aws:s3:::b"],
        ),
        ("DeleteBucketCors", {"Bucket": "b"}, ["s3:PutBucketCORS arn:aws:s3:::b"]),
        (
            "CopyObject",
            {"Bucket": "b", "Key": "new", "CopySource": "/from/a%20b"},
            ["s3:GetObject arn:aws:s3:::from/a b", "s3:PutObject arn:aws:s3:::b/new"],
        ),
        (
            "CopyObject",
            {"Bucket": "b", "Key": "new", "CopySource": "from/a?versionId=7"},
            ["s3:GetObjectVersion arn:aws:s3:::from/a", "s3:PutObject arn:aws:s3:::b/new"],
        ),
        (
            "DeleteObjects",
            {"Bucket": "b", "Delete": {"Objects": [{"Key": "1"}, {"Key": "2", "VersionId": "v"}]}},
            ["s3:DeleteObject arn:aws:s3:::b/1", "s3:DeleteObjectVersion arn:aws:s3:::b/2"],
        ),
        ("CreateMultipartUpload", {"Bucket": "b", "Key": "k"}, ["s3:PutObject arn:aws:s3:::b/k"]),
        ("UploadPart", {"Bucket": "b", "Key": "k"}, ["s3:PutObject arn:aws:s3:::b/k"]),
        (
            "CompleteMultipartUpload",
            {"Bucket": "b", "Key": "k"},
            ["s3:PutObject arn:aws:s3:::b/k"],
        ),
        (
            "AbortMultipartUpload",
            {"Bucket": "b", "Key": "k"},
            ["s3:AbortMultipartUpload arn:aws:s3:::b/k"],
        ),
        (
            "ListParts",
            {"Bucket": "b", "Key": "k"},
            ["s3:ListMultipartUploadParts arn:aws:s3:::b/k"],
        ),
        (
            "PutObject",
            {"Bucket": "b", "Key": "k", "Tagging": "a=b", "ACL": "private"},
            [
                "s3:PutObject arn:aws:s3:::b/k",
                "s3:PutObjectAcl arn:aws:s3:::b/k",
                "s3:PutObjectTagging arn:aws:s3:::b/k",
            ],
        ),
    ],
)
def test_s3(operation: str, parameters: dict[str, Any], expected: list[str]) -> None:
    assert asked("s3", operation, **parameters) == expected


def test_a_listing_tells_its_prefix_only_where_it_has_one() -> None:
    with_prefix = needs("s3", "ListObjectsV2", Bucket="b", Prefix="raw/", Delimiter="/", MaxKeys=5)
    assert with_prefix[0].context == {
        "s3:prefix": "raw/",
        "s3:delimiter": "/",
        "s3:max-keys": "5",
    }
    assert needs("s3", "ListObjectsV2", Bucket="b")[0].context == {}
    assert needs("s3", "ListObjectsV2", Bucket="b", Prefix="")[0].context == {"s3:prefix": ""}


@pytest.mark.parametrize(
    ("operation", "parameters", "resources"),
    [
        ("GetTable", {"DatabaseName": "D", "Name": "T"}, ["catalog", "database/d", "table/d/t"]),
        (
            "CreateTable",
            {"DatabaseName": "d", "TableInput": {"Name": "T"}},
            ["catalog", "database/d", "table/d/t"],
        ),
        (
            "BatchCreatePartition",
            {"DatabaseName": "d", "TableName": "t"},
            ["catalog", "database/d", "table/d/t"],
        ),
        ("GetTables", {"DatabaseName": "d"}, ["catalog", "database/d"]),
        ("GetDatabase", {"Name": "d"}, ["catalog", "database/d"]),
        ("CreateDatabase", {"DatabaseInput": {"Name": "d"}}, ["catalog", "database/d"]),
        (
            "DeleteDatabase",
            {"Name": "d"},
            ["catalog", "database/d", "table/d/*", "userDefinedFunction/d/*"],
        ),
        ("GetConnection", {"Name": "c"}, ["catalog", "connection/c"]),
        ("GetConnections", {}, ["catalog", "connection/*"]),
        ("StartCrawler", {"Name": "c"}, ["crawler/c"]),
        ("StopCrawlerSchedule", {"CrawlerName": "c"}, ["crawler/c"]),
        ("StartJobRun", {"JobName": "j"}, ["job/j"]),
        ("BatchStopJobRun", {"JobName": "j", "JobRunIds": ["r"]}, ["job/j"]),
        ("GetJobBookmark", {"JobName": "j"}, ["job/j"]),
        ("BatchGetJobs", {"JobNames": ["i", "j"]}, ["job/i", "job/j"]),
        (
            "BatchDeleteTable",
            {"DatabaseName": "d", "TablesToDelete": ["a", "b"]},
            ["catalog", "database/d", "table/d/a", "table/d/b"],
        ),
    ],
)
def test_glue(operation: str, parameters: dict[str, Any], resources: list[str]) -> None:
    expected = [f"glue:{operation} {glue(each)}" for each in resources]
    assert asked("glue", operation, **parameters) == expected


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "passed_to"),
    [
        ("glue", "CreateJob", {"Name": "j", "Role": ROLE}, "glue.amazonaws.com"),
        ("glue", "CreateJob", {"Name": "j", "Role": "load"}, "glue.amazonaws.com"),
        (
            "glue",
            "UpdateJob",
            {"JobName": "j", "JobUpdate": {"Role": ROLE}},
            "glue.amazonaws.com",
        ),
        ("glue", "CreateCrawler", {"Name": "c", "Role": ROLE}, "glue.amazonaws.com"),
        ("glue", "UpdateCrawler", {"Name": "c", "Role": ROLE}, "glue.amazonaws.com"),
        (
            "stepfunctions",
            "CreateStateMachine",
            {"name": "m", "roleArn": ROLE},
            "states.amazonaws.com",
        ),
        (
            "stepfunctions",
            "UpdateStateMachine",
            {"stateMachineArn": "arn:m", "roleArn": ROLE},
            "states.amazonaws.com",
        ),
        (
            "events",
            "PutTargets",
            {"Rule": "r", "Targets": [{"Arn": "arn:t", "RoleArn": ROLE}]},
            "events.amazonaws.com",
        ),
        ("events", "PutRule", {"Name": "r", "RoleArn": ROLE}, "events.amazonaws.com"),
        (
            "redshift-serverless",
            "CreateNamespace",
            {"namespaceName": "n", "iamRoles": [ROLE], "defaultIamRoleArn": ROLE},
            "redshift-serverless.amazonaws.com",
        ),
        (
            "redshift",
            "ModifyClusterIamRoles",
            {"ClusterIdentifier": "c", "AddIamRoles": [ROLE]},
            "redshift.amazonaws.com",
        ),
    ],
)
def test_handing_over_a_role(
    service: str, operation: str, parameters: dict[str, Any], passed_to: str
) -> None:
    found = [each for each in needs(service, operation, **parameters) if "Pass" in each.action]
    assert found == [Need("iam:PassRole", ROLE, {"iam:PassedToService": passed_to})]


def test_starting_a_run_hands_over_no_role() -> None:
    assert asked("glue", "StartJobRun", JobName="j") == [f"glue:StartJobRun {glue('job/j')}"]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        (
            "stepfunctions",
            "StartExecution",
            {"stateMachineArn": "arn:m"},
            ["states:StartExecution arn:m"],
        ),
        (
            "stepfunctions",
            "CreateStateMachine",
            {"name": "m"},
            [f"states:CreateStateMachine arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:m"],
        ),
        ("stepfunctions", "ListStateMachines", {}, ["states:ListStateMachines *"]),
        (
            "events",
            "PutEvents",
            {"Entries": [{}, {"EventBusName": "own"}, {"EventBusName": "own"}]},
            [
                f"events:PutEvents arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default",
                f"events:PutEvents arn:aws:events:{REGION}:{ACCOUNT}:event-bus/own",
            ],
        ),
        (
            "events",
            "PutRule",
            {"Name": "r", "EventBusName": "own"},
            [f"events:PutRule arn:aws:events:{REGION}:{ACCOUNT}:rule/own/r"],
        ),
        ("sns", "Publish", {"TopicArn": "arn:t"}, ["sns:Publish arn:t"]),
        ("sns", "PublishBatch", {"TopicArn": "arn:t"}, ["sns:Publish arn:t"]),
        (
            "sns",
            "Publish",
            {"TargetArn": "arn:encrypted"},
            [
                "sns:Publish arn:encrypted",
                f"kms:GenerateDataKey arn:aws:kms:{REGION}:{ACCOUNT}:key/of-t",
                f"kms:Decrypt arn:aws:kms:{REGION}:{ACCOUNT}:key/of-t",
            ],
        ),
        (
            "sns",
            "GetTopicAttributes",
            {"TopicArn": "encrypted"},
            ["sns:GetTopicAttributes encrypted"],
        ),
        (
            "sqs",
            "SendMessageBatch",
            {"QueueUrl": "http://h/encrypted"},
            [
                f"sqs:SendMessage arn:aws:sqs:{REGION}:{ACCOUNT}:encrypted",
                f"kms:GenerateDataKey arn:aws:kms:{REGION}:{ACCOUNT}:key/of-q",
                f"kms:Decrypt arn:aws:kms:{REGION}:{ACCOUNT}:key/of-q",
            ],
        ),
        (
            "sqs",
            "ReceiveMessage",
            {"QueueUrl": "http://h/encrypted"},
            [
                f"sqs:ReceiveMessage arn:aws:sqs:{REGION}:{ACCOUNT}:encrypted",
                f"kms:Decrypt arn:aws:kms:{REGION}:{ACCOUNT}:key/of-q",
            ],
        ),
        (
            "sqs",
            "DeleteMessage",
            {"QueueUrl": "http://h/encrypted"},
            [f"sqs:DeleteMessage arn:aws:sqs:{REGION}:{ACCOUNT}:encrypted"],
        ),
        ("sns", "Unsubscribe", {"SubscriptionArn": "arn:t:1"}, ["sns:Unsubscribe arn:t"]),
        (
            "sqs",
            "SendMessageBatch",
            {"QueueUrl": "http://localhost:4566/444455556666/q"},
            [f"sqs:SendMessage arn:aws:sqs:{REGION}:444455556666:q"],
        ),
        (
            "sqs-query",
            "GetQueueUrl",
            {"QueueName": "q"},
            [f"sqs:GetQueueUrl arn:aws:sqs:{REGION}:{ACCOUNT}:q"],
        ),
        (
            "redshift-data",
            "ExecuteStatement",
            {"WorkgroupName": "w", "SecretArn": "login"},
            [
                f"redshift-data:ExecuteStatement {WORKGROUP}",
                f"secretsmanager:GetSecretValue {SECRET}",
            ],
        ),
        (
            "redshift-data",
            "ListTables",
            {"WorkgroupName": "w"},
            [
                f"redshift-data:ListTables {WORKGROUP}",
                f"redshift-serverless:GetCredentials {WORKGROUP}",
            ],
        ),
        (
            "redshift-data",
            "ExecuteStatement",
            {"ClusterIdentifier": "c", "DbUser": "u", "Database": "d"},
            [
                f"redshift-data:ExecuteStatement arn:aws:redshift:{REGION}:{ACCOUNT}:cluster:c",
                f"redshift:GetClusterCredentials arn:aws:redshift:{REGION}:{ACCOUNT}:dbuser:c/u",
                f"redshift:GetClusterCredentials arn:aws:redshift:{REGION}:{ACCOUNT}:dbname:c/d",
            ],
        ),
        (
            "redshift-data",
            "GetStatementResultV2",
            {"Id": "s"},
            ["redshift-data:GetStatementResult *"],
        ),
        (
            "redshift-serverless",
            "UpdateNamespace",
            {"namespaceName": "n"},
            [f"redshift-serverless:UpdateNamespace {NAMESPACE}"],
        ),
        (
            "logs",
            "CreateLogGroup",
            {"logGroupName": "/g"},
            [f"logs:CreateLogGroup arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/g:log-stream:"],
        ),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "/g", "logStreamName": "s"},
            [f"logs:PutLogEvents arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/g:log-stream:s"],
        ),
        (
            "kms",
            "Decrypt",
            {"KeyId": "alias/a"},
            [f"kms:Decrypt arn:aws:kms:{REGION}:{ACCOUNT}:key/of-alias/a"],
        ),
        ("sts", "AssumeRole", {"RoleArn": ROLE}, [f"sts:AssumeRole {ROLE}"]),
        ("sts", "GetCallerIdentity", {}, []),
        ("iam", "GetRole", {"RoleName": "load"}, [f"iam:GetRole {ROLE}"]),
        ("iam", "ListRoles", {}, ["iam:ListRoles *"]),
        ("glue", "CreateTrigger", {"Name": "t"}, ["glue:CreateTrigger *"]),
        ("athena", "StartQueryExecution", {}, ["athena:StartQueryExecution *"]),
    ],
)
def test_other_services(
    service: str, operation: str, parameters: dict[str, Any], expected: list[str]
) -> None:
    assert asked(service, operation, **parameters) == expected


def test_condition_keys_that_services_fill_in() -> None:
    owned = needs("redshift-data", "DescribeStatement", Id="s")[0]
    assert owned.context == {"redshift-data:statement-owner-iam-userid": "AROA:session"}
    assert needs("redshift-data", "DescribeStatement", Id="gone")[0].context == {}
    metrics = needs("cloudwatch", "PutMetricData", Namespace="Glue")[0]
    assert metrics.context == {"cloudwatch:namespace": "Glue"}
    secret = needs("secretsmanager", "GetSecretValue", SecretId="login")[0]
    assert secret.context == {
        "secretsmanager:SecretId": SECRET,
        "secretsmanager:VersionStage": "AWSCURRENT",
    }
    targets = needs("events", "PutTargets", Rule="r", Targets=[{"Arn": "arn:t"}])[0]
    assert targets.context == {"events:TargetArn": ("arn:t",)}


def test_the_prefix_of_a_services_actions() -> None:
    assert [prefix_of(name) for name in ("stepfunctions", "sqs-query", "glue")] == [
        "states",
        "sqs",
        "glue",
    ]


def test_a_key_is_used_by_the_service_for_its_resource() -> None:
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:encrypted"
    _, encrypting, _ = needs("sqs-query", "SendMessage", QueueUrl="http://h/encrypted")
    assert encrypting.context == {
        "kms:ViaService": f"sqs.{REGION}.amazonaws.com",
        "kms:EncryptionContextKeys": ("aws:sqs:arn",),
        "kms:EncryptionContext:aws:sqs:arn": arn,
    }
