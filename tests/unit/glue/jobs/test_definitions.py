"""Job definitions: Glue's defaults, its checks, and what is not emulated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from etlocal.aws.errors import AwsError

if TYPE_CHECKING:
    from tests.unit.glue.jobs.conftest import FakeWorker, Glue

COMMAND = {"Name": "glueetl", "ScriptLocation": "s3://assets/job.py"}


def test_a_job_shows_glues_defaults_for_what_was_left_out(glue: Glue) -> None:
    glue("CreateJob", Name="etl", Role="glue", Command=COMMAND)

    job = glue("GetJob", JobName="etl")["Job"]

    assert job.pop("CreatedOn") == job.pop("LastModifiedOn")
    assert job == {
        "Name": "etl",
        "JobMode": "SCRIPT",
        "JobRunQueuingEnabled": False,
        "Role": "glue",
        "Command": COMMAND,
        "ExecutionProperty": {"MaxConcurrentRuns": 1},
        "MaxRetries": 0,
        "Timeout": 480,
        "GlueVersion": "5.1",
        "MaxCapacity": 10.0,
        "AllocatedCapacity": 10,
    }


def test_what_a_job_was_given_is_kept(glue: Glue) -> None:
    given: dict[str, Any] = {
        "Description": "one",
        "DefaultArguments": {"--TempDir": "s3://temp/"},
        "NonOverridableArguments": {"--x": "1"},
        "Connections": {"Connections": ["warehouse"]},
        "ExecutionProperty": {"MaxConcurrentRuns": 4},
        "MaxRetries": 1,
        "Timeout": 15,
        "GlueVersion": "5.0",
        "ExecutionClass": "FLEX",
        "NotificationProperty": {"NotifyDelayAfter": 5},
        "JobRunQueuingEnabled": True,
    }
    glue.create(**given, WorkerType="G.2X", NumberOfWorkers=5)

    job = glue("GetJob", JobName="etl")["Job"]

    assert {key: job[key] for key in given} == given
    assert (job["WorkerType"], job["NumberOfWorkers"]) == ("G.2X", 5)
    assert (job["MaxCapacity"], job["AllocatedCapacity"]) == (10.0, 10)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"MaxCapacity": 4.0, "WorkerType": "G.1X", "NumberOfWorkers": 2},
            "Please do not set Max Capacity if using Worker Type and Number of Workers.",
        ),
        (
            {"AllocatedCapacity": 4, "WorkerType": "G.1X", "NumberOfWorkers": 2},
            "Please do not set Allocated Capacity if using Worker Type and Number of Workers.",
        ),
        (
            {"MaxCapacity": 4.0, "AllocatedCapacity": 4},
            "Please set only Allocated Capacity or Max Capacity.",
        ),
        ({"WorkerType": "G.1X"}, "Please set both Worker Type and Number of Workers."),
        ({"NumberOfWorkers": 2}, "Please set both Worker Type and Number of Workers."),
        ({"WorkerType": "G.1X", "NumberOfWorkers": 1}, "less than 2"),
        ({"WorkerType": "G.025X", "NumberOfWorkers": 2}, "streaming jobs"),
        ({"WorkerType": "Standard", "NumberOfWorkers": 2}, "Glue version 2.0"),
        ({"MaxCapacity": 1.0}, "at least 2"),
        ({"MaxCapacity": 2.5}, "whole number"),
        ({"Timeout": 10081}, "7 days or 10080 minutes"),
        ({"MaxRetries": 11}, "between 0 and 10"),
        ({"ExecutionProperty": {"MaxConcurrentRuns": 0}}, "less than 1"),
        ({"GlueVersion": "4.0"}, "GlueVersion 4.0 is not emulated"),
        ({"GlueVersion": "6.0"}, "GlueVersion 6.0 is not emulated"),
        ({"GlueVersion": "auto"}, "GlueVersion auto is not emulated"),
        ({"Command": {**COMMAND, "Name": "pythonshell"}}, "pythonshell is not emulated"),
        ({"Command": {**COMMAND, "Name": "gluestreaming"}}, "gluestreaming is not emulated"),
        ({"Command": {**COMMAND, "Name": "glueray"}}, "glueray is not emulated"),
        ({"Command": {**COMMAND, "Name": "spark"}}, "'spark' is not one of"),
        ({"Command": {"Name": "glueetl"}}, "ScriptLocation"),
        ({"Command": {"Name": "glueetl", "ScriptLocation": "/job.py"}}, "not an s3:// URI"),
        ({"Command": {**COMMAND, "PythonVersion": "2"}}, "PythonVersion 2"),
    ],
)
def test_a_definition_that_breaks_a_rule_is_refused(
    glue: Glue, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(AwsError) as raised:
        glue.create(**fields)

    assert raised.value.code == "InvalidInputException"
    assert message in raised.value.message
    assert glue("GetJobs")["Jobs"] == []


@pytest.mark.parametrize(
    ("worker_type", "capacity"),
    [("G.1X", 4), ("G.4X", 16), ("G.8X", 32), ("G.16X", 64), ("R.2X", 8)],
)
def test_capacity_follows_from_the_workers(glue: Glue, worker_type: str, capacity: int) -> None:
    glue.create(WorkerType=worker_type, NumberOfWorkers=4)

    job = glue("GetJob", JobName="etl")["Job"]

    assert (job["MaxCapacity"], job["AllocatedCapacity"]) == (float(capacity), capacity)


def test_a_name_is_taken_once(glue: Glue) -> None:
    glue.create()

    with pytest.raises(AwsError) as raised:
        glue.create()

    assert raised.value.code == "AlreadyExistsException"


def test_an_update_overwrites_the_definition_whole_but_for_the_version(glue: Glue) -> None:
    glue.create(
        Description="old", GlueVersion="5.0", MaxRetries=3, WorkerType="G.1X", NumberOfWorkers=4
    )
    before = glue("GetJob", JobName="etl")["Job"]

    glue("UpdateJob", JobName="etl", JobUpdate={"Role": "new", "Command": COMMAND, "Timeout": 5})

    job = glue("GetJob", JobName="etl")["Job"]
    assert (job["Role"], job["Timeout"], job["MaxRetries"]) == ("new", 5, 0)
    assert (job["GlueVersion"], job["MaxCapacity"]) == ("5.0", 10.0)
    assert "Description" not in job
    assert "WorkerType" not in job
    assert job["CreatedOn"] == before["CreatedOn"] <= job["LastModifiedOn"]


@pytest.mark.parametrize("missing", ["Role", "Command"])
def test_an_update_needs_role_and_command(glue: Glue, missing: str) -> None:
    glue.create()
    update = {"Role": "new", "Command": COMMAND}
    del update[missing]

    with pytest.raises(AwsError, match=f"{missing} of the job is required"):
        glue("UpdateJob", JobName="etl", JobUpdate=update)


def test_a_run_keeps_what_it_was_started_with_when_the_job_changes(
    glue: Glue, worker: FakeWorker
) -> None:
    worker.slots = 0
    glue.create(DefaultArguments={"--a": "old"}, Timeout=100)
    run_id = glue.begin()

    command = {**COMMAND, "ScriptLocation": "s3://assets/new.py"}
    glue("UpdateJob", JobName="etl", JobUpdate={"Role": "new", "Command": command})
    worker.slots = 1

    request = worker.received(run_id)
    assert request["script_location"] == "s3://assets/job.py"
    assert request["arguments"] == {"--a": "old"}
    assert glue.job_run(run_id)["Timeout"] == 100


def test_deleting_a_job_that_there_is_not_is_no_error(glue: Glue) -> None:
    glue.create()

    assert glue("DeleteJob", JobName="etl") == {"JobName": "etl"}
    assert glue("DeleteJob", JobName="etl") == {"JobName": "etl"}

    with pytest.raises(AwsError) as raised:
        glue("GetJob", JobName="etl")
    assert raised.value.code == "EntityNotFoundException"
    assert raised.value.message == "Job with name: etl not found."


def test_an_update_of_a_job_that_there_is_not_is_refused(glue: Glue) -> None:
    with pytest.raises(AwsError, match="Job with name: none not found"):
        glue("UpdateJob", JobName="none", JobUpdate={"Role": "r", "Command": COMMAND})


def test_jobs_are_listed_by_name_a_page_at_a_time(glue: Glue) -> None:
    for name in ("b", "c", "a"):
        glue.create(name)

    first = glue("GetJobs", MaxResults=2)
    second = glue("GetJobs", MaxResults=2, NextToken=first["NextToken"])

    assert [job["Name"] for job in first["Jobs"]] == ["a", "b"]
    assert [job["Name"] for job in second["Jobs"]] == ["c"]
    assert "NextToken" not in second
    with pytest.raises(AwsError) as raised:
        glue("GetJobs", NextToken="made up")
    assert raised.value.code == "InvalidInputException"


def test_names_can_be_listed_by_tag(glue: Glue) -> None:
    glue.create("a", Tags={"team": "x", "stage": "dev"})
    glue.create("b", Tags={"team": "x"})
    glue.create("c")

    assert glue("ListJobs")["JobNames"] == ["a", "b", "c"]
    assert glue("ListJobs", Tags={"team": "x"})["JobNames"] == ["a", "b"]
    assert glue("ListJobs", Tags={"team": "x", "stage": "dev"})["JobNames"] == ["a"]


def test_a_jobs_tags_go_with_it(glue: Glue) -> None:
    arn = "arn:aws:glue:us-east-1:000000000000:job/etl"
    glue.create(Tags={"team": "x"})
    tags = glue("GetTags", ResourceArn=arn)["Tags"]

    glue("DeleteJob", JobName="etl")
    glue.create()

    assert tags == {"team": "x"}
    assert glue("GetTags", ResourceArn=arn)["Tags"] == {}


def test_a_batch_says_which_jobs_there_are_not(glue: Glue) -> None:
    glue.create("a")

    answer = glue("BatchGetJobs", JobNames=["a", "b"])

    assert [job["Name"] for job in answer["Jobs"]] == ["a"]
    assert answer["JobsNotFound"] == ["b"]


@pytest.mark.parametrize(
    "member",
    [
        {"ExecutionRoleSessionPolicy": '{"Version":"2012-10-17"}'},
        {"SecurityConfiguration": "encrypted"},
    ],
    ids=lambda member: next(iter(member)),
)
def test_what_would_be_passed_over_is_refused(glue: Glue, member: dict[str, str]) -> None:
    glue.create()

    with pytest.raises(AwsError) as raised:
        glue.begin(**member)

    assert raised.value.status == 501
    assert next(iter(member)) in raised.value.message
    assert glue("GetJobRuns", JobName="etl")["JobRuns"] == []


@pytest.mark.parametrize(
    "member",
    [
        {"SecurityConfiguration": "encrypted"},
        {"CodeGenConfigurationNodes": {"1": {"Union": {"Name": "u", "Inputs": ["2", "3"],
                                                       "UnionType": "ALL"}}}},
    ],
    ids=lambda member: next(iter(member)),
)  # fmt: skip
def test_a_job_that_would_be_passed_over_in_part_is_refused(
    glue: Glue, member: dict[str, Any]
) -> None:
    with pytest.raises(AwsError) as raised:
        glue.create(**member)

    assert raised.value.status == 501
    assert next(iter(member)) in raised.value.message


@pytest.mark.parametrize("operation", ["CreateTrigger", "StartTrigger", "CreateSession"])
def test_what_the_room_does_not_have_answers_501(glue: Glue, operation: str) -> None:
    with pytest.raises(AwsError) as raised:
        glue(operation)

    assert raised.value.status == 501
