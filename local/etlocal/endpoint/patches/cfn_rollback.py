"""CloudFormation takes back what a failed stack operation did.

LocalStack leaves the resources of a failed creation in place and calls the stack rolled back; a
failed update deletes what the new template no longer has, keeps half of the changes, and leaves the
stack in a state from which no update is possible. It calls a stack complete before its outputs and
its template are there to be read. A deletion that failed ends ``DELETE_COMPLETE``, and a resource
to be retained is deleted.

Source: CloudFormation User Guide, "Stack failure options", "Continue rolling back an update" and
"DeletionPolicy attribute".
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from localstack.aws.api.cloudformation import ChangeAction, StackStatus
from localstack.services.cloudformation.engine.v2 import change_set_model_executor
from localstack.services.cloudformation.engine.v2.change_set_model_preproc import PreprocProperties
from localstack.services.cloudformation.resource_provider import OperationStatus, ProgressEvent
from localstack.services.cloudformation.v2.entities import Stack

from etlocal.settings import Settings

_RETAINED = ("Retain", "RetainExceptOnCreate")
# What LocalStack sets after an operation, whatever came of it.
_AFTERTHOUGHTS = (
    StackStatus.CREATE_COMPLETE,
    StackStatus.CREATE_FAILED,
    StackStatus.UPDATE_COMPLETE,
    StackStatus.UPDATE_FAILED,
)


@dataclass(frozen=True)
class _Done:
    action: Any
    logical_id: str
    resource_type: str
    before: Any
    after: Any


def apply(_: Settings) -> None:
    """Roll back in the executor of change sets, which every stack operation goes through."""
    executor = change_set_model_executor.ChangeSetModelExecutor
    executor.execute = _execute
    original = executor._execute_resource_action

    def execute_resource_action(self: Any, action: Any, **arguments: Any) -> Any:
        return _recorded(self, action, original, **arguments)

    executor._execute_resource_action = execute_resource_action
    set_status = Stack.set_stack_status

    def set_stack_status(self: Any, status: Any, reason: str | None = None) -> None:
        if status in _AFTERTHOUGHTS and getattr(self, "etlocal_rolled_back", False):
            return
        if status.endswith("_IN_PROGRESS"):
            self.etlocal_rolled_back = False
        set_status(self, status, reason)

    Stack.set_stack_status = set_stack_status


def _recorded(
    self: Any,
    action: Any,
    original: Any,
    *,
    logical_resource_id: str,
    resource_type: str,
    before_properties: Any,
    after_properties: Any,
    part_of_replacement: bool = False,
) -> Any:
    if action == ChangeAction.Remove and is_retained(self, logical_resource_id):
        return ProgressEvent(status=OperationStatus.SUCCESS, resource_model={})
    event = original(
        self,
        action,
        logical_resource_id=logical_resource_id,
        resource_type=resource_type,
        before_properties=copy.deepcopy(before_properties),
        after_properties=after_properties,
        part_of_replacement=part_of_replacement,
    )
    if event.status == OperationStatus.SUCCESS:
        made = PreprocProperties(properties=copy.deepcopy(event.resource_model or {}))
        self.__dict__.setdefault("etlocal_done", []).append(
            _Done(action, logical_resource_id, resource_type, before_properties, made)
        )
    elif action == ChangeAction.Remove:
        self.__dict__.setdefault("etlocal_undeleted", []).append(logical_resource_id)
    return event


def is_retained(self: Any, logical_id: str) -> bool:
    """Say whether a resource stays when the executor's stack lets go of it."""
    if self.__dict__.get("etlocal_rolling_back"):
        return False
    template = self._change_set.stack.processed_template or {}
    resource = template.get("Resources", {}).get(logical_id, {})
    return resource.get("DeletionPolicy") in _RETAINED


def _execute(self: Any) -> Any:
    stack = self._change_set.stack
    deleting = stack.status == StackStatus.DELETE_IN_PROGRESS
    creating = stack.status == StackStatus.CREATE_IN_PROGRESS
    failure = None
    try:
        self.process()
    except change_set_model_executor.TriggerRollback as error:
        failure = f"The following resource(s) failed: [{error.logical_resource_id}]. {error.reason}"
    except Exception as error:  # noqa: BLE001  (whatever it is, the stack has failed by it)
        failure = str(error)
    if failure is None or deleting:
        if self._deferred_actions and not deleting:
            stack.set_stack_status(StackStatus.UPDATE_COMPLETE_CLEANUP_IN_PROGRESS)
        for deferred in reversed(self._deferred_actions):
            deferred.action()
        if not deleting:
            _take_over(self)
    else:
        _roll_back(self, failure, creating)
    if deleting and (undeleted := self.__dict__.get("etlocal_undeleted")):
        names = ", ".join(undeleted)
        raise RuntimeError(f"The following resource(s) failed to delete: [{names}].")
    return change_set_model_executor.ChangeSetModelExecutorResult(
        resources=self.resources, outputs=self.outputs, failure_message=failure
    )


def _take_over(self: Any) -> None:
    """Give the stack what was deployed: LocalStack does after the status that says it is there."""
    change_set = self._change_set
    stack = change_set.stack
    stack.resolved_resources = self.resources
    stack.resolved_outputs = self.outputs
    stack.resolved_exports = {
        name: output["OutputValue"] for output in self.outputs if (name := output.get("ExportName"))
    }
    stack.resolved_parameters = change_set.resolved_parameters
    stack.template = change_set.template
    stack.template_body = change_set.template_body
    stack.processed_template = change_set.processed_template
    if change_set.change_set_id in stack.change_set_ids:
        stack.change_set_id = change_set.change_set_id


def _roll_back(self: Any, failure: str, created: bool) -> None:
    change_set = self._change_set
    stack = change_set.stack
    in_progress, complete, failed = (
        (
            StackStatus.ROLLBACK_IN_PROGRESS,
            StackStatus.ROLLBACK_COMPLETE,
            StackStatus.ROLLBACK_FAILED,
        )
        if created
        else (
            StackStatus.UPDATE_ROLLBACK_IN_PROGRESS,
            StackStatus.UPDATE_ROLLBACK_COMPLETE,
            StackStatus.UPDATE_ROLLBACK_FAILED,
        )
    )
    before = {} if created else copy.deepcopy(dict(stack.resolved_resources or {}))
    stack.set_stack_status(in_progress, failure)
    self.etlocal_rolling_back = True
    problems = [
        problem
        for done in reversed(self.__dict__.get("etlocal_done", [])[:])
        if (problem := _undone(self, done)) is not None
    ]
    self.resources.clear()
    self.resources.update(before)
    self.outputs[:] = [] if created else stack.resolved_outputs
    if not created:
        # LocalStack takes these over as deployed; the stack keeps its former template.
        change_set.template = stack.template
        change_set.template_body = stack.template_body
        change_set.processed_template = stack.processed_template
        change_set.resolved_parameters = stack.resolved_parameters
    stack.set_stack_status(failed if problems else complete, "; ".join(problems) or failure)
    stack.etlocal_rolled_back = True


def _undone(self: Any, done: _Done) -> str | None:
    """Do the opposite of one action; give what went wrong, if anything did."""
    if done.action == ChangeAction.Add:
        opposite, before, after = ChangeAction.Remove, done.after, None
    elif done.action == ChangeAction.Modify:
        opposite, before, after = ChangeAction.Modify, done.after, done.before
    else:
        return None
    self._process_event(
        action=opposite,
        logical_resource_id=done.logical_id,
        event_status=OperationStatus.IN_PROGRESS,
        resource_type=done.resource_type,
    )
    event = self._execute_resource_action(
        opposite,
        logical_resource_id=done.logical_id,
        resource_type=done.resource_type,
        before_properties=before,
        after_properties=after,
    )
    self._process_event(
        action=opposite,
        logical_resource_id=done.logical_id,
        event_status=event.status,
        resource_type=done.resource_type,
        reason=event.message,
    )
    return event.message if event.status == OperationStatus.FAILED else None
