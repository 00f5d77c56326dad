"""What containers leave behind when they end: everything, until it is told to go."""

from __future__ import annotations

import pytest

from tests.containers.compose import docker
from tests.containers.conftest import Story

pytestmark = pytest.mark.containers


def test_down_and_up_keeps_everything_and_down_with_volumes_clears_it(story: Story) -> None:
    first = story.upload()
    assert story.judge().problems == []
    [before] = story.flow.executions()
    bookmarked = story.flow.bookmarked_files()

    story.compose("down")
    story.compose.up()

    [kept] = story.flow.executions()
    assert kept["executionArn"] == before["executionArn"]
    assert kept["startDate"] == before["startDate"]
    assert story.flow.states(kept["executionArn"])
    assert story.flow.bookmarked_files() == bookmarked
    s3 = story.flow.clients.client("s3")
    stored = s3.get_object(Bucket=story.flow.upload_bucket, Key=first.key)
    assert stored["Body"].read() == first.body

    story.upload()
    verdict = story.judge()
    assert verdict.problems == [], "the file of before is neither lost nor loaded again"
    assert verdict.counts["executions SUCCEEDED"] == 2

    story.compose.clear()

    label = f"label=com.docker.compose.project={story.compose.project}"
    for kind in ("volume", "network"):
        assert docker(kind, "ls", "--quiet", "--filter", label) == ""
    assert docker("ps", "--all", "--quiet", "--filter", label) == ""
