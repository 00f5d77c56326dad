"""What the tests of the eight points share: files, and what is known of them afterwards."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from etlocal.testing.harness import Execution, Harness, Pipeline
from etlocal.waiting import await_answer

HEADER = "Carrier,OriginAirportID,DestAirportID,DepDelay,ArrDelay"
SECONDS = 900.0
"""How long a story may take: long enough for a busy machine, since the time decides nothing."""


@dataclass
class Points:
    """The pipeline on a stack that some tests share; each has carriers and folders of its own.

    Attributes
    ----------
    harness : Harness
    pipeline : Pipeline
    airports : tuple of int
        Two airports of the dimension.
    """

    harness: Harness
    pipeline: Pipeline
    airports: tuple[int, int]
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def carrier(self) -> str:
        """Give a carrier that no other test has."""
        return f"T{next(self._numbers)}"

    def key(self, name: str = "flights") -> str:
        """Give a key in a folder of its own, which no catalog has a partition of."""
        number = next(self._numbers)
        day = dt.date(2000, 1, 1) + dt.timedelta(days=number)
        return f"raw/date={day.isoformat()}/{name}.csv"

    def flights(self, carrier: str, count: int = 3) -> list[str]:
        """Give lines of flights between known airports: delays are 1, -1; 2, -2; …"""
        origin, destination = self.airports
        return [f"{carrier},{origin},{destination},{n},{-n}" for n in range(1, count + 1)]

    def file(self, carrier: str, count: int = 3) -> bytes:
        """Give a file of such flights."""
        return text(HEADER, *self.flights(carrier, count))

    def loaded(self, carrier: str) -> list[tuple[int, int]]:
        """Give the delays of a carrier's rows in the warehouse."""
        rows = self.pipeline.query(
            "SELECT dep_delay, arr_delay FROM airlines.daily_flights_processed"
            f" WHERE carrier = '{carrier}' ORDER BY dep_delay"
        ).rows
        return [(int(dep), int(arr)) for dep, arr in rows]

    def recorded(self, key: str) -> list[tuple[int, int, int]]:
        """Give what `load_history` has of a key: rows loaded, unmatched, rejected."""
        rows = self.pipeline.query(
            "SELECT rows_loaded, rows_unmatched, rows_rejected FROM airlines.load_history"
            f" WHERE source_file = 's3://{self.pipeline.upload_bucket}/{key}'"
        ).rows
        return [(int(a), int(b), int(c)) for a, b, c in rows]

    def rejected(self, key: str) -> list[tuple[str, str]]:
        """Give a key's rejected lines with their reasons."""
        rows = self.pipeline.query(
            "SELECT line, reason FROM airlines.rejected_flights"
            f" WHERE source_file = 's3://{self.pipeline.upload_bucket}/{key}' ORDER BY line"
        ).rows
        return [(str(line), str(reason)) for line, reason in rows]

    def run(self, body: bytes, key: str) -> Execution:
        """Upload a file and wait for the end of the execution that this upload starts."""
        before = {each["executionArn"] for each in self.pipeline.executions()}

        def look() -> str | None:
            for each in self.pipeline.executions():
                arn = str(each["executionArn"])
                if arn not in before and f'"{key}"' in self.pipeline.execution(arn)["input"]:
                    return arn
            return None

        self.pipeline.put(body, key=key)
        return self._ended(
            await_answer(look, seconds=SECONDS, what=f"an execution started by {key}")
        )

    def run_without_a_file(self) -> Execution:
        """Start an execution by hand and wait for its end."""
        machine = self.harness.client("stepfunctions")
        started = machine.start_execution(stateMachineArn=self.pipeline.state_machine, input="{}")
        return self._ended(started["executionArn"])

    def _ended(self, arn: str) -> Execution:
        ended = self.pipeline.await_end(arn, seconds=SECONDS)
        return Execution(
            arn=arn,
            status=ended["status"],
            states=self.pipeline.states(arn),
            output=json.loads(ended["output"]) if ended.get("output") else None,
            error=ended.get("error"),
            cause=ended.get("cause"),
            history=self.pipeline.history(arn),
        )

    def await_event(self, key: str, what: str, wanted: Any) -> None:
        """Wait until the execution of `key` has an event of which `wanted` holds."""
        arn = self.pipeline.execution_of(key, seconds=SECONDS)
        await_answer(
            lambda: any(map(wanted, self.pipeline.history(arn))) or None,
            seconds=SECONDS,
            what=what,
        )

    def message_of(self, execution: Execution) -> dict[str, Any]:
        """Wait for the message that an execution has sent."""
        name = execution.arn.rsplit(":", 1)[1]

        def look() -> dict[str, Any] | None:
            told = [m for m in self.pipeline.all_notifications() if m.get("Execution") == name]
            return told[0] if told else None

        return await_answer(look, seconds=30, what=f"the message of {name}")


def text(*lines: str, end: str = "\n") -> bytes:
    """Make a file of lines."""
    return (end.join(lines) + end).encode()


def errors(execution: Execution) -> list[str]:
    """Give the errors of an execution's tasks, in order."""
    return [
        str(event["taskFailedEventDetails"]["error"])
        for event in execution.history
        if "taskFailedEventDetails" in event
    ]
