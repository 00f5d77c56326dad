"""``--scale spark=2`` runs two jobs at once, and the third waits its turn."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from etlocal.waiting import await_answer
from tests.containers.conftest import SECONDS, Story
from tests.e2e.roles import make_role

pytestmark = pytest.mark.containers

BUCKET = "scale"
# Each run says that it is there, waits until it may end, and says what had ended when it began.
SCRIPT = """
import sys
import time

import boto3
from awsglue.context import GlueContext
from awsglue.utils import getResolvedOptions
from pyspark.context import SparkContext

spark = GlueContext(SparkContext()).spark_session
name = getResolvedOptions(sys.argv, ["name"])["name"]
s3 = boto3.client("s3")


def keys(prefix):
    listed = s3.list_objects_v2(Bucket="scale", Prefix=prefix)
    return sorted(each["Key"] for each in listed.get("Contents", []))


before = ",".join(keys("ended/"))
s3.put_object(Bucket="scale", Key=f"began/{name}", Body=before.encode())
while not keys("go"):
    time.sleep(0.2)
assert spark.range(1000).count() == 1000
s3.put_object(Bucket="scale", Key=f"ended/{name}", Body=b"")
"""


def test_two_workers_run_two_jobs_at_once_and_a_third_waits_its_turn(story: Story) -> None:
    story.compose.up("--scale", "spark=2")
    s3, glue = (story.flow.clients.client(name) for name in ("s3", "glue"))
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="job.py", Body=SCRIPT.encode())
    iam = story.flow.clients.client("iam")
    glue.create_job(
        Name="scale",
        Role=make_role(iam, "scale", "glue", "s3:*", "glue:*", "logs:*"),
        Command={"Name": "glueetl", "ScriptLocation": f"s3://{BUCKET}/job.py"},
        ExecutionProperty={"MaxConcurrentRuns": 3},
        GlueVersion="5.1",
    )

    def start(name: str) -> str:
        return str(glue.start_job_run(JobName="scale", Arguments={"--name": name})["JobRunId"])

    def get(run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = glue.get_job_run(JobName="scale", RunId=run_id)["JobRun"]
        return found

    def state(run_id: str) -> str:
        return str(get(run_id)["JobRunState"])

    def ended(run_id: str) -> dict[str, Any] | None:
        run = get(run_id)
        return None if run["JobRunState"] in ("STARTING", "RUNNING") else run

    pair = [start("first"), start("second")]
    await_answer(
        lambda: {state(each) for each in pair} == {"RUNNING"} or None,
        seconds=SECONDS,
        what="two runs at once",
    )
    third = start("third")
    began = {f"began/{name}" for name in ("first", "second")}
    await_answer(lambda: keys(s3, "began/") == began or None, seconds=SECONDS, what="both scripts")
    assert state(third) == "STARTING"
    s3.put_object(Bucket=BUCKET, Key="go", Body=b"")
    runs = [
        await_answer(lambda each=each: ended(each), seconds=SECONDS, what=each)  # type: ignore[misc]
        for each in (*pair, third)
    ]

    assert [run["JobRunState"] for run in runs] == ["SUCCEEDED"] * 3, runs
    first, second, last = (span(run) for run in runs)
    assert max(first[0], second[0]) < min(first[1], second[1]), "their times overlap"
    assert last[1] > min(first[1], second[1])
    seen = s3.get_object(Bucket=BUCKET, Key="began/third")["Body"].read().decode()
    assert seen, "the third script began when one of the others had ended"


def keys(s3: Any, prefix: str) -> set[str]:
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    return {each["Key"] for each in listed.get("Contents", [])}


def span(run: dict[str, Any]) -> tuple[dt.datetime, dt.datetime]:
    """Give when a run was asked for and when it ended."""
    return run["StartedOn"], run["CompletedOn"]
