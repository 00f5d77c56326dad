"""``docker compose up`` ends in a deployed pipeline, reachable where people look, and guarded."""

from __future__ import annotations

import boto3
import psycopg
import pytest

from tests.containers.compose import ROOT, Compose, ComposeError, docker
from tests.containers.conftest import SERVICES, Story
from tests.e2e.commands import etlocal_command

pytestmark = pytest.mark.containers


def test_file_that_is_uploaded_becomes_rows_and_a_message(story: Story) -> None:
    story.upload()
    story.upload()

    verdict = story.judge()

    assert verdict.problems == [], verdict
    assert verdict.counts["executions SUCCEEDED"] == 2
    assert verdict.counts["flights loaded"] > 0


def test_step_functions_answers_where_step_functions_local_would(story: Story) -> None:
    client = boto3.client(
        "stepfunctions",
        endpoint_url=f"http://127.0.0.1:{story.compose.stepfunctions_port}",
        region_name="us-east-1",
        aws_access_key_id="000000000000",
        aws_secret_access_key="any",
    )

    machines = client.list_state_machines()["stateMachines"]

    assert [each["stateMachineArn"] for each in machines] == [story.flow.state_machine]


def test_redshift_answers_on_its_port_with_its_dialect(story: Story) -> None:
    workgroup = story.flow.deployed.outputs["WorkgroupName"]
    lent = story.flow.clients.client("redshift-serverless").get_credentials(
        workgroupName=workgroup, dbName="dev"
    )

    with psycopg.connect(
        host="127.0.0.1",
        port=story.compose.redshift_port,
        dbname="dev",
        user=lent["dbUser"],
        password=lent["dbPassword"],
    ) as connection:
        rows = connection.execute(
            "SELECT NVL(NULL, 'x'), DATEDIFF(day, '2024-01-01', '2024-03-01'), COUNT(*) > 0"
            " FROM airlines.dim_airport_codes"
        ).fetchall()

    assert rows == [("x", 60, True)]


def test_demo_runs_on_the_containers(story: Story) -> None:
    done = etlocal_command("demo", "--endpoint", story.compose.url, cwd=ROOT)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "By its bookmark the job read 1 new of 2 files" in done.stdout


def test_ports_are_published_on_the_loopback_interface_alone(compose: Compose) -> None:
    published: dict[str, str] = {}
    for service in SERVICES:
        for container in compose.containers(service):
            ports = compose.inspect(container)["NetworkSettings"]["Ports"]
            for bindings in ports.values():
                published |= {each["HostPort"]: each["HostIp"] for each in bindings or []}

    wanted = (compose.port, compose.stepfunctions_port, compose.redshift_port)
    assert published == {str(port): "127.0.0.1" for port in wanted}


@pytest.mark.parametrize("service", ["localstack", "spark"])
def test_our_containers_run_as_nobody_in_particular_with_nothing_to_build_with(
    compose: Compose, service: str
) -> None:
    assert compose("exec", "-T", service, "id", "-u").strip() != "0"
    for place in ("/opt/etlocal/package/etlocal/x", "/usr/x"):
        with pytest.raises(ComposeError, match=r"Read-only file system|Permission denied"):
            compose("exec", "-T", service, "touch", place)
    found = compose(
        *("exec", "-T", service, "sh", "-c"),
        "for each in cc gcc make git curl; do command -v $each; done; true",
    )
    assert found.split() == []


def test_every_container_has_limits(compose: Compose) -> None:
    for service in SERVICES:
        containers = compose.containers(service)
        assert containers, service
        for host in (compose.inspect(each)["HostConfig"] for each in containers):
            assert host["Memory"] > 0, service
            assert host["NanoCpus"] > 0, service


def test_no_password_is_told_by_the_engine_or_in_a_log(compose: Compose) -> None:
    password = compose("exec", "-T", "localstack", "cat", "/run/etlocal/warehouse").strip()
    assert len(password) >= 32

    told = compose("logs", "--no-color")
    for service in SERVICES:
        for container in compose.containers(service):
            told += docker("inspect", container)

    assert password not in told


def test_job_scripts_are_deployed_as_they_are_in_the_folder_without_a_build(story: Story) -> None:
    outputs = story.flow.deployed.outputs
    glue, s3 = (story.flow.clients.client(name) for name in ("glue", "s3"))

    location = glue.get_job(JobName=outputs["JobName"])["Job"]["Command"]["ScriptLocation"]
    bucket, _, key = location.removeprefix("s3://").partition("/")
    deployed = s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    assert deployed == (ROOT / "glue_job" / "flights_job.py").read_bytes()
    for service in ("localstack", "spark"):
        held = story.compose(
            "exec", "-T", service, "find", "/opt", "/var/lib", "-name", "*.asl.json"
        )
        assert held == "", "no image holds what is deployed"
