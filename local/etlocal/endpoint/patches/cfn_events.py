"""A stack's events say what happened to each resource, and a list of stacks has those there are.

LocalStack says of each resource that depends on one that failed that it failed as well, and of the
stack, each time, that it failed, before it is rolled back. A resource that is retained when its
stack is deleted is said to be deleted. Deleted stacks are listed with the others, where AWS
describes them by their id alone.

Sources: CloudFormation API Reference, ``DescribeStacks``; CloudFormation User Guide, "Stack status
codes" (``DELETE_SKIPPED``) and "Stack failure
options".
"""

from __future__ import annotations

import sys
from typing import Any

from localstack.aws.api.cloudformation import ChangeAction, ResourceStatus, StackStatus
from localstack.services.cloudformation.engine.v2 import change_set_model_executor
from localstack.services.cloudformation.resource_provider import OperationStatus
from localstack.services.cloudformation.v2.provider import CloudformationProviderV2

from etlocal.endpoint.patches.cfn_rollback import is_retained
from etlocal.settings import Settings


def apply(_: Settings) -> None:
    """Write events in the executor of change sets, which every stack operation goes through."""
    change_set_model_executor.ChangeSetModelExecutor._process_event = _process_event
    provider = CloudformationProviderV2
    describe_stacks = provider.describe_stacks

    def described(self: Any, context: Any, stack_name: str | None = None, **rest: Any) -> Any:
        output = describe_stacks(self, context, stack_name, **rest)
        if not stack_name:
            output["Stacks"] = [
                stack
                for stack in output["Stacks"]
                if stack["StackStatus"] != StackStatus.DELETE_COMPLETE
            ]
        return output

    provider.describe_stacks = described


def _process_event(
    self: Any,
    *,
    action: ChangeAction,
    logical_resource_id: str,
    event_status: OperationStatus,
    resource_type: str,
    special_action: str | None = None,
    reason: str | None = None,
) -> None:
    if isinstance(sys.exc_info()[1], change_set_model_executor.TriggerRollback):
        return  # it was not begun: one that it depends on has failed, and said so
    begun = special_action or change_set_model_executor.EventOperationFromAction[action.value]
    status = (
        f"{begun}_{'COMPLETE' if event_status == OperationStatus.SUCCESS else event_status.name}"
    )
    if action == ChangeAction.Remove and is_retained(self, logical_resource_id):
        if event_status == OperationStatus.IN_PROGRESS:
            return
        status = "DELETE_SKIPPED"
    self._change_set.stack.set_resource_status(
        logical_resource_id=logical_resource_id,
        physical_resource_id=self._get_physical_id(logical_resource_id, False),
        resource_type=resource_type,
        status=ResourceStatus(status),
        resource_status_reason=reason,
    )
