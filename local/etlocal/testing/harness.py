"""What a test does with a running stack: deploy, upload, wait for the execution, look."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from etlocal import deploy, templates
from etlocal.clients import LocalClients
from etlocal.flow import Flow
from etlocal.inbox import Inbox
from etlocal.target import Target
from etlocal.testing.clock import TestClock
from etlocal.testing.faults import Faults
from etlocal.waiting import WaitTimeoutError


@dataclass(frozen=True)
class Execution:
    """An execution that has ended.

    Attributes
    ----------
    arn : str
    status : str
        SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
    states : list of str
        The states it entered, in order.
    output : object
        Its output, parsed; None when it has none.
    error, cause : str or None
        Why it failed.
    history : list of dict
        Its events, as ``GetExecutionHistory`` gives them.
    """

    arn: str
    status: str
    states: list[str]
    output: Any
    error: str | None
    cause: str | None
    history: list[dict[str, Any]] = field(repr=False)


class Pipeline(Flow):
    """A deployed pipeline under test. All that `etlocal.flow.Flow` offers, and waits for a story.

    Its topic is subscribed to from the start, so that `notifications` misses none.
    """

    def __init__(self, clients: LocalClients, deployed: deploy.Deployed) -> None:
        super().__init__(clients, deployed)
        self._inbox: Inbox | None = (
            self.inbox() if deployed.template.metadata.Topic is not None else None
        )

    def run(self, file: Path, *, key: str | None = None, seconds: float = 120) -> Execution:
        """Upload a file and wait until the execution that it starts has ended."""
        return self.wait_for(self.upload(file, key=key), seconds=seconds)

    def run_bytes(self, body: bytes, *, key: str, seconds: float = 120) -> Execution:
        """Upload bytes under `key` and wait until the execution that they start has ended."""
        return self.wait_for(self.put(body, key=key), seconds=seconds)

    def wait_for(self, key: str, *, seconds: float = 120) -> Execution:
        """Wait for the end of the execution that the object `key` started.

        Raises
        ------
        WaitTimeoutError
            With where the flow stands.
        """
        try:
            arn = self.execution_of(key, seconds=seconds)
            ended = self.await_end(arn, seconds=seconds)
        except WaitTimeoutError as error:
            raise WaitTimeoutError(f"{error}\n{self.describe_standing()}") from None
        return Execution(
            arn=arn,
            status=ended["status"],
            states=self.states(arn),
            output=json.loads(ended["output"]) if ended.get("output") else None,
            error=ended.get("error"),
            cause=ended.get("cause"),
            history=self.history(arn),
        )

    def notifications(self, count: int = 1, *, seconds: float = 30) -> list[Any]:
        """Wait for `count` notifications on the pipeline's topic.

        Returns
        -------
        list
            Each ``Message``: parsed where it is JSON, else its text.

        Raises
        ------
        WaitTimeoutError
            With where the flow stands.
        """
        if self._inbox is None:
            raise LookupError("the template's Metadata.etlocal names no Topic")
        try:
            received = self._inbox.receive(count, seconds=seconds)
        except WaitTimeoutError as error:
            raise WaitTimeoutError(f"{error}\n{self.describe_standing()}") from None
        return [_parsed(each["Message"]) for each in received]

    def all_notifications(self) -> list[Any]:
        """Give every notification that has come so far, without waiting."""
        messages = self._inbox.messages() if self._inbox else []
        return [_parsed(each["Message"]) for each in messages]

    def tables(self, database: str) -> dict[str, dict[str, Any]]:
        """Give the catalog's tables of a database, by name."""
        pages = (
            self.clients.client("glue").get_paginator("get_tables").paginate(DatabaseName=database)
        )
        return {table["Name"]: table for page in pages for table in page["TableList"]}

    def bookmark(self, job: str) -> dict[str, Any]:
        """Give a job's bookmark entry (``GetJobBookmark``)."""
        entry: dict[str, Any] = self.clients.client("glue").get_job_bookmark(JobName=job)[
            "JobBookmarkEntry"
        ]
        return entry


class Harness:
    """A stack that runs, clean at the start of each test.

    Parameters
    ----------
    target : Target
        The stack, as the fixture ``etlocal_stack`` gives it. All that a harness does goes over HTTP
        to its endpoint.

    Attributes
    ----------
    faults : Faults
        Puts errors, delays and lost connections in the way of AWS calls, until the test ends.
    clock : TestClock
        Scales waits, retry intervals and timeouts, until the test ends.
    """

    def __init__(self, target: Target) -> None:
        self.endpoint_url = target.endpoint_url
        self.clients = target.clients()
        self.pipelines: list[Pipeline] = []
        self._time_scale = target.time_scale
        self._control = target.control()
        self.faults = Faults(self._control)
        self.clock = TestClock(self._control)

    def client(self, service: str) -> Any:
        """Give a boto3 client of `service` on the stack."""
        return self.clients.client(service)

    def deploy(
        self,
        template: Path | str,
        *,
        stack: str = "pipeline",
        parameters: dict[str, str] | None = None,
    ) -> Pipeline:
        """Deploy a template as ``etlocal deploy`` does.

        Parameters
        ----------
        template : path
        stack : str
            The stack's name.
        parameters : dict, optional
            Values of the template's parameters.

        Raises
        ------
        DeployError, TemplateError
            As ``etlocal deploy`` says them.
        """
        deployed = deploy.Deployment(
            self.clients, templates.load(Path(template)), stack=stack, parameters=parameters
        ).run()
        pipeline = Pipeline(self.clients, deployed)
        self.pipelines.append(pipeline)
        return pipeline

    def describe_standing(self) -> str:
        """Say where each deployed pipeline stands."""
        return "\n\n".join(pipeline.describe_standing() for pipeline in self.pipelines)

    def reset(self) -> None:
        """Clear every service: stacks, buckets, catalog, runs, warehouse; and the faults.

        The clock has the session's scale then.

        Raises
        ------
        ControlError
            If the endpoint could not.
        """
        self.pipelines.clear()
        self._control.call("POST", "reset")
        # A reset gives the clock the scale that the stack was started with, which may be another.
        self._control.call("PUT", "clock", {"time_scale": self._time_scale})


def _parsed(message: str) -> Any:
    try:
        return json.loads(message)
    except ValueError:
        return message
