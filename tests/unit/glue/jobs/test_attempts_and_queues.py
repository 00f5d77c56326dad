"""Retries, the limit on concurrent runs, and the queue of runs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from etlocal.aws.errors import AwsError

if TYPE_CHECKING:
    from tests.unit.glue.jobs.conftest import FakeWorker, Glue


def test_a_failed_run_is_tried_again_as_often_as_max_retries_says(
    glue: Glue, worker: FakeWorker
) -> None:
    glue.create(MaxRetries=2)
    run_id = glue.begin(Arguments={"--day": "1"})
    attempts = [run_id, f"{run_id}_attempt_1", f"{run_id}_attempt_2"]
    for attempt in attempts:
        worker.end(attempt, "FAILED", error_message="ValueError: no")
        glue.wait(attempt, "FAILED")

    glue.bus.wait("Glue Job State Change", attempts[-1])
    runs = glue("GetJobRuns", JobName="etl")["JobRuns"]

    assert [run["Id"] for run in runs] == attempts[::-1]
    assert [run["Attempt"] for run in runs] == [2, 1, 0]
    assert [run.get("PreviousRunId") for run in runs] == [attempts[1], attempts[0], None]
    assert worker.requests[attempts[2]]["arguments"] == {"--day": "1"}
    assert worker.requests[attempts[2]]["attempt"] == 2


def test_a_retry_keeps_the_slot_of_the_attempt_before(glue: Glue, worker: FakeWorker) -> None:
    glue.create(MaxRetries=1)
    run_id = glue.begin()
    worker.end(run_id, "FAILED")
    glue.wait(run_id, "FAILED")

    with pytest.raises(AwsError, match="Concurrent runs exceeded for etl"):
        glue.begin()

    worker.end(f"{run_id}_attempt_1")
    glue.wait(f"{run_id}_attempt_1", "SUCCEEDED")


def test_a_run_over_the_limit_is_refused_in_the_words_of_aws(
    glue: Glue, worker: FakeWorker
) -> None:
    glue.create()
    first = glue.begin()

    with pytest.raises(AwsError) as raised:
        glue.begin()

    assert raised.value.code == "ConcurrentRunsExceededException"
    assert raised.value.message == "Concurrent runs exceeded for etl"
    worker.end(first)
    glue.wait(first, "SUCCEEDED")
    worker.end(glue.begin())


def test_of_runs_started_at_once_only_as_many_start_as_may(glue: Glue, worker: FakeWorker) -> None:
    glue.create(ExecutionProperty={"MaxConcurrentRuns": 3})
    started: list[str] = []
    refused: list[str] = []
    gate = threading.Barrier(16)

    def start() -> None:
        gate.wait()
        try:
            started.append(glue.begin())
        except AwsError as error:
            refused.append(error.code)

    threads = [threading.Thread(target=start) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(started) == 3
    assert refused == ["ConcurrentRunsExceededException"] * 13


def test_another_jobs_runs_do_not_count(glue: Glue, worker: FakeWorker) -> None:
    glue.create("one")
    glue.create("two")

    runs = {glue.begin("one"), glue.begin("two")}

    assert len(runs) == 2


def test_with_queuing_runs_over_the_limit_wait_and_start_in_order(
    glue: Glue, worker: FakeWorker
) -> None:
    glue.create(JobRunQueuingEnabled=True)
    runs = [glue.begin() for _ in range(3)]
    waiting = glue.job_run(runs[1])

    assert waiting["JobRunState"] == "WAITING"
    assert waiting["StateDetail"] == "Concurrent runs exceeded for etl"
    for index, run_id in enumerate(runs):
        worker.end(run_id)
        ended = glue.wait(run_id, "SUCCEEDED")
        assert "StateDetail" not in ended
        assert worker.submissions[: index + 1] == runs[: index + 1]


def test_a_runs_own_word_on_queuing_goes_before_the_jobs(glue: Glue, worker: FakeWorker) -> None:
    glue.create(JobRunQueuingEnabled=True)
    glue.begin()

    with pytest.raises(AwsError, match="Concurrent runs exceeded"):
        glue.begin(JobRunQueuingEnabled=False)


def test_a_waiting_run_is_stopped_without_reaching_the_worker(
    glue: Glue, worker: FakeWorker
) -> None:
    glue.create(JobRunQueuingEnabled=True)
    first, second = glue.begin(), glue.begin()

    glue("BatchStopJobRun", JobName="etl", JobRunIds=[second])

    assert glue.job_run(second)["JobRunState"] == "STOPPED"
    assert glue.bus.wait("Glue Job State Change", second)["state"] == "STOPPED"
    worker.end(first)
    glue.wait(first, "SUCCEEDED")
    assert worker.submissions == [first]


def test_a_raised_limit_starts_what_waits(glue: Glue, worker: FakeWorker) -> None:
    glue.create(JobRunQueuingEnabled=True)
    first, second = glue.begin(), glue.begin()
    job = glue("GetJob", JobName="etl")["Job"]
    update = {key: job[key] for key in ("Role", "Command")}

    glue(
        "UpdateJob",
        JobName="etl",
        JobUpdate={**update, "ExecutionProperty": {"MaxConcurrentRuns": 2}},
    )

    worker.end(second)
    glue.wait(second, "SUCCEEDED")
    worker.end(first)
    glue.wait(first, "SUCCEEDED")


def test_a_run_is_tried_again_by_its_id_with_its_arguments(glue: Glue, worker: FakeWorker) -> None:
    glue.create(WorkerType="G.1X", NumberOfWorkers=2)
    first = glue.begin(Arguments={"--day": "1"}, Timeout=7, NumberOfWorkers=4, WorkerType="G.1X")
    with pytest.raises(AwsError, match="has not ended"):
        glue.begin(JobRunId=first)
    worker.end(first, "FAILED")
    glue.wait(first, "FAILED")

    again = glue.begin(JobRunId=first)

    run = glue.job_run(again)
    assert (run["PreviousRunId"], run["Attempt"]) == (first, 0)
    assert (run["Timeout"], run["NumberOfWorkers"]) == (7, 4)
    assert worker.received(again)["arguments"] == {"--day": "1"}
    worker.end(again)
    glue.wait(again, "SUCCEEDED")
