"""CloudFormation's updates change what they say they change.

For most types LocalStack writes a warning and reports ``UPDATE_COMPLETE`` with the old resource in
place: a rule keeps its old pattern, a role its old inline policies. Here the types a pipeline is
made of are updated (`etlocal.endpoint.patches.cfn_resource_updates`), and the others fail the stack
with a sentence that names them. A failed deletion tells its reason instead of its action.

Source: CloudFormation User Guide, "Update behaviors of stack resources".
"""

from __future__ import annotations

from typing import Any

from localstack.services.cloudformation import resource_provider
from localstack.services.cloudformation.resource_provider import (
    OperationStatus,
    ProgressEvent,
    ResourceProviderExecutor,
)

from etlocal.endpoint.patches.cfn_resource_updates import UPDATES
from etlocal.settings import Settings


def apply(_: Settings) -> None:
    """Carry out updates and deletions here; creations stay LocalStack's."""
    original = ResourceProviderExecutor.execute_action

    def execute_action(self: Any, provider: Any, payload: Any) -> Any:
        if payload["action"] == "Add":
            return original(self, provider, payload)
        request = resource_provider.convert_payload(
            stack_name=self.stack_name, stack_id=self.stack_id, payload=payload
        )
        return (
            _remove(provider, request)
            if payload["action"] == "Remove"
            else _update(provider, request)
        )

    ResourceProviderExecutor.execute_action = execute_action


def _update(provider: Any, request: Any) -> Any:
    update = UPDATES.get(request.resource_type)
    try:
        return update(provider, request) if update else provider.update(request)
    except NotImplementedError:
        return _failed(
            f"Updating a resource of type {request.resource_type} is not emulated by etlocal; "
            "delete it and create it anew"
        )


def _remove(provider: Any, request: Any) -> Any:
    try:
        return provider.delete(request)
    except Exception as error:  # noqa: BLE001  (whatever a provider raises is the reason)
        if resource_provider.check_not_found_exception(
            error, request.resource_type, request.desired_state
        ):
            return ProgressEvent(status=OperationStatus.SUCCESS, resource_model={})
        return _failed(str(error))


def _failed(message: str) -> Any:
    return ProgressEvent(status=OperationStatus.FAILED, resource_model={}, message=message)
