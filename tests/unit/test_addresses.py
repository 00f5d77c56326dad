"""What counts as local, and what the settings make of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from etlocal.addresses import is_local
from etlocal.settings import Settings


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "::1", "10.1.2.3", "172.18.0.4", "192.168.1.9", "spark"]
)
def test_this_machine_and_its_containers_are_local(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "glue.us-east-1.amazonaws.com",
        "spark.example",
        "8.8.8.8",
        "0.0.0.0",
        "169.254.169.254",
        "fd00:ec2::254",
        "2600::1",
    ],
)
def test_what_could_be_aws_is_not_local(host: str) -> None:
    assert not is_local(host)


@pytest.mark.parametrize("name", ["public_url", "job_endpoint_url", "worker_url"])
@pytest.mark.parametrize(
    "url", ["http://s3.amazonaws.com", "https://localstack:4566", "localstack:4566", "http://"]
)
def test_settings_refuse_a_url_that_could_lead_to_aws(name: str, url: str) -> None:
    with pytest.raises(ValidationError, match="never reach real AWS"):
        Settings(**{name: url})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "host", ["shop.abc.us-east-1.redshift.amazonaws.com", "db.example", "52.0.0.1"]
)
def test_settings_refuse_a_warehouse_that_could_be_awss(host: str) -> None:
    with pytest.raises(ValidationError, match="never reach real AWS") as refused:
        Settings(warehouse_url=f"postgresql://me:secret@{host}:5439/dev")  # type: ignore[arg-type]
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("address", ["192.168.1.9", "::", "localhost"])
def test_parts_listen_on_the_loopback_interface_or_where_asked_on_all(address: str) -> None:
    assert Settings().bind_address == "127.0.0.1"
    assert Settings(bind_address="0.0.0.0").bind_address == "0.0.0.0"
    with pytest.raises(ValidationError):
        Settings(bind_address=address)  # type: ignore[arg-type]


def test_the_warehouses_password_comes_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("a/b @c\n")
    settings = Settings(
        warehouse_url="postgresql://etlocal@warehouse:5432/dev",  # type: ignore[arg-type]
        warehouse_password_file=file,
    )

    assert settings.warehouse_address() == "postgresql://etlocal:a%2Fb%20%40c@warehouse:5432/dev"
    assert "a%2Fb" not in settings.model_dump_json()


@pytest.mark.parametrize(
    ("url", "content", "message"),
    [
        ("postgresql://etlocal@warehouse/dev", None, "cannot be read"),
        ("postgresql://etlocal@warehouse/dev", " \n", "is empty"),
        ("postgresql://etlocal:other@warehouse/dev", "secret", "leave one out"),
        ("postgresql://warehouse/dev", "secret", "names no user"),
    ],
)
def test_a_password_that_cannot_be_had_is_an_error_that_says_why(
    tmp_path: Path, url: str, content: str | None, message: str
) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_text(content)
    settings = Settings(warehouse_url=url, warehouse_password_file=file)  # type: ignore[arg-type]

    with pytest.raises(ValueError, match=message) as raised:
        settings.warehouse_address()

    assert "secret" not in str(raised.value)
