"""No run and no test reaches AWS: without an endpoint, with a wrong one, with real credentials.

The stack of this module is started by somebody whose environment is all for real AWS, and the traps
of `tests.e2e.trap` are in its way.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from etlocal.endpoint.overlay import make_overlay
from etlocal.processes import free_port
from etlocal.settings import Settings
from etlocal.stack import ENDPOINT, WORKER, Stack
from etlocal.target import Target
from etlocal.testing.harness import Harness
from etlocal.waiting import await_answer
from tests.e2e.commands import run
from tests.e2e.trap import REAL_KEY, REAL_SECRET, Trap, real_environment, set_trap

pytestmark = [
    pytest.mark.spark,
    pytest.mark.xdist_group("etlocal"),
    pytest.mark.embedded_only("sets its traps in the processes of this machine"),
]

HERE = Path(__file__).parent
NO_AWS = "a local run does not reach AWS"
ENDED = ("SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR")
PLAIN_TEST = """
import os
import subprocess
import sys

import boto3


def test_clients_that_know_nothing_of_etlocal_reach_its_stack(etlocal):
    boto3.client("s3").create_bucket(Bucket="plain")
    assert [b["Name"] for b in etlocal.client("s3").list_buckets()["Buckets"]] == ["plain"]
    assert boto3.client("sts").get_caller_identity()["Account"] == "000000000000"
    ask = "import boto3; print(boto3.client('s3').list_buckets()['Buckets'][0]['Name'])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "plain"


def test_the_environment_is_ones_own_again():
    assert os.environ["AWS_PROFILE"] == "prod"
"""


@dataclass(frozen=True)
class Besieged:
    """A stack that was started in an environment for real AWS."""

    target: Target
    trap: Trap
    environment: dict[str, str]

    def etlocal(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run ``etlocal …`` on it, from that environment; give what it printed."""
        done = run(
            [*_etlocal(), *arguments, "--endpoint", self.target.endpoint_url],
            cwd=cwd,
            **self.environment,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def besieged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Besieged]:
    """The stack, in whose way, and in that of its clients, are the traps."""
    folder = tmp_path_factory.mktemp("besieged")
    cache = str(Settings().cache_dir.absolute())
    with set_trap(folder) as trap:
        environment = real_environment(folder, trap.proxy_url) | {
            "ETLOCAL_CACHE_DIR": cache,
            "PYTHONPATH": str(trap.code),
        }
        state = folder / "state"
        # The parts take no PYTHONPATH of the user's; this folder is on theirs.
        trap.set_in(make_overlay(state / "run" / "overlays"))
        ports = ("--port", str(free_port()), "--worker-port", str(free_port()))
        where = ("--state-dir", str(state))
        started = run(
            [*_etlocal(), "up", "--detach", "--time-scale", "0.01", *ports, *where],
            cwd=None,
            **environment | {"ETLOCAL_REDSHIFT_PORT": "0"},
        )
        try:
            assert started.returncode == 0, started.stdout + started.stderr
            yield Besieged(Target.of(Stack(Settings(state_dir=state)).require()), trap, environment)
        finally:
            run([*_etlocal(), "down", *where], cwd=None, **environment)


@pytest.fixture
def harness(besieged: Besieged) -> Iterator[Harness]:
    """A clean harness on it; when the test ends nothing has left, and no real key has come in."""
    harness = Harness(besieged.target)
    harness.reset()
    yield harness
    assert besieged.trap.asked == []
    assert besieged.trap.noted == []


def start_job(harness: Harness, script: Path, bucket: str) -> str:
    """Run a script as a Glue job; give the run's id."""
    s3, glue = harness.client("s3"), harness.client("glue")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="job.py", Body=script.read_bytes())
    s3.put_object(Bucket=bucket, Key="lines.txt", Body=b"one\ntwo\n")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "glue.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": statement})
    role = harness.client("iam").create_role(RoleName="job", AssumeRolePolicyDocument=trust)
    glue.create_job(
        Name="job",
        Role=role["Role"]["Arn"],
        GlueVersion="5.1",
        Command={"Name": "glueetl", "ScriptLocation": f"s3://{bucket}/job.py"},
        DefaultArguments={"--bucket": bucket},
    )
    started: str = glue.start_job_run(JobName="job")["JobRunId"]
    return started


def test_traps_catch_what_leaves_and_a_real_key_that_comes_in(
    besieged: Besieged, tmp_path: Path
) -> None:
    ask = (
        "import boto3, sys, urllib.request\n"
        "from botocore.config import Config\n"
        "once = Config(retries={'total_max_attempts': 1}, proxies={})\n"
        "for url in sys.argv[1:]:\n"
        "    try: boto3.client('s3', endpoint_url=url, config=once).list_buckets()\n"
        "    except Exception as error: print(error)\n"
        "try: urllib.request.urlopen('https://sts.amazonaws.com')\n"
        "except OSError as error: print(error)\n"
    )
    keys = {
        "AWS_ACCESS_KEY_ID": REAL_KEY,
        "AWS_SECRET_ACCESS_KEY": REAL_SECRET,
        "AWS_CONFIG_FILE": os.devnull,
    }
    with set_trap(tmp_path) as trap:
        for name in ("HTTPS_PROXY", "https_proxy"):
            keys[name] = trap.proxy_url
        urls = ("https://s3.amazonaws.com", besieged.target.endpoint_url)
        keys["PYTHONPATH"] = str(trap.code)
        done = run([sys.executable, "-c", ask, *urls], cwd=None, **keys)

        assert done.returncode == 0, done.stderr
        assert [each["left"] for each in trap.noted] == ["s3.amazonaws.com"]
        assert trap.asked == ["CONNECT sts.amazonaws.com:443 HTTP/1.0"], done.stdout
    if besieged.target.record is not None:
        assert {each.get("key") for each in besieged.trap.noted} == {"received"}
        besieged.trap.forget()


def test_terminal_deploys_and_runs_a_pipeline(
    besieged: Besieged, harness: Harness, tmp_path: Path
) -> None:
    (tmp_path / "monday.json").write_text(
        json.dumps({"id": 1, "customer": {"name": "Ada"}, "amount": 1.5, "currency": "EUR"})
    )

    besieged.etlocal("deploy", "--template", str(HERE / "orders" / "template.yaml"))
    followed = besieged.etlocal("upload", "--follow", "monday.json", cwd=tmp_path)

    assert "SUCCEEDED" in followed.upper()
    assert "1 customers" in besieged.etlocal("logs", "latest")


def test_a_job_reaches_the_endpoint_or_nothing(besieged: Besieged, harness: Harness) -> None:
    started = start_job(harness, HERE / "besieged" / "job.py", "lake")

    glue = harness.client("glue")

    def ended() -> Any:
        found = glue.get_job_run(JobName="job", RunId=started)["JobRun"]
        return found if found["JobRunState"] in ENDED else None

    seen = await_answer(ended, seconds=400, what="the run's end")
    assert seen["JobRunState"] == "SUCCEEDED", seen.get("ErrorMessage")
    body = harness.client("s3").get_object(Bucket="lake", Key="report.json")["Body"]
    report = json.loads(body.read())
    for where in ("script", "executor"):
        told = report[where]
        assert told["s3"] == "['lake']", where
        assert told["sts"] == besieged.target.account
        assert told["key"] != REAL_KEY
        assert told["dynamodb at"] == report["s3a at"]
        assert "NotImplemented" in told["athena"] or "InternalFailure" in told["athena"]
        assert (
            f"s3.eu-west-1.amazonaws.com was not connected to: {NO_AWS}" in (told["s3 by its name"])
        )
        assert NO_AWS in told["a page by its name"]
        assert NO_AWS in told["metadata"]
    assert report["s3a"] == "2"
    assert f"redshift.amazonaws.com was not looked up: {NO_AWS}" in report["java"]
    # The driver has words of its own for a name that is not known.
    assert "UnknownHostException" in report["jdbc"]
    assert "UnknownHostException: s3.eu-west-1.amazonaws.com" in report["s3a by its name"]
    assert "profiles file not found in the given path: /dev/null" in report["s3a by profile"]
    assert report["java's key"] == report["script"]["key"]


def test_what_is_sent_outside_goes_to_its_dead_letter_queue(harness: Harness) -> None:
    events, sqs = harness.client("events"), harness.client("sqs")
    queue = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    policy = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn["QueueArn"],
        },
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    connection = events.create_connection(
        Name="outside",
        AuthorizationType="API_KEY",
        AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "key", "ApiKeyValue": "secret"}},
    )["ConnectionArn"]
    destination = events.create_api_destination(
        Name="outside",
        ConnectionArn=connection,
        InvocationEndpoint="https://abc.execute-api.us-east-1.amazonaws.com/prod",
        HttpMethod="POST",
    )["ApiDestinationArn"]
    events.put_rule(Name="outside", EventPattern=json.dumps({"source": ["shop"]}))
    events.put_targets(
        Rule="outside",
        Targets=[
            {
                "Id": "outside",
                "Arn": destination,
                "RoleArn": "arn:aws:iam::000000000000:role/events",
                "RetryPolicy": {"MaximumRetryAttempts": 0},
                "DeadLetterConfig": {"Arn": arn["QueueArn"]},
            }
        ],
    )

    events.put_events(Entries=[{"Source": "shop", "DetailType": "order", "Detail": "{}"}])

    def dead() -> Any:
        given = sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"])
        return given.get("Messages")

    [message] = await_answer(dead, seconds=30, what="the event that was not delivered")
    attributes = message["MessageAttributes"]
    assert attributes["ERROR_CODE"]["StringValue"] == "CONNECTION_FAILURE"
    assert "connects to nothing but this machine" in attributes["ERROR_MESSAGE"]["StringValue"]


def test_state_machines_and_topics_reach_nothing_outside(
    besieged: Besieged, harness: Harness
) -> None:
    sns, machines = harness.client("sns"), harness.client("stepfunctions")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="https", Endpoint="https://hooks.example.com/news")
    definition = {
        "StartAt": "Who",
        "States": {
            "Who": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity",
                "ResultSelector": {"Account.$": "$.Account"},
                "End": True,
            }
        },
    }
    machine = machines.create_state_machine(
        name="who",
        definition=json.dumps(definition),
        roleArn="arn:aws:iam::000000000000:role/states",
    )["stateMachineArn"]
    execution = machines.start_execution(stateMachineArn=machine)["executionArn"]

    def ended() -> Any:
        found = machines.describe_execution(executionArn=execution)
        return found if found["status"] != "RUNNING" else None

    output = json.loads(await_answer(ended, seconds=60, what="its end")["output"])
    assert output == {"Account": besieged.target.account}
    sns.publish(TopicArn=topic, Message="hello")
    if besieged.target.record is not None:
        log = besieged.target.record.part(ENDPOINT).log
        await_answer(
            lambda: "hooks.example.com was not connected to" in log.read_text() or None,
            seconds=30,
            what="the subscriber that was not asked",
        )


def test_plain_clients_of_a_test_reach_the_stack(
    besieged: Besieged, harness: Harness, tmp_path: Path
) -> None:
    (tmp_path / "test_plain.py").write_text(PLAIN_TEST)

    done = run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider"),
            *("--etlocal-endpoint", besieged.target.endpoint_url, str(tmp_path)),
        ],
        cwd=tmp_path,
        **besieged.environment,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "command",
    [["status"], ["deploy"], ["query", "SELECT 1"]],
    ids=lambda command: str(command[0]),
)
def test_command_without_a_stack_ends_with_3_and_asks_nobody(
    project: Path, tmp_path: Path, command: list[str]
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with set_trap(tmp_path) as trap:
        environment = real_environment(tmp_path, trap.proxy_url) | {"PYTHONPATH": str(trap.code)}

        done = run([*_etlocal(), *command, "--endpoint", url], cwd=project, **environment)

        assert done.returncode == 3, done.stdout + done.stderr
        assert f"{url} does not answer" in done.stdout + done.stderr
        assert (trap.asked, trap.noted) == ([], [])


@pytest.mark.parametrize(
    "url", ["https://glue.us-east-1.amazonaws.com", "http://127.0.0.1.nip.io:4566"]
)
def test_command_with_a_wrong_endpoint_ends_with_1_and_asks_nobody(
    tmp_path: Path, url: str
) -> None:
    with set_trap(tmp_path) as trap:
        environment = real_environment(tmp_path, trap.proxy_url) | {"PYTHONPATH": str(trap.code)}

        environment["ETLOCAL_ENDPOINT"] = url
        done = run([*_etlocal(), "status"], cwd=None, **environment)

        assert done.returncode == 1, done.stdout + done.stderr
        assert "never reach real AWS" in " ".join(done.stderr.split())
        assert (trap.asked, trap.noted) == ([], [])


@pytest.mark.embedded_only("kills the endpoint of a stack of its own")
def test_a_job_whose_endpoint_dies_fails_and_asks_nobody_else(
    besieged: Besieged, harness: Harness
) -> None:
    started = start_job(harness, HERE / "besieged" / "waiting_job.py", "lake")
    s3, record = harness.client("s3"), besieged.target.record
    assert record is not None

    def asking() -> Any:
        return s3.list_objects_v2(Bucket="lake", Prefix="asking").get("Contents")

    await_answer(asking, seconds=120, what="the script's first call")
    psutil.Process(record.part(ENDPOINT).process.pid).kill()

    def ended() -> Any:
        url = f"{record.part(WORKER).url}/runs/{started}?wait=10&state=RUNNING"
        with urllib.request.urlopen(url, timeout=60) as answer:
            status = json.load(answer)
        return status if status["state"] in ENDED else None

    status = await_answer(ended, seconds=120, what="the run's end")
    assert status["state"] == "FAILED"
    assert besieged.target.endpoint_url in status["error_message"]
    assert "EndpointConnectionError" in status["error_message"]


def _etlocal() -> list[str]:
    return [sys.executable, "-m", "etlocal"]
