"""Which stack a command is for."""

from __future__ import annotations

from pathlib import Path

import pytest

from etlocal.cli.context import chosen_endpoint, running
from etlocal.clients import NotLocalError
from etlocal.processes import free_port
from etlocal.stack import NotRunningError
from etlocal.target import TargetError

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
