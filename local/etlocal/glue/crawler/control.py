"""Operations that start and stop crawlers and their schedules, and tell what their crawls did.

Source: AWS Glue Web API Reference, "Crawler API" and "Crawler scheduler API".
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING, Any

from etlocal.aws.call import Call
from etlocal.aws.errors import ValidationError
from etlocal.aws.paging import page
from etlocal.glue.crawler import rows
from etlocal.glue.crawler.definition import check_schedule
from etlocal.glue.crawler.errors import (
    CrawlerNotRunningError,
    CrawlerRunningError,
    CrawlerStoppingError,
    NoScheduleError,
    SchedulerNotRunningError,
    SchedulerRunningError,
)
from etlocal.glue.crawler.firing import SCHEDULED
from etlocal.glue.crawler.log import LOG_GROUP
from etlocal.glue.crawler.pool import CrawlPool, crawler_call
from etlocal.glue.errors import InvalidInputError
from etlocal.glue.operations import OPERATIONS

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import (
        GetCrawlerMetricsRequestTypeDef,
        ListCrawlsRequestTypeDef,
        StartCrawlerRequestTypeDef,
        StartCrawlerScheduleRequestTypeDef,
        StopCrawlerRequestTypeDef,
        StopCrawlerScheduleRequestTypeDef,
        UpdateCrawlerScheduleRequestTypeDef,
    )

_NOT_SCHEDULED = "NOT_SCHEDULED"
_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "GT": gt,
    "GE": ge,
    "LT": lt,
    "LE": le,
    "EQ": eq,
    "NE": ne,
}


@OPERATIONS.operation("StartCrawler")
def start_crawler(request: StartCrawlerRequestTypeDef, call: Call) -> None:
    """Begin a crawl in the background."""
    name = request["Name"]
    crawl_id = str(uuid.uuid4())
    with call.store.transaction() as tx:
        rows.crawler(tx, call, name)
        if not rows.begin_crawl(tx, call, name, crawl_id):
            raise CrawlerRunningError(f"Crawler with name {name} has already started")
    crawling = crawler_call(call.runtime, call.account, call.region, crawl_id)
    call.runtime.component(CrawlPool).submit(crawling, name, crawl_id)


@OPERATIONS.operation("StopCrawler")
def stop_crawler(request: StopCrawlerRequestTypeDef, call: Call) -> None:
    """End the crawl under way; it writes nothing."""
    name = request["Name"]
    with call.store.transaction() as tx:
        row = rows.crawler(tx, call, name)
        if row["state"] == rows.STOPPING:
            raise CrawlerStoppingError(f"Crawler with name {name} is stopping")
        if not rows.begin_stopping(tx, call, name, row["crawl_id"]):
            raise CrawlerNotRunningError(f"Crawler with name {name} is not running")
        rows.mark_stopped(tx, call, row["crawl_id"])
    call.runtime.component(CrawlPool).cancel(row["crawl_id"])


@OPERATIONS.operation("UpdateCrawlerSchedule")
def update_crawler_schedule(request: UpdateCrawlerScheduleRequestTypeDef, call: Call) -> None:
    """Change a crawler's schedule, or take it away with an empty one."""
    name, schedule = request["CrawlerName"], request.get("Schedule") or ""
    if schedule:
        check_schedule(schedule)
    with call.store.transaction() as tx:
        definition = json.loads(rows.crawler(tx, call, name)["definition"])
        definition["Schedule"] = schedule
        tx.execute(
            "UPDATE crawler_crawlers SET definition = ? "
            "WHERE account = ? AND region = ? AND name = ?",
            (json.dumps(definition), call.account, call.region, name),
        )
        _set_schedule(tx, call, name, SCHEDULED if schedule else None)


@OPERATIONS.operation("StartCrawlerSchedule")
def start_crawler_schedule(request: StartCrawlerScheduleRequestTypeDef, call: Call) -> None:
    """Set a crawler's schedule on."""
    name = request["CrawlerName"]
    with call.store.transaction() as tx:
        row = rows.crawler(tx, call, name)
        if not json.loads(row["definition"]).get("Schedule"):
            raise NoScheduleError(f"Crawler {name} has no schedule")
        if row["schedule_state"] == SCHEDULED:
            raise SchedulerRunningError(f"The schedule of crawler {name} is already running")
        _set_schedule(tx, call, name, SCHEDULED)


@OPERATIONS.operation("StopCrawlerSchedule")
def stop_crawler_schedule(request: StopCrawlerScheduleRequestTypeDef, call: Call) -> None:
    """Set a crawler's schedule off; a crawl under way goes on."""
    name = request["CrawlerName"]
    with call.store.transaction() as tx:
        if rows.crawler(tx, call, name)["schedule_state"] != SCHEDULED:
            raise SchedulerNotRunningError(f"The schedule of crawler {name} is not running")
        _set_schedule(tx, call, name, _NOT_SCHEDULED)


@OPERATIONS.operation("GetCrawlerMetrics")
def get_crawler_metrics(request: GetCrawlerMetricsRequestTypeDef, call: Call) -> dict[str, Any]:
    """Tell how long crawlers ran and how many tables their last crawl changed."""
    named = set(request.get("CrawlerNameList") or ())
    with call.store.transaction() as tx:
        items, token = page(
            [row for row in rows.all_crawlers(tx, call) if not named or row["name"] in named],
            token=request.get("NextToken"),
            size=request.get("MaxResults"),
            invalid=ValidationError,
        )
        metrics = [_metrics(row["name"], rows.crawls(tx, call, row["name"])) for row in items]
    return {"CrawlerMetricsList": metrics} | ({"NextToken": token} if token else {})


@OPERATIONS.operation("ListCrawls")
def list_crawls(request: ListCrawlsRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give a crawler's crawls that pass all filters, the latest first, a page at a time."""
    name = request["CrawlerName"]
    with call.store.transaction() as tx:
        rows.crawler(tx, call, name)
        history = rows.crawls(tx, call, name)
    items, token = page(
        [crawl for crawl in history if _passes(crawl, request.get("Filters") or ())],
        token=request.get("NextToken"),
        size=request.get("MaxResults"),
        default_size=20,
        invalid=InvalidInputError,
    )
    return {"Crawls": [_history(crawl) for crawl in items]} | (
        {"NextToken": token} if token else {}
    )


def _set_schedule(tx: sqlite3.Connection, call: Call, name: str, state: str | None) -> None:
    tx.execute(
        "UPDATE crawler_crawlers SET schedule_state = ? "
        "WHERE account = ? AND region = ? AND name = ?",
        (state, call.account, call.region, name),
    )


def _metrics(name: str, history: Sequence[sqlite3.Row]) -> dict[str, Any]:
    ended = [crawl for crawl in history if crawl["ended"] is not None]
    runtimes = [crawl["ended"] - crawl["started"] for crawl in ended]
    tables = json.loads(ended[0]["summary"]).get("TABLE", {}) if ended else {}
    return {
        "CrawlerName": name,
        "TimeLeftSeconds": 0.0,
        "StillEstimating": any(crawl["ended"] is None for crawl in history),
        "LastRuntimeSeconds": runtimes[0] if runtimes else 0.0,
        "MedianRuntimeSeconds": statistics.median(runtimes) if runtimes else 0.0,
        "TablesCreated": tables.get("ADD", 0),
        "TablesUpdated": tables.get("UPDATE", 0),
        "TablesDeleted": tables.get("DELETE", 0),
    }


def _history(crawl: sqlite3.Row) -> dict[str, Any]:
    ended = crawl["ended"] is not None
    shown = {
        "CrawlId": crawl["crawl_id"],
        "State": crawl["state"] if ended else "RUNNING",
        "StartTime": rows.moment(crawl["started"]),
        "Summary": crawl["summary"],
        "LogGroup": LOG_GROUP,
        "LogStream": crawl["crawler"],
        "MessagePrefix": crawl["crawl_id"],
        "DPUHour": 0.0,
    }
    if ended:
        shown["EndTime"] = rows.moment(crawl["ended"])
    return shown | ({"ErrorMessage": crawl["error"]} if crawl["error"] else {})


def _passes(crawl: sqlite3.Row, filters: Sequence[Mapping[str, Any]]) -> bool:
    return all(_passes_one(crawl, condition) for condition in filters)


def _passes_one(crawl: sqlite3.Row, condition: Mapping[str, Any]) -> bool:
    shown = _history(crawl)
    field, text = condition.get("FieldName"), condition.get("FieldValue", "")
    compare = _OPERATORS[condition.get("FilterOperator", "EQ")]
    match field:
        case "CRAWL_ID":
            return compare(shown["CrawlId"], text)
        case "STATE":
            return compare(shown["State"], text)
        case "START_TIME":
            return compare(crawl["started"], _time(text))
        case "END_TIME":
            return crawl["ended"] is not None and compare(crawl["ended"], _time(text))
        case _:
            raise InvalidInputError(f"Crawls cannot be filtered by {field} here.")


def _time(text: str) -> float:
    """Read a filter's time: milliseconds since 1970, or ISO 8601."""
    try:
        return int(text) / 1000 if text.isdecimal() else datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise InvalidInputError(f"Not a time: {text}") from error
