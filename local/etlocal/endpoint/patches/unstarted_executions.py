"""An execution is there when it has started, and not while it is being written down.

LocalStack enters an execution before it is started. Who asks at that moment, as whoever waits for
what an event starts does, is answered without a status, or fails for want of a history; and so does
whoever ends a task or asks for a map run, for which every execution is looked through. Its name is
taken from the beginning, so that no second one is made of it.

Source: Step Functions API Reference, "ListExecutions" (what has just been started may not be listed
yet) and "DescribeExecution" (``status`` is always there).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from localstack.aws.api.stepfunctions import ExecutionDoesNotExist
from localstack.services.stepfunctions.backend.store import SFNStore
from localstack.services.stepfunctions.provider import StepFunctionsProvider

from etlocal.settings import Settings


class StartedExecutions(OrderedDict[str, Any]):
    """Executions by their ARNs; whoever looks through them sees those that have started."""

    def values(self) -> Any:
        """Give the executions that have started, whatever is entered meanwhile."""
        return [each for each in list(super().values()) if _has_started(each)]


def apply(_: Settings) -> None:
    """Leave out the executions that have not started yet."""
    SFNStore.__dict__["executions"].default = StartedExecutions
    find = StepFunctionsProvider._get_execution

    def find_started(self: Any, context: Any, execution_arn: str) -> Any:
        execution = find(self, context, execution_arn)
        if not _has_started(execution):
            raise ExecutionDoesNotExist(f"Execution Does Not Exist: '{execution_arn}'")
        return execution

    StepFunctionsProvider._get_execution = find_started


def _has_started(execution: Any) -> bool:
    # Set last of what a start sets.
    return execution.exec_status is not None
