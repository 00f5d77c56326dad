"""Where an execution that was cut off goes on, told from what its journal says.

AWS keeps an execution's state from one transition to the next. Here it is the history that is
kept: the last state that was entered, what it was given, what it has asked for and been answered,
and the variables that the states before assigned.

Source: Step Functions Developer Guide, "Choosing workflow type", "Passing data between states with
variables"; API Reference, "HistoryEvent".
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from etlocal.endpoint.persistence.execution_journal import decode_event

Event = dict[str, Any]

# What a state's own failure is recorded as, before its Retry and Catch are looked at.
_FAILURES = frozenset(
    {
        "ActivityFailed",
        "ActivityTimedOut",
        "EvaluationFailed",
        "LambdaFunctionFailed",
        "LambdaFunctionTimedOut",
        "TaskFailed",
        "TaskTimedOut",
    }
)
_ANSWERS = frozenset({"ActivitySucceeded", "LambdaFunctionSucceeded", "TaskSucceeded"})


@dataclass
class Attempt:
    """What is known of the attempt of a Task that was under way."""

    events: list[Event] = field(default_factory=list)
    # The token that an activity's worker has or is to get.
    activity_token: str | None = None
    _ids: set[int] = field(default_factory=set)

    def add(self, event: Event, source_id: int) -> None:
        """Add an event that follows another of the attempt, or the one before the attempt.

        Others are of an attempt before that timed out, and whose work goes on.
        """
        follows = event["previousEventId"]
        if follows == source_id or follows in self._ids:
            self._ids.add(event["id"])
            self.events.append(event)

    @property
    def parameters(self) -> str | None:
        """What the service was called with, as JSON text; None if it was not called."""
        return self._detail("taskScheduledEventDetails", "parameters")

    @property
    def submitted(self) -> str | None:
        """What the service answered to a call whose work is waited for."""
        return self._detail("taskSubmittedEventDetails", "output")

    @property
    def output(self) -> str | None:
        """What the Task's result is, as JSON text; None if it has none yet."""
        for event in self.events:
            if event["type"] in _ANSWERS:
                return str(details_of(event)["output"])
        return None

    def has(self, event_type: str) -> bool:
        """Tell whether there is an event of a type."""
        return any(event["type"] == event_type for event in self.events)

    def _detail(self, details: str, name: str) -> str | None:
        found = (event[details][name] for event in self.events if details in event)
        return next(found, None)


@dataclass
class Point:
    """Where an execution goes on.

    Attributes
    ----------
    history : list of dict
        Its events so far.
    source_id : int
        The event that the next one follows.
    state : str or None
        The state that it is in, or enters next; None at its begin, or at its end.
    entered : dict or None
        The event by which it entered the state; None if it has not yet.
    has_left_last : bool
        Whether the last state was left and none follows.
    input : object
        The state's input; the execution's output if `has_left_last`.
    variables : dict
        Those that were assigned.
    token : str or None
        The state's task token.
    failures : list of dict
        The events of the state's attempts that failed.
    attempt : Attempt
        The one that was under way.
    outcomes : dict
        Task token → what ``SendTaskSuccess`` or ``SendTaskFailure`` said of it.
    stop : dict or None
        What ``StopExecution`` said.
    end : dict or None
        The event by which it ended.
    announced : set of str
        The statuses that were told to EventBridge.
    map_runs : list of dict
        Its Map runs.
    """

    input: Any
    history: list[Event] = field(default_factory=list)
    source_id: int = 0
    state: str | None = None
    entered: Event | None = None
    has_left_last: bool = False
    variables: dict[str, Any] = field(default_factory=dict)
    token: str | None = None
    failures: list[Event] = field(default_factory=list)
    attempt: Attempt = field(default_factory=Attempt)
    outcomes: dict[str, dict[str, Any]] = field(default_factory=dict)
    stop: dict[str, Any] | None = None
    end: Event | None = None
    announced: set[str] = field(default_factory=set)
    map_runs: list[dict[str, Any]] = field(default_factory=list)


def point_of(begun: Mapping[str, Any], records: Iterable[tuple[str, dict[str, Any]]]) -> Point:
    """Tell where an execution goes on.

    Parameters
    ----------
    begun : mapping
        What it was started with.
    records : iterable of (str, dict)
        What its journal has beside: a record's kind and content, in order.
    """
    point = Point(begun["input_data"])
    for kind, content in records:
        if kind == "event":
            _add_event(point, content)
        elif kind == "outcome":
            point.outcomes[content["token"]] = content
        elif kind == "activity":
            point.attempt.activity_token = content["token"]
        elif kind == "stop":
            point.stop = point.stop or content
        elif kind == "announced":
            point.announced.add(content["status"])
        elif kind == "map_run":
            point.map_runs.append(content)
    return point


def details_of(event: Event) -> dict[str, Any]:
    """Give an event's details; an empty dict if it has none."""
    return next((value for name, value in event.items() if name.endswith("Details")), {})


def since(event: Event, now: dt.datetime) -> float:
    """Give the real seconds that have passed since an event."""
    elapsed: dt.timedelta = now - event["timestamp"]
    return max(elapsed.total_seconds(), 0.0)


def _add_event(point: Point, content: Mapping[str, Any]) -> None:
    event = decode_event(content["event"])
    point.history.append(event)
    if not content.get("is_top"):
        point.attempt.add(event, point.source_id)
        return
    if event["type"] == "ExecutionStarted":
        # The first state follows nothing.
        return
    point.source_id = event["id"]
    if content.get("is_end"):
        point.end = event
    elif "stateEnteredEventDetails" in event:
        entered = event["stateEnteredEventDetails"]
        _enter(point, entered["name"], json.loads(entered["input"]))
        point.entered = event
        point.token = content.get("token")
    elif "stateExitedEventDetails" in event:
        point.variables.update(content["variables"])
        _enter(point, content["next"], json.loads(event["stateExitedEventDetails"]["output"]))
        point.has_left_last = content["next"] is None
    elif _is_failure(event):
        point.failures.append(event)
        point.attempt = Attempt()


def _enter(point: Point, state: str | None, state_input: Any) -> None:
    point.state, point.input = state, state_input
    point.entered = point.token = None
    point.failures = []
    point.attempt = Attempt()


def _is_failure(event: Event) -> bool:
    # One that names the state is the evaluation's own, and another follows as the state's.
    return event["type"] in _FAILURES and "state" not in details_of(event)
