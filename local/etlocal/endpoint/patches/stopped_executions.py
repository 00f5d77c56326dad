"""``StopExecution`` keeps the error and the cause it was given.

LocalStack records them in the history only; ``DescribeExecution`` and the status-change event show
neither.

Source: Step Functions API Reference, "StopExecution" and "DescribeExecution".
"""

from __future__ import annotations

from typing import Any

from localstack.services.stepfunctions.asl.eval.program_state import ProgramStopped
from localstack.services.stepfunctions.backend.execution import BaseExecutionWorkerCommunication

from etlocal.settings import Settings


def apply(_: Settings) -> None:
    """Take both over into the execution when it has ended."""
    original = BaseExecutionWorkerCommunication._reflect_execution_status

    def reflect(self: Any) -> None:
        state = self.execution.exec_worker.env.program_state()
        if isinstance(state, ProgramStopped):
            self.execution.error = state.error
            self.execution.cause = state.cause
        original(self)

    BaseExecutionWorkerCommunication._reflect_execution_status = reflect
