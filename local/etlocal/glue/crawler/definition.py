"""What a crawler is: checks of what is given for it, its defaults, and how AWS shows it.

Source: AWS Glue Web API Reference, "CreateCrawler", "Crawler" and "CrawlerTargets".
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping
from typing import Any

from etlocal.aws.call import Call
from etlocal.glue.crawler import classifier_rows, rows
from etlocal.glue.crawler.configuration import parse_configuration
from etlocal.glue.crawler.crawl import NEW_FOLDERS_ONLY
from etlocal.glue.crawler.globs import GlobError, matcher
from etlocal.glue.crawler.jdbc import parse_path
from etlocal.glue.crawler.listing import parse_location
from etlocal.glue.crawler.log import LOG_GROUP
from etlocal.glue.crawler.schedule import CronError, parse_cron
from etlocal.glue.errors import InvalidInputError

_EMULATED_TARGETS = ("S3Targets", "JdbcTargets")
_ALL_TARGETS = (
    "S3Targets", "JdbcTargets", "MongoDBTargets", "DynamoDBTargets", "CatalogTargets",
    "DeltaTargets", "IcebergTargets", "HudiTargets",
)  # fmt: skip
_ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/(?P<path>.+)")
_LARGEST_SAMPLE = 249
_STATUS = {"COMPLETED": "SUCCEEDED", "FAILED": "FAILED", "STOPPED": "CANCELLED"}


def complete(given: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in what AWS assumes where nothing was given, and name the role as AWS shows it."""
    definition = {name: value for name, value in given.items() if value is not None}
    recrawl = {"RecrawlBehavior": "CRAWL_EVERYTHING"} | dict(definition.get("RecrawlPolicy") or {})
    only_new = recrawl["RecrawlBehavior"] == NEW_FOLDERS_ONLY
    policy = {
        "UpdateBehavior": "LOG" if only_new else "UPDATE_IN_DATABASE",
        "DeleteBehavior": "LOG" if only_new else "DEPRECATE_IN_DATABASE",
    } | dict(definition.get("SchemaChangePolicy") or {})
    role = _ROLE.fullmatch(definition["Role"])
    return definition | {
        "Role": role["path"] if role else definition["Role"],
        "RecrawlPolicy": recrawl,
        "SchemaChangePolicy": policy,
    }


def check(tx: sqlite3.Connection, call: Call, definition: Mapping[str, Any]) -> None:
    """Check a crawler's completed definition.

    Raises
    ------
    InvalidInputError
        If something is not valid, or is valid on AWS and not emulated; the message names it.
    """
    role: str = definition["Role"]
    if not role or role.startswith("arn:"):
        raise InvalidInputError(
            f"Role should be either role name or role Arn. Provided role: '{role}'"
        )
    if not definition.get("DatabaseName"):
        raise InvalidInputError("Crawler database name must be provided.")
    _check_targets(definition["Targets"])
    _check_policies(definition)
    parse_configuration(definition.get("Configuration"))
    if definition.get("Schedule"):
        check_schedule(definition["Schedule"])
    for name in definition.get("Classifiers") or []:
        if classifier_rows.find(tx, call, name) is None:
            raise InvalidInputError(f"Classifier {name} does not exist.")
    _refuse_the_rest(definition)


def check_schedule(text: str) -> None:
    """Check a schedule's cron expression.

    Raises
    ------
    InvalidInputError
    """
    try:
        parse_cron(text)
    except CronError as error:
        raise InvalidInputError(str(error)) from error


def describe(
    row: sqlite3.Row, last: sqlite3.Row | None, running: sqlite3.Row | None, now: float
) -> dict[str, Any]:
    """Give AWS's ``Crawler``.

    Parameters
    ----------
    row : sqlite3.Row
        The crawler's.
    last, running : sqlite3.Row or None
        Those of its last crawl that ended and of the one under way.
    now : float
    """
    definition: dict[str, Any] = json.loads(row["definition"])
    schedule = definition.pop("Schedule", None)
    definition.pop("Tags", None)
    shown: dict[str, Any] = {
        "Classifiers": [],
        "LineageConfiguration": {"CrawlerLineageSettings": "DISABLE"},
        "LakeFormationConfiguration": {"UseLakeFormationCredentials": False, "AccountId": ""},
    } | definition
    targets = {name: [] for name in _ALL_TARGETS} | shown["Targets"]
    shown["Targets"] = targets | {
        name: [{"Exclusions": []} | dict(target) for target in targets[name]]
        for name in _EMULATED_TARGETS
    }
    shown |= {
        "State": row["state"],
        "CrawlElapsedTime": int((now - running["started"]) * 1000) if running is not None else 0,
        "CreationTime": rows.moment(row["created"]),
        "LastUpdated": rows.moment(row["updated"]),
        "Version": row["version"],
    }
    if schedule:
        shown["Schedule"] = {"ScheduleExpression": schedule, "State": row["schedule_state"]}
    if last is not None:
        shown["LastCrawl"] = _last_crawl(row["name"], last)
    return shown


def _last_crawl(name: str, crawl: sqlite3.Row) -> dict[str, Any]:
    last = {
        "Status": _STATUS[crawl["state"]],
        "LogGroup": LOG_GROUP,
        "LogStream": name,
        "MessagePrefix": crawl["crawl_id"],
        "StartTime": rows.moment(crawl["started"]),
    }
    return last | ({"ErrorMessage": crawl["error"]} if crawl["error"] else {})


def _check_targets(targets: Mapping[str, Any]) -> None:
    for name in _ALL_TARGETS:
        if targets.get(name) and name not in _EMULATED_TARGETS:
            raise InvalidInputError(f"Crawler targets of type {name} are not emulated by etlocal.")
    if not any(targets.get(name) for name in _EMULATED_TARGETS):
        raise InvalidInputError("Crawler must have at least one target.")
    for target in targets.get("S3Targets") or []:
        parse_location(target.get("Path") or "")
        _check_exclusions(target)
        size = target.get("SampleSize")
        if size is not None and not 1 <= size <= _LARGEST_SAMPLE:
            raise InvalidInputError(f"SampleSize must be between 1 and {_LARGEST_SAMPLE}: {size}")
        if target.get("EventQueueArn") or target.get("DlqEventQueueArn"):
            raise InvalidInputError("S3 event queues of crawlers are not emulated by etlocal.")
    for target in targets.get("JdbcTargets") or []:
        if not target.get("ConnectionName"):
            raise InvalidInputError("JDBC target must have a connection name.")
        parse_path(target.get("Path") or "")
        _check_exclusions(target)
        if target.get("EnableAdditionalMetadata"):
            raise InvalidInputError("EnableAdditionalMetadata is not emulated by etlocal.")


def _check_exclusions(target: Mapping[str, Any]) -> None:
    try:
        matcher(target.get("Exclusions") or [])
    except (GlobError, re.error) as error:
        raise InvalidInputError(f"Invalid exclude pattern: {error}") from error


def _check_policies(definition: Mapping[str, Any]) -> None:
    behavior = definition["RecrawlPolicy"]["RecrawlBehavior"]
    policy = definition["SchemaChangePolicy"]
    if behavior == "CRAWL_EVENT_MODE":
        raise InvalidInputError("RecrawlBehavior CRAWL_EVENT_MODE is not emulated by etlocal.")
    if behavior == NEW_FOLDERS_ONLY and set(policy.values()) != {"LOG"}:
        raise InvalidInputError(
            'The SchemaChangePolicy for "Crawl new folders only" Amazon S3 target can have only '
            "LOG DeleteBehavior value and LOG UpdateBehavior value."
        )
    if behavior == NEW_FOLDERS_ONLY and definition["Targets"].get("JdbcTargets"):
        raise InvalidInputError(f"RecrawlBehavior {behavior} is for Amazon S3 targets only.")


def _refuse_the_rest(definition: Mapping[str, Any]) -> None:
    lineage = definition.get("LineageConfiguration") or {}
    formation = definition.get("LakeFormationConfiguration") or {}
    refused = {
        "LineageConfiguration": lineage.get("CrawlerLineageSettings") == "ENABLE",
        "LakeFormationConfiguration": bool(formation.get("UseLakeFormationCredentials")),
        "CrawlerSecurityConfiguration": bool(definition.get("CrawlerSecurityConfiguration")),
    }
    for name, given in refused.items():
        if given:
            raise InvalidInputError(f"{name} of crawlers is not emulated by etlocal.")
