"""Clients on AWS are made of what the environment says, or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, NoCredentialsError

from etlocal.clients import AwsClients, AwsError


class SentError(AssertionError):
    """A call would have left the process."""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment in which nothing is set, and no call goes out."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))

    def refuse(self: Any, operation: str, parameters: Any) -> Any:
        raise SentError(operation)

    monkeypatch.setattr(BaseClient, "_make_api_call", refuse)


@pytest.fixture
def caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """STS says who calls."""

    def answer(self: Any, operation: str, parameters: Any) -> Any:
        assert operation == "GetCallerIdentity"
        return {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/u"}

    monkeypatch.setattr(BaseClient, "_make_api_call", answer)


def test_the_account_and_region_are_those_of_the_credentials(caller: None) -> None:
    clients = AwsClients(region="eu-west-1")

    assert clients.account == "123456789012"
    assert clients.place == "AWS account 123456789012 in eu-west-1"
    assert clients.client("glue").meta.endpoint_url == "https://glue.eu-west-1.amazonaws.com"


def test_no_region_is_said_before_any_call() -> None:
    with pytest.raises(AwsError, match="no region is set: give --region"):
        AwsClients()


def test_an_unknown_profile_is_named() -> None:
    with pytest.raises(AwsError, match=r"production.*--profile"):
        AwsClients(profile="production", region="eu-west-1")


@pytest.mark.parametrize(
    "variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"], ids=["all", "one"]
)
def test_an_environment_that_is_set_for_the_local_endpoint_is_refused(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:4566")

    with pytest.raises(AwsError, match=r"http://127\.0\.0\.1:4566, which is not AWS.*unset"):
        AwsClients(region="eu-west-1")


def test_a_service_that_is_set_for_the_local_endpoint_is_refused(
    monkeypatch: pytest.MonkeyPatch, caller: None
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_GLUE", "http://localhost:4566")
    clients = AwsClients(region="eu-west-1")

    with pytest.raises(AwsError, match="calls of glue would go to http://localhost:4566"):
        clients.client("glue")


@pytest.mark.parametrize(
    "url", ["https://aws.example.com", "https://amazonaws.com.example.com", "https://192.0.2.1"]
)
def test_a_host_that_is_not_awss_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)

    with pytest.raises(AwsError, match="which is not AWS"):
        AwsClients(region="eu-west-1")


def test_a_vpc_endpoint_of_aws_is_taken(monkeypatch: pytest.MonkeyPatch, caller: None) -> None:
    url = "https://vpce-0a1b-2c3d.glue.eu-west-1.vpce.amazonaws.com"
    monkeypatch.setenv("AWS_ENDPOINT_URL_GLUE", url)

    assert AwsClients(region="eu-west-1").client("glue").meta.endpoint_url == url


def test_plain_http_is_refused_wherever_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://glue.eu-west-1.amazonaws.com")

    with pytest.raises(AwsError, match="which is not AWS"):
        AwsClients(region="eu-west-1")


def test_credentials_that_are_none_are_said_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: Any, operation: str, parameters: Any) -> Any:
        raise NoCredentialsError

    monkeypatch.setattr(BaseClient, "_make_api_call", refuse)

    with pytest.raises(AwsError, match=r"cannot be asked who calls.*aws sso login"):
        AwsClients(region="eu-west-1")


def test_credentials_that_aws_does_not_know_are_said_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: Any, operation: str, parameters: Any) -> Any:
        raise ClientError(
            {"Error": {"Code": "InvalidClientTokenId", "Message": "The token is invalid."}},
            operation,
        )

    monkeypatch.setattr(BaseClient, "_make_api_call", refuse)

    with pytest.raises(AwsError, match=r"does not take these credentials.*dummy credentials"):
        AwsClients(region="eu-west-1")
