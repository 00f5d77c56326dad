"""An endpoint that starts, ends and starts again on one state folder, and what it is given."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from .conftest import Endpoint, start

_T = TypeVar("_T")
ROLE = "arn:aws:iam::000000000000:role/orders"
_TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [_TRUST]})
ECHO = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
TEMPLATE: dict[str, dict[str, Any]] = {
    "Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Topic": {"Type": "AWS::SNS::Topic"},
    },
    "Outputs": {"BucketName": {"Value": {"Ref": "Bucket"}}},
}


def until(probe: Callable[[], _T], seconds: float = 20) -> _T:
    """Wait until a probe gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := probe():
            return found
        time.sleep(0.05)
    raise AssertionError(f"nothing within {seconds} s: {probe}")


@contextmanager
def running(folder: Path, last: int = signal.SIGTERM) -> Iterator[Endpoint]:
    """An endpoint on a state folder, ended by a signal."""
    endpoint = start(folder, os.getpid())
    try:
        yield endpoint
    finally:
        os.kill(endpoint.pid, last)
        until(lambda: _ended(endpoint.pid))


def _ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


class Clients:
    """Clients of an endpoint by the service's name."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def __getattr__(self, service: str) -> Any:
        made = self.endpoint.client(service)
        setattr(self, service, made)
        return made
