"""A run's way through its states, as GetJobRun shows it."""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from etlocal.aws.errors import AwsError

if TYPE_CHECKING:
    from tests.unit.glue.jobs.conftest import FakeWorker, Glue


def test_a_run_goes_from_starting_over_running_to_succeeded(glue: Glue, worker: FakeWorker) -> None:
    glue.create(WorkerType="G.1X", NumberOfWorkers=3)

    run_id = glue.begin(Arguments={"--day": "2024-01-01"})
    worker.received(run_id)
    starting = glue.job_run(run_id)
    worker.run(run_id)
    running = glue.wait(run_id, "RUNNING")
    worker.end(run_id)
    ended = glue.wait(run_id, "SUCCEEDED")

    assert re.fullmatch(r"jr_[0-9a-f]{64}", run_id)
    assert starting["JobRunState"] == "STARTING"
    assert "CompletedOn" not in starting
    assert running["StartedOn"] == starting["StartedOn"] <= running["LastModifiedOn"]
    assert running["ExecutionTime"] == 0
    assert ended["CompletedOn"] >= ended["StartedOn"]
    assert "ErrorMessage" not in ended
    assert ended | {"StartedOn": 0, "LastModifiedOn": 0, "CompletedOn": 0} == {
        "Id": run_id,
        "Attempt": 0,
        "JobName": "etl",
        "JobMode": "SCRIPT",
        "JobRunQueuingEnabled": False,
        "StartedOn": 0,
        "LastModifiedOn": 0,
        "CompletedOn": 0,
        "JobRunState": "SUCCEEDED",
        "Arguments": {"--day": "2024-01-01"},
        "PredecessorRuns": [],
        "AllocatedCapacity": 3,
        "MaxCapacity": 3.0,
        "WorkerType": "G.1X",
        "NumberOfWorkers": 3,
        "ExecutionTime": 0,
        "Timeout": 480,
        "LogGroupName": "/aws-glue/jobs",
        "GlueVersion": "5.1",
    }


def test_a_change_on_the_worker_shows_within_milliseconds(glue: Glue, worker: FakeWorker) -> None:
    glue.create()
    run_id = glue.begin()
    worker.run(run_id)
    glue.wait(run_id, "RUNNING")

    before = time.monotonic()
    worker.end(run_id)
    glue.wait(run_id, "SUCCEEDED")

    # Under 10 ms on a quiet machine; waiting for the long poll to run out would take 1 s.
    assert time.monotonic() - before < 0.5


def test_the_worker_gets_the_defaults_under_the_runs_own_under_the_fixed_arguments(
    glue: Glue, worker: FakeWorker
) -> None:
    glue.create(
        Role="arn:aws:iam::000000000000:role/service/glue",
        DefaultArguments={"--a": "job", "--b": "job", "--c": "job", "--conf": "x=1"},
        NonOverridableArguments={"--c": "fixed"},
    )

    run_id = glue.begin(Arguments={"--b": "run", "--c": "run"})

    assert worker.received(run_id) == {
        "run_id": run_id,
        "job_name": "etl",
        "script_location": "s3://assets/job.py",
        "arguments": {"--a": "job", "--b": "run", "--c": "fixed", "--conf": "x=1"},
        "glue_version": "5.1",
        "region": "us-east-1",
        "account": "000000000000",
        "endpoint_url": glue.settings.endpoint_url,
        "role_arn": "arn:aws:iam::000000000000:role/service/glue",
        # Permissions are not enforced: a run acts as the account.
        "credentials": None,
        "attempt": 0,
        "log_group_output": "/aws-glue/jobs/output",
        "log_group_error": "/aws-glue/jobs/error",
    }
    # The API shows the run's own arguments only.
    assert glue.job_run(run_id)["Arguments"] == {"--b": "run", "--c": "run"}


def test_a_job_may_say_which_log_groups_its_runs_write_to(glue: Glue, worker: FakeWorker) -> None:
    glue.create(DefaultArguments={"--custom-logGroup-prefix": "/aws-glue/jobs/mine"})

    received = worker.received(glue.begin())

    assert received["log_group_output"] == "/aws-glue/jobs/mine/output"
    assert received["log_group_error"] == "/aws-glue/jobs/mine/error"


def test_a_failed_run_says_why_in_the_scripts_own_words(glue: Glue, worker: FakeWorker) -> None:
    glue.create()
    run_id = glue.begin()

    worker.end(run_id, "FAILED", error_message="ValueError: no such day")

    assert glue.wait(run_id, "FAILED")["ErrorMessage"] == "ValueError: no such day"
    event = glue.bus.wait("Glue Job State Change", run_id)
    assert event == {
        "jobName": "etl",
        "severity": "ERROR",
        "state": "FAILED",
        "jobRunId": run_id,
        "message": "ValueError: no such day",
    }


def test_execution_time_is_the_scripts_own_and_dpu_seconds_follow_from_it(
    glue: Glue, worker: FakeWorker
) -> None:
    glue.create(WorkerType="G.2X", NumberOfWorkers=2)
    times = {
        "started_at": "2024-01-01T00:00:00+00:00",
        "completed_at": "2024-01-01T00:01:30.400000+00:00",
    }
    standard, flex = glue.begin(), None
    worker.end(standard, **times)
    shown = glue.wait(standard, "SUCCEEDED")
    flex = glue.begin(ExecutionClass="FLEX")
    worker.end(flex, **times)

    assert shown["ExecutionTime"] == 90
    assert "DPUSeconds" not in shown
    assert glue.wait(flex, "SUCCEEDED")["DPUSeconds"] == pytest.approx(90.4 * 4)


def test_a_succeeded_run_sends_its_event(glue: Glue, worker: FakeWorker) -> None:
    glue.create()
    run_id = glue.begin()
    worker.end(run_id)

    event = glue.bus.wait("Glue Job State Change", run_id)

    assert (event["severity"], event["state"]) == ("INFO", "SUCCEEDED")
    assert event["message"] == "Job run succeeded"
    assert glue.bus.entries[0]["Source"] == "aws.glue"


def test_a_run_over_its_timeout_is_stopped_and_ends_timeout(glue: Glue, worker: FakeWorker) -> None:
    glue.create(MaxRetries=2)
    run_id = glue.begin(Timeout=1)  # a minute, of which the clock makes 0.6 s
    before = time.monotonic()
    worker.run(run_id)

    ended = glue.wait(run_id, "TIMEOUT")

    assert time.monotonic() - before >= 0.55
    assert worker.stops == [run_id]
    assert ended["Timeout"] == 1
    assert ended["ErrorMessage"] == "Job run timed out"
    assert glue.bus.wait("Glue Job State Change", run_id)["severity"] == "WARN"
    # What timed out is not tried again.
    assert len(glue("GetJobRuns", JobName="etl")["JobRuns"]) == 1


def test_a_worker_that_does_not_end_a_run_in_time_does_not_keep_it_running(
    glue: Glue, worker: FakeWorker
) -> None:
    worker.obeys = False
    glue.create(Timeout=1)
    run_id = glue.begin()
    worker.run(run_id)

    glue.wait(run_id, "TIMEOUT")

    assert worker.stops == [run_id]


def test_a_run_that_goes_on_for_long_sends_a_status_event(glue: Glue, worker: FakeWorker) -> None:
    glue.create(NotificationProperty={"NotifyDelayAfter": 1})
    run_id = glue.begin()
    worker.run(run_id)

    event = glue.bus.wait("Glue Job Run Status", run_id)

    assert event["state"] == "RUNNING"
    assert event["notificationCondition"] == {"NotifyDelayAfter": 1}
    worker.end(run_id)
    glue.wait(run_id, "SUCCEEDED")


def test_stopping_a_running_run_goes_over_stopping_to_stopped(
    glue: Glue, worker: FakeWorker
) -> None:
    worker.obeys = False
    glue.create()
    run_id = glue.begin()
    worker.run(run_id)
    glue.wait(run_id, "RUNNING")

    answer = glue("BatchStopJobRun", JobName="etl", JobRunIds=[run_id])
    stopping = glue.job_run(run_id)["JobRunState"]
    worker.asked_to_stop(run_id)
    worker.end(run_id, "STOPPED")

    assert answer == {
        "SuccessfulSubmissions": [{"JobName": "etl", "JobRunId": run_id}],
        "Errors": [],
    }
    assert stopping == "STOPPING"
    glue.wait(run_id, "STOPPED")
    assert glue.bus.wait("Glue Job State Change", run_id)["message"] == "Job run stopped"


def test_stopping_a_run_that_waits_for_the_worker_never_starts_it(
    glue: Glue, worker: FakeWorker
) -> None:
    worker.slots = 0
    glue.create()
    run_id = glue.begin()

    glue("BatchStopJobRun", JobName="etl", JobRunIds=[run_id])

    glue.wait(run_id, "STOPPED")
    assert worker.submissions == []


def test_a_run_that_succeeds_while_it_is_being_stopped_has_succeeded(
    glue: Glue, worker: FakeWorker
) -> None:
    worker.obeys = False
    glue.create()
    run_id = glue.begin()
    worker.run(run_id)
    glue.wait(run_id, "RUNNING")

    glue("BatchStopJobRun", JobName="etl", JobRunIds=[run_id])
    worker.end(run_id, "SUCCEEDED")

    glue.wait(run_id, "SUCCEEDED")


def test_what_cannot_be_stopped_is_an_error_of_its_own(glue: Glue, worker: FakeWorker) -> None:
    glue.create()
    ended = glue.begin()
    worker.end(ended)
    glue.wait(ended, "SUCCEEDED")

    answer = glue("BatchStopJobRun", JobName="etl", JobRunIds=[ended, "jr_none"])

    codes = {error["JobRunId"]: error["ErrorDetail"]["ErrorCode"] for error in answer["Errors"]}
    assert answer["SuccessfulSubmissions"] == []
    assert codes == {
        ended: "JobRunCannotBeStoppedException",
        "jr_none": "EntityNotFoundException",
    }


def test_a_run_waits_for_a_free_slot_of_the_worker(glue: Glue, worker: FakeWorker) -> None:
    worker.slots = 1
    glue.create(ExecutionProperty={"MaxConcurrentRuns": 2})
    first = glue.begin()
    worker.run(first)
    second = glue.begin()
    glue.wait(first, "RUNNING")

    waiting = glue.job_run(second)["JobRunState"]
    submitted_before = list(worker.submissions)
    worker.end(first)
    worker.end(second)

    assert waiting == "STARTING"
    assert submitted_before == [first]
    glue.wait(second, "SUCCEEDED")


def test_a_run_that_the_worker_refuses_fails_with_its_words(glue: Glue, worker: FakeWorker) -> None:
    worker.refusal = "the id is known with another request"
    glue.create()

    run = glue.wait(glue.begin(), "FAILED")

    assert "the id is known with another request" in run["ErrorMessage"]


def test_an_unknown_run_or_job_is_not_found(glue: Glue) -> None:
    glue.create()

    for operation, request in (
        ("GetJobRun", {"JobName": "etl", "RunId": "jr_none"}),
        ("GetJobRun", {"JobName": "none", "RunId": "jr_none"}),
        ("GetJobRuns", {"JobName": "none"}),
        ("StartJobRun", {"JobName": "none"}),
        ("StartJobRun", {"JobName": "etl", "JobRunId": "jr_none"}),
    ):
        with pytest.raises(AwsError) as raised:
            glue(operation, **request)
        assert raised.value.code == "EntityNotFoundException", operation


def test_runs_are_listed_newest_first_a_page_at_a_time(glue: Glue, worker: FakeWorker) -> None:
    glue.create()
    run_ids = []
    for _ in range(3):
        run_ids.append(glue.begin())
        worker.end(run_ids[-1])
        glue.wait(run_ids[-1], "SUCCEEDED")

    first = glue("GetJobRuns", JobName="etl", MaxResults=2)
    second = glue("GetJobRuns", JobName="etl", MaxResults=2, NextToken=first["NextToken"])

    listed: list[dict[str, Any]] = first["JobRuns"] + second["JobRuns"]
    assert [run["Id"] for run in listed] == run_ids[::-1]
    assert "NextToken" not in second


def test_a_run_goes_on_when_its_job_is_deleted(glue: Glue, worker: FakeWorker) -> None:
    glue.create()
    run_id = glue.begin()
    worker.run(run_id)

    glue("DeleteJob", JobName="etl")
    worker.end(run_id)

    assert glue.wait(run_id, "SUCCEEDED")["JobName"] == "etl"


def test_many_runs_go_on_at_once(glue: Glue, worker: FakeWorker) -> None:
    glue.create(ExecutionProperty={"MaxConcurrentRuns": 20})
    run_ids = [glue.begin() for _ in range(20)]
    threads = [threading.Thread(target=worker.end, args=(run_id,)) for run_id in run_ids]
    for thread in threads:
        thread.start()

    for run_id in run_ids:
        glue.wait(run_id, "SUCCEEDED")

    assert sorted(worker.submissions) == sorted(run_ids)
