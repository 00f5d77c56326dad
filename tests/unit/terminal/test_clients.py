"""Local runs cannot reach AWS."""

from __future__ import annotations

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
        "http://localhost@10.0.0.1",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:4566/path",
        "http://[::1",
        "ftp://127.0.0.1",
        "127.0.0.1:4566",
        "",
    ],
)
def test_endpoint_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(NotLocalError, match="never reach real AWS"):
        require_local(url)


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
