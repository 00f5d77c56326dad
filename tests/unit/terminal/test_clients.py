"""Local runs cannot reach AWS."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import NoReturn

import pytest

from etlocal.clients import LocalClients, NotLocalError, require_local
from etlocal.settings import Settings


@pytest.mark.parametrize(
    "url",
    [
        "https://s3.amazonaws.com",
        "http://8.8.8.8:4566",
        "http://134744072:4566",
        "http://0x08080808",
        "http://169.254.169.254",
        "http://0.0.0.0:4566",
        "http://[::ffff:8.8.8.8]:4566",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1.nip.io:4566",
        "http://localhost.",
        "http://localhost.example",
        "http://127.1",
        "http://0177.0.0.1",
        "http://0x7f.1",
        "http://2130706433",
        "http://[::ffff:52.216.0.1]",
        "http://[2600:1f18::1]",
        "http://[fe80::1%25eth0]",
        "http://[fd00:ec2::254]",
        "http://169.254.170.2",
        "http://100.64.0.1",
        "http://localhost@10.0.0.1",
        "http://127.0.0.1@evil.example",
        "http://127.0.0.1:4566@evil.example",
        "http://:secret@127.0.0.1",
        "http://@127.0.0.1",
        "http://127.0.0.1\\@evil.example",
        "http://evil.example\\@127.0.0.1",
        "http://127.0.0.1\t.evil.example",
        "http://evil。example",
        "http://localhost%2eevil.example",
        "http://localhost%2e",
        "http://127.0.0.1;evil.example",
        "http://127.0.0.1#@evil.example",
        "http://127.0.0.1?@evil.example",
        "//127.0.0.1:4566",
        "file:///etc/passwd",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:4566/path",
        "http://[::1",
        "ftp://127.0.0.1",
        "127.0.0.1:4566",
        "",
    ],
)
def test_endpoint_elsewhere_is_refused_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _nobody_asks)
    monkeypatch.setattr(socket.socket, "connect", _nobody_asks)

    with pytest.raises(NotLocalError, match="never reach real AWS"):
        require_local(url)


def _nobody_asks(*arguments: object, **_: object) -> NoReturn:
    raise AssertionError(arguments)


@pytest.mark.parametrize("address", ["8.8.8.8", "2600:1f18::1", "169.254.169.254"])
def test_plain_name_that_is_a_host_on_the_internet_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    with pytest.raises(NotLocalError, match=f"ai is {address} here"):
        require_local("http://ai")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:4566",
        "http://localhost:1",
        "http://[::1]:2",
        "http://localstack:4566/",
        "http://10.0.0.1:4566",
        "http://172.18.0.2:4566",
        "http://192.168.1.2:4566",
    ],
)
def test_endpoint_on_this_machine_or_beside_it_is_taken(url: str) -> None:
    require_local(url)


def test_credentials_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREALREALREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.amazonaws.com")

    client = LocalClients("http://127.0.0.1:4566", Settings()).client("s3")

    assert client.meta.endpoint_url == "http://127.0.0.1:4566"
    signed = client.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
    assert "AKIAREAL" not in signed


@pytest.mark.parametrize("profile", ["prod", "missing"])
def test_profile_for_real_aws_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, profile: str
) -> None:
    (tmp_path / "config").write_text(
        "[profile prod]\nregion = eu-west-1\nendpoint_url = https://s3.amazonaws.com\n"
        "use_fips_endpoint = true\nrole_arn = arn:aws:iam::123456789012:role/admin\n"
        "source_profile = prod\ns3 =\n  use_accelerate_endpoint = true\n"
        "  addressing_style = virtual\n"
    )
    (tmp_path / "credentials").write_text(
        "[prod]\naws_access_key_id = AKIAREALREALREAL\naws_secret_access_key = real\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", profile)
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    monkeypatch.setenv("AWS_USE_DUALSTACK_ENDPOINT", "true")

    client = LocalClients("http://127.0.0.1:4566", Settings()).client("s3")

    assert client.meta.region_name == "us-east-1"
    assert client.generate_presigned_url(
        "get_object", Params={"Bucket": "b", "Key": "k"}
    ).startswith("http://127.0.0.1:4566/b/k?AWSAccessKeyId=000000000000&")
