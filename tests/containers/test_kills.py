"""Any one container is killed in mid-flow, and nothing is lost or there twice after ``up``."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from etlocal.testing.faults import Fault
from tests.containers.conftest import SECONDS, Story

pytestmark = pytest.mark.containers


@pytest.mark.parametrize(
    ("service", "hold"),
    [
        ("localstack", Story.hold_write),
        ("warehouse", Story.hold_write),
        ("spark", Story.hold_commit),
    ],
)
def test_killed_container_loses_nothing_and_loads_nothing_twice(
    story: Story, service: str, hold: Callable[[Story], Fault]
) -> None:
    story.upload()
    assert story.judge().problems == [], "the flow works before"
    held = hold(story)
    story.upload(rows=2000)
    held.wait_until_hit(seconds=SECONDS)
    [run] = [run["Id"] for run in story.flow.job_runs() if run["JobRunState"] == "RUNNING"]

    story.compose("kill", service)
    assert story.compose.containers(service) == []
    story.compose.up()
    story.faults.clear()

    story.upload()
    verdict = story.judge()
    assert verdict.problems == [], f"{verdict}\n{story.flow.describe_standing()}"
    assert verdict.counts["files"] == 3
    [ended] = [each for each in story.flow.job_runs() if each["Id"] == run]
    assert ended["JobRunState"] in ("SUCCEEDED", "FAILED")
    if service == "spark":
        assert ended["JobRunState"] == "FAILED"
        assert ended["ErrorMessage"]
