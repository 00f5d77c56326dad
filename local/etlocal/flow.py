"""A deployed pipeline as it runs: uploads, executions, runs, notifications, rows.

What the terminal shows and the test harness asserts is read here, from the same AWS APIs that one
would ask on AWS.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from etlocal.clients import LocalClients
from etlocal.deploy import Deployed, await_statement
from etlocal.inbox import Inbox
from etlocal.waiting import await_answer

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class FlowError(Exception):
    """The pipeline did not do what was asked; the message says what, and where it stands."""


@dataclass(frozen=True)
class Rows:
    """What a query gave.

    Attributes
    ----------
    columns : list of str
    rows : list of tuple
        Values as the Data API types them: str, int, float, bool or None.
    """

    columns: list[str]
    rows: list[tuple[Any, ...]]


class Flow:
    """One deployed pipeline.

    Parameters
    ----------
    clients : LocalClients
    deployed : Deployed
    """

    def __init__(self, clients: LocalClients, deployed: Deployed) -> None:
        self.clients = clients
        self.deployed = deployed
        self._metadata = deployed.template.metadata

    def upload(self, file: Path, *, key: str | None = None) -> str:
        """Put a file where the pipeline takes its input.

        Parameters
        ----------
        file : Path
        key : str, optional
            The object's key; else the template's ``Upload.Key`` filled in from the file's path.

        Returns
        -------
        str
            The key.
        """
        return self.put(file.read_bytes(), key=key or self.upload_key(file))

    def put(self, body: bytes, *, key: str) -> str:
        """Put bytes where the pipeline takes its input, under `key`."""
        self.clients.client("s3").put_object(Bucket=self.upload_bucket, Key=key, Body=body)
        return key

    @property
    def upload_bucket(self) -> str:
        """The bucket that takes the pipeline's input."""
        upload = self._metadata.Upload
        return self.deployed.output(
            upload.Bucket if upload else None, "where uploads go (Upload.Bucket)"
        )

    def upload_key(self, file: Path) -> str:
        """Give the key that the template wants for a file."""
        upload = self._metadata.Upload
        if upload is None:
            return file.name
        dated = _DATE.search(str(file))
        date = dated[0] if dated else dt.datetime.now(dt.UTC).date().isoformat()
        return upload.Key.replace("{date}", date).replace("{name}", file.name)

    @property
    def state_machine(self) -> str:
        """The state machine's ARN."""
        return self.deployed.output(self._metadata.StateMachine, "its StateMachine")

    def executions(self) -> list[dict[str, Any]]:
        """List the state machine's executions, the newest first."""
        pages = (
            self.clients.client("stepfunctions")
            .get_paginator("list_executions")
            .paginate(stateMachineArn=self.state_machine)
        )
        return [execution for page in pages for execution in page["executions"]]

    def execution(self, arn: str) -> dict[str, Any]:
        """Describe an execution."""
        described: dict[str, Any] = self.clients.client("stepfunctions").describe_execution(
            executionArn=arn
        )
        return described

    def execution_of(self, key: str, *, seconds: float = 30, besides: Collection[str] = ()) -> str:
        """Wait for the execution that an upload started.

        Parameters
        ----------
        key : str
            The uploaded object's key, as the event in the execution's input names it.
        seconds : float
        besides : collection of str
            ARNs of executions that are not meant: those of earlier uploads under the same key.

        Returns
        -------
        str
            The newest such execution's ARN.
        """
        known: dict[str, str | None] = dict.fromkeys(besides)

        def look() -> str | None:
            for execution in self.executions():
                arn = execution["executionArn"]
                if arn not in known:
                    known[arn] = _object_key(self.execution(arn).get("input", "{}"))
                if known[arn] == key:
                    return str(arn)
            return None

        return await_answer(look, seconds=seconds, what=f"an execution started by {key}")

    def await_end(self, arn: str, *, seconds: float = 300) -> dict[str, Any]:
        """Wait for an execution's end and describe it."""

        def look() -> dict[str, Any] | None:
            described = self.execution(arn)
            return described if described["status"] != "RUNNING" else None

        return await_answer(look, seconds=seconds, what=f"the end of the execution {arn}")

    def history(self, arn: str) -> list[dict[str, Any]]:
        """Give an execution's events, the oldest first."""
        pages = (
            self.clients.client("stepfunctions")
            .get_paginator("get_execution_history")
            .paginate(executionArn=arn)
        )
        return [event for page in pages for event in page["events"]]

    def states(self, arn: str) -> list[str]:
        """Give the names of the states that an execution entered, in order."""
        return [
            event["stateEnteredEventDetails"]["name"]
            for event in self.history(arn)
            if "stateEnteredEventDetails" in event
        ]

    def inbox(self) -> Inbox:
        """Subscribe to the pipeline's topic."""
        return Inbox(self.clients, self.deployed.output(self._metadata.Topic, "its Topic"))

    def query(self, sql: str) -> Rows:
        """Ask the warehouse.

        Raises
        ------
        FlowError
            With Redshift's words, if the statement fails.
        """
        warehouse = self._metadata.Warehouse
        return run_query(
            self.clients,
            sql,
            workgroup=self.deployed.output(
                warehouse.Workgroup if warehouse else None, "its workgroup"
            ),
            database=self.deployed.output(
                warehouse.Database if warehouse else None, "its database"
            ),
        )

    def job_runs(self) -> list[dict[str, Any]]:
        """List the runs of the stack's Glue jobs, the newest first."""
        glue = self.clients.client("glue")
        runs = [
            run
            for name in self._resources("AWS::Glue::Job")
            for page in glue.get_paginator("get_job_runs").paginate(JobName=name)
            for run in page["JobRuns"]
        ]
        return sorted(runs, key=lambda run: run["StartedOn"], reverse=True)

    def bookmarked_files(self) -> set[str]:
        """Give the files that the stack's Glue jobs have read, as their bookmarks remember them."""
        glue = self.clients.client("glue")
        files: set[str] = set()
        for name in self._resources("AWS::Glue::Job"):
            try:
                entry = glue.get_job_bookmark(JobName=name)["JobBookmarkEntry"]
            except glue.exceptions.EntityNotFoundException:
                continue  # the job has not committed a bookmark yet
            for state in json.loads(entry.get("JobBookmark") or "{}").values():
                if isinstance(state, dict) and state.get("type") == "s3":
                    files |= set(state["files"])
        return files

    def crawlers(self) -> list[dict[str, Any]]:
        """Describe the stack's crawlers."""
        glue = self.clients.client("glue")
        names = self._resources("AWS::Glue::Crawler")
        return [glue.get_crawler(Name=name)["Crawler"] for name in names]

    def log(self, run_id: str, *, stream: str = "output") -> str:
        """Give what a Glue run has written.

        Parameters
        ----------
        run_id : str
        stream : str
            ``output`` or ``error``.
        """
        return "\n".join(run_log(self.clients, run_id, stream=stream))

    def describe_standing(self) -> str:
        """Say where the flow stands: executions, what failed in them, crawlers, runs and logs."""
        return "\n".join(self._standing())

    def _standing(self) -> Iterator[str]:
        yield f"Stack {self.deployed.stack} at {self.clients.endpoint_url}"
        for execution in self.executions()[:5]:
            arn = execution["executionArn"]
            yield f"Execution {execution['name']}: {execution['status']}"
            yield f"  states: {' → '.join(self.states(arn)) or 'none entered'}"
            yield from (f"  {line}" for line in map(failure, self.history(arn)) if line)
        for crawler in self.crawlers():
            last = crawler.get("LastCrawl", {})
            yield (
                f"Crawler {crawler['Name']}: {crawler['State']}, last crawl "
                f"{last.get('Status', 'none')} {last.get('ErrorMessage', '')}".rstrip()
            )
        for run in self.job_runs()[:3]:
            message = run.get("ErrorMessage", "")
            yield f"Run {run['Id']} of {run['JobName']}: {run['JobRunState']} {message}".rstrip()
            if run["JobRunState"] not in ("SUCCEEDED", "RUNNING"):
                lines = list(run_log(self.clients, run["Id"], stream="error"))
                yield from (f"    {line}" for line in lines[-20:])

    def _resources(self, kind: str) -> list[str]:
        pages = (
            self.clients.client("cloudformation")
            .get_paginator("list_stack_resources")
            .paginate(StackName=self.deployed.stack)
        )
        return [
            resource["PhysicalResourceId"]
            for page in pages
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == kind
        ]


def run_query(clients: LocalClients, sql: str, *, workgroup: str, database: str) -> Rows:
    """Run one statement on a workgroup by the Data API and give its rows.

    Raises
    ------
    FlowError
        With Redshift's words, if the statement fails.
    """
    data = clients.client("redshift-data")
    started = data.execute_statement(Sql=sql, WorkgroupName=workgroup, Database=database)
    ended = await_statement(data, started["Id"])
    if ended["Status"] != "FINISHED":
        raise FlowError(ended.get("Error") or f"the statement ended {ended['Status']}")
    if not ended["HasResultSet"]:
        return Rows([], [])
    pages = list(data.get_paginator("get_statement_result").paginate(Id=started["Id"]))
    return Rows(
        [column.get("label") or column["name"] for column in pages[0]["ColumnMetadata"]],
        [tuple(_value(field) for field in row) for page in pages for row in page["Records"]],
    )


def run_log(clients: LocalClients, run_id: str, *, stream: str) -> Iterator[str]:
    """Give the lines that a Glue run has written to a stream, ``output`` or ``error``.

    A job may say where its logs go (``--custom-logGroup-prefix``), so that they are looked for in
    every group that is named like a job's.
    """
    logs = clients.client("logs")
    for group in _job_log_groups(logs, stream):
        yield from _log_lines(logs, group, run_id)


def _job_log_groups(logs: Any, stream: str) -> list[str]:
    pages = logs.get_paginator("describe_log_groups").paginate()
    names = (group["logGroupName"] for page in pages for group in page["logGroups"])
    return [name for name in names if name.endswith(f"/{stream}")]


def _log_lines(logs: Any, group: str, run_id: str) -> Iterator[str]:
    request = {"logGroupName": group, "logStreamName": run_id, "startFromHead": True}
    token = None
    while True:
        try:
            page = logs.get_log_events(**request, **({"nextToken": token} if token else {}))
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return
            raise
        yield from (event["message"].rstrip("\n") for event in page["events"])
        if page["nextForwardToken"] == token:
            return
        token = page["nextForwardToken"]


def failure(event: dict[str, Any]) -> str | None:
    """Say in a line what failed in an event of an execution's history; None for other events."""
    for name, details in event.items():
        if name.endswith(("FailedEventDetails", "TimedOutEventDetails")):
            return (
                f"{event['type']}: {details.get('error', '')} {details.get('cause', '')}".rstrip()
            )
    return None


def _value(field: dict[str, Any]) -> Any:
    return None if field.get("isNull") else next(iter(field.values()))


def _object_key(text: str) -> str | None:
    try:
        found = json.loads(text)["detail"]["object"]["key"]
    except (ValueError, KeyError, TypeError):
        return None
    return str(found)
