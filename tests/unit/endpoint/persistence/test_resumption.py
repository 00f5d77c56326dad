"""Where an execution goes on: told from every beginning of what its journal may have."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from etlocal.endpoint.persistence.execution_journal import encode_event
from etlocal.endpoint.persistence.resumption import Point, point_of, since

NOW = dt.datetime(2024, 1, 2, tzinfo=dt.UTC)
Records = list[tuple[str, dict[str, Any]]]


class Journal:
    """The records of an execution that was started with `{"a": 1}`."""

    def __init__(self) -> None:
        self.records: Records = []
        self.last = 0
        self.tell("ExecutionStarted")

    def tell(self, kind: str, *, top: bool = True, after: int | None = None, **content: Any) -> int:
        """Add an event that follows the last one, or another."""
        number = sum(kind == "event" for kind, _ in self.records) + 1
        details = {name: content.pop(name) for name in list(content) if name.endswith("Details")}
        event = {
            "id": number,
            "previousEventId": self.last if after is None else after,
            "type": kind,
            "timestamp": NOW + dt.timedelta(seconds=number),
            **details,
        }
        if top:
            content["is_top"] = True
        self.records.append(("event", {"event": encode_event(event), **content}))
        self.last = number
        return number

    def enter(self, name: str, given: Any, kind: str = "Task", **content: Any) -> int:
        details = {"name": name, "input": json.dumps(given)}
        return self.tell(f"{kind}StateEntered", stateEnteredEventDetails=details, **content)

    def leave(self, name: str, output: Any, following: str | None, **variables: Any) -> int:
        details = {"name": name, "output": json.dumps(output)}
        return self.tell(
            "TaskStateExited",
            stateExitedEventDetails=details,
            next=following,
            variables=variables,
        )

    def schedule(self) -> int:
        details = {"parameters": '{"JobName": "job"}'}
        self.tell("TaskScheduled", top=False, taskScheduledEventDetails=details)
        return self.tell("TaskStarted", top=False)

    def submit(self) -> int:
        details = {"output": '{"JobRunId": "jr_1"}'}
        return self.tell("TaskSubmitted", top=False, taskSubmittedEventDetails=details)

    def fail(self, after: int, error: str = "Mine") -> int:
        self.last = after
        return self.tell("TaskFailed", taskFailedEventDetails={"error": error, "cause": "because"})

    def point(self) -> Point:
        return point_of({"input_data": {"a": 1}}, self.records)


def test_one_that_has_not_begun_begins() -> None:
    point = point_of({"input_data": {"a": 1}}, [])
    assert (point.state, point.input, point.history) == (None, {"a": 1}, [])


def test_one_that_was_only_started_begins_with_its_first_state() -> None:
    point = Journal().point()
    assert (point.state, point.entered, point.source_id) == (None, None, 0)
    assert len(point.history) == 1


def test_the_state_that_was_entered_last_goes_on_with_its_input() -> None:
    journal = Journal()
    journal.enter("first", {"a": 1})
    journal.leave("first", {"b": 2}, "second", x=[1], y="old")
    journal.enter("second", {"b": 2})
    journal.leave("second", {"c": 3}, "third", y="new")
    entered = journal.enter("third", {"c": 3}, token="t")
    point = journal.point()
    assert (point.state, point.input, point.token) == ("third", {"c": 3}, "t")
    assert point.entered is not None
    assert point.entered["id"] == point.source_id == entered
    assert point.variables == {"x": [1], "y": "new"}


def test_between_two_states_the_next_is_entered_with_the_output() -> None:
    journal = Journal()
    journal.enter("first", {"a": 1})
    left = journal.leave("first", {"b": 2}, "second")
    point = journal.point()
    assert (point.state, point.input, point.entered) == ("second", {"b": 2}, None)
    assert point.source_id == left
    assert not point.has_left_last


def test_after_the_last_state_there_is_only_the_end() -> None:
    journal = Journal()
    journal.enter("first", {"a": 1})
    journal.leave("first", {"b": 2}, None)
    point = journal.point()
    assert (point.has_left_last, point.input, point.end) == (True, {"b": 2}, None)
    journal.tell("ExecutionSucceeded", is_end=True)
    end = journal.point().end
    assert end is not None
    assert end["type"] == "ExecutionSucceeded"


def test_a_call_is_known_by_its_parameters_its_work_and_its_answer() -> None:
    journal = Journal()
    journal.enter("job", {"a": 1})
    assert journal.point().attempt.events == []
    journal.schedule()
    attempt = journal.point().attempt
    assert attempt.parameters == '{"JobName": "job"}'
    assert (attempt.submitted, attempt.output) == (None, None)
    journal.submit()
    assert journal.point().attempt.submitted == '{"JobRunId": "jr_1"}'
    journal.tell("TaskSucceeded", top=False, taskSucceededEventDetails={"output": "[1]"})
    assert journal.point().attempt.output == "[1]"


def test_attempts_that_failed_are_told_apart_from_the_one_under_way() -> None:
    journal = Journal()
    entered = journal.enter("job", {"a": 1})
    journal.schedule()
    failed = journal.fail(entered)
    point = journal.point()
    assert ([event["id"] for event in point.failures], point.attempt.events) == ([failed], [])
    journal.schedule()
    point = journal.point()
    assert [event["id"] for event in point.failures] == [failed]
    assert point.attempt.has("TaskStarted")
    assert point.attempt.submitted is None


def test_the_work_of_an_attempt_that_timed_out_is_not_the_next_ones() -> None:
    journal = Journal()
    entered = journal.enter("job", {"a": 1})
    journal.schedule()
    submitted = journal.submit()
    failed = journal.fail(entered, "States.Timeout")
    journal.last = failed
    journal.schedule()
    journal.tell(
        "TaskSucceeded",
        top=False,
        after=submitted,
        taskSucceededEventDetails={"output": "null"},
    )
    point = journal.point()
    assert point.attempt.output is None
    assert len(point.attempt.events) == 2


def test_an_evaluation_that_failed_counts_once() -> None:
    journal = Journal()
    journal.enter("job", {"a": 1})
    for extra in ({"state": "job"}, {}):
        details = {"error": "States.QueryEvaluationError", "cause": "c", **extra}
        journal.tell("EvaluationFailed", evaluationFailedEventDetails=details)
    assert len(journal.point().failures) == 1


def test_a_caught_failure_is_forgotten_in_the_next_state() -> None:
    journal = Journal()
    entered = journal.enter("job", {"a": 1})
    journal.fail(entered)
    journal.leave("job", {"Error": "Mine"}, "told", caught="Mine")
    journal.enter("told", {"Error": "Mine"}, "Pass")
    point = journal.point()
    assert (point.failures, point.variables) == ([], {"caught": "Mine"})


def test_what_was_said_from_outside_is_there() -> None:
    journal = Journal()
    journal.enter("asked", {"a": 1}, token="t")
    outcome = {"token": "t", "output": "1"}
    run = {"map_run_arn": "arn"}
    journal.records += [
        ("outcome", outcome),
        ("stop", {"cause": "first"}),
        ("stop", {"cause": "again"}),
        ("announced", {"status": "RUNNING"}),
        ("map_run", run),
        ("activity", {"token": "a"}),
    ]
    point = journal.point()
    assert point.outcomes == {"t": outcome}
    assert point.stop == {"cause": "first"}
    assert (point.announced, point.map_runs) == ({"RUNNING"}, [run])
    assert point.attempt.activity_token == "a"


def test_time_since_an_event_is_never_negative() -> None:
    event = {"timestamp": NOW}
    assert since(event, NOW + dt.timedelta(minutes=1)) == 60
    assert since(event, NOW - dt.timedelta(minutes=1)) == 0
