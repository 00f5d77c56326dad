"""What the Redshift connector asks as the job's role: its login, and who clears what it leaves."""

from __future__ import annotations

from typing import Any

import pytest
from awsglue import _aws, _leftovers, _redshift
from botocore.exceptions import ClientError

URL = "jdbc:redshift://wg.000000000000.eu-west-1.redshift-serverless.amazonaws.com:5439/dev"


class Secrets:
    """Keeps which secrets were read; says what they hold."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.read: list[str] = []

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803
        self.read.append(SecretId)
        return {"SecretString": self.text}


class Bucket:
    """A bucket with a life cycle, or an error in its place."""

    def __init__(self, *rules: dict[str, Any], error: str = "") -> None:
        self.rules = rules
        self.error = error

    def get_bucket_lifecycle_configuration(self, Bucket: str) -> dict[str, Any]:  # noqa: N803
        assert Bucket == "tmp"
        if self.error:
            answer: Any = {"Error": {"Code": self.error, "Message": "no"}}
            raise ClientError(answer, "GetBucketLifecycleConfiguration")
        return {"Rules": list(self.rules)}


@pytest.mark.parametrize("token", ["token", ""])
def test_a_role_reads_its_connections_login_itself(
    monkeypatch: pytest.MonkeyPatch, catalog: Any, token: str
) -> None:
    monkeypatch.setenv("ETLOCAL_ACCOUNT", "000000000000")
    monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    secrets = Secrets('{"username": "u", "password": "p"}')
    _aws.use_client("secretsmanager", secrets)
    catalog.connections["wh"] = {"JDBC_CONNECTION_URL": URL, "SECRET_ID": "arn:secret"}

    target = _redshift.Options({"connectionName": "wh"}).target()

    assert target.arguments == {"WorkgroupName": "wg", "SecretArn": "arn:secret"}
    assert secrets.read == (["arn:secret"] if token else [])


def test_a_secret_that_is_no_login_is_named(monkeypatch: pytest.MonkeyPatch, catalog: Any) -> None:
    monkeypatch.setenv("ETLOCAL_ACCOUNT", "000000000000")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    _aws.use_client("secretsmanager", Secrets("no JSON"))
    with pytest.raises(ValueError, match="'s' must be a JSON object with username and password"):
        _redshift.Options({"url": URL, "secretId": "s"}).target()


@pytest.mark.parametrize(
    ("bucket", "words"),
    [
        (Bucket({"Status": "Enabled", "Filter": {"Prefix": "x/"}}), ""),
        (Bucket({"Status": "Enabled", "Filter": {"And": {"Prefix": "x"}}}), ""),
        (Bucket({"Status": "Enabled"}), ""),
        (Bucket({"Status": "Disabled", "Prefix": "x/"}), "No rule"),
        (Bucket({"Status": "Enabled", "Prefix": "y/"}), "No rule"),
        (Bucket(error="NoSuchLifecycleConfiguration"), "No rule"),
        (Bucket(error="AccessDenied"), "cannot be read: An error occurred (AccessDenied)"),
    ],
)
def test_a_temporary_directory_that_nothing_clears_is_told_of(
    capsys: pytest.CaptureFixture[str], bucket: Bucket, words: str
) -> None:
    _aws.use_client("s3", bucket)

    _leftovers.warn("s3a://tmp/x/123/")

    said = capsys.readouterr().err
    assert words in said
    assert bool(said) == bool(words)
