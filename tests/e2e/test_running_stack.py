"""A stack that runs already, known by its URL alone: pytest and the terminal work on it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from etlocal.processes import free_port
from etlocal.target import Target, holdings
from etlocal.testing.harness import Harness
from tests.e2e.commands import etlocal_command, run
from tests.same_results import results

pytestmark = pytest.mark.spark

STORY = """
import json

ORDER = {"id": 1, "customer": {"name": "Ada"}, "amount": 10.5, "currency": "EUR"}


def test_order_is_summed_up(etlocal):
    assert etlocal.clock.time_scale == 0.02
    shop = etlocal.deploy(%r, stack="shop")
    execution = shop.run_bytes(json.dumps(ORDER).encode(), key="orders/monday.json", seconds=400)
    assert execution.status == "SUCCEEDED", execution.cause
    assert shop.notifications(1)[0]["state"] == "SUCCEEDED"
    assert "orders/monday.json: 1 customers" in shop.log(shop.job_runs()[0]["Id"])


def test_next_test_has_nothing_of_it_and_the_same_pace(etlocal):
    assert etlocal.client("s3").list_buckets()["Buckets"] == []
    assert etlocal.clock.time_scale == 0.02
"""
TOPIC = """
Metadata: {etlocal: {Topic: Topic}}
Resources: {News: {Type: 'AWS::SNS::Topic'}}
Outputs: {Topic: {Value: !Ref News}}
"""
# Longer than any test: what it holds up goes on when the test lets it.
HELD = 1_000_000.0


@pytest.fixture
def story(tmp_path: Path) -> Path:
    """A folder with two tests of a pipeline."""
    template = Path(__file__).parent / "orders" / "template.yaml"
    (tmp_path / "test_story.py").write_text(STORY % str(template))
    return tmp_path


def pytest_on(url: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of a folder on the stack at `url`, in a process of their own."""
    return run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider"),
            *("--etlocal-endpoint", url, "--etlocal-time-scale", "0.02"),
            *("--junit-xml", str(folder / "run.xml"), *options, str(folder)),
        ],
        cwd=folder,
    )


def test_tests_pass_on_a_stack_that_runs_and_leave_it_as_it_was(
    etlocal: Harness, story: Path
) -> None:
    before = etlocal.clock.time_scale

    done = pytest_on(etlocal.endpoint_url, story)

    assert done.returncode == 0, done.stdout + done.stderr
    assert {each.outcome for each in results(story / "run.xml").values()} == {"passed"}
    assert etlocal.clock.time_scale == before != 0.02
    assert holdings(etlocal.clients) == {}


def test_stack_that_holds_something_is_cleared_only_when_that_is_asked_for(
    etlocal: Harness, story: Path
) -> None:
    s3 = etlocal.client("s3")
    s3.create_bucket(Bucket="precious")
    etlocal.client("glue").create_database(DatabaseInput={"Name": "catalog"})
    only = ("-k", "next_test")

    refused = pytest_on(etlocal.endpoint_url, story, *only)

    assert refused.returncode == 1
    assert "(buckets: precious; Glue databases: catalog)" in refused.stdout
    assert "--etlocal-clear" in refused.stdout
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["precious"]

    done = pytest_on(etlocal.endpoint_url, story, *only, "--etlocal-clear")

    assert done.returncode == 0, done.stdout + done.stderr
    assert holdings(etlocal.clients) == {}


def test_demo_comes_to_its_end_and_again_and_the_terminal_finds_its_pipeline(
    etlocal: Harness, project: Path, tmp_path: Path
) -> None:
    endpoint = ("--endpoint", etlocal.endpoint_url)
    before = etlocal.clock.time_scale
    ask = "SELECT COUNT(*) AS n FROM airlines.daily_flights_processed"

    first = etlocal_command("demo", *endpoint, cwd=project)
    count = etlocal_command("query", ask, "--format", "csv", *endpoint, cwd=tmp_path)
    logs = etlocal_command("logs", "latest", *endpoint, cwd=tmp_path)
    again = etlocal_command("demo", *endpoint, cwd=project)
    after = etlocal_command("query", ask, "--format", "csv", *endpoint, cwd=tmp_path)

    assert first.returncode == 0, first.stdout + first.stderr
    assert "By its bookmark the job read 1 new of 2 files" in first.stdout
    assert int(count.stdout.removeprefix("n\n")) > 0, count.stderr
    assert logs.returncode == 0
    assert logs.stdout
    assert again.returncode == 0, again.stdout + again.stderr
    assert after.stdout == count.stdout, "files that were loaded before are not loaded twice"
    assert etlocal.clock.time_scale == before


def test_demo_that_does_not_come_to_its_end_says_why_and_exits_with_1(
    etlocal: Harness, project: Path
) -> None:
    endpoint = ("--endpoint", etlocal.endpoint_url)
    before = etlocal.clock.time_scale

    with etlocal.faults.fail("glue", "StartJobRun", "InvalidInputException", times=None):
        failed = etlocal_command("demo", *endpoint, cwd=project)
    with etlocal.faults.delay("glue", "StartJobRun", HELD, times=None):
        late = etlocal_command("demo", "--patience", "2", *endpoint, cwd=project)

    assert failed.returncode == 1
    assert "the execution ended FAILED" in failed.stderr
    assert "InvalidInputException" in failed.stderr, "it says where the flow stands"
    assert late.returncode == 1
    assert "has not ended within 2 s" in late.stderr
    assert "Traceback" not in failed.stderr + late.stderr
    assert etlocal.clock.time_scale == before
    left = etlocal.client("sqs").list_queues(QueueNamePrefix="etlocal-inbox")
    assert left.get("QueueUrls", []) == []


def test_one_of_several_pipelines_has_to_be_named(etlocal: Harness, tmp_path: Path) -> None:
    endpoint = ("--endpoint", etlocal.endpoint_url)
    (tmp_path / "template.yaml").write_text(TOPIC)
    for stack in ("one", "other"):
        done = etlocal_command("deploy", "--stack", stack, *endpoint, cwd=tmp_path)
        assert done.returncode == 0, done.stderr

    unclear = etlocal_command("logs", *endpoint)
    named = etlocal_command("logs", "--stack", "one", *endpoint)
    unknown = etlocal_command("logs", "--stack", "third", *endpoint)

    assert unclear.returncode == 1
    assert "several pipelines are deployed (one, other): name one with --stack" in unclear.stderr
    assert "no Glue job has run yet" in named.stderr
    assert f"there is no stack third at {etlocal.endpoint_url}" in unknown.stderr


def test_reset_at_an_endpoint_wants_a_yes_and_clears(etlocal: Harness) -> None:
    etlocal.client("s3").create_bucket(Bucket="lake")
    reset = ("reset", "--endpoint", etlocal.endpoint_url)

    asked = etlocal_command(*reset)
    assert asked.returncode == 1
    assert "--yes" in asked.stderr
    assert holdings(etlocal.clients) == {"buckets": ["lake"]}

    done = etlocal_command(*reset, "--yes")
    assert done.returncode == 0, done.stderr
    assert holdings(etlocal.clients) == {}


def test_status_of_an_endpoint_is_what_it_says_of_itself(etlocal_stack: Target) -> None:
    done = etlocal_command("status", "--json", "--endpoint", etlocal_stack.endpoint_url)
    plain = etlocal_command("status", "--endpoint", etlocal_stack.endpoint_url)

    said = json.loads(done.stdout)
    assert (done.returncode, said["running"]) == (0, True)
    assert said["parts"][0]["health"]["services"]["glue"] == "running"
    assert plain.stdout.startswith(f"endpoint  up        {etlocal_stack.endpoint_url}\n")


def test_commands_at_an_endpoint_where_nothing_answers_exit_with_3(project: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    for command in (["status"], ["demo"], ["deploy"], ["query", "SELECT 1"], ["reset", "--yes"]):
        done = etlocal_command(*command, "--endpoint", url, cwd=project)

        assert done.returncode == 3, command
        assert f"{url} does not answer" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
