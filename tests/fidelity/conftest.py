"""A running endpoint, shared by every test of a run.

An endpoint takes seconds to import its services and some 400 MB, so there is one for a whole test
run, whatever the number of xdist's workers: the first that needs it starts it by the real launch
path and writes its address beside the workers' temporary folders, the others read it there. It ends
with the process that started the run. Tests therefore name what they make by `name`, and never
reset the endpoint; `private_endpoint` starts another one for a test that has to.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
import filelock
import pytest
from botocore.config import Config

from etlocal import environments
from etlocal.endpoint.overlay import make_overlay
from etlocal.parent import PARENT_VARIABLE
from etlocal.settings import LOOPBACK, Settings

from .stacks import Stack

TIME_SCALE = 0.02
_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 2}, read_timeout=60)


@dataclass(frozen=True)
class Endpoint:
    """Where an endpoint answers, and its process."""

    url: str
    pid: int
    state: Path

    def call(self, method: str, path: str) -> tuple[int, Any]:
        """Make a request to one of its private routes; give status and document."""
        request = urllib.request.Request(self.url + path, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def client(self, service: str, key: str = "test") -> Any:
        """Give a boto3 client of the endpoint."""
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.url,
            aws_access_key_id=key,
            aws_secret_access_key="test",
            region_name="us-east-1",
            config=_CONFIG,
        )


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def launch(folder: Path, port: int, **environment: str) -> subprocess.Popen[str]:
    """Start an endpoint by the real launch path; its first line on stdout says it is ready."""
    settings = Settings(
        state_dir=folder / "state",
        port=port,
        worker_port=free_port(),
        redshift_port=0,
        time_scale=TIME_SCALE,
        log_level="WARNING",
    )
    variables = os.environ | settings.environment() | environment
    variables["PYTHONPATH"] = str(make_overlay(folder / "overlays"))
    return subprocess.Popen(
        [str(environments.ensure(environments.ENDPOINT)), "-m", "etlocal.endpoint.launch"],
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=(folder / "endpoint.log").open("a"),
        text=True,
        start_new_session=True,
    )


def start(folder: Path, parent: int, **environment: str) -> Endpoint:
    """Start an endpoint that ends with process `parent`, and wait until it is ready."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    process = launch(folder, port, **{PARENT_VARIABLE: str(parent)}, **environment)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert "ready" in line, (folder / "endpoint.log").read_text()
    return Endpoint(f"http://{LOOPBACK}:{port}", process.pid, folder / "state")


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Endpoint]:
    """The endpoint of this test run."""
    if worker_id == "master":
        running = start(tmp_path_factory.mktemp("endpoint"), os.getpid())
        yield running
        os.kill(running.pid, signal.SIGTERM)
        return
    shared = tmp_path_factory.getbasetemp().parent / "endpoint"
    shared.mkdir(exist_ok=True)
    address = shared / "address.json"
    with filelock.FileLock(shared / "lock"):
        if not address.exists():
            # Workers come and go at different times; what they share ends with their controller.
            running = start(shared, os.getppid())
            address.write_text(json.dumps([running.url, running.pid, str(running.state)]))
    url, pid, state = json.loads(address.read_text())
    yield Endpoint(url, pid, Path(state))


@pytest.fixture
def private_endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    """An endpoint of this test alone."""
    running = start(tmp_path, os.getpid())
    yield running
    os.kill(running.pid, signal.SIGTERM)


@pytest.fixture(scope="session")
def enforcing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An endpoint that enforces permissions."""
    running = start(tmp_path_factory.mktemp("enforcing"), os.getpid(), ETLOCAL_ENFORCE_IAM="true")
    yield running
    os.kill(running.pid, signal.SIGTERM)


@pytest.fixture(scope="session")
def postgres_endpoint(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str
) -> Iterator[Endpoint]:
    """An endpoint whose warehouse is on a PostgreSQL server."""
    running = start(
        tmp_path_factory.mktemp("postgres"), os.getpid(), ETLOCAL_WAREHOUSE_URL=postgres_url
    )
    yield running
    # What it has on the server would stay there.
    running.call("POST", "/_etlocal/reset")
    os.kill(running.pid, signal.SIGTERM)


@pytest.fixture(scope="session")
def endpoint_url(endpoint: Endpoint) -> str:
    """The endpoint's URL."""
    return endpoint.url


@pytest.fixture(scope="session")
def client(endpoint: Endpoint) -> Callable[[str], Any]:
    """Makes boto3 clients of the endpoint; each service's is made once."""
    return lru_cache(maxsize=None)(endpoint.client)


@pytest.fixture
def name() -> str:
    """A name that no other test uses; fit for buckets, queues and stacks."""
    return f"t-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def stack(client: Callable[[str], Any], name: str) -> Iterator[Stack]:
    """A stack of this test alone, not made yet; deleted at the test's end."""
    made = Stack(client, name)
    yield made
    if made.exists():
        made.cloudformation.delete_stack(StackName=name)
