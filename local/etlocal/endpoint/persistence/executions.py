"""Step Functions' executions: written down while they run, and taken up again after a restart.

A standard execution is durable on AWS: it goes on whatever happens to the machine it runs on. An
express one is not.

Source: Step Functions Developer Guide, "Choosing workflow type"; API Reference, "StartExecution".
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from localstack.aws.api.stepfunctions import (
    ExecutionFailedEventDetails,
    ExecutionStartedEventDetails,
    ExecutionStatus,
    HistoryEventExecutionDataDetails,
    HistoryEventType,
    StateMachineType,
)
from localstack.services.stepfunctions.asl.eval.event.event_detail import EventDetails
from localstack.services.stepfunctions.asl.eval.program_state import ProgramRunning
from localstack.services.stepfunctions.asl.utils.encoding import to_json_str
from localstack.services.stepfunctions.backend.execution import (
    BaseExecutionWorkerCommunication,
    Execution,
    SyncExecution,
)
from localstack.services.stepfunctions.backend.execution_worker import ExecutionWorker
from localstack.services.stepfunctions.backend.store import sfn_stores

from etlocal.endpoint.patches.shared_programs import own_program
from etlocal.endpoint.persistence import taking_up
from etlocal.endpoint.persistence.execution_forms import (
    as_begun,
    as_end,
    end,
    make_ended,
    make_execution,
)
from etlocal.endpoint.persistence.execution_journal import (
    CutOff,
    Ended,
    ExecutionJournal,
    FrozenError,
    Record,
    encode_event,
)
from etlocal.endpoint.persistence.recorded import (
    ArchivedHistory,
    RecordedCallbacks,
    RecordedHistory,
    RecordedMapRuns,
    make_map_run,
    park,
)
from etlocal.endpoint.persistence.resumption import Point, point_of

LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

RESTARTED = "Etlocal.EndpointRestarted"
_EXPRESS = "The endpoint was restarted while the execution was running, and it is an express one."
_IMPOSSIBLE = "The endpoint was restarted while the execution was running, and it cannot go on: {}"
_ASK_SECONDS = 0.05
# What a state that timed out may take until it notices.
_LAST_EVENT_SECONDS = 5.0


class Executions:
    """Keeps LocalStack's executions in a journal.

    Parameters
    ----------
    journal : ExecutionJournal
        Where they are.
    when_ready : callable
        Waits until the services that executions call are there.
    """

    def __init__(self, journal: ExecutionJournal, when_ready: Callable[[], None]) -> None:
        self._journal = journal
        self._when_ready = when_ready
        self._ready = threading.Event()

    def install(self) -> None:
        """Have every execution written down; to be called once, before the first."""
        taking_up.apply()
        start, stop = Execution.start, Execution.stop
        run = ExecutionWorker._execution_logic
        terminated = BaseExecutionWorkerCommunication.terminated

        def start_recorded(execution: Any) -> None:
            # TestState's are none that anybody could ask for.
            if type(execution) in (Execution, SyncExecution):
                self._start(execution)
            else:
                start(execution)

        def stop_recorded(execution: Any, stop_date: Any, error: Any, cause: Any) -> None:
            record = _record_of(execution)
            if record is not None and execution.exec_worker.env.is_running():
                said = {"date": stop_date.isoformat(), "error": error, "cause": cause}
                record.write("stop", said)
            stop(execution, stop_date=stop_date, error=error, cause=cause)

        def run_recorded(worker: Any) -> None:
            execution: Any = getattr(worker._execution_communication, "execution", None)
            if _record_of(execution) is not None:
                self._run(execution, Point(execution.input_data))
            else:
                run(worker)

        def terminated_recorded(communication: Any) -> None:
            if _record_of(communication.execution) is not None:
                self._terminated(communication)
            else:
                terminated(communication)

        Execution.start = start_recorded
        Execution.stop = stop_recorded
        ExecutionWorker._execution_logic = run_recorded
        BaseExecutionWorkerCommunication.terminated = terminated_recorded

    def restore(self) -> None:
        """Enter what a process before left, and take up what it left in the middle.

        To be called once, when the stores have their state machines and activities.
        """
        for _account, _region, store in list(sfn_stores.iter_stores()):
            for activity in store.activities.values():
                # Executions that wait for an activity ask for it again.
                activity._tasks.clear()
        ended, cut_off = self._journal.load(dt.datetime.now(tz=dt.UTC))
        executions: dict[int, Any] = {}
        tasks: list[Callable[[], None]] = []
        for each in ended:
            executions[each.number] = execution = make_ended(each, self._journal)
            if not each.is_announced:
                tasks.append(self._announcement(execution, each))
        for found in cut_off:
            try:
                execution, point = self._continue(found)
            except Exception:
                # The others, and the service, must not stop with it.
                kept = self._journal.set_aside(found.record)
                LOG.exception("an execution cannot be made again; it is kept as %s", kept)
                continue
            executions[found.record.number] = execution
            tasks.append(self._taking_up(execution, point))
        for _, execution in sorted(executions.items()):
            _store(execution).executions[execution.exec_arn] = execution
        if not tasks:
            self._ready.set()
            return
        LOG.warning("%s executions were cut off, and go on or are notified", len(tasks))
        for task in tasks:
            threading.Thread(target=task, name="etlocal-execution", daemon=True).start()
        threading.Thread(target=self._open_when_ready, name="etlocal-take-up", daemon=True).start()

    def _open_when_ready(self) -> None:
        try:
            self._when_ready()
        finally:
            self._ready.set()

    def _start(self, execution: Any) -> None:
        executions = _store(execution).executions
        try:
            record = self._journal.begin(as_begun(execution))
        except (OSError, FrozenError):
            # What would be gone after a crash has not been started.
            executions.pop(execution.exec_arn, None)
            raise
        self._equip(execution, record, Point(execution.input_data))
        self._announce(execution, record)
        execution.exec_worker.start()

    def _equip(self, execution: Any, record: Record, point: Point) -> None:
        """Give an execution its worker, and that an environment that writes down what happens."""
        worker = execution._get_start_execution_worker()
        environment = worker._get_evaluation_environment()
        environment.event_manager = RecordedHistory(record, environment)
        environment.event_manager.restore(point.history, has_ended=point.end is not None)
        environment.callback_pool_manager = RecordedCallbacks(
            worker._activity_store, record, point.outcomes
        )
        environment.map_run_record_pool_manager = RecordedMapRuns(record)
        # It can be stopped from now on, before its program has been parsed.
        environment._program_state = ProgramRunning()
        worker.env = environment
        execution.etlocal_record = record
        execution.exec_worker = worker
        execution.exec_status = ExecutionStatus.RUNNING

    def _announce(self, execution: Any, record: Record) -> None:
        execution.publish_execution_status_change_event()
        _or_park(lambda: record.note("announced", {"status": str(execution.exec_status)}))

    def _run(self, execution: Any, point: Point) -> None:
        """Run an execution from a point on, until it has ended."""
        worker = execution.exec_worker
        environment = worker.env
        try:
            if not point.history:
                _tell_start(execution)
            # What is different when it goes on is put on the program itself.
            program = own_program(worker) if point.history else worker._get_evaluation_entrypoint()
            _evaluate(program, environment, point, execution.start_date)
        except Exception as error:
            LOG.exception("execution %s cannot be evaluated", execution.exec_arn)
            cause = f"{type(error).__name__}({error})"
            if point.history:
                _fail(environment, RESTARTED, _IMPOSSIBLE.format(cause))
            else:
                _fail(environment, "States.Runtime", cause)
        worker._execution_communication.terminated()

    def _terminated(self, communication: Any) -> None:
        execution = communication.execution
        record = execution.etlocal_record
        environment = execution.exec_worker.env
        ended = environment.event_manager.end(_LAST_EVENT_SECONDS)
        if not record.is_open:
            return
        communication._reflect_execution_status()
        execution.stop_date = ended
        if execution.sm_type == StateMachineType.EXPRESS:
            # Nobody can ask for it any more.
            execution.publish_execution_status_change_event()
            record.close()
            return
        self._archive(execution, record)
        execution.publish_execution_status_change_event()
        try:
            _or_park(lambda: self._journal.announced(record.number))
        except OSError:
            LOG.exception("that %s has ended may be told again", execution.exec_arn)

    def _archive(self, execution: Any, record: Record) -> None:
        environment = execution.exec_worker.env
        history = [encode_event(each) for each in environment.event_manager.get_event_history()]
        begun, how = as_begun(execution), as_end(execution)
        try:
            position = _or_park(lambda: self._journal.end(record, begun, how, history))
        except OSError:
            LOG.exception("%s has ended, and cannot be written as such", execution.exec_arn)
            return
        environment.event_manager = ArchivedHistory(self._journal, position)

    def _continue(self, found: CutOff) -> tuple[Any, Point]:
        execution = make_execution(found.begun)
        point = point_of(found.begun, found.records)
        self._equip(execution, found.record, point)
        for known in point.map_runs:
            run = make_map_run(known)
            run.set_stop("FAILED")
            execution.exec_worker.env.map_run_record_pool_manager._pool[run.map_run_arn] = run
        environment = execution.exec_worker.env
        if point.end is not None:
            end(environment, point.end)
        elif point.stop is not None:
            stopped = dt.datetime.fromisoformat(point.stop["date"])
            environment.set_stop(stopped, point.stop["cause"], point.stop["error"])
        return execution, point

    def _taking_up(self, execution: Any, point: Point) -> Callable[[], None]:
        environment = execution.exec_worker.env
        record = execution.etlocal_record

        def take_up() -> None:
            while environment.is_running() and not self._ready.wait(_ASK_SECONDS):
                continue
            if not record.is_open:
                _store(execution).executions.pop(execution.exec_arn, None)
                return
            if not point.announced:
                self._announce(execution, record)
            if point.end is None and execution.sm_type != StateMachineType.EXPRESS:
                self._run(execution, point)
                return
            if point.end is None:
                _fail(environment, RESTARTED, _EXPRESS)
            execution.exec_worker._execution_communication.terminated()

        return take_up

    def _announcement(self, execution: Any, ended: Ended) -> Callable[[], None]:
        def announce() -> None:
            self._ready.wait()
            execution.publish_execution_status_change_event()
            _or_park(lambda: self._journal.announced(ended.number))

        return announce


def _record_of(execution: Any) -> Record | None:
    return getattr(execution, "etlocal_record", None)


def _store(execution: Any) -> Any:
    return sfn_stores[execution.account_id][execution.region_name]


def _or_park(write: Callable[[], _T]) -> _T:
    """Write, or stay here for the rest of the process if it is ending."""
    try:
        return write()
    except FrozenError:
        park()
        raise


def _tell_start(execution: Any) -> None:
    environment = execution.exec_worker.env
    environment.event_manager.add_event(
        context=environment.event_history_context,
        event_type=HistoryEventType.ExecutionStarted,
        event_details=EventDetails(
            executionStartedEventDetails=ExecutionStartedEventDetails(
                input=to_json_str(execution.input_data),
                inputDetails=HistoryEventExecutionDataDetails(truncated=False),
                roleArn=execution.role_arn,
            )
        ),
        update_source_event_id=False,
    )


def _evaluate(program: Any, environment: Any, point: Point, started: dt.datetime) -> None:
    if environment.is_running():
        try:
            taking_up.evaluate(program, environment, point, started)
        except RuntimeError:
            # Stopped in this very moment, a program refuses to begin.
            if environment.is_running():
                raise
        else:
            return
    program._eval_body(environment)


def _fail(environment: Any, error: str, cause: str) -> None:
    details = ExecutionFailedEventDetails(error=error, cause=cause)
    environment.set_error(details)
    environment.event_manager.add_event(
        context=environment.event_history_context,
        event_type=HistoryEventType.ExecutionFailed,
        event_details=EventDetails(executionFailedEventDetails=details),
    )
