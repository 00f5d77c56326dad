"""Every action that the template grants is needed: who lacks it is denied, and a test says so.

``python -m tests.permissions`` takes the actions out, one by one; `tests.permissions.table` says
which of these tests needs which. A denial ends each wait: what is waited for may not come any more.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from etlocal.control import Control
from etlocal.waiting import await_answer
from tests.e2e.points import SECONDS, Points

pytestmark = pytest.mark.spark

# Longer than any test: what it holds up goes on when the test lets it.
HELD = 1_000_000.0


def denials(points: Points) -> list[str]:
    """Say what the stack's endpoint has denied to anyone since the pipeline was deployed."""
    told = Control(points.harness.endpoint_url).call("GET", "permissions")
    return [
        f"{each['principal']} is not authorized to perform: {each['action']}"
        f" on resource: {each['resource']} ({each['reason']})"
        for each in told["decisions"]
        if not each["allowed"]
    ]


def await_undenied(points: Points, look: Callable[[], Any], what: str) -> Any:
    """Wait for something that must come without that anybody is denied anything."""

    def either() -> Any:
        return denials(points) or look() or None

    found = await_answer(either, seconds=SECONDS, what=what)
    denied = denials(points)
    assert not denied, "\n".join(denied)
    return found


def loaded(points: Points, key: str) -> None:
    """Upload a file, and wait for the end of the execution that it starts."""
    carrier = points.carrier()
    points.pipeline.put(points.file(carrier), key=key)

    def ended() -> dict[str, Any] | None:
        for each in points.pipeline.executions():
            described = points.pipeline.execution(each["executionArn"])
            if f'"{key}"' in described["input"] and described["status"] != "RUNNING":
                return described
        return None

    execution = await_undenied(points, ended, f"the end of the execution of {key}")
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    assert len(points.loaded(carrier)) == 3


def test_day_that_grows_is_loaded_and_nobody_is_denied_anything(points: Points) -> None:
    key = points.key()

    loaded(points, key)
    loaded(points, key.replace("flights.csv", "more.csv"))

    runs = points.pipeline.job_runs()
    assert points.pipeline.log(runs[0]["Id"], stream="error")
    outputs = points.pipeline.deployed.outputs
    for crawler in (outputs["CrawlerName"], outputs["WarehouseCrawlerName"]):
        events = points.harness.client("logs").get_log_events(
            logGroupName="/aws-glue/crawlers", logStreamName=crawler
        )
        assert events["events"], f"{crawler} has left a log"


def test_warehouse_table_that_has_changed_is_changed_in_the_catalog(points: Points) -> None:
    glue = points.harness.client("glue")
    crawler = points.pipeline.deployed.outputs["WarehouseCrawlerName"]
    points.pipeline.query("CREATE TABLE airlines.growing (first INTEGER)")
    for change in ("", "ALTER TABLE airlines.growing ADD COLUMN second INTEGER"):
        if change:
            points.pipeline.query(change)
        glue.start_crawler(Name=crawler)
        await_undenied(
            points,
            lambda: glue.get_crawler(Name=crawler)["Crawler"]["State"] == "READY",
            "the end of the crawl",
        )
    points.pipeline.query("DROP TABLE airlines.growing")

    assert glue.get_crawler(Name=crawler)["Crawler"]["LastCrawl"]["Status"] == "SUCCEEDED"
    table = points.pipeline.tables("airlines")["dev_airlines_growing"]
    columns = [column["Name"] for column in table["StorageDescriptor"]["Columns"]]
    assert columns == ["first", "second"]


def test_stopped_execution_stops_the_run_it_waits_for(points: Points) -> None:
    key = points.key()
    where = {"Bucket": points.pipeline.deployed.outputs["TempBucketName"]}
    with points.harness.faults.delay("s3", "PutObject", HELD, where=where) as held:
        points.pipeline.put(points.file(points.carrier()), key=key)
        await_undenied(points, lambda: held.hits, "the run to write")
        run = points.pipeline.job_runs()[0]["Id"]
        execution = points.pipeline.execution_of(key)
        points.harness.client("stepfunctions").stop_execution(executionArn=execution)

        def stopped() -> bool:
            [found] = [each for each in points.pipeline.job_runs() if each["Id"] == run]
            return bool(found["JobRunState"] == "STOPPED")

        await_undenied(points, stopped, "the end of the run")


def test_event_that_may_start_nothing_is_kept_for_two_weeks(points: Points) -> None:
    key, sqs = points.key(), points.harness.client("sqs")
    queue = points.pipeline.deployed.outputs["DeadLetterQueueUrl"]

    def kept() -> list[dict[str, Any]] | None:
        answer = sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)
        return [each for each in answer.get("Messages", []) if key in each["Body"]] or None

    with points.harness.faults.fail("stepfunctions", "StartExecution", "AccessDeniedException"):
        points.pipeline.put(points.file(points.carrier()), key=key)
        [message] = await_undenied(points, kept, "the event")

    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["MessageRetentionPeriod"])
    assert int(attributes["Attributes"]["MessageRetentionPeriod"]) == 14 * 24 * 3600


def test_alarm_tells_the_topic(points: Points) -> None:
    names = points.pipeline.deployed.outputs["AlarmNames"].split(",")
    inbox = points.pipeline.inbox()
    try:
        for name in names:
            points.harness.client("cloudwatch").set_alarm_state(
                AlarmName=name, StateValue="ALARM", StateReason="as if it were so"
            )
        await_undenied(points, lambda: len(inbox.messages()) >= len(names), "the alarms' messages")
        told = sorted(json.loads(each["Message"])["AlarmName"] for each in inbox.messages())
    finally:
        inbox.close()

    assert told == sorted(names)
