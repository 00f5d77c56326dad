"""Step Functions' interpreter going on in the middle of an execution.

The program is the execution's own, so what is different the first time is put on that program's
own state, and taken off before the state is evaluated: what it does later is LocalStack's. Events
that are in the history already are passed over when the interpreter tells them again.

- A state that had been entered is not entered again.
- ``Wait`` waits for what is left.
- The failures that a Task's attempts had are told to its ``Retry`` and ``Catch`` again, which count
  and decide as before, and wait for what is left.
- A Task that was answered has its answer; one whose work is waited for (``.sync``,
  ``.waitForTaskToken``) goes on waiting for that work; one that was called and not answered is
  called again with the same parameters.
- ``Parallel`` and ``Map`` run again as a whole.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import uuid
from collections import deque
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api.stepfunctions import HistoryEventType
from localstack.services.stepfunctions.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from localstack.services.stepfunctions.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from localstack.services.stepfunctions.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from localstack.services.stepfunctions.asl.component.common.flow.start_at import StartAt
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service import (  # noqa: E501
    StateTaskService,
)
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_sfn import (  # noqa: E501
    StateTaskServiceSfn,
)
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.state_task import (  # noqa: E501
    StateTask,
)
from localstack.services.stepfunctions.asl.component.state.state_wait.state_wait import StateWait
from localstack.services.stepfunctions.asl.component.state.state_wait.wait_function.timestamp import (  # noqa: E501
    Timestamp,
)
from localstack.services.stepfunctions.asl.eval.program_state import ProgramEnded
from localstack.services.stepfunctions.asl.eval.states import TaskData

from etlocal.endpoint.patches import clock_scale
from etlocal.endpoint.persistence.resumption import Attempt, Event, Point, details_of, since

_ARN = re.compile(r"arn:[^']+")
# Times in answers have no fractions of milliseconds.
_TRUNCATED = dt.timedelta(milliseconds=1)


def apply() -> None:
    """Have a nested execution named by the Task that starts it.

    The name is random otherwise, so that a call that is made again would start a second one.
    """
    call = StateTaskServiceSfn._eval_service_task

    def eval_service_task(self: Any, env: Any, **parts: Any) -> None:
        if self._get_boto_service_action() == "start_execution":
            parts["normalised_parameters"].setdefault("name", _nested_name(env))
        call(self, env=env, **parts)

    StateTaskServiceSfn._eval_service_task = eval_service_task


def evaluate(program: Any, env: Any, point: Point, started: dt.datetime) -> None:
    """Evaluate a program from a point on.

    Parameters
    ----------
    program : localstack's Program
        Parsed for this execution.
    env : localstack's Environment
        The execution's, whose history knows the events so far.
    point : Point
        Where.
    started : datetime
        When the execution was started; its ``TimeoutSeconds`` counts from there.

    Raises
    ------
    ValueError
        If the program does not have the state.
    """
    env.variable_store._inner_scope.update(point.variables)
    env.event_history_context.source_event_id = point.source_id
    env.event_history_context.last_published_event_id = point.source_id
    if point.state is not None or point.has_left_last:
        env.states.reset(point.input)
    if point.has_left_last:
        env._program_state = ProgramEnded()
        program._eval_body(env)
        return
    if point.state is not None:
        state = program._get_state(point.state)
        program.start_at = StartAt(point.state)
        if point.entered is not None:
            _enter_again(state, point, point.entered)
    clock_scale.pass_time((_now() - started).total_seconds() if point.history else 0)
    try:
        program.eval(env)
    finally:
        clock_scale.pass_time(0)


def _now() -> dt.datetime:
    return dt.datetime.now(tz=dt.UTC)


def _enter_again(state: Any, point: Point, entered: Event) -> None:
    body, read_input = state._eval_body, state._eval_state_input

    def eval_body(env: Any) -> None:
        del state._eval_body
        env.event_manager.pass_over([entered])
        if point.token is not None:
            _give_token(env, point.token)
        if isinstance(state, StateTask):
            _replay(state, point)
        try:
            body(env)
        finally:
            clock_scale.pass_time(0)
            env.event_manager.pass_over(())

    def eval_state_input(env: Any) -> None:
        del state._eval_state_input
        context = env.states.context_object.context_object_data
        context["State"]["EnteredTime"] = entered["timestamp"].isoformat()
        read_input(env)
        if isinstance(state, StateWait) and not isinstance(state.wait_function, Timestamp):
            clock_scale.pass_time(since(entered, _now()))

    state._eval_body = eval_body
    state._eval_state_input = eval_state_input


def _give_token(env: Any, token: str) -> None:
    context = env.states.context_object

    def update_task_token() -> str:
        del context.update_task_token
        context.context_object_data["Task"] = TaskData(Token=token)
        return token

    context.update_task_token = update_task_token


def _replay(state: Any, point: Point) -> None:
    """Have a Task's attempts fail as they did, and the last one go on."""
    evaluate_attempt = state._evaluate_with_timeout
    failures = deque(point.failures)
    attempt = point.attempt
    began = attempt.events[0] if attempt.events else None

    def evaluate_with_timeout(env: Any) -> None:
        if failures:
            failure = failures.popleft()
            is_waiting = not failures and began is None
            clock_scale.pass_time(since(failure, _now()) if is_waiting else math.inf)
            env.event_manager.pass_over([failure])
            raise FailureEventException(_failure_event(env, failure))
        del state._evaluate_with_timeout
        if began is not None:
            clock_scale.pass_time(since(began, _now()))
            _go_on(state, attempt)
        evaluate_attempt(env)

    state._evaluate_with_timeout = evaluate_with_timeout


def _failure_event(env: Any, failure: Event) -> Any:
    error = details_of(failure).get("error")
    is_known = error is not None and error.startswith("States.")
    return FailureEvent(
        env=env,
        error_name=StatesErrorName.from_name(error) if is_known else CustomErrorName(error),
        event_type=HistoryEventType(failure["type"]),
        event_details={
            name: value for name, value in failure.items() if name.endswith("EventDetails")
        },
    )


def _go_on(state: Any, attempt: Attempt) -> None:
    run = state._eval_execution

    def eval_execution(frame: Any) -> None:
        del state._eval_execution
        if attempt.output is not None:
            last = attempt.events[-1]["id"]
            frame.event_history_context.source_event_id = last
            frame.event_history_context.last_published_event_id = last
            frame.stack.append(json.loads(attempt.output))
            return
        if attempt.submitted is not None:
            known = [event for event in attempt.events if event["type"] == "TaskSubmitted"]
            frame.event_manager.pass_over(known)
            _await_submitted(state, frame, attempt, attempt.submitted)
            return
        frame.event_manager.pass_over(attempt.events)
        if isinstance(state, StateTaskService) and attempt.parameters is not None:
            _call_again(state, attempt, attempt.parameters)
        if attempt.activity_token is not None:
            _give_token(frame, attempt.activity_token)
            is_taken = attempt.has("ActivityStarted")
            frame.callback_pool_manager.expect_activity(attempt.activity_token, is_taken)
        run(frame)

    state._eval_execution = eval_execution


def _await_submitted(state: Any, frame: Any, attempt: Attempt, submitted: str) -> None:
    state.resource.eval(env=frame)
    runtime_part = frame.stack.pop()
    credentials = state._eval_state_credentials(env=frame)
    parameters = json.loads(attempt.parameters or "{}")
    state._normalise_parameters(parameters)
    frame.stack.append(json.loads(submitted))
    state._after_eval_execution(
        env=frame,
        resource_runtime_part=runtime_part,
        normalised_parameters=parameters,
        state_credentials=credentials,
    )


def _call_again(state: Any, attempt: Attempt, parameters: str) -> None:
    call = state._eval_service_task

    def eval_parameters(**_: Any) -> Any:
        del state._eval_parameters
        return json.loads(parameters)

    def eval_service_task(env: Any, **parts: Any) -> None:
        del state._eval_service_task
        try:
            call(env=env, **parts)
        except ClientError as error:
            started = next(e for e in attempt.events if e["type"] == "TaskStarted")
            found = _already_started(error, parts, started["timestamp"])
            if found is None:
                raise
            env.stack.append(found)

    state._eval_parameters = eval_parameters
    if isinstance(state, StateTaskServiceSfn) and attempt.has("TaskStarted"):
        state._eval_service_task = eval_service_task


def _already_started(error: ClientError, parts: Any, called: dt.datetime) -> dict[str, Any] | None:
    """Give the answer that a call to start an execution had, if it did start one."""
    from localstack.services.stepfunctions.asl.utils.boto_client import boto_client_for

    if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
        return None
    arn = _ARN.search(error.response["Error"]["Message"])
    client = boto_client_for(
        service="stepfunctions",
        region=parts["resource_runtime_part"].region,
        state_credentials=parts["state_credentials"],
    )
    if arn is None:
        return None
    execution = client.describe_execution(executionArn=arn[0])
    wanted = json.loads(parts["normalised_parameters"].get("input", "{}"))
    if execution["startDate"] + _TRUNCATED < called or json.loads(execution["input"]) != wanted:
        return None
    return {"executionArn": execution["executionArn"], "startDate": execution["startDate"]}


def _nested_name(env: Any) -> str:
    execution = env.states.context_object.context_object_data["Execution"]["Id"]
    called = env.event_history_context.source_event_id
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{execution}#{called}"))
