"""Operations that make, show, change and delete crawlers.

Source: AWS Glue Web API Reference, "Crawler API".
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

from etlocal.aws.arns import make_arn
from etlocal.aws.call import Call
from etlocal.aws.errors import ValidationError
from etlocal.aws.paging import page
from etlocal.glue.catalog import tags
from etlocal.glue.crawler import rows
from etlocal.glue.crawler.definition import check, complete, describe
from etlocal.glue.crawler.errors import CrawlerRunningError
from etlocal.glue.crawler.firing import SCHEDULED
from etlocal.glue.errors import AlreadyExistsError
from etlocal.glue.operations import OPERATIONS

if TYPE_CHECKING:
    from types_boto3_glue.type_defs import (
        BatchGetCrawlersRequestTypeDef,
        CreateCrawlerRequestTypeDef,
        DeleteCrawlerRequestTypeDef,
        GetCrawlerRequestTypeDef,
        GetCrawlersRequestTypeDef,
        ListCrawlersRequestTypeDef,
        UpdateCrawlerRequestTypeDef,
    )

_READ_BY = ("Classifiers",)


@OPERATIONS.operation("CreateCrawler")
def create_crawler(request: CreateCrawlerRequestTypeDef, call: Call) -> None:
    """Make a crawler."""
    name = request["Name"]
    definition = complete(request)
    now = call.clock.now().timestamp()
    with call.store.transaction() as tx:
        if rows.find(tx, call, name) is not None:
            raise AlreadyExistsError(f"{name} already exists")
        check(tx, call, definition)
        tx.execute(
            "INSERT INTO crawler_crawlers VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, NULL)",
            (
                call.account,
                call.region,
                name,
                json.dumps(definition),
                rows.READY,
                SCHEDULED if definition.get("Schedule") else None,
                now,
                now,
            ),
        )
        tags.put_tags(call, _arn(call, name), request.get("Tags") or {})


@OPERATIONS.operation("GetCrawler")
def get_crawler(request: GetCrawlerRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give a crawler."""
    with call.store.transaction() as tx:
        return {"Crawler": _describe(tx, call, rows.crawler(tx, call, request["Name"]))}


@OPERATIONS.operation("GetCrawlers")
def get_crawlers(request: GetCrawlersRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give all crawlers, a page at a time."""
    with call.store.transaction() as tx:
        items, token = page(
            rows.all_crawlers(tx, call),
            token=request.get("NextToken"),
            size=request.get("MaxResults"),
            invalid=ValidationError,
        )
        crawlers = [_describe(tx, call, row) for row in items]
    return {"Crawlers": crawlers} | ({"NextToken": token} if token else {})


@OPERATIONS.operation("ListCrawlers")
def list_crawlers(request: ListCrawlersRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give the names of the crawlers that have all of some tags, a page at a time."""
    wanted = (request.get("Tags") or {}).items()
    with call.store.transaction() as tx:
        names = [
            row["name"]
            for row in rows.all_crawlers(tx, call)
            if not wanted or wanted <= tags.find_tags(call, _arn(call, row["name"])).items()
        ]
    items, token = page(
        names,
        token=request.get("NextToken"),
        size=min(request.get("MaxResults") or 100, 100),
        invalid=ValidationError,
    )
    return {"CrawlerNames": items} | ({"NextToken": token} if token else {})


@OPERATIONS.operation("BatchGetCrawlers")
def batch_get_crawlers(request: BatchGetCrawlersRequestTypeDef, call: Call) -> dict[str, Any]:
    """Give crawlers by name, and the names of which there is none."""
    found, missing = [], []
    with call.store.transaction() as tx:
        for name in request["CrawlerNames"]:
            row = rows.find(tx, call, name)
            if row is None:
                missing.append(name)
            else:
                found.append(_describe(tx, call, row))
    return {"Crawlers": found, "CrawlersNotFound": missing}


@OPERATIONS.operation("UpdateCrawler")
def update_crawler(request: UpdateCrawlerRequestTypeDef, call: Call) -> None:
    """Change what is given of a crawler that is READY."""
    name = request["Name"]
    with call.store.transaction() as tx:
        row = rows.crawler(tx, call, name)
        if row["state"] != rows.READY:
            raise CrawlerRunningError(f"Crawler {name} is {row['state'].lower()}.")
        before = json.loads(row["definition"])
        given = {key: value for key, value in request.items() if value is not None}
        definition = complete({**before, **given})
        check(tx, call, definition)
        if any(definition.get(key) != before.get(key) for key in _READ_BY):
            rows.forget_files(tx, call, name)
        if "Schedule" in given:
            state = SCHEDULED if definition["Schedule"] else None
        else:
            state = row["schedule_state"]
        tx.execute(
            "UPDATE crawler_crawlers SET definition = ?, schedule_state = ?, "
            "version = version + 1, updated = ? WHERE account = ? AND region = ? AND name = ?",
            (
                json.dumps(definition),
                state,
                call.clock.now().timestamp(),
                call.account,
                call.region,
                name,
            ),
        )


@OPERATIONS.operation("DeleteCrawler")
def delete_crawler(request: DeleteCrawlerRequestTypeDef, call: Call) -> None:
    """Delete a crawler that is READY, with its history; what it wrote to the catalog stays."""
    name = request["Name"]
    owner = (call.account, call.region, name)
    with call.store.transaction() as tx:
        row = rows.crawler(tx, call, name)
        if row["state"] != rows.READY:
            raise CrawlerRunningError(f"Crawler {name} is {row['state'].lower()}.")
        rows.forget_files(tx, call, name)
        tx.execute(
            "DELETE FROM crawler_crawls WHERE account = ? AND region = ? AND crawler = ?", owner
        )
        tx.execute(
            "DELETE FROM crawler_crawlers WHERE account = ? AND region = ? AND name = ?", owner
        )
        tags.drop_tags(call, _arn(call, name))


def _describe(tx: sqlite3.Connection, call: Call, row: sqlite3.Row) -> dict[str, Any]:
    last, running = rows.last_and_running(tx, call, row)
    return describe(row, last, running, call.clock.now().timestamp())


def _arn(call: Call, name: str) -> str:
    return make_arn("glue", call.region, call.account, f"crawler/{name}")
