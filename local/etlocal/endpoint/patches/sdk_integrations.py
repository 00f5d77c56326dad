"""Step Functions' AWS SDK integrations name services, and give values, as AWS does.

LocalStack looks a service up in botocore by the name in the resource, where AWS's is the SDK for
Java's: ``redshiftdata`` was unknown. A timestamp came out with microseconds and an offset, which
JSONata's ``$toMillis`` does not read; the members of a list in a list kept their small letters; and
the run that ``glue:startJobRun.sync`` gives had text where AWS has milliseconds.

Source: Step Functions Developer Guide, "Supported AWS SDK service integrations" (names are those of
the AWS SDK for Java 2.x; parameters and results are in PascalCase) and "Start an AWS Glue job".
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, Shape, StructureShape
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service import (  # noqa: E501
    state_task_service,
    state_task_service_aws_sdk,
    state_task_service_glue,
)

from etlocal.aws.operations import service_model
from etlocal.settings import Settings

# Where the SDK for Java's name is not botocore's without its dashes.
_JAVA_NAMES = {
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "sfn": "stepfunctions",
    "states": "stepfunctions",
}


def apply(_: Settings) -> None:
    """Find services by AWS's names, and give results in AWS's form."""
    base = state_task_service.StateTaskService
    base._get_boto_service_name = _service_name
    base._from_boto_response = _from_response
    sdk = state_task_service_aws_sdk.StateTaskServiceAwsSdk
    known = sdk._normalise_service_error_name

    def error_name(api_name: str) -> str:
        found = _botocore_names().get(api_name.lower())
        if found is None or api_name.lower() in state_task_service_aws_sdk._SERVICE_ERROR_NAMES:
            return str(known(api_name))
        return str(service_model(found).service_id).replace(" ", "")

    sdk._normalise_service_error_name = staticmethod(error_name)
    glue = state_task_service_glue.StateTaskServiceGlue
    make_client = glue._get_glue_client
    glue._get_glue_client = staticmethod(
        lambda *args, **kwargs: _Runs(make_client(*args, **kwargs))
    )


def _service_name(self: Any, boto_service_name: str | None = None) -> str:
    name = boto_service_name or self.resource.api_name
    return _JAVA_NAMES.get(name) or _botocore_names().get(name, name)


@cache
def _botocore_names() -> dict[str, str]:
    services = botocore.session.get_session().get_available_services()
    return {service.replace("-", ""): service for service in services} | _JAVA_NAMES


def _from_response(self: Any, response: Any, shape: Shape) -> None:
    """Recase the members of a response and write its values as Step Functions does, in place."""
    if isinstance(shape, StructureShape) and isinstance(response, dict):
        for name in [name for name in response if name in shape.members]:
            value = self._from_boto_response_value(response.pop(name))
            response[self._to_sfn_cased(name)] = _value(self, value, shape.members[name])


def _value(self: Any, value: Any, shape: Shape) -> Any:
    if isinstance(value, dt.datetime):
        return _iso(value)
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_value(self, item, shape.member) for item in value]
    _from_response(self, value, shape)
    return value


def _iso(moment: dt.datetime) -> str:
    text = moment.astimezone(dt.UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


class _Runs:
    """A Glue client whose job runs have the times that a ``.sync`` task gives: milliseconds."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_job_run(self, **request: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.get_job_run(**request)
        answer["JobRun"] = {
            name: round(value.timestamp() * 1000) if isinstance(value, dt.datetime) else value
            for name, value in answer["JobRun"].items()
        }
        return answer
