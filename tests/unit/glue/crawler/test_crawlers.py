"""Crawlers as resources: what is refused, how their state goes, and what survives a restart."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from etlocal.aws.call import Runtime
from etlocal.aws.errors import AwsError
from etlocal.glue import crawler
from etlocal.glue.crawler.firing import Scheduler
from etlocal.glue.crawler.pool import CrawlPool
from etlocal.glue.crawler.writing import CatalogWriter

FLIGHTS = "Carrier,OriginAirportID,DepDelay\nDL,11433,-3\nAA,13303,\nUA,12478,7\n"


def start_and_hold(glue: Any, s3: Any) -> str:
    """Start a crawl that waits in the middle until the gate is opened, and give its id."""
    s3.put("s3://raw/flights/a.csv", FLIGHTS)
    s3.gate.clear()
    glue("StartCrawler", Name="c")
    assert s3.at_gate.wait(10)
    crawl_id: str = glue("ListCrawls", CrawlerName="c")["Crawls"][0]["CrawlId"]
    return crawl_id


def stop_service(s3: Any, runtime: Runtime, crawl_id: str) -> None:
    """Stop the service while the crawl is held, so that the crawl is left in the middle."""
    cancelled = runtime.component(CrawlPool).under_way(crawl_id)
    assert cancelled is not None
    closer = threading.Thread(target=crawler.stop, args=(runtime,))
    closer.start()
    assert cancelled.wait(10)
    s3.gate.set()
    closer.join()


def refused(glue: Any, operation: str, **request: Any) -> tuple[str, str]:
    """Give the code and the message an operation answers."""
    with pytest.raises(AwsError) as caught:
        glue(operation, **request)
    return caught.value.code, caught.value.message


def test_a_new_crawler_shows_what_aws_assumes(glue: Any) -> None:
    glue.create(Description="raw files", Tags={"team": "ops"})
    shown = glue("GetCrawler", Name="c")["Crawler"]

    assert shown["State"] == "READY"
    assert shown["Version"] == 1
    assert shown["CrawlElapsedTime"] == 0
    assert shown["Role"] == "crawler-role"
    assert shown["Targets"]["S3Targets"] == [{"Path": "s3://raw/flights/", "Exclusions": []}]
    assert shown["Targets"]["JdbcTargets"] == []
    assert shown["RecrawlPolicy"] == {"RecrawlBehavior": "CRAWL_EVERYTHING"}
    assert shown["SchemaChangePolicy"] == {
        "UpdateBehavior": "UPDATE_IN_DATABASE",
        "DeleteBehavior": "DEPRECATE_IN_DATABASE",
    }
    assert "LastCrawl" not in shown
    assert "Tags" not in shown
    assert glue("GetCrawlers")["Crawlers"] == [shown]
    assert glue("ListCrawlers", Tags={"team": "ops"})["CrawlerNames"] == ["c"]
    assert glue("ListCrawlers", Tags={"team": "other"})["CrawlerNames"] == []
    found = glue("BatchGetCrawlers", CrawlerNames=["c", "d"])
    assert (found["Crawlers"], found["CrawlersNotFound"]) == ([shown], ["d"])


def test_the_same_name_twice_is_refused(glue: Any) -> None:
    glue.create()
    with pytest.raises(AwsError) as caught:
        glue.create()
    assert caught.value.code == "AlreadyExistsException"


@pytest.mark.parametrize(
    "operation",
    ["GetCrawler", "StartCrawler", "StopCrawler", "DeleteCrawler", "UpdateCrawler"],
)
def test_an_unknown_crawler_is_not_found(glue: Any, operation: str) -> None:
    code, message = refused(glue, operation, Name="nobody")
    assert code == "EntityNotFoundException"
    assert "nobody" in message


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"Targets": {}}, "at least one target"),
        ({"Targets": {"DynamoDBTargets": [{"Path": "t"}]}}, "DynamoDBTargets"),
        ({"Targets": {"DeltaTargets": [{"DeltaTables": ["s3://x/"]}]}}, "DeltaTargets"),
        ({"Targets": {"S3Targets": [{"Path": "hdfs://x/"}]}}, "must begin with s3://"),
        ({"Targets": {"JdbcTargets": [{"Path": "a/b/c"}]}}, "connection name"),
        ({"Targets": {"JdbcTargets": [{"Path": "a", "ConnectionName": "x"}]}}, "database/schema"),
        ({"Role": ""}, "Role"),
        ({"Role": "arn:aws:iam::1:user/x"}, "Role"),
        ({"DatabaseName": ""}, "database"),
        ({"target": {"Exclusions": ["{a"]}}, "brace not closed"),
        ({"target": {"SampleSize": 250}}, "SampleSize"),
        ({"target": {"EventQueueArn": "arn:aws:sqs:us-east-1:0:q"}}, "event queues"),
        ({"Configuration": "{"}, "JSON"),
        ({"Configuration": '{"Version": 2.0}'}, "Version"),
        ({"Configuration": '{"Version": 1.0, "Groupping": {}}'}, "Groupping"),
        ({"Schedule": "every day"}, "schedule expression"),
        ({"Schedule": "cron(0 0 L * ? *)"}, "not emulated"),
        ({"Classifiers": ["nobody"]}, "nobody"),
        ({"RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVENT_MODE"}}, "CRAWL_EVENT_MODE"),
        (
            {
                "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY"},
                "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE"},
            },
            "Crawl new folders only",
        ),
        ({"LineageConfiguration": {"CrawlerLineageSettings": "ENABLE"}}, "LineageConfiguration"),
        ({"CrawlerSecurityConfiguration": "kms"}, "CrawlerSecurityConfiguration"),
    ],
)
def test_what_is_not_valid_or_not_emulated_is_refused(
    glue: Any, more: dict[str, Any], words: str
) -> None:
    with pytest.raises(AwsError) as caught:
        glue.create(**more)
    assert caught.value.code == "InvalidInputException"
    assert words in caught.value.message
    assert glue("ListCrawlers")["CrawlerNames"] == []


def test_a_role_is_required(glue: Any) -> None:
    code, message = refused(glue, "CreateCrawler", Name="c", Targets={})
    assert code == "ValidationException"
    assert "role" in message


def test_a_running_crawler_refuses_what_needs_it_ready(glue: Any, s3: Any) -> None:
    glue.create()
    start_and_hold(glue, s3)

    running = glue("GetCrawler", Name="c")["Crawler"]
    assert running["State"] == "RUNNING"
    assert running["CrawlElapsedTime"] >= 0
    assert glue("ListCrawls", CrawlerName="c")["Crawls"][0]["State"] == "RUNNING"
    assert refused(glue, "StartCrawler", Name="c") == (
        "CrawlerRunningException",
        "Crawler with name c has already started",
    )
    assert refused(glue, "UpdateCrawler", Name="c")[0] == "CrawlerRunningException"
    assert refused(glue, "DeleteCrawler", Name="c")[0] == "CrawlerRunningException"

    s3.gate.set()
    assert glue.wait()["Status"] == "SUCCEEDED"
    glue("DeleteCrawler", Name="c")


def test_of_many_starts_at_once_one_wins(glue: Any, s3: Any) -> None:
    s3.put("s3://raw/flights/a.csv", FLIGHTS)
    glue.create()
    s3.gate.clear()
    outcomes: list[str] = []

    def start() -> None:
        try:
            glue("StartCrawler", Name="c")
            outcomes.append("started")
        except AwsError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    s3.gate.set()
    glue.wait()

    assert sorted(outcomes) == ["CrawlerRunningException"] * 7 + ["started"]


def test_a_stopped_crawl_is_cancelled_and_writes_nothing(glue: Any, s3: Any) -> None:
    glue.create()
    assert refused(glue, "StopCrawler", Name="c")[0] == "CrawlerNotRunningException"
    start_and_hold(glue, s3)
    glue("StopCrawler", Name="c")

    assert glue("GetCrawler", Name="c")["Crawler"]["State"] == "STOPPING"
    assert refused(glue, "StopCrawler", Name="c")[0] == "CrawlerStoppingException"
    assert refused(glue, "StartCrawler", Name="c")[0] == "CrawlerRunningException"
    s3.gate.set()

    assert glue.wait()["Status"] == "CANCELLED"
    assert glue("ListCrawls", CrawlerName="c")["Crawls"][0]["State"] == "STOPPED"
    assert glue.tables() == {}


def test_a_crawler_is_stopping_while_it_writes_the_catalog(
    glue: Any, s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put("s3://raw/flights/a.csv", FLIGHTS)
    glue.create()
    states: list[str] = []
    write = CatalogWriter.write

    def watched(self: CatalogWriter, *arguments: Any) -> None:
        states.append(glue("GetCrawler", Name="c")["Crawler"]["State"])
        states.append(refused(glue, "StopCrawler", Name="c")[0])
        write(self, *arguments)

    monkeypatch.setattr(CatalogWriter, "write", watched)
    glue.crawl()

    assert states == ["STOPPING", "CrawlerStoppingException"]


def test_a_crawl_left_in_the_middle_is_run_anew_after_a_restart(
    glue: Any, s3: Any, crawling: Runtime
) -> None:
    glue.create()
    crawl_id = start_and_hold(glue, s3)
    stop_service(s3, crawling, crawl_id)
    assert glue("GetCrawler", Name="c")["Crawler"]["State"] == "RUNNING"

    crawler.start(crawling)
    last = glue.wait()

    assert last["Status"] == "SUCCEEDED"
    assert last["MessagePrefix"] == crawl_id
    assert list(glue.tables()) == ["flights"]


def test_a_crawl_asked_to_stop_before_a_restart_ends_cancelled(
    glue: Any, s3: Any, crawling: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    glue.create()
    crawl_id = start_and_hold(glue, s3)
    cancelled = crawling.component(CrawlPool).under_way(crawl_id)
    with monkeypatch.context() as patch:
        # The process dies before the crawl hears of the stop.
        patch.setattr(CrawlPool, "cancel", lambda _pool, _crawl_id: None)
        glue("StopCrawler", Name="c")
    assert cancelled is not None
    assert not cancelled.is_set()
    stop_service(s3, crawling, crawl_id)
    assert glue("GetCrawler", Name="c")["Crawler"]["State"] == "STOPPING"

    crawler.start(crawling)

    assert glue.wait()["Status"] == "CANCELLED"
    assert glue.tables() == {}


def test_an_update_changes_what_is_given_and_counts_the_version(glue: Any) -> None:
    glue.create(Description="old", TablePrefix="p_")
    glue("UpdateCrawler", Name="c", Description="new")
    shown = glue("GetCrawler", Name="c")["Crawler"]

    assert (shown["Description"], shown["TablePrefix"], shown["Version"]) == ("new", "p_", 2)


def test_a_failed_crawl_counts_nothing_and_its_history_stays(glue: Any, s3: Any) -> None:
    glue.create("s3://nothing-here/")
    glue.crawl()
    s3.buckets["nothing-here"] = {}
    glue.crawl()

    history = glue("ListCrawls", CrawlerName="c")["Crawls"]
    assert [crawl["State"] for crawl in history] == ["COMPLETED", "FAILED"]
    failed = [{"FieldName": "STATE", "FilterOperator": "EQ", "FieldValue": "FAILED"}]
    found = glue("ListCrawls", CrawlerName="c", Filters=failed)["Crawls"]
    assert [crawl["CrawlId"] for crawl in found] == [history[1]["CrawlId"]]
    metrics = glue("GetCrawlerMetrics")["CrawlerMetricsList"][0]
    assert metrics["LastRuntimeSeconds"] > 0


def test_a_schedule_is_kept_and_set_on_and_off(glue: Any) -> None:
    glue.create()
    assert refused(glue, "StartCrawlerSchedule", CrawlerName="c")[0] == "NoScheduleException"
    glue("UpdateCrawlerSchedule", CrawlerName="c", Schedule="cron(15 12 * * ? *)")
    assert glue("GetCrawler", Name="c")["Crawler"]["Schedule"] == {
        "ScheduleExpression": "cron(15 12 * * ? *)",
        "State": "SCHEDULED",
    }
    assert refused(glue, "StartCrawlerSchedule", CrawlerName="c")[0] == "SchedulerRunningException"
    glue("StopCrawlerSchedule", CrawlerName="c")
    assert glue("GetCrawler", Name="c")["Crawler"]["Schedule"]["State"] == "NOT_SCHEDULED"
    assert (
        refused(glue, "StopCrawlerSchedule", CrawlerName="c")[0] == "SchedulerNotRunningException"
    )
    glue("StartCrawlerSchedule", CrawlerName="c")


def test_a_schedule_starts_the_crawler_in_its_minute_only(
    glue: Any, s3: Any, crawling: Runtime
) -> None:
    s3.put("s3://raw/flights/a.csv", FLIGHTS)
    glue.create(Schedule="cron(15 12 * * ? *)")
    scheduler = crawling.component(Scheduler)

    assert scheduler.fire(datetime(2024, 5, 1, 12, 14, tzinfo=UTC)) == []
    assert scheduler.fire(datetime(2024, 5, 1, 12, 15, tzinfo=UTC)) == ["c"]
    assert glue.wait()["Status"] == "SUCCEEDED"
    assert list(glue.tables()) == ["flights"]
    glue("StopCrawlerSchedule", CrawlerName="c")
    assert scheduler.fire(datetime(2024, 5, 1, 12, 15, tzinfo=UTC)) == []


def test_reset_forgets_crawlers_and_classifiers(glue: Any, crawling: Runtime) -> None:
    glue.create()
    glue("CreateClassifier", JsonClassifier={"Name": "j", "JsonPath": "$[*]"})
    crawler.reset(crawling)

    assert glue("ListCrawlers")["CrawlerNames"] == []
    assert glue("GetClassifiers")["Classifiers"] == []
