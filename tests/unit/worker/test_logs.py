"""What a run prints reaches CloudWatch Logs whole, in order and within its limits."""

from __future__ import annotations

import threading
from typing import Any

import botocore.exceptions
import pytest

from etlocal.worker.logs import LogStream, RunLogs, take_batch


class FakeLogs:
    """CloudWatch Logs, as far as a stream's writer sees it."""

    def __init__(self) -> None:
        self.groups: set[str] = set()
        self.streams: dict[tuple[str, str], list[str]] = {}
        self.batches: list[list[str]] = []
        self.failures: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def create_log_group(self, *, logGroupName: str) -> None:  # noqa: N803
        if logGroupName in self.groups:
            raise _error("ResourceAlreadyExistsException")
        self.groups.add(logGroupName)

    def create_log_stream(self, *, logGroupName: str, logStreamName: str) -> None:  # noqa: N803
        if logGroupName not in self.groups:
            raise _error("ResourceNotFoundException")
        self.streams.setdefault((logGroupName, logStreamName), [])

    def put_log_events(
        self,
        *,
        logGroupName: str,  # noqa: N803
        logStreamName: str,  # noqa: N803
        logEvents: list[dict[str, Any]],  # noqa: N803
    ) -> None:
        self.gate.wait(10)
        if self.failures:
            raise _error(self.failures.pop())
        if (logGroupName, logStreamName) not in self.streams:
            raise _error("ResourceNotFoundException")
        said = [event["message"] for event in logEvents]
        self.batches.append(said)
        self.streams[logGroupName, logStreamName] += said


def _error(code: str) -> botocore.exceptions.ClientError:
    return botocore.exceptions.ClientError({"Error": {"Code": code, "Message": code}}, "Any")


def test_everything_written_is_there_in_order_when_close_returns() -> None:
    client = FakeLogs()
    stream = LogStream(client, "/aws-glue/jobs/output", "jr_1")
    for number in range(2500):
        stream.write(f"line {number}")
    stream.close()
    assert client.streams["/aws-glue/jobs/output", "jr_1"] == [f"line {n}" for n in range(2500)]
    assert len(client.batches) < 50


def test_output_and_errors_go_to_their_groups() -> None:
    client = FakeLogs()
    logs = RunLogs(client, "out", "err", "jr_2")
    logs.write("stdout", "a")
    logs.write("stderr", "b")
    logs.close()
    assert client.streams == {("out", "jr_2"): ["a"], ("err", "jr_2"): ["b"]}


def test_the_streams_of_a_silent_run_exist() -> None:
    client = FakeLogs()
    RunLogs(client, "out", "err", "jr_3").close()
    assert client.streams == {("out", "jr_3"): [], ("err", "jr_3"): []}


def test_a_group_that_exists_is_used() -> None:
    client = FakeLogs()
    client.groups.add("out")
    stream = LogStream(client, "out", "jr")
    stream.write("x")
    stream.close()
    assert client.streams["out", "jr"] == ["x"]


def test_an_empty_line_becomes_one_that_cloudwatch_takes() -> None:
    client = FakeLogs()
    stream = LogStream(client, "g", "s")
    stream.write("")
    stream.close()
    assert client.streams["g", "s"] == [" "]


def test_a_long_line_is_cut_at_an_events_limit_without_breaking_a_character() -> None:
    client = FakeLogs()
    stream = LogStream(client, "g", "s")
    stream.write("é" * 300_000)
    stream.close()
    (line,) = client.streams["g", "s"]
    assert len(line.encode()) + 26 <= 262_144
    assert set(line) == {"é"}


def test_a_batch_keeps_within_a_calls_bytes_and_count() -> None:
    large: list[Any] = [{"timestamp": 1, "message": "x" * 200_000} for _ in range(8)]
    assert len(take_batch(large)) == 5
    assert len(large) == 3
    many: list[Any] = [{"timestamp": 1, "message": "x"} for _ in range(10_001)]
    assert len(take_batch(many)) == 10_000
    assert len(many) == 1


def test_a_failed_call_is_tried_again() -> None:
    client = FakeLogs()
    client.failures = ["ServiceUnavailableException", "ThrottlingException"]
    stream = LogStream(client, "g", "s")
    stream.write("x")
    stream.close()
    assert client.streams["g", "s"] == ["x"]


def test_a_stream_that_was_deleted_meanwhile_is_made_again() -> None:
    client = FakeLogs()
    stream = LogStream(client, "g", "s")
    stream.write("first")
    while ("g", "s") not in client.streams or not client.streams["g", "s"]:
        threading.Event().wait(0.01)
    client.streams.clear()
    client.groups.clear()
    stream.write("second")
    stream.close()
    assert client.streams["g", "s"] == ["second"]


def test_lines_that_cannot_be_sent_are_counted_in_the_workers_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = FakeLogs()
    client.failures = ["InternalFailure"] * 9
    stream = LogStream(client, "g", "s")
    stream.write("x")
    stream.close()
    assert "1 lines of g/s were lost" in caplog.text
