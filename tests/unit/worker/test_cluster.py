"""How a Spark cluster is started, and how a worker sends jobs to one."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from etlocal.settings import Settings
from etlocal.worker import cluster
from etlocal.worker.protocol import RoleCredentials, RunRequest
from etlocal.worker.spark_conf import (
    Access,
    aws_environment,
    base_conf,
    executor_conf,
    s3a_conf,
    sdk_properties,
)

ENDPOINT = Access("http://localstack:4566", "000000000000", "us-east-1")


def conf(master: str) -> dict[str, str]:
    return base_conf(Settings(spark_master=master), [Path("/jars/a.jar")], Path("/scratch"))


def test_driver_stays_on_the_loopback_interface_unless_executors_are_elsewhere() -> None:
    assert conf("local[*]")["spark.driver.host"] == "127.0.0.1"
    assert conf("spark://127.0.0.1:7077")["spark.driver.host"] == "127.0.0.1"
    assert "spark.driver.host" not in conf("spark://spark-master:7077")


def test_executors_get_jars_and_credentials_that_a_local_master_needs_not() -> None:
    assert "spark.jars" not in conf("local[2]")
    assert conf("spark://spark-master:7077")["spark.jars"] == "file:///jars/a.jar"
    assert executor_conf(Settings(), ENDPOINT) == {}
    given = executor_conf(Settings(spark_master="spark://spark-master:7077"), ENDPOINT)
    assert given["spark.executorEnv.AWS_ENDPOINT_URL"] == ENDPOINT.url


def test_nothing_of_a_users_credentials_is_found_in_a_job() -> None:
    environment = aws_environment(ENDPOINT)

    for name in ("CONFIG_FILE", "SHARED_CREDENTIALS_FILE", "CREDENTIAL_PROFILES_FILE"):
        assert environment[f"AWS_{name}"] == "/dev/null"
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"


def test_python_workers_of_a_local_master_are_kept_off_aws() -> None:
    assert conf("local[2]")["spark.python.daemon.module"] == "etlocal.worker.daemon"
    # Another cluster need not have etlocal.
    assert "spark.python.daemon.module" not in conf("spark://spark-master:7077")


@pytest.mark.parametrize("url", ["https://s3.amazonaws.com", "http://52.0.0.1", ""])
def test_a_run_on_an_endpoint_that_could_be_awss_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="never reach real AWS"):
        RunRequest(
            run_id="jr_1",
            job_name="j",
            script_location="s3://code/job.py",
            region="us-east-1",
            account="000000000000",
            endpoint_url=url,
        )


def test_a_run_calls_as_its_roles_session_where_it_has_one() -> None:
    assert aws_environment(ENDPOINT)["AWS_ACCESS_KEY_ID"] == ENDPOINT.account
    assert "AWS_SESSION_TOKEN" not in aws_environment(ENDPOINT)
    assert s3a_conf(ENDPOINT)["fs.s3a.access.key"] == ENDPOINT.account
    assert "aws.sessionToken" not in sdk_properties(ENDPOINT)
    session = RoleCredentials(access_key="ASIA1", secret_key="secret", token="token")
    access = Access(ENDPOINT.url, ENDPOINT.account, ENDPOINT.region, session)
    environment = aws_environment(access)
    assert environment["AWS_ACCESS_KEY_ID"] == "ASIA1"
    assert environment["AWS_SECRET_ACCESS_KEY"] == "secret"
    assert environment["AWS_SESSION_TOKEN"] == "token"
    assert environment["ETLOCAL_ACCOUNT"] == ENDPOINT.account
    properties = sdk_properties(access)
    assert (properties["aws.accessKeyId"], properties["aws.sessionToken"]) == ("ASIA1", "token")
    assert "secret" not in s3a_conf(access).values()
    assert "secret" not in repr(session)
    assert "token=" not in repr(session)


def test_no_warm_application_waits_on_a_cluster() -> None:
    assert not Settings().runs_cold
    assert Settings(worker_cold=True).runs_cold
    assert Settings(spark_master="spark://spark-master:7077").runs_cold


@pytest.mark.parametrize(
    ("arguments", "ends"),
    [
        (["master"], ["--host", "127.0.0.1", "--port", "7077", "--webui-port", "8080"]),
        (
            ["executor", "spark://m:7077", "--host", "", "--cores", "1", "--work-dir", "/w"],
            [
                *["--cores", "1", "--memory", "2g", "--work-dir", "/w", "--webui-port", "8081"],
                "spark://m:7077",
            ],
        ),
    ],
)
def test_command_line_of_a_daemon(arguments: list[str], ends: list[str]) -> None:
    asked = cluster.parse(arguments)

    command = cluster.command_line(Path("/java"), Path("/pyspark"), asked)

    assert command[0] == "/java/bin/java"
    assert command[-len(ends) :] == ends


def test_daemon_on_the_loopback_interface_shows_its_page_there_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SPARK_LOCAL_IP", "10.0.0.1")

    near = cluster.environment(Path("/java"), Path("/pyspark"), "127.0.0.1")
    far = cluster.environment(Path("/java"), Path("/pyspark"), "")

    assert near["SPARK_LOCAL_IP"] == "127.0.0.1"
    assert "SPARK_LOCAL_IP" not in far
    assert "job_path" in near["PYTHONPATH"]
