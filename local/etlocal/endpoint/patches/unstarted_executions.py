"""An execution is there when it has started, and not while it is being written down.

LocalStack enters an execution before it is started. Who asks at that moment, as whoever waits for
what an event starts does, is answered without a status, or fails for want of a history. Its name is
taken from the beginning, so that no second one is made of it.

Source: Step Functions API Reference, "ListExecutions" (what has just been started may not be listed
yet) and "DescribeExecution" (``status`` is always there).
"""

from __future__ import annotations

from typing import Any

from localstack.aws.api.stepfunctions import ExecutionDoesNotExist
from localstack.services.stepfunctions.provider import StepFunctionsProvider

from etlocal.settings import Settings


def apply(_: Settings) -> None:
    """Leave out the executions that have no worker yet."""
    find = StepFunctionsProvider._get_execution
    is_listed = StepFunctionsProvider._list_execution_filter

    def find_started(self: Any, context: Any, execution_arn: str) -> Any:
        execution = find(self, context, execution_arn)
        if not _has_started(execution):
            raise ExecutionDoesNotExist(f"Execution Does Not Exist: '{execution_arn}'")
        return execution

    def is_listed_started(execution: Any, *of: Any, **more: Any) -> bool:
        return _has_started(execution) and bool(is_listed(execution, *of, **more))

    StepFunctionsProvider._get_execution = find_started
    StepFunctionsProvider._list_execution_filter = staticmethod(is_listed_started)


def _has_started(execution: Any) -> bool:
    # Set last of what a start sets.
    return execution.exec_status is not None
