"""A worker in this process that a test moves by hand, and a Glue service that talks to it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from etlocal.aws.call import Acting, Call, Runtime
from etlocal.aws.store import Store
from etlocal.glue import bookmarks, catalog, jobs
from etlocal.glue.jobs.driver import RunDriver
from etlocal.glue.jobs.follower import Patience
from etlocal.glue.operations import OPERATIONS
from etlocal.settings import Settings

ENDED = ("STOPPED", "SUCCEEDED", "FAILED")
SECONDS = 10.0


class FakeWorker:
    """The worker's protocol over HTTP; a run moves only when the test says so.

    Parameters
    ----------
    host : str
        The loopback address that it answers on.
    port : int
        0 for any that is free.

    Attributes
    ----------
    slots : int
        How many runs it takes at once.
    obeys : bool
        Whether a run that is asked to stop is STOPPED at once.
    deaf : bool
        Whether it breaks a submission off after having taken it.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.slots = 100
        self.obeys = True
        self.deaf = False
        self.refusal: str | None = None
        self.requests: dict[str, dict[str, Any]] = {}
        self.statuses: dict[str, dict[str, Any]] = {}
        self.submissions: list[str] = []
        self.stops: list[str] = []
        self.changed = threading.Condition()
        self.port = port
        self._server: ThreadingHTTPServer | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        """Answer, on the port of before if there was one, knowing no run."""
        worker = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                worker.answer(self)

            def do_GET(self) -> None:
                worker.answer(self)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            allow_reuse_address = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Say nothing of clients that went away."""

        with self.changed:
            self.requests.clear()
            self.statuses.clear()
        self._server = Server((self.host, self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def die(self) -> None:
        """Answer nothing any more, and break off who waits for an answer."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            with self.changed:
                self.changed.notify_all()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        url = urlsplit(handler.path)
        size = int(handler.headers.get("Content-Length") or 0)
        body = json.loads(handler.rfile.read(size)) if size else None
        status, answer = self._route(handler.command, url.path, parse_qs(url.query), body)
        if status == 0 or self._server is None:
            handler.close_connection = True
            return
        text = json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)

    def _route(
        self, method: str, path: str, query: dict[str, list[str]], body: Any
    ) -> tuple[int, Any]:
        with self.changed:
            if path == "/health":
                free = self.slots - len(self.going_on())
                return 200, {"ready": True, "slots": self.slots, "free": max(0, free)}
            if path == "/runs":
                return self._submit(body)
            run_id, _, action = path.removeprefix("/runs/").partition("/")
            if run_id not in self.statuses:
                return 404, {"error": f"no run {run_id}"}
            if action == "stop":
                self.stops.append(run_id)
                self.changed.notify_all()
                if self.obeys and self.statuses[run_id]["state"] not in ENDED:
                    self._move(run_id, "STOPPED")
                return 202, self.statuses[run_id]
            until = time.monotonic() + float(query["wait"][0])
            seen = query.get("state", [""])[0]
            while (
                self._server is not None
                and self.statuses.get(run_id, {}).get("state") == seen
                and (left := until - time.monotonic()) > 0
            ):
                self.changed.wait(left)
            return 200, self.statuses.get(run_id)

    def _submit(self, body: dict[str, Any]) -> tuple[int, Any]:
        run_id = body["run_id"]
        if self.refusal:
            return 409, {"error": self.refusal}
        if run_id not in self.statuses:
            if len(self.going_on()) >= self.slots:
                return 503, {"error": "no slot is free"}
            self.requests[run_id] = body
            self.submissions.append(run_id)
            self.statuses[run_id] = {"run_id": run_id, "state": "STARTING"}
            self.changed.notify_all()
        return (0, None) if self.deaf else (202, self.statuses[run_id])

    def going_on(self) -> list[str]:
        return [key for key, value in self.statuses.items() if value["state"] not in ENDED]

    def received(self, run_id: str) -> dict[str, Any]:
        """Wait until the worker has got the run; its request."""
        with self.changed:
            assert self.changed.wait_for(lambda: run_id in self.requests, SECONDS), "never sent"
            return self.requests[run_id]

    def asked_to_stop(self, run_id: str) -> None:
        """Wait until the worker was asked to stop a run."""
        with self.changed:
            assert self.changed.wait_for(lambda: run_id in self.stops, SECONDS), "never asked"

    def run(self, run_id: str, **fields: Any) -> None:
        """Start the script of a run that the worker gets."""
        self.received(run_id)
        with self.changed:
            self._move(run_id, "RUNNING", **fields)

    def end(self, run_id: str, state: str = "SUCCEEDED", **fields: Any) -> None:
        """End a run that the worker gets."""
        self.received(run_id)
        with self.changed:
            self._move(run_id, state, **fields)

    def _move(self, run_id: str, state: str, **fields: Any) -> None:
        now = datetime.now(UTC).isoformat()
        status = self.statuses[run_id]
        if state == "RUNNING":
            status.setdefault("started_at", now)
        if state in ENDED:
            status.setdefault("completed_at", now)
        status.update(fields, state=state)
        self.changed.notify_all()


class Bus:
    """A client factory whose only client is EventBridge's, which keeps what it is sent."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.changed = threading.Condition()

    def __call__(
        self, service: str, *, account: str, region: str, acting: Acting | None = None
    ) -> Any:
        assert service == "events"
        return self

    def put_events(self, **request: Any) -> dict[str, Any]:
        with self.changed:
            self.entries += request["Entries"]
            self.changed.notify_all()
        return {"FailedEntryCount": 0, "Entries": []}

    def wait(self, detail_type: str, run_id: str) -> dict[str, Any]:
        """Give the detail of the event about a run, once it is sent."""

        def found() -> list[dict[str, Any]]:
            details = [
                json.loads(entry["Detail"])
                for entry in self.entries
                if entry["DetailType"] == detail_type
            ]
            return [detail for detail in details if detail["jobRunId"] == run_id]

        with self.changed:
            assert self.changed.wait_for(lambda: bool(found()), SECONDS), self.entries
            return found()[0]


class Glue:
    """The Glue service over a state file; it can be stopped and started again on it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.bus = Bus()
        self.patience = Patience(long_poll=1.0, busy_pause=0.01, retry_pause=0.01, stop=0.2)
        self.start()

    def be_impatient(self) -> None:
        """Give up a worker that does not answer at once, in runs that begin from now on."""
        self.patience = replace(self.patience, absent=0.1, vanished=0.1)
        self.runtime.component(RunDriver).patience = self.patience

    def start(self) -> None:
        path = self.settings.state_dir / "state.sqlite"
        self.runtime = Runtime(self.settings, Store(path), self.bus)
        self.runtime.component(RunDriver).patience = self.patience
        for room in (catalog, jobs, bookmarks):
            room.start(self.runtime)

    def stop(self) -> None:
        jobs.stop(self.runtime)

    def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        call = Call(
            account="000000000000",
            region="us-east-1",
            principal="arn:aws:iam::000000000000:root",
            request_id="00000000-0000-0000-0000-000000000000",
            runtime=self.runtime,
        )
        return OPERATIONS.handle(operation, request, call)

    def create(self, name: str = "etl", **fields: Any) -> str:
        """Create a job."""
        command = {"Name": "glueetl", "ScriptLocation": "s3://assets/job.py"}
        self("CreateJob", Name=name, **{"Role": "glue", "Command": command, **fields})
        return name

    def begin(self, name: str = "etl", **fields: Any) -> str:
        """Start a run of a job."""
        return str(self("StartJobRun", JobName=name, **fields)["JobRunId"])

    def job_run(self, run_id: str, name: str = "etl") -> dict[str, Any]:
        """Give a run."""
        run: dict[str, Any] = self("GetJobRun", JobName=name, RunId=run_id)["JobRun"]
        return run

    def wait(self, run_id: str, state: str, name: str = "etl") -> dict[str, Any]:
        """Give a run as soon as it is in a state."""
        return self.until(lambda run: run["JobRunState"] == state, run_id, name)

    def until(
        self, condition: Callable[[dict[str, Any]], bool], run_id: str, name: str = "etl"
    ) -> dict[str, Any]:
        """Give a run as soon as a condition holds."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            run = self.job_run(run_id, name)
            if condition(run):
                return run
            threading.Event().wait(0.002)
        raise AssertionError(f"still {run}")


@pytest.fixture
def worker() -> Iterator[FakeWorker]:
    """A worker."""
    fake = FakeWorker()
    yield fake
    fake.die()


@pytest.fixture
def glue(settings: Settings, worker: FakeWorker) -> Iterator[Glue]:
    """A Glue service that talks to `worker`, with emulated time running a hundredfold."""
    service = Glue(settings.model_copy(update={"worker_url": worker.url}))
    yield service
    service.stop()
