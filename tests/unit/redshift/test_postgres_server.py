"""What is PostgreSQL's alone: the setting, the server's databases, the hidden password."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import pytest

from etlocal.redshift.dialect.parser import parse
from etlocal.redshift.engines.postgres import PostgresEngine
from etlocal.redshift.engines.postgres.connection import Address
from etlocal.redshift.errors import SqlError
from etlocal.settings import Settings
from tests.postgres_server import PASSWORD, QUOTED, VARIABLE


def test_the_password_is_in_no_text_of_the_settings_or_the_address(tmp_path: Path) -> None:
    url = "postgresql://ann:hidden@127.0.0.1:1/db"
    settings = Settings(state_dir=tmp_path, warehouse_url=url)  # type: ignore[arg-type]
    assert settings.environment()["ETLOCAL_WAREHOUSE_URL"] == url
    for text in (repr(settings), settings.model_dump_json(), str(Address(url))):
        assert "hidden" not in text
    read = Settings.model_validate_json(settings.model_dump_json())
    assert read.fingerprint() == settings.fingerprint()
    other = settings.model_copy(update={"warehouse_url": None})
    assert other.fingerprint() != settings.fingerprint()


@pytest.mark.parametrize(
    "url",
    ["mysql://ann:hidden@h/db", "postgresql://ann:hidden@/db", "postgresql://ann:hidden@h:x/db",
     "postgresql://ann:hidden@h/db?sslmode=off"],
)  # fmt: skip
def test_a_url_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match="ETLOCAL_WAREHOUSE_URL") as caught:
        Address(url)
    assert "hidden" not in str(caught.value)


def test_a_server_that_is_not_there_is_an_error_without_its_password() -> None:
    engine = PostgresEngine("postgresql://ann:hidden@127.0.0.1:1/db", "key")
    with pytest.raises(SqlError) as caught:
        engine.connect("dev", "ann")
    assert caught.value.sqlstate == "08006"
    assert "hidden" not in str(caught.value)


def test_a_wrong_password_is_an_error_that_shows_neither(postgres_url: str) -> None:
    wrong = postgres_url.replace("postgres:", "postgres:hidden", 1)
    with pytest.raises(SqlError) as caught:
        PostgresEngine(wrong, "key").databases()
    assert "hidden" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


@pytest.mark.skipif(VARIABLE in os.environ, reason=f"{VARIABLE} names a server of other rules")
def test_the_login_is_by_password_over_tcp_as_a_container_wants_it(postgres_url: str) -> None:
    connection = Address(postgres_url).connect()
    try:
        rows = connection.rows(
            "SELECT DISTINCT auth_method, CAST(inet_client_addr() AS text), rolpassword LIKE "
            "'SCRAM-SHA-256$%' FROM pg_hba_file_rules, pg_authid WHERE rolname = current_user"
        )
    finally:
        connection.close()
    assert rows == [("scram-sha-256", "127.0.0.1/32", True)]
    with pytest.raises(SqlError, match="password"):
        PostgresEngine(postgres_url.replace(f":{QUOTED}", ""), "key").databases()


def test_two_namespaces_have_databases_of_one_name_and_keep_them(postgres_url: str) -> None:
    keys = [f"test-{uuid.uuid4()}" for _ in range(2)]
    engines = [PostgresEngine(postgres_url, key) for key in keys]
    try:
        for number, engine in enumerate(engines):
            session = engine.connect("dev", "ann")
            session.execute(parse(f"create table t as select {number} as n"))
            session.close()
        engines[0].close()
        again = PostgresEngine(postgres_url, keys[0]).connect("dev", "ann")
        assert again.execute(parse("select n from t")).rows() == [(0,)]
        again.close()
        assert engines[1].databases() == ["dev"]
    finally:
        for engine in engines:
            engine.delete()
    assert PostgresEngine(postgres_url, keys[0]).databases() == ["dev"]
    PostgresEngine(postgres_url, keys[0]).delete()
