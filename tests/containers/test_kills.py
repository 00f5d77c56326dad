"""Any one container is killed in mid-flow, and nothing is lost or there twice after ``up``."""

from __future__ import annotations

import pytest

from etlocal.waiting import await_answer
from tests.containers.conftest import SECONDS, Story

pytestmark = pytest.mark.containers


@pytest.mark.parametrize("service", ["localstack", "spark", "warehouse"])
def test_killed_container_loses_nothing_and_loads_nothing_twice(story: Story, service: str) -> None:
    story.upload()
    assert story.judge().problems == [], "the flow works before"
    story.upload(rows=2000)
    run = await_answer(lambda: running(story), seconds=SECONDS, what="a Glue run that goes on")

    story.compose("kill", service)
    assert story.compose.containers(service) == []
    story.compose.up()

    story.upload()
    verdict = story.judge()
    assert verdict.problems == [], f"{verdict}\n{story.flow.describe_standing()}"
    assert verdict.counts["files"] == 3
    ended = [each for each in story.flow.job_runs() if each["Id"] == run]
    assert ended[0]["JobRunState"] in ("SUCCEEDED", "FAILED")
    if service == "spark":
        assert ended[0]["JobRunState"] == "FAILED"
        assert ended[0]["ErrorMessage"]


def running(story: Story) -> str | None:
    """Give the Glue run whose script is being executed."""
    going_on = [run["Id"] for run in story.flow.job_runs() if run["JobRunState"] == "RUNNING"]
    return going_on[0] if going_on else None
