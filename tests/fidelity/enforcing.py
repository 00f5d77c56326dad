"""An account with roles and users, on an endpoint that enforces permissions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from .conftest import Endpoint

ACCOUNT = "000000000000"
Statement = dict[str, Any]
Clients = Callable[[str], Any]


def allow(actions: Any, resources: Any = "*", **conditions: Any) -> Statement:
    """Make a statement that allows actions."""
    made = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return {**made, "Condition": conditions} if conditions else made


def document(*statements: Statement) -> str:
    """Make a policy of statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(*services: str, **conditions: Any) -> str:
    """Make a trust policy; without a service it trusts everyone in the account."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": list(services)} if services else {"AWS": ACCOUNT},
        "Action": "sts:AssumeRole",
    }
    return document({**statement, "Condition": conditions} if conditions else statement)


class Account:
    """What a test has of the endpoint, as its root and as others."""

    def __init__(self, endpoint: Endpoint, name: str) -> None:
        self.endpoint = endpoint
        self.name = name
        self.root = endpoint.client

    def role(self, *statements: Statement, trusts: str | None = None, name: str = "role") -> str:
        """Make a role with an inline policy; give its ARN."""
        iam = self.root("iam")
        made = iam.create_role(
            RoleName=f"{self.name}-{name}", AssumeRolePolicyDocument=trusts or trust()
        )
        if statements:
            self.grant(*statements, name=name)
        arn: str = made["Role"]["Arn"]
        return arn

    def grant(self, *statements: Statement, name: str = "role") -> None:
        """Replace the inline policy of a role."""
        self.root("iam").put_role_policy(
            RoleName=f"{self.name}-{name}", PolicyName="p", PolicyDocument=document(*statements)
        )

    def session(self, *statements: Statement, policy: str | None = None) -> Clients:
        """Assume a new role with these statements; give clients that act as its session."""
        arn = self.role(*statements)
        more = {"Policy": policy} if policy else {}
        answer = self.root("sts").assume_role(RoleArn=arn, RoleSessionName="session", **more)
        return self.clients(answer["Credentials"])

    def clients(self, credentials: dict[str, Any]) -> Clients:
        """Give clients with credentials of STS or of an access key."""
        make: Any = boto3.client

        def client(service: str) -> Any:
            return make(
                service,
                endpoint_url=self.endpoint.url,
                region_name="us-east-1",
                aws_access_key_id=credentials["AccessKeyId"],
                aws_secret_access_key=credentials["SecretAccessKey"],
                aws_session_token=credentials.get("SessionToken"),
            )

        return client

    @property
    def session_arn(self) -> str:
        """The ARN of `session`'s principal."""
        return f"arn:aws:sts::{ACCOUNT}:assumed-role/{self.name}-role/session"

    def decisions(self) -> list[dict[str, Any]]:
        """What the test's principals have asked for."""
        status, told = self.endpoint.call("GET", "/_etlocal/permissions")
        assert status == 200
        return [each for each in told["decisions"] if self.name in each["principal"]]


@contextmanager
def refused(code: str, *parts: str) -> Iterator[None]:
    """Expect an error of AWS by its code, with parts of its message."""
    with pytest.raises(ClientError) as raised:
        yield
    error = raised.value.response["Error"]
    assert error["Code"] == code, error
    for part in parts:
        assert part in error["Message"], error
