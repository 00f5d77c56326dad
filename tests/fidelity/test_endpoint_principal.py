"""Who a service is told makes a request: the account, a user by their key, an assumed role.

The event that the Data API sends of a statement names its caller; the service takes it from where
every one of our services does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from .conftest import Endpoint

Clients = Callable[[str], Any]
Caller = Callable[[dict[str, str]], str]

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture
def principal_with(client: Clients, endpoint: Endpoint, name: str) -> Iterator[Caller]:
    """Run a statement with the given credentials; give whom its event names."""
    queue = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    pattern = {"source": ["aws.redshift-data"], "detail": {"statementName": [name]}}
    client("events").put_rule(Name=name, EventPattern=json.dumps(pattern))
    target = {"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}
    client("events").put_targets(Rule=name, Targets=[target])
    serverless = client("redshift-serverless")
    serverless.create_namespace(namespaceName=name, adminUsername="admin", manageAdminPassword=True)
    serverless.create_workgroup(workgroupName=name, namespaceName=name)

    def principal(credentials: dict[str, str]) -> str:
        make: Any = boto3.client
        data = make(
            "redshift-data", endpoint_url=endpoint.url, region_name="us-east-1", **credentials
        )
        data.execute_statement(
            WorkgroupName=name, Database="dev", Sql="SELECT 1", StatementName=name, WithEvent=True
        )
        got = client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"][0]
        client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=got["ReceiptHandle"])
        named: str = json.loads(got["Body"])["detail"]["principal"]
        return named

    yield principal
    serverless.delete_workgroup(workgroupName=name)
    serverless.delete_namespace(namespaceName=name)


def test_a_request_is_made_by_whose_key_signed_it(
    principal_with: Caller, client: Clients, name: str
) -> None:
    account = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "test"}
    assert principal_with(account) == "arn:aws:iam::000000000000:root"

    iam = client("iam")
    user = iam.create_user(UserName=name)["User"]["Arn"]
    key = iam.create_access_key(UserName=name)["AccessKey"]
    by_user = {
        "aws_access_key_id": key["AccessKeyId"],
        "aws_secret_access_key": key["SecretAccessKey"],
    }
    assert principal_with(by_user) == user

    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    assumed = client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="session")
    by_role = {
        "aws_access_key_id": assumed["Credentials"]["AccessKeyId"],
        "aws_secret_access_key": assumed["Credentials"]["SecretAccessKey"],
        "aws_session_token": assumed["Credentials"]["SessionToken"],
    }
    assert principal_with(by_role) == f"arn:aws:sts::000000000000:assumed-role/{name}/session"
