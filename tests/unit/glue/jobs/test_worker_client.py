"""What the service makes of a worker's answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from etlocal.glue.jobs.worker_client import (
    RunUnknownError,
    WorkerBusyError,
    WorkerClient,
    WorkerError,
    WorkerUnreachableError,
)

if TYPE_CHECKING:
    from tests.unit.glue.jobs.conftest import FakeWorker

Answering = Callable[[int, bytes], WorkerClient]


@pytest.fixture
def answering() -> Iterator[Answering]:
    """Make a client of a worker that answers everything with one status and body."""
    servers: list[HTTPServer] = []

    def make(status: int, body: bytes) -> WorkerClient:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return WorkerClient(f"http://127.0.0.1:{server.server_port}")

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "error", "message"),
    [
        (503, b'{"error": "no slot is free"}', WorkerBusyError, "no slot is free"),
        (404, b'{"error": "no run jr_1"}', RunUnknownError, "no run jr_1"),
        (500, b"{}", WorkerError, "answered 500"),
        (502, b"<html>", WorkerError, "not JSON"),
        (200, b'{"run_id": "jr_1"}', WorkerError, "not a RunStatus"),
        (200, b'{"run_id": "jr_1", "state": "DANCING"}', WorkerError, "not a RunStatus"),
    ],
)
def test_an_answer_that_is_not_a_status_is_an_error_that_says_so(
    answering: Answering, status: int, body: bytes, error: type[WorkerError], message: str
) -> None:
    with pytest.raises(error, match=message):
        answering(status, body).status("jr_1", wait=0, seen="")


@pytest.mark.parametrize("url", ["https://worker:4567", "worker:4567", "http://"])
def test_a_url_of_another_form_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="http://host:port"):
        WorkerClient(url)


def test_an_absent_worker_has_not_got_the_request(worker: FakeWorker) -> None:
    worker.die()

    with pytest.raises(WorkerUnreachableError) as raised:
        WorkerClient(worker.url).health()

    assert not raised.value.sent


def test_closing_breaks_off_a_long_poll(worker: FakeWorker) -> None:
    worker.statuses["jr_1"] = {"run_id": "jr_1", "state": "RUNNING"}
    client = WorkerClient(worker.url)
    waiting, failed = threading.Event(), threading.Event()

    def poll() -> None:
        waiting.set()
        try:
            client.status("jr_1", wait=60, seen="RUNNING")
        except WorkerUnreachableError:
            failed.set()

    thread = threading.Thread(target=poll)
    thread.start()
    waiting.wait(5)
    client.close()

    assert failed.wait(5)
    thread.join(5)
