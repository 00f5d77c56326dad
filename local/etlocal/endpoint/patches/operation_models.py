"""The model of an operation is looked up once.

LocalStack looks it up twice for every task, and writes every operation name of the service in
another way each time: with Glue's two hundred and more that takes longer than the task's call.
"""

from __future__ import annotations

import functools

from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service.state_task_service import (  # noqa: E501
    StateTaskService,
)

from etlocal.settings import Settings


def apply(_: Settings) -> None:
    """Keep what was found."""
    find = StateTaskService._get_boto_operation_model
    StateTaskService._get_boto_operation_model = staticmethod(functools.cache(find))
