"""The clients that services call each other by: whose credentials sign their requests."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from etlocal.aws.call import Acting
from etlocal.endpoint.clients import Clients
from etlocal.settings import Settings

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/job"
ANSWER = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleResult><Credentials><AccessKeyId>{key}</AccessKeyId>
<SecretAccessKey>secret</SecretAccessKey><SessionToken>token-{key}</SessionToken>
<Expiration>{expiration}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


class FakeEndpoint(ThreadingHTTPServer):
    """Answers AssumeRole with a new session each time, and other requests with an empty object."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.session_seconds = 3600
        self.assumed: list[tuple[str, str]] = []
        self.calls: list[tuple[str, str | None]] = []


class _Handler(BaseHTTPRequestHandler):
    server: FakeEndpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        signed = re.search(r"Credential=([^/]+)/", self.headers["Authorization"])
        assert signed is not None
        if "Action=AssumeRole" in body:
            self.server.assumed.append((signed[1], parse_qs(body)["RoleArn"][0]))
            expiration = datetime.now(UTC) + timedelta(seconds=self.server.session_seconds)
            self._answer(
                ANSWER.format(
                    key=f"ASIA{len(self.server.assumed)}", expiration=expiration.isoformat()
                )
            )
        else:
            self.server.calls.append((signed[1], self.headers["X-Amz-Security-Token"]))
            self._answer("{}")

    def _answer(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    with FakeEndpoint() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def clients(endpoint: FakeEndpoint, settings: Settings) -> Clients:
    return Clients(settings.model_copy(update={"port": endpoint.server_port}))


def glue(clients: Clients, role: str | None = None) -> Any:
    acting = Acting(role, "glue", "session", "arn:aws:glue:::job/j") if role else None
    return clients("glue", account=ACCOUNT, region="eu-west-1", acting=acting)


def test_without_a_role_the_account_itself_calls(clients: Clients, endpoint: FakeEndpoint) -> None:
    glue(clients).get_databases()
    assert endpoint.calls == [(ACCOUNT, None)]
    assert endpoint.assumed == []


def test_with_a_role_its_session_calls_and_is_kept(
    clients: Clients, endpoint: FakeEndpoint
) -> None:
    glue(clients, ROLE).get_databases()
    glue(clients, ROLE).get_databases()
    assert endpoint.assumed == [(ACCOUNT, ROLE)]
    assert endpoint.calls == [("ASIA1", "token-ASIA1")] * 2
    glue(clients).get_databases()
    assert endpoint.calls[-1] == (ACCOUNT, None)


def test_a_session_that_ends_is_assumed_anew(clients: Clients, endpoint: FakeEndpoint) -> None:
    endpoint.session_seconds = 30
    client = glue(clients, ROLE)
    endpoint.session_seconds = 3600
    client.get_databases()
    assert endpoint.calls == [("ASIA2", "token-ASIA2")]


def test_after_a_reset_no_former_session_is_used(clients: Clients, endpoint: FakeEndpoint) -> None:
    glue(clients, ROLE).get_databases()
    clients.forget()
    glue(clients, ROLE).get_databases()
    assert [key for key, _ in endpoint.calls] == ["ASIA1", "ASIA2"]
