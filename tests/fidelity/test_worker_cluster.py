"""The worker's one setting sends jobs to a Spark cluster, here one of two processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from etlocal.processes import free_port
from etlocal.worker.protocol import RoleCredentials, RunState
from tests.e2e.roles import make_role
from tests.fidelity.test_worker import Bench, Clients, launch

pytestmark = pytest.mark.spark

JOB = """
import os

from awsglue.context import GlueContext
from pyspark.context import SparkContext

sc = SparkContext()
spark = GlueContext(sc).spark_session


def work(number):
    import awsglue.gluetypes

    return os.getppid(), os.environ["AWS_ENDPOINT_URL"], number


found = sc.parallelize(range(100), 4).map(work).collect()
print("sum", sum(number for _, _, number in found))
print("endpoints", {url for _, url, _ in found} == {os.environ["AWS_ENDPOINT_URL"]})
spark.range(10).write.parquet("s3://%s/written")
print("read", spark.read.parquet("s3://%s/written").count())
print("master", sc.master)
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """A master and one machine's executors, on the loopback interface; the master's URL."""
    port = free_port()
    master = f"spark://127.0.0.1:{port}"
    work = tmp_path / "work"
    commands = (
        ["master", "--port", str(port)],
        ["executor", master, "--cores", "1", "--memory", "1g", "--work-dir", str(work)],
    )
    with (tmp_path / "cluster.log").open("wb") as log:
        daemons = [
            subprocess.Popen(
                [sys.executable, "-m", "etlocal.worker.cluster", *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            for command in commands
        ]
    yield master
    for daemon in daemons:
        os.killpg(daemon.pid, signal.SIGTERM)
        daemon.wait()


def test_job_is_computed_by_the_clusters_executors_as_its_role(
    cluster: str, tmp_path: Path, endpoint_url: str, client: Clients, name: str
) -> None:
    role = make_role(client("iam"), name, "glue", "s3:*")
    session = client("sts").assume_role(RoleArn=role, RoleSessionName="run")["Credentials"]
    url, pid = launch(tmp_path, endpoint_url, os.getpid(), spark_master=cluster)
    try:
        bench = Bench(url, endpoint_url, client, name)
        credentials = RoleCredentials(
            access_key=session["AccessKeyId"],
            secret_key=session["SecretAccessKey"],
            token=session["SessionToken"],
        )
        request = bench.request(JOB % (name, name)).model_copy(update={"credentials": credentials})
        bench.worker.submit(request)

        status = bench.end(request.run_id)

        said = bench.said(request.run_id)
        health = bench.worker.health()
    finally:
        os.kill(pid, signal.SIGTERM)
        client("iam").delete_role_policy(RoleName=name, PolicyName="work")
        client("iam").delete_role(RoleName=name)
    assert status.state is RunState.SUCCEEDED, status
    assert said == ["sum 4950", "endpoints True", "read 10", f"master {cluster}"]
    [log] = (tmp_path / "work").glob("*/*/stderr")
    assert "Finished task" in log.read_text()
    assert health.ready, "it holds no executors while it waits for a run"
