"""``AWS::StepFunctions::StateMachine`` applies its properties.

LocalStack ignores tags, an update ignores the role, and a substitution that is a number fails the
stack. X-Ray is not emulated: ``TracingConfiguration`` is accepted and traces nothing.

Source: CloudFormation User Guide, "AWS::StepFunctions::StateMachine".
"""

from __future__ import annotations

import re
from typing import Any

from localstack.services.stepfunctions.resource_providers import aws_stepfunctions_statemachine

from etlocal.settings import Settings

_PLACEHOLDER = re.compile(r"\$\{([a-zA-Z0-9_]+)\}")


def apply(_: Settings) -> None:
    """Correct substitutions, creation and update."""
    aws_stepfunctions_statemachine._apply_substitutions = substituted
    provider = aws_stepfunctions_statemachine.StepFunctionsStateMachineProvider
    create, update = provider.create, provider.update

    def created(self: Any, request: Any) -> Any:
        event = create(self, request)
        model = event.resource_model
        _apply_rest(request.aws_client_factory.stepfunctions, model, {})
        return event

    def updated(self: Any, request: Any) -> Any:
        model, previous = request.desired_state, request.previous_state
        model["Arn"], model["Name"] = previous["Arn"], previous["Name"]
        model["StateMachineName"] = previous["StateMachineName"]
        event = update(self, request)
        _apply_rest(request.aws_client_factory.stepfunctions, model, previous)
        return event

    provider.create, provider.update = created, updated


def substituted(definition: str, substitutions: dict[str, Any]) -> str:
    """Put the substitutions in place of ``${Name}``; a name that is not among them stays.

    Parameters
    ----------
    definition : str
        The state machine's definition.
    substitutions : dict
        Text, numbers or booleans by name.
    """

    def value(match: re.Match[str]) -> str:
        given = substitutions.get(match[1], match[0])
        return str(given).lower() if isinstance(given, bool) else str(given)

    return _PLACEHOLDER.sub(value, definition)


def _apply_rest(client: Any, model: dict[str, Any], previous: dict[str, Any]) -> None:
    arn = model["Arn"]
    if previous and model.get("RoleArn") != previous.get("RoleArn"):
        client.update_state_machine(stateMachineArn=arn, roleArn=model["RoleArn"])
    wanted = {tag["Key"]: tag["Value"] for tag in model.get("Tags", [])}
    gone = {tag["Key"] for tag in previous.get("Tags", [])} - wanted.keys()
    if gone:
        client.untag_resource(resourceArn=arn, tagKeys=sorted(gone))
    if wanted:
        tags = [{"key": key, "value": value} for key, value in wanted.items()]
        client.tag_resource(resourceArn=arn, tags=tags)
