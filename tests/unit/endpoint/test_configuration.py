"""What LocalStack is told before it is imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from etlocal.endpoint.configuration import localstack_environment
from etlocal.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state_dir=tmp_path, port=4599, account="123456789012", region="eu-west-1")


def test_it_listens_on_loopback_and_stays_off_the_internet(settings: Settings) -> None:
    told = localstack_environment(settings, {})
    assert told["GATEWAY_LISTEN"] == "127.0.0.1:4599"
    assert told["LOCALSTACK_HOST"] == "127.0.0.1:4599"
    assert told["DISABLE_EVENTS"] == "1"
    assert told["SKIP_SSL_CERT_DOWNLOAD"] == "1"
    assert told["DNS_ADDRESS"] == "0"
    assert told["FILESYSTEM_ROOT"].startswith(str(settings.state_dir))
    assert told["PROVIDER_OVERRIDE_REDSHIFT"] == "etlocal"


def test_what_a_shell_holds_for_another_localstack_is_not_taken(settings: Settings) -> None:
    shell = {
        "DISABLE_CORS_CHECKS": "1",
        "SERVICES": "s3",
        "PERSISTENCE": "1",
        "DEBUG": "1",
        "LOCALSTACK_AUTH_TOKEN": "ls-1",
        "PROVIDER_OVERRIDE_SNS": "v2",
        "CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES": "0",
        "PATH": "/bin",
    }
    told = localstack_environment(settings, shell)
    assert told["PATH"] == "/bin"
    assert not (shell.keys() - {"PATH"}) & told.keys()


def test_a_profile_for_real_aws_cannot_be_reached(settings: Settings) -> None:
    shell = {
        "AWS_PROFILE": "prod",
        "AWS_SESSION_TOKEN": "t",
        "AWS_ACCESS_KEY_ID": "AKIA",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_ENDPOINT_URL": "https://example.com",
        "AWS_ENDPOINT_URL_S3": "https://example.com",
        "AWS_REGION": "us-west-2",
        "AWS_CONFIG_FILE": "me/.aws/config",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "me/token",
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/admin",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "BOTO_CONFIG": "me/.boto",
    }
    told = localstack_environment(settings, shell)
    kept = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_CONFIG_FILE"}
    assert not (shell.keys() - kept) & told.keys()
    assert told["AWS_ACCESS_KEY_ID"] == "123456789012"
    assert told["AWS_SECRET_ACCESS_KEY"] != "s"
    assert told["AWS_REGION"] == "eu-west-1"
    assert not Path(told["AWS_CONFIG_FILE"]).exists()
    assert not Path(told["AWS_SHARED_CREDENTIALS_FILE"]).exists()
    assert told["AWS_EC2_METADATA_DISABLED"] == "true"


@pytest.mark.parametrize("name", ["HTTP_PROXY", "https_proxy", "ALL_PROXY"])
def test_no_proxy_asks_outside_for_it(settings: Settings, name: str) -> None:
    assert name not in localstack_environment(settings, {name: "http://127.0.0.1:3128"})
