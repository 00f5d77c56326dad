"""What an execution's environment tells and is told, written down as it happens."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from localstack.aws.api.stepfunctions import ExecutionTimedOutEventDetails, HistoryEventType
from localstack.services.stepfunctions.asl.component.state.state_execution.state_map.iteration.itemprocessor.map_run_record import (  # noqa: E501
    ExecutionCounter,
    ItemCounter,
    MapRunRecord,
    MapRunRecordPoolManager,
)
from localstack.services.stepfunctions.asl.eval.callback.callback import (
    ActivityCallbackEndpoint,
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
    CallbackPoolManager,
)
from localstack.services.stepfunctions.asl.eval.event.event_detail import EventDetails
from localstack.services.stepfunctions.asl.eval.event.event_manager import EventManager

from etlocal.endpoint.persistence.execution_journal import (
    ExecutionJournal,
    FrozenError,
    Record,
    encode_event,
)
from etlocal.endpoint.persistence.resumption import Event

# What is being told in this thread: by which context, and of which token.
_telling = threading.local()


class RecordedHistory(EventManager):  # type: ignore[misc]
    """An execution's events, each in the journal before what follows from it happens.

    Parameters
    ----------
    record : Record
        Where they are written.
    environment : localstack's Environment
        The execution's own, not that of a Task, a branch or an iteration.
    """

    def __init__(self, record: Record, environment: Any) -> None:
        super().__init__(cloud_watch_logging_session=environment.cloud_watch_logging_session)
        self._record = record
        self._environment = environment
        self._known: dict[str, list[int]] = {}
        self._ended = threading.Event()

    def restore(self, history: list[Event], has_ended: bool) -> None:
        """Take over the events that a process before has told."""
        self._history_event_list.extend(history)
        self._event_id_gen._next_id = max((event["id"] for event in history), default=0) + 1
        if has_ended:
            self._ended.set()

    def pass_over(self, events: Iterable[Event]) -> None:
        """Do not tell these events again, and those of an earlier call after all.

        Each is passed over once, when it is told next.
        """
        with self._mutex:
            self._known.clear()
            for event in events:
                self._known.setdefault(event["type"], []).append(event["id"])

    def end(self, seconds: float) -> dt.datetime:
        """Wait for the event that ends the history; give its time.

        One that timed out has a state that still goes on: it is not waited for any longer than
        so many `seconds`, and what it tells later is no part of the history.
        """
        if not self._ended.wait(seconds):
            self.add_event(
                context=self._environment.event_history_context,
                event_type=HistoryEventType.ExecutionTimedOut,
                event_details=EventDetails(
                    executionTimedOutEventDetails=ExecutionTimedOutEventDetails()
                ),
            )
        with self._mutex:
            ended: dt.datetime = self._history_event_list[-1]["timestamp"]
        return ended

    def add_event(
        self,
        context: Any,
        event_type: Any,
        event_details: Any = None,
        timestamp: Any = None,
        update_source_event_id: bool = True,
    ) -> int:
        """Tell an event, unless the history has it."""
        with self._mutex:
            known = self._known.get(event_type)
            number = known.pop(0) if known else None
        if number is None and self._ended.is_set():
            return int(context.last_published_event_id)
        if number is not None:
            context.last_published_event_id = number
            if update_source_event_id:
                context.source_event_id = number
            return number
        _telling.context = context
        return int(
            super().add_event(context, event_type, event_details, timestamp, update_source_event_id)
        )

    def _publish_history_event(self, *arguments: Any, **keywords: Any) -> None:
        super()._publish_history_event(*arguments, **keywords)
        event = self._history_event_list[-1]
        content: dict[str, Any] = {"event": encode_event(event)}
        token = _telling.__dict__.pop("token", None)
        is_end = False
        if _telling.context is self._environment.event_history_context:
            content |= {"is_top": True, "token": token}
            is_end = event["type"].startswith("Execution") and event["id"] > 1
            is_end = is_end and not self._environment.is_running()
            if is_end:
                content["is_end"] = True
            if "stateExitedEventDetails" in event:
                content |= self._after_state(event["stateExitedEventDetails"])
        try:
            self._record.note("event", content)
        except FrozenError:
            park()
        if is_end:
            self._ended.set()

    def _after_state(self, details: Mapping[str, Any]) -> dict[str, Any]:
        # The details have the variables as text, and not always as JSON.
        variables = self._environment.variable_store
        return {
            "next": self._environment.next_state_name,
            "variables": {
                name: variables.get(name) for name in details.get("assignedVariables", {})
            },
        }


class ArchivedHistory(EventManager):  # type: ignore[misc]
    """The events of an execution that has ended, read when they are asked for.

    Parameters
    ----------
    journal : ExecutionJournal
        Where they are.
    position : (int, int)
        Where there.
    """

    def __init__(self, journal: ExecutionJournal, position: tuple[int, int]) -> None:
        super().__init__()
        self._journal = journal
        self._position = position

    def get_event_history(self) -> list[Event]:
        """Give the events."""
        return self._journal.history(self._position)


class RecordedCallbacks(CallbackPoolManager):  # type: ignore[misc]
    """An execution's task tokens, and what was said of them before it was answered.

    Parameters
    ----------
    activity_store : dict
        Activities by their ARN.
    record : Record
        Where it is written.
    outcomes : mapping
        Token → what was said of it before a restart.
    """

    def __init__(
        self,
        activity_store: dict[str, Any],
        record: Record,
        outcomes: Mapping[str, Mapping[str, Any]],
    ) -> None:
        super().__init__(activity_store=activity_store)
        self._record = record
        self._outcomes = outcomes
        self._taken: set[str] = set()

    def add(self, callback_id: str) -> Any:
        """Enter a token; one that was answered before a restart is answered at once."""
        _telling.token = callback_id
        endpoint = super().add(callback_id)
        self._answer(endpoint)
        return endpoint

    def expect_activity(self, callback_id: str, is_taken: bool) -> None:
        """Note that an activity's token has been given out before a restart."""
        if is_taken:
            self._taken.add(callback_id)

    def add_activity_task(self, callback_id: str, activity_arn: str, activity_input: str) -> Any:
        """Enter an activity's token, and put its task into the activity's queue."""
        if callback_id in self._taken and activity_arn in self._activity_store:
            endpoint = ActivityCallbackEndpoint(callback_id, activity_input)
            self._pool[callback_id] = endpoint
            endpoint.notify_activity_task_start(worker_name=None)
        else:
            self._record.note("activity", {"token": callback_id})
            endpoint = super().add_activity_task(
                callback_id=callback_id, activity_arn=activity_arn, activity_input=activity_input
            )
        self._answer(endpoint)
        return endpoint

    def notify(self, callback_id: str, outcome: Any) -> bool:
        """Take what is said of a token.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        endpoint = self.get(callback_id)
        if endpoint is not None and endpoint.consumer_error is None:
            self._record.write("outcome", {"token": callback_id, **_said(outcome)})
        return bool(super().notify(callback_id, outcome))

    def _answer(self, endpoint: Any) -> None:
        said = self._outcomes.get(endpoint.callback_id)
        if said is None:
            return
        if "output" in said:
            outcome = CallbackOutcomeSuccess(endpoint.callback_id, said["output"])
        else:
            outcome = CallbackOutcomeFailure(endpoint.callback_id, said["error"], said["cause"])
        endpoint.notify(outcome)


class RecordedMapRuns(MapRunRecordPoolManager):  # type: ignore[misc]
    """An execution's Map runs.

    Parameters
    ----------
    record : Record
        Where they are written.
    """

    def __init__(self, record: Record) -> None:
        super().__init__()
        self._record = record

    def add(self, map_run_record: Any) -> None:
        """Enter a Map run that begins."""
        self._record.note("map_run", describe_map_run(map_run_record))
        super().add(map_run_record)


def describe_map_run(run: Any) -> dict[str, Any]:
    """Give what is known of a Map run, as JSON has it."""
    known = {name: value for name, value in vars(run).items() if name != "update_event"}
    for name in ("execution_counter", "item_counter"):
        known[name] = {kind: counter.get() for kind, counter in vars(known[name]).items()}
    for name in ("start_date", "stop_date"):
        known[name] = known[name] and known[name].isoformat()
    return known


def make_map_run(known: Mapping[str, Any]) -> Any:
    """Make a Map run of what `describe_map_run` gave."""
    run = MapRunRecord.__new__(MapRunRecord)
    run.__dict__.update(known)
    run.update_event = threading.Event()
    for name, kind in (("execution_counter", ExecutionCounter), ("item_counter", ItemCounter)):
        counters = kind()
        for counter, count in known[name].items():
            getattr(counters, counter).offset(count)
        setattr(run, name, counters)
    for name in ("start_date", "stop_date"):
        setattr(run, name, known[name] and dt.datetime.fromisoformat(known[name]))
    return run


def park() -> None:
    """Stay here for the rest of the process: what would happen now only does because it ends."""
    threading.Event().wait()


def _said(outcome: Any) -> dict[str, Any]:
    if isinstance(outcome, CallbackOutcomeSuccess):
        return {"output": outcome.output}
    return {"error": outcome.error, "cause": outcome.cause}
