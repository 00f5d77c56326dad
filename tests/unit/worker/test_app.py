"""What the worker answers over HTTP, with job processes that are only told to end."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from etlocal.settings import Settings
from etlocal.worker import runs as runs_module
from etlocal.worker.app import make_app
from etlocal.worker.launcher import Needs
from etlocal.worker.pool import PoolError
from etlocal.worker.runs import Runs


class FakeClient:
    """S3 with every script, and CloudWatch Logs that remember what was said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def get_object(self, **_request: str) -> dict[str, Any]:
        return {"Body": self}

    def iter_chunks(self, _size: int) -> Iterator[bytes]:
        yield io.BytesIO(b"print(1)").read()

    def create_log_group(self, **_request: str) -> None:
        """Nothing to make."""

    create_log_stream = create_log_group

    def put_log_events(self, *, logEvents: list[dict[str, str]], **_request: str) -> None:  # noqa: N803
        self.said += [event["message"] for event in logEvents]


class FakeClients:
    """Gives one client for every service."""

    client = FakeClient()

    def get(self, _service: str, _request: object) -> FakeClient:
        return self.client


class FakeJvm:
    alive = True

    def attribute(self, _sink: object) -> None:
        """Nothing is printed."""


class FakeRunner:
    """A job process that runs until it is told how it ends."""

    def __init__(self) -> None:
        self.jvm = FakeJvm()
        self.end = threading.Event()
        self.outcome: tuple[str | None, int] = (None, 0)
        self.task: dict[str, Any] = {}

    def run(
        self, task: dict[str, Any], sink: Callable[[str, str], None], started: Callable[[], None]
    ) -> tuple[str | None, int]:
        self.task = task
        started()
        sink("stdout", "hello")
        assert self.end.wait(20)
        return self.outcome

    def interrupt(self) -> None:
        self.outcome = (None, -9)
        self.end.set()


class FakePool:
    """Gives runners, or fails to."""

    warm, detail = True, ""

    def __init__(self) -> None:
        self.runners: list[FakeRunner] = []
        self.returned: list[bool] = []
        self.needs: list[Needs] = []
        self.failure: str | None = None
        self.taken = threading.Condition()
        self.open = threading.Event()
        self.open.set()

    def take(self, needs: Needs) -> FakeRunner:
        if self.failure:
            raise PoolError(self.failure)
        assert self.open.wait(20)
        with self.taken:
            runner = FakeRunner()
            self.runners.append(runner)
            self.needs.append(needs)
            self.taken.notify_all()
        return runner

    def runner(self, index: int = 0) -> FakeRunner:
        with self.taken:
            assert self.taken.wait_for(lambda: len(self.runners) > index, 20)
        return self.runners[index]

    def give_back(self, _runner: FakeRunner, *, reuse: bool) -> None:
        self.returned.append(reuse)

    def close(self) -> None:
        for runner in self.runners:
            runner.end.set()


@pytest.fixture
def pool() -> FakePool:
    """The pool behind `http`."""
    return FakePool()


@pytest.fixture
def http(
    pool: FakePool, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    """A client of a worker with two slots."""
    monkeypatch.setattr(runs_module, "Clients", FakeClients)
    FakeClients.client = FakeClient()
    unchecked: Any = pool
    with TestClient(make_app(Runs(settings, unchecked, tmp_path))) as client:
        yield client


def body(run_id: str = "jr_1", **more: Any) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "job_name": "load",
        "script_location": "s3://b/load.py",
        "region": "us-east-1",
        "account": "000000000000",
        "endpoint_url": "http://127.0.0.1:4566",
        **more,
    }


def end(http: TestClient, run_id: str = "jr_1") -> dict[str, Any]:
    state = "STARTING"
    while state not in ("SUCCEEDED", "FAILED", "STOPPED"):
        answer = http.get(f"/runs/{run_id}", params={"wait": 20, "state": state}).json()
        state = answer["state"]
    return dict(answer)


def test_a_run_goes_from_starting_over_running_to_its_end(http: TestClient, pool: FakePool) -> None:
    answer = http.post("/runs", json=body(arguments={"--DAY": "1"}))
    assert answer.status_code == 202
    assert answer.json()["run_id"] == "jr_1"
    runner = pool.runner()
    running = http.get("/runs/jr_1", params={"wait": 20, "state": "STARTING"}).json()
    assert running["state"] == "RUNNING"
    assert running["started_at"] is not None
    assert running["completed_at"] is None
    runner.end.set()
    ended = end(http)
    assert ended["state"] == "SUCCEEDED"
    assert ended["completed_at"] > ended["started_at"]
    assert runner.task["arguments"][-2:] == ["--DAY", "1"]
    assert runner.task["environment"]["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    # What was printed had been sent when the end was told.
    assert FakeClients.client.said == ["hello"]
    assert pool.returned == [True]


def test_a_wait_ends_when_the_state_changes_not_before(http: TestClient, pool: FakePool) -> None:
    http.post("/runs", json=body())
    runner = pool.runner()
    http.get("/runs/jr_1", params={"wait": 20, "state": "STARTING"})
    short = http.get("/runs/jr_1", params={"wait": 0.05, "state": "RUNNING"}).json()
    assert short["state"] == "RUNNING"
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(http.get, "/runs/jr_1", params={"wait": 20, "state": "RUNNING"})
        runner.end.set()
        assert waiting.result(20).json()["state"] == "SUCCEEDED"


def test_a_failed_script_fails_the_run_with_its_message(http: TestClient, pool: FakePool) -> None:
    http.post("/runs", json=body())
    pool.runner().outcome = ("ValueError: bad", 1)
    pool.runner().end.set()
    ended = end(http)
    assert (ended["state"], ended["error_message"]) == ("FAILED", "ValueError: bad")


def test_a_process_that_ends_by_itself_fails_the_run_and_its_jvm_is_not_used_again(
    http: TestClient, pool: FakePool
) -> None:
    http.post("/runs", json=body())
    pool.runner().outcome = (None, -11)
    pool.runner().end.set()
    assert end(http)["error_message"] == "Command failed with exit code -11 (SIGSEGV)"
    assert pool.returned == [False]


def test_a_stopped_run_is_stopped_and_its_jvm_is_not_used_again(
    http: TestClient, pool: FakePool
) -> None:
    http.post("/runs", json=body())
    pool.runner()
    http.get("/runs/jr_1", params={"wait": 20, "state": "STARTING"})
    assert http.post("/runs/jr_1/stop").status_code == 202
    ended = end(http)
    assert (ended["state"], ended["error_message"]) == ("STOPPED", None)
    assert pool.returned == [False]
    assert http.post("/runs/jr_1/stop").json() == ended


def test_a_run_stopped_while_it_starts_leaves_the_warm_jvm_to_the_next(
    http: TestClient, pool: FakePool
) -> None:
    pool.open.clear()
    http.post("/runs", json=body())
    assert http.post("/runs/jr_1/stop").json()["state"] == "STOPPING"
    pool.open.set()
    ended = end(http)
    assert (ended["state"], ended["started_at"]) == ("STOPPED", None)
    assert pool.runner().task == {}
    assert pool.returned == [True]


def test_a_request_made_again_may_have_newer_credentials_of_the_role(
    http: TestClient, pool: FakePool
) -> None:
    """As after a restart of whoever hands it over: the role is assumed anew."""

    def lent(key: str) -> dict[str, str]:
        return {"access_key": key, "secret_key": "secret", "token": "token"}

    assert http.post("/runs", json=body(credentials=lent("one"))).status_code == 202
    assert http.post("/runs", json=body(credentials=lent("other"))).status_code == 202
    other = http.post("/runs", json=body(job_name="other", credentials=lent("other")))
    assert other.status_code == 409
    pool.runner().end.set()
    end(http)


def test_a_known_id_is_taken_once(http: TestClient, pool: FakePool) -> None:
    assert http.post("/runs", json=body()).status_code == 202
    assert http.post("/runs", json=body()).status_code == 202
    other = http.post("/runs", json=body(job_name="other"))
    assert other.status_code == 409
    assert "another request" in other.json()["error"]
    pool.runner().end.set()
    end(http)
    assert len(pool.runners) == 1


def test_more_runs_than_slots_are_refused_until_one_ends(http: TestClient, pool: FakePool) -> None:
    for number in range(2):
        assert http.post("/runs", json=body(f"jr_{number}")).status_code == 202
        pool.runner(number)
    assert http.get("/health").json()["free"] == 0
    refused = http.post("/runs", json=body("jr_2"))
    assert refused.status_code == 503
    assert "2 slots" in refused.json()["error"]
    pool.runner(0).end.set()
    end(http, "jr_0")
    assert http.get("/health").json() == {"ready": True, "slots": 2, "free": 1, "detail": ""}
    assert http.post("/runs", json=body("jr_2")).status_code == 202


def test_what_a_run_needs_of_its_own_is_asked_of_the_pool_and_not_used_again(
    http: TestClient, pool: FakePool
) -> None:
    http.post("/runs", json=body(arguments={"--conf": "spark.a=b"}))
    pool.runner().end.set()
    assert end(http)["state"] == "SUCCEEDED"
    assert pool.needs[0].conf == {"spark.a": "b"}
    assert pool.returned == [False]


def test_a_worker_that_cannot_start_spark_fails_the_run(http: TestClient, pool: FakePool) -> None:
    pool.failure = "Spark could not be started: no memory"
    http.post("/runs", json=body())
    assert end(http)["error_message"] == "Spark could not be started: no memory"
    assert FakeClients.client.said == ["Spark could not be started: no memory"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"run_id": "jr_1"}', '{"run_id": 1}', "\xff"])
def test_a_body_that_is_no_request_is_refused_with_a_sentence(
    http: TestClient, content: str
) -> None:
    answer = http.post("/runs", content=content.encode("latin-1"))
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("the body is not a run's request: ")


@pytest.mark.parametrize("wait", ["x", "-1", "nan", "inf"])
def test_a_wait_must_be_a_number_of_seconds(http: TestClient, pool: FakePool, wait: str) -> None:
    assert http.get("/runs/jr_1", params={"wait": wait}).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/runs/unknown", 404),
        ("POST", "/runs/unknown/stop", 404),
        ("GET", "/elsewhere", 404),
        ("GET", "/runs", 405),
        ("DELETE", "/health", 405),
    ],
)
def test_what_is_not_there_is_told_in_json(
    http: TestClient, method: str, path: str, status: int
) -> None:
    answer = http.request(method, path)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
