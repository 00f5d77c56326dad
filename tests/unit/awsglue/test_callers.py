"""As whom the library calls AWS."""

from __future__ import annotations

from typing import Any

import pytest
from awsglue import _aws


@pytest.fixture(autouse=True)
def _no_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_aws, "_clients", {})
    _aws._session.cache_clear()
    monkeypatch.setenv("ETLOCAL_ACCOUNT", "000000000000")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIA1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def key_of(service: str) -> Any:
    credentials = _aws.client(service)._request_signer._credentials
    return credentials.access_key, credentials.token


def test_the_warehouse_is_asked_by_its_login_and_the_rest_by_the_jobs_role(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    assert key_of("glue") == ("ASIA1", "token")
    assert key_of("s3") == ("ASIA1", "token")
    assert key_of("redshift-data") == ("000000000000", None)


def test_without_a_roles_session_all_go_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    assert key_of("glue") == key_of("redshift-data") == ("ASIA1", None)
