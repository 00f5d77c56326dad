"""Redshift through boto3 on a running endpoint: what clients of AWS see."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

Clients = Callable[[str], Any]


@pytest.fixture
def workgroup(client: Clients, name: str) -> Iterator[str]:
    """A workgroup with a namespace of its own."""
    serverless = client("redshift-serverless")
    serverless.create_namespace(namespaceName=name, adminUsername="admin", manageAdminPassword=True)
    serverless.create_workgroup(workgroupName=name, namespaceName=name)
    yield name
    serverless.delete_workgroup(workgroupName=name)
    serverless.delete_namespace(namespaceName=name)


@pytest.fixture
def run(client: Clients, workgroup: str) -> Callable[..., dict[str, Any]]:
    """Run a statement, or a batch, to its end."""

    def execute(sql: str | list[str], **more: Any) -> dict[str, Any]:
        data = client("redshift-data")
        target = {"WorkgroupName": workgroup, "Database": "dev", **more}
        if isinstance(sql, list):
            accepted = data.batch_execute_statement(Sqls=sql, **target)
        else:
            accepted = data.execute_statement(Sql=sql, **target)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            described: dict[str, Any] = data.describe_statement(Id=accepted["Id"])
            if described["Status"] in ("FINISHED", "FAILED", "ABORTED"):
                return described
        raise AssertionError(f"still {described['Status']} after 60 s: {sql}")

    return execute


@pytest.fixture
def bucket(client: Clients, name: str) -> str:
    """A bucket of this test alone."""
    client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def role(client: Clients, name: str) -> str:
    """A role that the warehouse may act as."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "redshift.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    answer = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(policy))
    return str(answer["Role"]["Arn"])


def test_a_load_from_s3_is_queried_and_unloaded(
    client: Clients, run: Callable[..., dict[str, Any]], bucket: str, role: str
) -> None:
    s3 = client("s3")
    s3.put_object(Bucket=bucket, Key="in/a.csv", Body=b"id,city\n1,Reno\n2,Ames\n")
    assert run("create schema air")["Status"] == "FINISHED"
    assert run("create table air.dim (id bigint, city varchar(9))")["Status"] == "FINISHED"
    loaded = run(
        [
            "delete from air.dim",
            f"copy air.dim from 's3://{bucket}/in/' iam_role '{role}' format as csv ignoreheader 1",
        ]
    )
    assert loaded["Status"] == "FINISHED", loaded.get("Error")
    assert [part["ResultRows"] for part in loaded["SubStatements"]] == [0, 2]
    queried = run("select id, city from air.dim order by city")
    result = client("redshift-data").get_statement_result(Id=queried["Id"])
    assert result["TotalNumRows"] == 2
    assert result["Records"][0] == [{"longValue": 2}, {"stringValue": "Ames"}]
    unloaded = run(
        f"unload ('select * from air.dim') to 's3://{bucket}/out/' iam_role '{role}' parquet"
    )
    assert unloaded["Status"] == "FINISHED", unloaded.get("Error")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="out/")["Contents"]
    assert [item["Key"] for item in listed] == ["out/0000_part_00.parquet"]


def test_a_bad_line_fails_the_load_and_is_shown(
    client: Clients, run: Callable[..., dict[str, Any]], bucket: str, role: str
) -> None:
    client("s3").put_object(Bucket=bucket, Key="bad.csv", Body=b"1\nx\n")
    run("create table t (a int)")
    failed = run(f"copy t from 's3://{bucket}/bad.csv' iam_role '{role}' csv")
    assert failed["Status"] == "FAILED"
    assert "Load into table 't' failed" in failed["Error"]
    queried = run("select line_number, err_reason from stl_load_errors")
    record = client("redshift-data").get_statement_result(Id=queried["Id"])["Records"][0]
    assert record == [
        {"longValue": 2},
        {"stringValue": "Invalid digit, Value 'x', Pos 0, Type: Integer"},
    ]


def test_a_bucket_that_is_not_there_fails_in_s3s_words(
    run: Callable[..., dict[str, Any]], role: str, name: str
) -> None:
    run("create table t (a int)")
    failed = run(f"copy t from 's3://{name}-gone/x' iam_role '{role}' csv")
    assert failed["Error"].startswith("ERROR: S3ServiceException:The specified bucket does not")
    assert "Error NoSuchBucket" in failed["Error"]


def test_errors_have_awss_codes(client: Clients, name: str) -> None:
    data = client("redshift-data")
    with pytest.raises(ClientError, match="Redshift endpoint doesn't exist") as caught:
        data.execute_statement(Sql="select 1", WorkgroupName=name, Database="dev")
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    with pytest.raises(data.exceptions.ResourceNotFoundException):
        data.describe_statement(Id="00000000-0000-0000-0000-000000000000")
    with pytest.raises(client("redshift").exceptions.ClusterNotFoundFault):
        client("redshift").describe_clusters(ClusterIdentifier=name)
    with pytest.raises(ClientError) as refused:
        client("redshift").create_cluster_snapshot(SnapshotIdentifier="a", ClusterIdentifier="b")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_a_namespace_and_its_workgroup_are_described(client: Clients, workgroup: str) -> None:
    serverless = client("redshift-serverless")
    described = serverless.get_workgroup(workgroupName=workgroup)["workgroup"]
    assert described["status"] == "AVAILABLE"
    assert described["endpoint"]["address"].startswith(f"{workgroup}.000000000000.us-east-1.")
    namespace = serverless.get_namespace(namespaceName=workgroup)["namespace"]
    secret = client("secretsmanager").get_secret_value(SecretId=namespace["adminPasswordSecretArn"])
    assert json.loads(secret["SecretString"])["username"] == "admin"
    with pytest.raises(serverless.exceptions.ConflictException):
        serverless.delete_namespace(namespaceName=workgroup)
    assert serverless.get_credentials(workgroupName=workgroup)["dbUser"].startswith("IAM")


def test_a_cluster_answers_statements_and_its_credentials(client: Clients, name: str) -> None:
    redshift, data = client("redshift"), client("redshift-data")
    redshift.create_cluster(
        ClusterIdentifier=name,
        NodeType="ra3.large",
        MasterUsername="admin",
        MasterUserPassword="Passw0rdIsLong",
        DBName="sales",
    )
    accepted = data.execute_statement(
        Sql="select current_user, current_database()",
        ClusterIdentifier=name,
        DbUser="ann",
        Database="sales",
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if data.describe_statement(Id=accepted["Id"])["Status"] == "FINISHED":
            break
    record = data.get_statement_result(Id=accepted["Id"])["Records"][0]
    assert record == [{"stringValue": "ann"}, {"stringValue": "sales"}]
    given = redshift.get_cluster_credentials(ClusterIdentifier=name, DbUser="ann")
    assert given["DbUser"] == "IAM:ann"
    described = redshift.describe_clusters(ClusterIdentifier=name)["Clusters"][0]
    assert described["Endpoint"]["Address"].startswith(f"{name}.")
    redshift.delete_cluster(ClusterIdentifier=name, SkipFinalClusterSnapshot=True)
