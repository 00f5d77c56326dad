"""Step Functions' ``.sync`` tasks of services without task tokens (Glue).

LocalStack 4.13 interrupts a callback that such a task does not have, so that every
``glue:startJobRun.sync`` ends in ``States.Runtime``; it asks for the job's state every half second;
and a task that is aborted or timed out leaves its job running. Step Functions makes a best-effort
attempt to cancel the job then.

Source: Step Functions Developer Guide, "Discover service integration patterns in Step Functions",
"Run a Job (.sync)".
"""

from __future__ import annotations

import logging
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service import (  # noqa: E501
    state_task_service_callback,
)
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.resource import (  # noqa: E501
    ResourceCondition,
)
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service_glue import (  # noqa: E501
    StateTaskServiceGlue,
)

from etlocal.settings import Settings

LOG = logging.getLogger(__name__)


def apply(settings: Settings) -> None:
    """Evaluate them without a callback, ask often, and stop the job of a task that ends early."""
    state_task_service_callback._DELAY_SECONDS_SYNC_CONDITION_CHECK = settings.sync_poll_seconds
    service = state_task_service_callback.StateTaskServiceCallback
    with_callback = service._eval_integration_pattern

    def eval_integration_pattern(self: Any, env: Any, *args: Any, **kwargs: Any) -> None:
        if ResourceCondition.WaitForTaskToken in self._supported_integration_patterns:
            with_callback(self, env, *args, **kwargs)
        else:
            _eval_sync_only(self, env, *args, **kwargs)

    service._eval_integration_pattern = eval_integration_pattern


def _eval_sync_only(
    self: Any,
    env: Any,
    resource_runtime_part: Any,
    normalised_parameters: dict[str, Any],
    state_credentials: Any,
) -> None:
    started = env.stack[-1]
    build = (
        self._build_sync_resolver
        if self.resource.condition == ResourceCondition.Sync
        else self._build_sync2_resolver
    )
    resolver = build(
        env=env,
        resource_runtime_part=resource_runtime_part,
        normalised_parameters=normalised_parameters,
        state_credentials=state_credentials,
    )
    result = self._eval_sync(
        env=env,
        sync_resolver=resolver,
        timeout_seconds=None,
        callback_endpoint=None,
        heartbeat_endpoint=None,
    )
    if result is None and isinstance(self, StateTaskServiceGlue):
        _stop_job_run(self._get_glue_client(resource_runtime_part, state_credentials), started)
    env.stack.append(result)


def _stop_job_run(glue: Any, started: dict[str, Any]) -> None:
    try:
        glue.batch_stop_job_run(JobName=started["JobName"], JobRunIds=[started["JobRunId"]])
    except (BotoCoreError, ClientError) as error:
        LOG.warning("job run %s could not be stopped: %s", started["JobRunId"], error)
