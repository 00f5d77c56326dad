"""Whether a stream that was disturbed has ended as one that was not."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from etlocal.flow import Flow
from etlocal.inbox import Inbox
from etlocal.waiting import WaitTimeoutError, await_answer
from tests.e2e.flight_files import FlightFile, expected
from tests.e2e.warehouse import differences, held

UNDER_WAY = frozenset({"STARTING", "RUNNING", "STOPPING", "WAITING"})
"""States of a job run that has not ended."""
# Looking costs the pipeline time that it needs for itself.
_LOOK_SECONDS = 1.0


@dataclass
class Verdict:
    """What is wrong, and what was counted.

    Attributes
    ----------
    problems : list of str
        Empty when nothing is.
    counts : dict
        What there is, by name.
    """

    problems: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


class Judge:
    """Compares what was uploaded with all that the pipeline has left.

    Parameters
    ----------
    flow : Flow
    inbox : Inbox
        Subscribed to the pipeline's topic since before the first upload.
    names : mapping
        Airport's id → name.
    """

    def __init__(self, flow: Flow, inbox: Inbox, names: Mapping[str, str]) -> None:
        self._flow = flow
        self._inbox = inbox
        self._names = names
        self._keys: dict[str, str] = {}

    def judge(self, files: list[FlightFile], *, seconds: float) -> Verdict:
        """Wait until all is settled, at most `seconds`, and say what is wrong."""
        end = time.monotonic() + seconds
        while (unsettled := self._unsettled(files)) and time.monotonic() < end:
            threading.Event().wait(_LOOK_SECONDS)
        verdict = Verdict(problems=unsettled)
        wanted = expected(files, self._names)
        found, twice = held(self._flow, self._flow.upload_bucket)
        verdict.problems += [f"load_history has {key} more than once" for key in twice]
        verdict.problems += differences(wanted, found)
        executions = self._flow.executions()
        verdict.problems += self._untold(executions, seconds)
        verdict.counts = {
            "files": len(files),
            "flights loaded": found.facts.total(),
            "flights unmatched": found.unmatched.total(),
            "lines rejected": found.rejected.total(),
            "job runs": len(self._flow.job_runs()),
            **{
                f"executions {status}": count
                for status, count in sorted(Counter(e["status"] for e in executions).items())
            },
            "events in the dead-letter queue": len(self._dead_letters()),
        }
        return verdict

    def _unsettled(self, files: list[FlightFile]) -> list[str]:
        executions = self._flow.executions()
        running = [each["name"] for each in executions if each["status"] == "RUNNING"]
        said = [f"the execution {name} is RUNNING" for name in running]
        said += [
            f"the job run {run['Id']} is {run['JobRunState']}"
            for run in self._flow.job_runs()
            if run["JobRunState"] in UNDER_WAY
        ]
        started = {self._key(each["executionArn"]) for each in executions}
        dead = self._dead_letters()
        said += [
            f"{file.key} was acknowledged, and started no execution"
            for file in files
            if file.key not in started and file.key not in dead
        ]
        return said

    def _untold(self, executions: list[dict[str, Any]], seconds: float) -> list[str]:
        """Name the executions whose end nobody was told of."""
        ended = {each["name"] for each in executions if each["status"] != "RUNNING"}

        def untold() -> set[str]:
            messages = [json.loads(each["Message"]) for each in self._inbox.messages()]
            return ended - {message["Execution"] for message in messages}

        try:
            await_answer(
                lambda: not untold() or None, seconds=min(seconds, 30), what="the messages"
            )
        except WaitTimeoutError:
            statuses = {each["name"]: each["status"] for each in executions}
            return [
                f"nobody was told that the execution {name} ended {statuses[name]}"
                for name in sorted(untold())
            ]
        return []

    def _key(self, arn: str) -> str:
        """Give the key of the object that started an execution."""
        if arn not in self._keys:
            event = json.loads(self._flow.execution(arn)["input"])
            self._keys[arn] = event["detail"]["object"]["key"]
        return self._keys[arn]

    def _dead_letters(self) -> set[str]:
        """Give the keys of the events that were given up; they stay in the queue."""
        sqs = self._flow.clients.client("sqs")
        queue = self._flow.deployed.outputs["DeadLetterQueueUrl"]
        keys: set[str] = set()
        while batch := sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=2
        ).get("Messages"):
            found = {json.loads(each["Body"])["detail"]["object"]["key"] for each in batch}
            if found <= keys:
                break
            keys |= found
        return keys
