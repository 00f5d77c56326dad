"""The pace of a running stack is given back, and what does not answer is told."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest

from etlocal.control import Control, ControlError, scaled


class Clock(Control):
    """A clock that a program can lose."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1")
        self.scale = 1.0
        self.is_gone = False

    def call(self, method: str, path: str, body: Any = None) -> Any:
        assert path == "clock"
        if self.is_gone:
            raise ControlError("gone")
        if method == "PUT":
            self.scale = body["time_scale"]
        return {"time_scale": self.scale}


def test_former_scale_is_given_back_at_the_end() -> None:
    clock = Clock()

    with scaled(clock, 0.1):
        assert clock.scale == 0.1

    assert clock.scale == 1.0


def test_former_scale_is_given_back_when_something_goes_wrong() -> None:
    clock = Clock()

    with pytest.raises(ValueError, match="the news"), scaled(clock, 0.1):
        raise ValueError("the news")

    assert clock.scale == 1.0


def test_stack_that_is_gone_does_not_hide_what_went_wrong() -> None:
    clock = Clock()

    with pytest.raises(ValueError, match="the news"), scaled(clock, 0.1):
        clock.is_gone = True
        raise ValueError("the news")


def test_stack_that_is_gone_at_the_end_is_told() -> None:
    clock = Clock()

    with pytest.raises(ControlError, match="gone"), scaled(clock, 0.1):
        clock.is_gone = True


def test_server_of_another_protocol_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

        greeter = threading.Thread(target=greet)
        greeter.start()
        with pytest.raises(ControlError, match="does not answer: BadStatusLine") as refused:
            Control(f"http://127.0.0.1:{server.getsockname()[1]}").call("GET", "health")
        greeter.join()

    assert refused.value.status is None
