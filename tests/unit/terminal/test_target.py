"""Which stack a command is for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from etlocal.cli.context import chosen_endpoint, running
from etlocal.clients import NotLocalError
from etlocal.control import Control
from etlocal.processes import free_port
from etlocal.stack import NotRunningError
from etlocal.target import Target, TargetError

URL = "http://127.0.0.1:4566"


def test_option_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETLOCAL_ENDPOINT", "http://127.0.0.1:1")

    assert chosen_endpoint(URL, None) == URL
    assert chosen_endpoint(None, None) == "http://127.0.0.1:1"
    assert chosen_endpoint(None, Path("state")) is None, "a folder named at the terminal is meant"


def test_neither_is_the_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETLOCAL_ENDPOINT", "")

    assert chosen_endpoint(None, None) is None


def test_two_stacks_for_one_command_are_refused() -> None:
    with pytest.raises(TargetError, match=f"--endpoint {URL} and --state-dir x"):
        chosen_endpoint(URL, Path("x"))


def test_endpoint_where_nothing_answers_is_named() -> None:
    url = f"http://127.0.0.1:{free_port()}"

    with pytest.raises(NotRunningError, match=f"{url} does not answer: .*etlocal up"):
        running(url, None)


def test_endpoint_of_aws_is_refused() -> None:
    with pytest.raises(NotLocalError, match="never reach real AWS"):
        running("https://s3.amazonaws.com", None)


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Target:
    """A stack that is known by its URL, and listens for Redshift on 5439."""
    said = {"settings": {"redshift": "127.0.0.1:5439"}}
    monkeypatch.setattr(Control, "call", lambda *_: said)
    monkeypatch.delenv("ETLOCAL_REDSHIFT_PORT", raising=False)
    return Target("http://localstack:4566", "000000000000", "us-east-1", 1.0)


def test_redshift_is_where_the_endpoint_is(target: Target) -> None:
    assert target.redshift() == ("localstack", 5439)


def test_redshift_is_on_the_port_under_which_it_is_published(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETLOCAL_REDSHIFT_PORT", "15439")

    assert target.redshift() == ("localstack", 15439)


@pytest.mark.parametrize("port", ["0", "70000", "five", "-1"])
def test_port_of_redshift_that_cannot_be_is_named(
    target: Target, monkeypatch: pytest.MonkeyPatch, port: str
) -> None:
    monkeypatch.setenv("ETLOCAL_REDSHIFT_PORT", port)

    with pytest.raises(TargetError, match=f"ETLOCAL_REDSHIFT_PORT='{port}' is not a port"):
        target.redshift()


def test_stack_that_does_not_listen_for_redshift_says_so(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: dict[str, Any] = {"settings": {"redshift": None}}
    monkeypatch.setattr(Control, "call", lambda *_: said)

    with pytest.raises(TargetError, match="does not listen for Redshift"):
        target.redshift()
