"""A call of a task that gets no answer fails with the error that AWS's SDK has for it.

LocalStack ends the state with ``States.Runtime`` then, which no Retry and no Catch takes; on AWS a
lost connection is an error like any other, ``<Service>.SdkClientException``.

Source: Step Functions Developer Guide, "Handle Lambda service exceptions" (the error of the AWS SDK
for Java, after the service's name).
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.exceptions import HTTPClientError
from localstack.aws.api.stepfunctions import HistoryEventType, TaskFailedEventDetails
from localstack.services.stepfunctions.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from localstack.services.stepfunctions.asl.component.common.error_name.failure_event import (
    FailureEvent,
)
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service import (  # noqa: E501
    state_task_service,
    state_task_service_aws_sdk,
)
from localstack.services.stepfunctions.asl.eval.event.event_detail import EventDetails

from etlocal.settings import Settings

# What the optimized integrations put before an error, where it is not the name with a capital.
_PREFIXES = {"sns": "SNS", "sqs": "SQS", "states": "StepFunctions", "dynamodb": "DynamoDB"}
_CAUSE = "Unable to execute HTTP request: the connection was closed without an answer"


def apply(_: Settings) -> None:
    """Name the error after the service that was called."""
    service = state_task_service.StateTaskService
    other_error = service._from_error

    def from_error(self: Any, env: Any, ex: Exception) -> Any:
        if not isinstance(ex, (BotoConnectionError, HTTPClientError)):
            return other_error(self, env, ex)
        error = f"{_prefix(self)}.SdkClientException"
        return FailureEvent(
            env=env,
            error_name=CustomErrorName(error),
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(
                taskFailedEventDetails=TaskFailedEventDetails(
                    error=error,
                    cause=_CAUSE,
                    resource=self._get_sfn_resource(),
                    resourceType=self._get_sfn_resource_type(),
                )
            ),
        )

    service._from_error = from_error


def _prefix(task: Any) -> str:
    if isinstance(task, state_task_service_aws_sdk.StateTaskServiceAwsSdk):
        return str(task._normalise_service_error_name(task.resource.api_name))
    name = str(task.resource.service_name)
    return _PREFIXES.get(name, name.capitalize())
