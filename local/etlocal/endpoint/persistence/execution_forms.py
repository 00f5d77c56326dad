"""LocalStack's executions as the journal has them, and made of that again."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Mapping
from typing import Any

from localstack.aws.api.stepfunctions import ExecutionStatus
from localstack.services.stepfunctions.asl.component.state.state_execution.state_map.iteration.itemprocessor.map_run_record import (  # noqa: E501
    MapRunRecordPoolManager,
)
from localstack.services.stepfunctions.asl.eval.callback.callback import CallbackPoolManager
from localstack.services.stepfunctions.asl.eval.environment import Environment
from localstack.services.stepfunctions.asl.eval.event.logging import (
    CloudWatchLoggingConfiguration,
    CloudWatchLoggingSession,
)
from localstack.services.stepfunctions.asl.eval.program_state import (
    ProgramEnded,
    ProgramError,
    ProgramStopped,
    ProgramTimedOut,
)
from localstack.services.stepfunctions.backend.execution import Execution, SyncExecution
from localstack.services.stepfunctions.backend.execution_worker import ExecutionWorker
from localstack.services.stepfunctions.backend.state_machine import (
    StateMachineRevision,
    StateMachineVersion,
)
from localstack.services.stepfunctions.backend.store import sfn_stores
from localstack.services.stepfunctions.local_mocking.mock_config import (
    load_local_mock_test_case_for,
)

from etlocal.endpoint.persistence.execution_journal import Ended, ExecutionJournal
from etlocal.endpoint.persistence.recorded import (
    ArchivedHistory,
    describe_map_run,
    make_map_run,
)
from etlocal.endpoint.persistence.resumption import Event, details_of

_OF_EXECUTION = (
    "name",
    "role_arn",
    "exec_arn",
    "account_id",
    "region_name",
    "input_data",
    "trace_header",
    "state_machine_alias_arn",
)
_OF_MACHINE = (
    "name",
    "arn",
    "revision_id",
    "definition",
    "role_arn",
    "sm_type",
    "logging_config",
    "tags",
    "tracing_config",
)
_OF_VERSION = ("source_arn", "version", "description")


def as_begun(execution: Any) -> dict[str, Any]:
    """Give what an execution was started with, as JSON has it."""
    begun = {name: getattr(execution, name) for name in _OF_EXECUTION}
    begun["start_date"] = execution.start_date.isoformat()
    begun["is_sync"] = isinstance(execution, SyncExecution)
    mock = execution.local_mock_test_case
    begun["mock"] = mock and [mock.state_machine_name, mock.test_case_name]
    machine = execution.state_machine
    begun["machine"] = {name: getattr(machine, name) for name in _OF_MACHINE}
    begun["machine"]["create_date"] = machine.create_date.isoformat()
    if isinstance(machine, StateMachineVersion):
        begun["machine"] |= {name: getattr(machine, name) for name in _OF_VERSION}
    return begun


def as_end(execution: Any) -> dict[str, Any]:
    """Give how an execution ended, as JSON has it."""
    map_runs = execution.exec_worker.env.map_run_record_pool_manager.get_all()
    return {
        "status": execution.exec_status,
        "stop_date": execution.stop_date.isoformat(),
        "output": execution.output,
        "error": execution.error,
        "cause": execution.cause,
        "map_runs": [describe_map_run(run) for run in map_runs],
    }


def make_execution(begun: Mapping[str, Any]) -> Any:
    """Make an execution of what `as_begun` gave; it is not started."""
    machine = _make_machine(begun["machine"])
    mock = begun["mock"]
    session = None
    if machine.cloud_watch_logging_configuration is not None:
        session = CloudWatchLoggingSession(
            begun["exec_arn"], machine.cloud_watch_logging_configuration
        )
    kind = SyncExecution if begun["is_sync"] else Execution
    return kind(
        **{name: begun[name] for name in _OF_EXECUTION},
        sm_type=machine.sm_type,
        state_machine=machine,
        start_date=dt.datetime.fromisoformat(begun["start_date"]),
        cloud_watch_logging_session=session,
        activity_store=sfn_stores[begun["account_id"]][begun["region_name"]].activities,
        local_mock_test_case=mock and load_local_mock_test_case_for(*mock),
    )


def make_ended(ended: Ended, journal: ExecutionJournal) -> Any:
    """Make an execution that has ended: it tells what became of it, and runs nothing."""
    execution = make_execution(ended.begun)
    execution.exec_status = ExecutionStatus(ended.end["status"])
    execution.stop_date = dt.datetime.fromisoformat(ended.end["stop_date"])
    for name in ("output", "error", "cause"):
        setattr(execution, name, ended.end[name])
    worker = ExecutionWorker.__new__(ExecutionWorker)
    worker.env = environment = Environment.__new__(Environment)
    environment._state_mutex = threading.RLock()
    environment._program_state = ProgramEnded()
    environment.program_state_event = threading.Event()
    environment._frames = []
    environment.event_manager = ArchivedHistory(journal, ended.position)
    environment.callback_pool_manager = CallbackPoolManager(activity_store={})
    environment.map_run_record_pool_manager = MapRunRecordPoolManager()
    for known in ended.end["map_runs"]:
        environment.map_run_record_pool_manager.add(make_map_run(known))
    execution.exec_worker = worker
    return execution


def end(environment: Any, event: Event) -> None:
    """Bring an environment to the end that an event tells of."""
    details = details_of(event)
    error, cause = details.get("error"), details.get("cause")
    if event["type"] == "ExecutionSucceeded":
        environment._program_state = ProgramEnded()
        environment.states.reset(json.loads(details["output"]))
    elif event["type"] == "ExecutionFailed":
        environment._program_state = ProgramError(error={"error": error, "cause": cause})
    elif event["type"] == "ExecutionAborted":
        environment._program_state = ProgramStopped(event["timestamp"], error, cause)
    else:
        environment._program_state = ProgramTimedOut()


def _make_machine(known: Mapping[str, Any]) -> Any:
    kind = StateMachineVersion if "version" in known else StateMachineRevision
    machine = kind.__new__(kind)
    machine.__dict__.update(known)
    machine.create_date = dt.datetime.fromisoformat(known["create_date"])
    # As the state machine's own: a version logs to its revision's stream.
    machine.cloud_watch_logging_configuration = (
        CloudWatchLoggingConfiguration.from_logging_configuration(
            state_machine_arn=known.get("source_arn", known["arn"]),
            logging_configuration=known["logging_config"],
        )
    )
    return machine
