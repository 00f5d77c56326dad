"""Bookmarks: what a run starts from, commits, rewinds, and the private HTTP of the job library."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from etlocal.aws.call import Call, Runtime
from etlocal.aws.errors import AwsError
from etlocal.glue import bookmarks, catalog, jobs
from etlocal.glue.bookmarks.http import handle
from etlocal.glue.jobs.run_rows import RunSpec, State, get_run, insert_run, set_ended
from etlocal.glue.operations import OPERATIONS

ENABLE = {"--job-bookmark-option": "job-bookmark-enable"}
PAUSE = {"--job-bookmark-option": "job-bookmark-pause"}
Begin = Callable[..., str]


@pytest.fixture
def glue(runtime: Runtime, call: Call) -> Callable[..., dict[str, Any]]:
    """The operations, over a job called etl; no run of it reaches a worker."""
    for room in (catalog, jobs, bookmarks):
        room.start(runtime)

    def handle_operation(operation: str, **request: Any) -> dict[str, Any]:
        return OPERATIONS.handle(operation, request, call)

    command = {"Name": "glueetl", "ScriptLocation": "s3://assets/job.py"}
    handle_operation("CreateJob", Name="etl", Role="glue", Command=command)
    return handle_operation


@pytest.fixture
def begin(runtime: Runtime, glue: Callable[..., dict[str, Any]]) -> Begin:
    """Write a run of the job that goes on."""

    def write(
        name: str, arguments: dict[str, str] = ENABLE, attempt: int = 0, previous: str = ""
    ) -> str:
        spec = RunSpec(
            shown={},
            arguments=arguments,
            script_location="s3://assets/job.py",
            role_arn="arn:aws:iam::000000000000:role/glue",
            glue_version="5.1",
            timeout_minutes=480,
            max_retries=1,
            max_concurrent_runs=1,
        )
        with runtime.store.transaction() as tx:
            row = tx.execute("SELECT seq FROM jobs_run WHERE run_id = ?", (previous,)).fetchone()
            insert_run(
                tx,
                account="000000000000",
                region="us-east-1",
                job_name="etl",
                run_id=name,
                spec=spec,
                state=State.STARTING,
                now=datetime.now(UTC),
                attempt=attempt,
                previous=get_run(tx, row["seq"]) if row is not None else None,
            )
        return name

    return write


@pytest.fixture
def http(runtime: Runtime) -> Callable[..., tuple[int, dict[str, Any]]]:
    """The job library's private HTTP."""

    def ask(
        method: str, run_id: str, body: Any = None, job_name: str = "etl"
    ) -> tuple[int, dict[str, Any]]:
        query = {"account": "000000000000", "region": "us-east-1", "run_id": run_id}
        text = json.dumps(body).encode() if body is not None else b""
        return handle(method, job_name, query, text, runtime)

    return ask


@pytest.fixture
def commit(begin: Begin, http: Callable[..., tuple[int, dict[str, Any]]]) -> Callable[..., int]:
    """Do a whole run: begin, read the bookmark, commit states."""

    def whole(name: str, states: dict[str, Any]) -> int:
        begin(name)
        _, got = http("GET", name)
        status, answer = http("PUT", name, {"version": got["version"], "states": states})
        assert status == 200, answer
        return int(answer["version"])

    return whole


def test_the_first_run_starts_from_nothing(begin: Begin, http: Any) -> None:
    begin("jr_1")

    assert http("GET", "jr_1") == (
        200,
        {
            "option": "job-bookmark-enable",
            "version": 0,
            "run": 1,
            "attempt": 0,
            "states": {},
            "until": None,
        },
    )


def test_a_run_starts_from_what_the_one_before_committed(
    begin: Begin, http: Any, commit: Any
) -> None:
    state = {"source": {"high": "2024-01-01T00:00:00Z", "files": ["a", "ü"]}}
    version = commit("jr_1", state)
    begin("jr_2")

    _, got = http("GET", "jr_2")

    assert got["states"] == state
    assert (got["version"], got["run"]) == (version, 2)


def test_without_a_commit_nothing_moves(begin: Begin, http: Any, commit: Any) -> None:
    commit("jr_1", {"source": 1})
    begin("jr_2")
    http("GET", "jr_2")
    begin("jr_3")

    assert http("GET", "jr_3")[1]["states"] == {"source": 1}


@pytest.mark.parametrize(
    "arguments", [{}, {"--job-bookmark-option": "job-bookmark-disable"}], ids=["none", "disable"]
)
def test_disabled_a_run_sees_no_state_and_moves_none(
    begin: Begin, http: Any, commit: Any, glue: Any, arguments: dict[str, str]
) -> None:
    version = commit("jr_1", {"source": 1})
    begin("jr_2", arguments)

    _, got = http("GET", "jr_2")
    put = http("PUT", "jr_2", {"version": got["version"], "states": {"source": 9}})

    assert (got["option"], got["states"]) == ("job-bookmark-disable", {})
    assert put == (200, {"version": version})
    entry = glue("GetJobBookmark", JobName="etl")["JobBookmarkEntry"]
    assert json.loads(entry["JobBookmark"]) == {"source": 1}


def test_paused_a_run_reads_what_is_new_and_moves_nothing(
    begin: Begin, http: Any, commit: Any, glue: Any
) -> None:
    version = commit("jr_1", {"source": 1})
    begin("jr_2", PAUSE)

    _, got = http("GET", "jr_2")
    put = http("PUT", "jr_2", {"version": got["version"], "states": {"source": 9}})

    assert (got["states"], got["until"]) == ({"source": 1}, None)
    assert put == (200, {"version": version})
    assert glue("GetJobBookmark", JobName="etl")["JobBookmarkEntry"]["Version"] == version


def test_paused_with_a_range_a_run_reads_after_from_up_to_and_including_to(
    begin: Begin, http: Any, commit: Any
) -> None:
    for number in (1, 2, 3, 4):
        commit(f"jr_{number}", {"source": number})
    begin("jr_5", {**PAUSE, "--job-bookmark-from": "jr_1", "--job-bookmark-to": "jr_3"})

    _, got = http("GET", "jr_5")

    assert (got["states"], got["until"]) == ({"source": 1}, {"source": 3})


def test_a_range_that_names_a_run_without_a_commit_means_the_last_one_before_it(
    begin: Begin, http: Any, commit: Any
) -> None:
    begin("jr_1")
    commit("jr_2", {"source": 2})
    begin("jr_3")
    begin("jr_4", {**PAUSE, "--job-bookmark-from": "jr_1", "--job-bookmark-to": "jr_3"})

    _, got = http("GET", "jr_4")

    assert (got["states"], got["until"]) == ({}, {"source": 2})


@pytest.mark.parametrize("given", ["--job-bookmark-from", "--job-bookmark-to"])
def test_half_a_range_is_refused(begin: Begin, http: Any, given: str) -> None:
    begin("jr_1", {**PAUSE, given: "jr_1"})

    status, error = http("GET", "jr_1")

    assert (status, error["code"]) == (400, "InvalidInputException")
    assert "must be given together" in error["message"]


def test_a_range_of_a_run_that_there_is_not_is_refused(begin: Begin, http: Any) -> None:
    begin("jr_1", {**PAUSE, "--job-bookmark-from": "jr_1", "--job-bookmark-to": "jr_9"})

    status, error = http("GET", "jr_1")

    assert (status, error["code"]) == (400, "EntityNotFoundException")
    assert "jr_9" in error["message"]


def test_an_unknown_option_is_refused(begin: Begin, http: Any) -> None:
    begin("jr_1", {"--job-bookmark-option": "job-bookmark-maybe"})

    status, error = http("GET", "jr_1")

    assert (status, error["code"]) == (400, "InvalidInputException")


def test_of_two_runs_at_once_the_later_committer_fails(begin: Begin, http: Any, glue: Any) -> None:
    begin("jr_1")
    begin("jr_2")
    version = http("GET", "jr_1")[1]["version"]
    assert http("GET", "jr_2")[1]["version"] == version

    first = http("PUT", "jr_2", {"version": version, "states": {"source": 2}})
    second = http("PUT", "jr_1", {"version": version, "states": {"source": 1}})

    assert first == (200, {"version": 1})
    assert second == (
        409,
        {
            "code": "VersionMismatchException",
            "message": "Continuation update failed due to version mismatch. "
            "Expected version 0 but found version 1",
        },
    )
    entry = glue("GetJobBookmark", JobName="etl")["JobBookmarkEntry"]
    assert (entry["RunId"], json.loads(entry["JobBookmark"])) == ("jr_2", {"source": 2})


def test_of_many_commits_at_once_one_wins(begin: Begin, http: Any) -> None:
    names = [begin(f"jr_{number}") for number in range(8)]
    gate = threading.Barrier(len(names))
    answers: list[int] = []

    def put(name: str) -> None:
        gate.wait()
        answers.append(http("PUT", name, {"version": 0, "states": {"source": name}})[0])

    threads = [threading.Thread(target=put, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [200] + [409] * 7


def test_a_script_may_commit_more_than_once(
    begin: Begin, http: Any, commit: Any, glue: Any
) -> None:
    commit("jr_0", {"source": 0})
    begin("jr_1")
    version = http("GET", "jr_1")[1]["version"]

    _, first = http("PUT", "jr_1", {"version": version, "states": {"source": 1}})
    status, _ = http("PUT", "jr_1", {"version": first["version"], "states": {"source": 2}})

    entry = glue("GetJobBookmark", JobName="etl")["JobBookmarkEntry"]
    assert status == 200
    assert json.loads(entry["JobBookmark"]) == {"source": 2}
    assert entry["PreviousRunId"] == "jr_0"


def test_the_entry_says_which_run_left_it(commit: Any, glue: Any) -> None:
    commit("jr_1", {"source": 1})
    commit("jr_2", {"source": 2})

    entry = glue("GetJobBookmark", JobName="etl")["JobBookmarkEntry"]

    assert entry == {
        "JobName": "etl",
        "Version": 2,
        "Run": 2,
        "Attempt": 0,
        "PreviousRunId": "jr_1",
        "RunId": "jr_2",
        "JobBookmark": '{"source":2}',
    }
    earlier = glue("GetJobBookmark", JobName="etl", RunId="jr_1")["JobBookmarkEntry"]
    assert (earlier["RunId"], earlier["JobBookmark"]) == ("jr_1", '{"source":1}')


def test_an_attempt_is_the_same_run(begin: Begin, http: Any, glue: Any) -> None:
    begin("jr_1")
    begin("jr_1_attempt_1", attempt=1, previous="jr_1")

    _, got = http("GET", "jr_1_attempt_1")
    http("PUT", "jr_1_attempt_1", {"version": 0, "states": {}})

    assert (got["run"], got["attempt"]) == (1, 1)
    entry = glue("GetJobBookmark", JobName="etl")["JobBookmarkEntry"]
    assert (entry["Run"], entry["Attempt"]) == (1, 1)


@pytest.mark.parametrize("operation", ["GetJobBookmark", "ResetJobBookmark"])
def test_a_job_without_a_bookmark_answers_as_aws_does(glue: Any, operation: str) -> None:
    with pytest.raises(AwsError) as raised:
        glue(operation, JobName="etl")

    assert raised.value.code == "EntityNotFoundException"
    assert raised.value.message == "Continuation for job etl not found"


def test_a_reset_clears_every_context(begin: Begin, http: Any, commit: Any, glue: Any) -> None:
    commit("jr_1", {"a": 1, "b": 2})

    entry = glue("ResetJobBookmark", JobName="etl")["JobBookmarkEntry"]

    begin("jr_2")
    assert (entry["Run"], entry["Attempt"], entry["JobBookmark"]) == (0, 0, "{}")
    assert "RunId" not in entry
    assert http("GET", "jr_2")[1]["states"] == {}


def test_a_rewind_goes_back_to_where_the_run_left_it(
    begin: Begin, http: Any, commit: Any, glue: Any
) -> None:
    for number in (1, 2, 3):
        commit(f"jr_{number}", {"source": number})

    entry = glue("ResetJobBookmark", JobName="etl", RunId="jr_1")["JobBookmarkEntry"]

    begin("jr_4")
    assert (entry["RunId"], entry["JobBookmark"]) == ("jr_1", '{"source":1}')
    assert http("GET", "jr_4")[1]["states"] == {"source": 1}
    # What was rewound over is not forgotten: a range may still name it.
    glue("ResetJobBookmark", JobName="etl", RunId="jr_3")
    begin("jr_5")
    assert http("GET", "jr_5")[1]["states"] == {"source": 3}


def test_a_rewind_to_a_run_that_there_is_not_is_refused(commit: Any, glue: Any) -> None:
    commit("jr_1", {"source": 1})

    with pytest.raises(AwsError, match="jr_9"):
        glue("ResetJobBookmark", JobName="etl", RunId="jr_9")


def test_a_run_that_began_before_a_reset_cannot_commit_over_it(
    begin: Begin, http: Any, commit: Any, glue: Any
) -> None:
    commit("jr_1", {"source": 1})
    begin("jr_2")
    version = http("GET", "jr_2")[1]["version"]

    glue("ResetJobBookmark", JobName="etl")
    status, error = http("PUT", "jr_2", {"version": version, "states": {"source": 2}})

    assert (status, error["code"]) == (409, "VersionMismatchException")


def test_deleting_the_job_deletes_the_bookmark(
    begin: Begin, http: Any, commit: Any, glue: Any
) -> None:
    commit("jr_1", {"source": 1})
    begin("jr_2")

    glue("DeleteJob", JobName="etl")
    late = http("PUT", "jr_2", {"version": 1, "states": {"source": 2}})

    assert late[0] == 400
    with pytest.raises(AwsError, match="Continuation for job etl not found"):
        glue("GetJobBookmark", JobName="etl")


def test_a_run_that_has_ended_cannot_commit(runtime: Runtime, begin: Begin, http: Any) -> None:
    begin("jr_1")
    with runtime.store.transaction() as tx:
        set_ended(
            tx,
            1,
            State.TIMEOUT,
            error_message=None,
            execution_started_on=None,
            completed_on=datetime.now(UTC),
        )

    status, error = http("PUT", "jr_1", {"version": 0, "states": {}})

    assert (status, error["code"]) == (400, "InvalidInputException")
    assert "TIMEOUT" in error["message"]


@pytest.mark.parametrize(
    "body", [None, [], {"version": 1}, {"states": {}}, {"version": "1", "states": {}}]
)
def test_a_body_of_another_form_is_refused(begin: Begin, http: Any, body: Any) -> None:
    begin("jr_1")

    status, error = http("PUT", "jr_1", body)

    assert (status, error["code"]) == (400, "InvalidInputException")


def test_the_private_http_refuses_what_it_does_not_know(runtime: Runtime, glue: Any) -> None:
    query = {"account": "000000000000", "region": "us-east-1", "run_id": "jr_none"}

    assert handle("GET", "etl", query, None, runtime)[0] == 400
    assert handle("DELETE", "etl", query, None, runtime)[0] == 405
    assert handle("GET", "etl", {"account": "000000000000"}, None, runtime) == (
        400,
        {"code": "InvalidInputException", "message": "the query lacks region, run_id"},
    )


def test_accounts_and_regions_are_apart(
    runtime: Runtime, commit: Any, call: Call, glue: Any
) -> None:
    commit("jr_1", {"source": 1})
    elsewhere = Call(call.account, "eu-west-1", call.principal, call.request_id, runtime)

    with pytest.raises(AwsError):
        OPERATIONS.handle("GetJobBookmark", {"JobName": "etl"}, elsewhere)
