"""The profile ``cluster``: the same flow, computed by the executors of a Spark cluster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.containers.compose import Compose
from tests.containers.conftest import Story

pytestmark = pytest.mark.containers

MASTER = {"ETLOCAL_SPARK_MASTER": "spark://spark-master:7077"}
SERVICES = ("spark-master", "spark-executor")


@pytest.fixture
def cluster(story: Story) -> Iterator[Story]:
    """The pipeline, its worker sending jobs to a master with two executors' machines."""
    compose = story.compose
    scale = ("--scale", "spark-executor=2")
    compose("--profile", "cluster", "up", "--wait", *scale, variables=MASTER)
    yield story
    compose("--profile", "cluster", "rm", "--stop", "--force", *SERVICES)
    compose.up()


def test_flow_on_two_executors_gives_the_same_warehouse(cluster: Story) -> None:
    for _ in range(2):
        cluster.upload(rows=2000)

    verdict = cluster.judge()

    assert verdict.problems == [], f"{verdict}\n{cluster.flow.describe_standing()}"
    logs = executor_logs(cluster.compose)
    assert len(logs) == 2
    for container, log in logs.items():
        assert "Running task" in log, f"{container} did nothing"
        assert "Finished task" in log, container
    driver = cluster.compose("exec", "-T", "spark", "printenv", "ETLOCAL_SPARK_MASTER")
    assert driver.strip() == MASTER["ETLOCAL_SPARK_MASTER"]


def executor_logs(compose: Compose) -> dict[str, str]:
    """Give what the executors of each container have logged."""
    logs = {}
    for index in (1, 2):
        logs[f"spark-executor-{index}"] = compose(
            *("--profile", "cluster", "exec", "-T", "--index", str(index), "spark-executor"),
            *("sh", "-c", "cat /tmp/executors/*/*/stderr"),
        )
    return logs
