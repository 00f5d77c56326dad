"""Glue's jobs and bookmarks as boto3 meets them on the endpoint."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_glue import GlueClient

# Goes on for longer than any test, so that a worker, if there is one, does not end it first.
SCRIPT = b"import time\ntime.sleep(600)\n"
ENDED = ("STOPPED", "SUCCEEDED", "FAILED", "TIMEOUT", "ERROR")
ENABLE = {"--job-bookmark-option": "job-bookmark-enable"}
MakeJob = Callable[..., str]


@pytest.fixture
def glue(client: Callable[[str], Any]) -> GlueClient:
    """A client of Glue."""
    made: GlueClient = client("glue")
    return made


@pytest.fixture
def command(client: Callable[[str], Any]) -> dict[str, str]:
    """The command of a job whose script goes on until it is stopped."""
    bucket = f"assets-{uuid.uuid4().hex[:12]}"
    s3 = client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="job.py", Body=SCRIPT)
    return {"Name": "glueetl", "ScriptLocation": f"s3://{bucket}/job.py", "PythonVersion": "3"}


@pytest.fixture
def make_job(glue: GlueClient, command: dict[str, str]) -> Iterator[MakeJob]:
    """Make jobs of names of their own, deleted afterwards with their runs stopped."""
    names: list[str] = []

    def make(**fields: Any) -> str:
        name = f"job-{uuid.uuid4().hex[:12]}"
        request = {"Role": "glue", "Command": command, **fields}
        names.append(glue.create_job(Name=name, **request)["Name"])
        return name

    yield make
    for name in names:
        runs = glue.get_job_runs(JobName=name)["JobRuns"]
        going_on = [run["Id"] for run in runs if run["JobRunState"] not in ENDED]
        if going_on:
            glue.batch_stop_job_run(JobName=name, JobRunIds=going_on)
        glue.delete_job(JobName=name)


def bookmark_url(endpoint_url: str, job_name: str, run_id: str) -> str:
    """Give the private URL of a run's bookmark."""
    query = urllib.parse.urlencode(
        {"account": "000000000000", "region": "us-east-1", "run_id": run_id}
    )
    return f"{endpoint_url}/_etlocal/glue/bookmarks/{urllib.parse.quote(job_name)}?{query}"


def ask(method: str, url: str, body: Any = None) -> tuple[int, Any]:
    """Ask the private HTTP."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data=data, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_a_job_comes_back_as_it_was_made_with_glues_defaults(
    glue: GlueClient, make_job: MakeJob, command: dict[str, str]
) -> None:
    name = make_job(WorkerType="G.1X", NumberOfWorkers=2, DefaultArguments={"--a": "1"})

    job = glue.get_job(JobName=name)["Job"]

    assert job["Command"] == command
    assert (job["MaxCapacity"], job["NumberOfWorkers"], job["WorkerType"]) == (2.0, 2, "G.1X")
    assert (job["Timeout"], job["MaxRetries"], job["GlueVersion"]) == (480, 0, "5.1")
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 1}
    assert job["DefaultArguments"] == {"--a": "1"}
    assert job["CreatedOn"].tzinfo is not None


def test_jobs_are_found_by_the_paginator_by_name_and_in_a_batch(
    glue: GlueClient, make_job: MakeJob
) -> None:
    names = {make_job() for _ in range(3)}

    pages = glue.get_paginator("get_jobs").paginate(PaginationConfig={"PageSize": 2})
    listed = {job["Name"] for page in pages for job in page["Jobs"]}
    batch = glue.batch_get_jobs(JobNames=[*names, "no-such-job"])

    assert names <= listed
    assert {job["Name"] for job in batch["Jobs"]} == names
    assert batch["JobsNotFound"] == ["no-such-job"]


@pytest.mark.parametrize(
    ("operation", "request_fields", "code"),
    [
        ("get_job", {"JobName": "no-such-job"}, "EntityNotFoundException"),
        ("get_job_run", {"JobName": "no-such-job", "RunId": "jr_0"}, "EntityNotFoundException"),
        ("start_job_run", {"JobName": "no-such-job"}, "EntityNotFoundException"),
        ("get_job_bookmark", {"JobName": "no-such-job"}, "EntityNotFoundException"),
        ("reset_job_bookmark", {"JobName": "no-such-job"}, "EntityNotFoundException"),
        (
            "create_job",
            {
                "Name": "x",
                "Role": "r",
                "Command": {"Name": "glueetl", "ScriptLocation": "s3://assets/job.py"},
                "GlueVersion": "4.0",
            },
            "InvalidInputException",
        ),
    ],
)
def test_errors_are_the_exceptions_of_the_client(
    glue: GlueClient, operation: str, request_fields: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as raised:
        getattr(glue, operation)(**request_fields)

    assert raised.value.response["Error"]["Code"] == code
    assert isinstance(raised.value, getattr(glue.exceptions, code))


def test_deleting_a_job_that_there_is_not_is_no_error(glue: GlueClient) -> None:
    assert glue.delete_job(JobName="no-such-job")["JobName"] == "no-such-job"


def test_a_run_over_the_limit_raises_the_clients_exception(
    glue: GlueClient, make_job: MakeJob
) -> None:
    name = make_job()
    run_id = glue.start_job_run(JobName=name, Arguments={"--a": "1"})["JobRunId"]

    with pytest.raises(glue.exceptions.ConcurrentRunsExceededException) as raised:
        glue.start_job_run(JobName=name)

    assert raised.value.response["Error"]["Message"] == f"Concurrent runs exceeded for {name}"
    run = glue.get_job_run(JobName=name, RunId=run_id)["JobRun"]
    assert run["Arguments"] == {"--a": "1"}
    assert (run["Attempt"], run["LogGroupName"]) == (0, "/aws-glue/jobs")


def test_a_stopped_run_ends(glue: GlueClient, make_job: MakeJob) -> None:
    name = make_job()
    run_id = glue.start_job_run(JobName=name)["JobRunId"]

    answer = glue.batch_stop_job_run(JobName=name, JobRunIds=[run_id, "jr_none"])

    assert [entry["JobRunId"] for entry in answer["Errors"]] == ["jr_none"]
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        state = glue.get_job_run(JobName=name, RunId=run_id)["JobRun"]["JobRunState"]
        if state in ENDED:
            break
        time.sleep(0.02)
    assert state == "STOPPED"


def test_a_bookmark_goes_through_the_private_http_and_shows_in_the_api(
    glue: GlueClient, make_job: MakeJob, endpoint_url: str
) -> None:
    name = make_job(JobRunQueuingEnabled=True, DefaultArguments=ENABLE, MaxRetries=0, Timeout=10080)
    run_id = glue.start_job_run(JobName=name)["JobRunId"]
    url = bookmark_url(endpoint_url, name, run_id)

    status, got = ask("GET", url)
    put = ask("PUT", url, {"version": got["version"], "states": {"source": {"high": "é"}}})
    again = ask("PUT", url, {"version": got["version"], "states": {}})

    assert (status, got["states"], got["run"]) == (200, {}, 1)
    assert put == (200, {"version": 1})
    assert (again[0], again[1]["code"]) == (409, "VersionMismatchException")
    entry = glue.get_job_bookmark(JobName=name)["JobBookmarkEntry"]
    assert (entry["RunId"], entry["Version"], entry["Run"]) == (run_id, 1, 1)
    assert json.loads(entry["JobBookmark"]) == {"source": {"high": "é"}}

    reset = glue.reset_job_bookmark(JobName=name)["JobBookmarkEntry"]

    assert reset["JobBookmark"] == "{}"
    assert ask("GET", url)[1]["states"] == {}


def test_what_is_not_emulated_answers_501(glue: GlueClient) -> None:
    with pytest.raises(ClientError) as raised:
        glue.start_trigger(Name="t")

    assert raised.value.response["Error"]["Code"] == "NotImplemented"
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
