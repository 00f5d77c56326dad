"""A worker or a service that goes away must leave no run RUNNING for ever, and run none twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from etlocal.glue import jobs
from etlocal.glue.jobs.run_rows import set_delivered
from etlocal.glue.jobs.worker_client import WorkerClient

if TYPE_CHECKING:
    from tests.unit.glue.jobs.conftest import FakeWorker, Glue


def test_a_run_waits_for_a_worker_that_is_still_starting(glue: Glue, worker: FakeWorker) -> None:
    worker.die()
    glue.create()
    run_id = glue.begin()

    worker.start()
    worker.end(run_id)

    glue.wait(run_id, "SUCCEEDED")


def test_a_run_fails_when_there_is_no_worker(glue: Glue, worker: FakeWorker) -> None:
    glue.be_impatient()
    worker.die()
    glue.create()

    run = glue.wait(glue.begin(), "FAILED")

    assert worker.url in run["ErrorMessage"]


def test_a_run_fails_when_its_worker_vanishes(glue: Glue, worker: FakeWorker) -> None:
    glue.be_impatient()
    glue.create()
    run_id = glue.begin()
    worker.run(run_id)
    glue.wait(run_id, "RUNNING")

    worker.die()

    assert "The run was lost" in glue.wait(run_id, "FAILED")["ErrorMessage"]


def test_a_run_that_its_worker_forgot_fails_and_is_not_run_twice(
    glue: Glue, worker: FakeWorker
) -> None:
    glue.create()
    run_id = glue.begin()
    worker.run(run_id)
    glue.wait(run_id, "RUNNING")

    worker.die()
    worker.start()

    assert "restarted" in glue.wait(run_id, "FAILED")["ErrorMessage"]
    assert worker.submissions == [run_id]


def test_a_submission_whose_answer_was_lost_is_followed_and_not_sent_again(
    glue: Glue, worker: FakeWorker
) -> None:
    worker.deaf = True
    glue.create()
    run_id = glue.begin()

    worker.end(run_id)

    glue.wait(run_id, "SUCCEEDED")
    assert worker.submissions == [run_id]


def test_a_restarted_service_goes_on_following_a_run_that_the_worker_knows(
    glue: Glue, worker: FakeWorker
) -> None:
    glue.create()
    run_id = glue.begin()
    worker.run(run_id)
    running = glue.wait(run_id, "RUNNING")

    glue.stop()
    glue.start()
    worker.end(run_id)

    ended = glue.wait(run_id, "SUCCEEDED")
    assert ended["StartedOn"] == running["StartedOn"]
    assert worker.submissions == [run_id]


def test_a_restarted_service_learns_of_a_run_that_ended_meanwhile(
    glue: Glue, worker: FakeWorker
) -> None:
    glue.create()
    run_id = glue.begin()
    worker.run(run_id)
    glue.wait(run_id, "RUNNING")

    glue.stop()
    worker.end(run_id, "FAILED", error_message="KeyError: 'x'")
    glue.start()

    assert glue.wait(run_id, "FAILED")["ErrorMessage"] == "KeyError: 'x'"


@pytest.mark.parametrize("stop_first", [False, True])
def test_a_run_lost_with_the_service_and_the_worker_ends_failed(
    glue: Glue, worker: FakeWorker, stop_first: bool
) -> None:
    worker.obeys = False
    glue.create()
    run_id = glue.begin()
    worker.run(run_id)
    glue.wait(run_id, "RUNNING")
    if stop_first:
        glue("BatchStopJobRun", JobName="etl", JobRunIds=[run_id])

    glue.stop()
    worker.die()
    worker.start()
    glue.start()

    assert "restarted" in glue.wait(run_id, "FAILED")["ErrorMessage"]


def test_a_run_that_the_worker_never_got_is_sent_after_a_restart(
    glue: Glue, worker: FakeWorker
) -> None:
    worker.slots = 0
    glue.create()
    run_id = glue.begin()

    glue.stop()
    worker.slots = 1
    glue.start()
    worker.end(run_id)

    glue.wait(run_id, "SUCCEEDED")


def test_a_run_that_was_being_stopped_is_stopped_after_a_restart(
    glue: Glue, worker: FakeWorker
) -> None:
    worker.obeys = False
    glue.create()
    run_id = glue.begin()
    worker.run(run_id)
    glue.wait(run_id, "RUNNING")
    glue("BatchStopJobRun", JobName="etl", JobRunIds=[run_id])

    glue.stop()
    worker.obeys = True
    glue.start()

    glue.wait(run_id, "STOPPED")


def test_a_timeout_counts_across_a_restart(glue: Glue, worker: FakeWorker) -> None:
    glue.create(Timeout=1)
    run_id = glue.begin()
    worker.run(run_id, started_at="2024-01-01T00:00:00+00:00")
    glue.stop()

    glue.start()

    glue.wait(run_id, "TIMEOUT")


def test_the_queue_moves_on_after_a_restart(glue: Glue, worker: FakeWorker) -> None:
    glue.create(JobRunQueuingEnabled=True)
    first, second = glue.begin(), glue.begin()
    worker.received(first)

    glue.stop()
    worker.end(first)
    glue.start()
    worker.end(second)

    glue.wait(first, "SUCCEEDED")
    glue.wait(second, "SUCCEEDED")


def test_a_run_that_may_have_been_delivered_before_a_crash_is_not_sent_again(
    glue: Glue, worker: FakeWorker
) -> None:
    worker.slots = 0
    glue.create()
    run_id = glue.begin()
    glue.stop()
    # A process that dies between this mark and the answer leaves the row so.
    with glue.runtime.store.transaction() as tx:
        seq = tx.execute("SELECT seq FROM jobs_run").fetchone()[0]
        set_delivered(tx, seq, worker.url)
    worker.slots = 1

    glue.start()

    glue.wait(run_id, "FAILED")
    assert worker.submissions == []


def test_a_fault_of_the_service_ends_the_run(
    glue: Glue, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(WorkerClient, "submit", broken)
    glue.create()

    run = glue.wait(glue.begin(), "FAILED")

    assert run["ErrorMessage"] == "Internal service error: a fault"


def test_a_reset_forgets_jobs_and_runs_and_stops_what_goes_on(
    glue: Glue, worker: FakeWorker
) -> None:
    glue.create()
    run_id = glue.begin()
    worker.run(run_id)
    glue.wait(run_id, "RUNNING")

    jobs.reset(glue.runtime)

    worker.asked_to_stop(run_id)
    assert glue("GetJobs")["Jobs"] == []
