"""JSONata without a Java virtual machine, and as Step Functions evaluates it.

LocalStack evaluates JSONata in a JVM (a Java 21 that it downloads), writes values into the
expression as text without escaping them, binds no ``$states`` when an expression names it within
brackets only (``$merge([$states.input, …])``), has no ``$hash``, ``$uuid`` nor seeded ``$random``,
and lets a failed evaluation end as ``States.Runtime``. On AWS it is ``States.QueryEvaluationError``
with an ``EvaluationFailed`` event that names the field and the state.

Source: Step Functions Developer Guide, "Transforming data with JSONata in Step Functions" and
"Handling errors in Step Functions workflows".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from localstack.aws.api.stepfunctions import EvaluationFailedEventDetails, HistoryEventType
from localstack.services.stepfunctions.asl.component.common.assign.assign_decl import AssignDecl
from localstack.services.stepfunctions.asl.component.common.assign.assign_template_binding import (
    AssignTemplateBinding,
)
from localstack.services.stepfunctions.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from localstack.services.stepfunctions.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from localstack.services.stepfunctions.asl.component.common.error_name.states_error_name_type import (  # noqa: E501
    StatesErrorNameType,
)
from localstack.services.stepfunctions.asl.component.common.jsonata.jsonata_template_binding import (  # noqa: E501
    JSONataTemplateBinding,
)
from localstack.services.stepfunctions.asl.component.common.outputdecl import Output
from localstack.services.stepfunctions.asl.component.common.parargs import Parargs
from localstack.services.stepfunctions.asl.component.common.query_language import QueryLanguageMode
from localstack.services.stepfunctions.asl.component.common.string.string_expression import (
    StringJSONata,
    StringVariableSample,
)
from localstack.services.stepfunctions.asl.component.common.timeouts.heartbeat import (
    HeartbeatSecondsJSONata,
)
from localstack.services.stepfunctions.asl.component.common.timeouts.timeout import (
    TimeoutSecondsJSONata,
)
from localstack.services.stepfunctions.asl.component.state.state_choice.comparison.comparison import (  # noqa: E501
    ConditionStringJSONata,
)
from localstack.services.stepfunctions.asl.component.state.state_execution.state_map.items.items import (  # noqa: E501
    ItemsJSONata,
)
from localstack.services.stepfunctions.asl.component.state.state_wait.wait_function.seconds import (
    SecondsJSONata,
)
from localstack.services.stepfunctions.asl.eval.event.event_detail import EventDetails
from localstack.services.stepfunctions.asl.jsonata.jsonata import (
    extract_jsonata_variable_references,
)

from etlocal.endpoint.jsonata_engine import (
    UNDEFINED,
    JsonataError,
    UnsupportedResultError,
    evaluate,
)
from etlocal.settings import Settings

# The fields whose name an error tells; within them, names of members are added with slashes.
_FIELDS = {
    Output: "Output",
    Parargs: "Arguments",
    AssignDecl: "Assign",
    ItemsJSONata: "Items",
    ConditionStringJSONata: "Condition",
    SecondsJSONata: "Seconds",
    TimeoutSecondsJSONata: "TimeoutSeconds",
    HeartbeatSecondsJSONata: "HeartbeatSeconds",
}
_field = threading.local()


def apply(_: Settings) -> None:
    """Evaluate through `etlocal.endpoint.jsonata_engine`."""
    StringJSONata._eval_body = _eval_expression
    StringVariableSample._eval_body = _eval_variable
    for component, name in _FIELDS.items():
        _track(component, partial(_constant, name))
    for component in (JSONataTemplateBinding, AssignTemplateBinding):
        _track(component, lambda self: self.identifier)


def _constant(name: str, _: Any) -> str:
    return name


def _track(component: Any, name_of: Callable[[Any], str]) -> None:
    original = component._eval_body

    def eval_body(self: Any, env: Any) -> None:
        with _within(name_of(self)):
            original(self, env)

    component._eval_body = eval_body


@contextmanager
def _within(name: str) -> Iterator[None]:
    path: list[str] = _field.__dict__.setdefault("path", [])
    path.append(name)
    try:
        yield
    finally:
        path.pop()


def _eval_expression(self: Any, env: Any) -> None:
    # Raises for `$` and `$$` at the top level, which Step Functions refuses.
    extract_jsonata_variable_references(self.expression)
    env.stack.append(_evaluated(env, self.expression, _variables(env, self.expression, True)))


def _eval_variable(self: Any, env: Any) -> None:
    with_states = self.query_language_mode == QueryLanguageMode.JSONata
    env.stack.append(
        _evaluated(env, self.expression, _variables(env, self.expression, with_states))
    )


def _variables(env: Any, expression: str, with_states: bool) -> dict[str, Any]:
    """Give what the expression can mean by its names: copying the rest would be wasted."""
    scopes = env.variable_store._outer_scope | env.variable_store._inner_scope
    if with_states:
        scopes = {"states": env.states._states_data} | scopes
    return {name: value for name, value in scopes.items() if f"${name}" in expression}


def _evaluated(env: Any, expression: str, variables: dict[str, Any]) -> Any:
    field = "/".join(_field.__dict__.get("path", []))
    subject = f"The JSONata expression '{expression}' specified for the field '{field}'"
    try:
        value = evaluate(expression, variables)
    except JsonataError as error:
        raise _failure(env, f"{subject} threw an error during evaluation. {error}", field) from None
    except UnsupportedResultError:
        raise _failure(env, f"{subject} returned an unsupported result type.", field) from None
    if value is UNDEFINED:
        raise _failure(env, f"{subject} returned nothing (undefined).", field)
    return value


def _failure(env: Any, cause: str, field: str) -> Any:
    error_name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
    details = EvaluationFailedEventDetails(error=error_name.error_name, cause=cause, location=field)
    failure = FailureEventException(
        failure_event=FailureEvent(
            env=env,
            error_name=error_name,
            event_type=HistoryEventType.EvaluationFailed,
            event_details=EventDetails(evaluationFailedEventDetails=details),
        )
    )
    env.event_manager.add_event(
        context=env.event_history_context,
        event_type=HistoryEventType.EvaluationFailed,
        event_details=EventDetails(
            evaluationFailedEventDetails=failure.get_evaluation_failed_event_details()
        ),
    )
    return failure
