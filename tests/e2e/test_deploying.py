"""Deploy, change, deploy again, destroy: what is there before and after, and what keeps working."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from etlocal import deployments
from etlocal.clients import LocalClients
from etlocal.target import Target, holdings
from etlocal.testing.harness import Harness, Pipeline
from tests.copies import copy_files
from tests.e2e.commands import etlocal_command
from tests.e2e.conftest import PATIENT

pytestmark = [
    pytest.mark.spark,
    pytest.mark.embedded_only("changes stacks, which the same program does in a container"),
]

STACK = "flights"
FACT = "airlines.daily_flights_processed"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A copy of the pipeline's files, to be changed."""
    return copy_files(tmp_path)


def command(target: Target, folder: Path, *arguments: str) -> str:
    patient = [f"--parameter={name}={value}" for name, value in PATIENT.items()]
    more = patient if arguments[0] == "deploy" else []
    done = etlocal_command(*arguments, *more, "--stack", STACK, on=target, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def deployed(clients: LocalClients) -> Pipeline:
    return Pipeline(clients, deployments.discover(clients, STACK))


def resources(clients: LocalClients) -> dict[str, str]:
    """Logical id → physical id of the stack's resources."""
    pages = (
        clients.client("cloudformation")
        .get_paginator("list_stack_resources")
        .paginate(StackName=STACK)
    )
    found = [each for page in pages for each in page["StackResourceSummaries"]]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}


def definition(pipeline: Pipeline) -> dict[str, Any]:
    described = pipeline.clients.client("stepfunctions").describe_state_machine(
        stateMachineArn=pipeline.state_machine
    )
    found: dict[str, Any] = json.loads(described["definition"])
    return found


def script_of(pipeline: Pipeline) -> str:
    glue = pipeline.clients.client("glue")
    job = glue.get_job(JobName=pipeline.deployed.outputs["JobName"])["Job"]
    bucket, _, key = job["Command"]["ScriptLocation"].removeprefix("s3://").partition("/")
    body = pipeline.clients.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return str(body.decode())


def count(pipeline: Pipeline, table: str) -> int:
    return int(pipeline.query(f"SELECT COUNT(*) FROM {table}").rows[0][0])


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {file.name}"
    file.write_text(text.replace(old, new))


def change(files: Path) -> None:
    """Change the job, the ASL and a table, as a next version would."""
    edit(
        files / "statemachine.asl.json",
        '"Comment": "Crawls the raw',
        '"Comment": "2: Crawls the raw',
    )
    with (files / "glue_job" / "flights_job.py").open("a") as script:
        script.write("\nprint('this is version 2')\n")
    (files / "warehouse" / "ddl" / "070_note.sql").write_text(
        "ALTER TABLE airlines.load_history ADD COLUMN note VARCHAR(20);\n"
        "UPDATE airlines.load_history SET note = 'before 070';\n"
    )


def test_a_changed_pipeline_is_deployed_onto_what_it_has_loaded_and_destroyed(
    etlocal: Harness, etlocal_stack: Target, files: Path
) -> None:
    clients = etlocal.clients
    before = holdings(clients)
    command(etlocal_stack, files, "deploy")
    first = resources(clients)
    pipeline = deployed(clients)
    days = sorted((files / "seed_data" / "flights").glob("*.csv"))
    assert pipeline.run(days[0], seconds=300).status == "SUCCEEDED"
    rows = count(pipeline, FACT)
    assert rows > 0

    assert "nothing to change" in command(etlocal_stack, files, "diff")
    change(files)
    told = command(etlocal_stack, files, "diff")
    assert [line.split()[:2] for line in told.splitlines() if line.startswith("  ~")] == [
        ["~", "FlightsJob"],
        ["~", "StateMachine"],
    ]
    assert "+ warehouse script 070_note.sql" in told
    assert "this is version 2" not in script_of(pipeline), "a diff has changed the job"

    command(etlocal_stack, files, "deploy")

    assert resources(clients) == first, "a resource was made anew"
    assert definition(pipeline)["Comment"].startswith("2: ")
    assert "this is version 2" in script_of(pipeline)
    assert pipeline.query("SELECT note FROM airlines.load_history").rows == [("before 070",)]
    assert count(pipeline, FACT) == rows, "the dimension or the facts were loaded again"
    assert pipeline.run(days[1], seconds=300).status == "SUCCEEDED"
    assert "this is version 2" in pipeline.log(pipeline.job_runs()[0]["Id"])
    assert count(pipeline, "airlines.load_history") == 2, "the bookmark was lost"

    told = command(etlocal_stack, files, "destroy", "--yes")

    retained = first["RawBucket"]
    artifacts = f"etlocal-artifacts-{clients.account}-{clients.region}"
    after = holdings(clients)
    del after["queues"]  # the test's own, which is subscribed to the topic
    assert after.pop("buckets") == sorted({artifacts, retained, *before.get("buckets", [])})
    assert after == {kind: names for kind, names in before.items() if kind != "buckets"}
    assert f"kept: {retained}" in told
    listed = clients.client("s3").list_objects_v2(Bucket=retained)["Contents"]
    assert len(listed) == 2, "the flights are what cannot be made again"
    assert "nothing was deleted" in command(etlocal_stack, files, "destroy", "--yes")


def test_an_update_that_fails_leaves_the_old_version_working(
    etlocal: Harness, etlocal_stack: Target, files: Path
) -> None:
    clients = etlocal.clients
    command(etlocal_stack, files, "deploy")
    pipeline = deployed(clients)
    old = (resources(clients), definition(pipeline), script_of(pipeline))
    change(files)
    # Glue refuses it when the state machine, the topic and others have been changed already.
    edit(files / "template.yaml", "Name: glueetl", "Name: glueless")
    edit(files / "template.yaml", "DisplayName: Flight loads", "DisplayName: Loads")

    done = etlocal_command("deploy", "--stack", STACK, on=etlocal_stack, cwd=files)

    assert done.returncode == 1
    assert "UPDATE_ROLLBACK_COMPLETE" in done.stderr
    assert "FlightsJob (AWS::Glue::Job)" in done.stderr
    assert "glueless" in done.stderr
    assert (resources(clients), definition(pipeline), script_of(pipeline)) == old
    topic = clients.client("sns").get_topic_attributes(
        TopicArn=pipeline.deployed.outputs["TopicArn"]
    )
    assert topic["Attributes"]["DisplayName"] == "Flight loads"
    columns = pipeline.query("SELECT * FROM airlines.load_history").columns
    assert "note" not in columns, "the warehouse was changed for a stack that was not"
    [day, *_] = sorted((files / "seed_data" / "flights").glob("*.csv"))
    assert pipeline.run(day, seconds=300).status == "SUCCEEDED"
    assert count(pipeline, FACT) > 0
