"""How resources are deleted: a stack's at its end, a creation's that failed, an update's old ones.

Source: AWS CloudFormation User Guide, "DeletionPolicy attribute", "UpdateReplacePolicy attribute".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.unit.deploy.aws_stub.cfn_effects import EffectError, Effects
from tests.unit.deploy.aws_stub.cfn_stack import Plan, Stack, StackResource
from tests.unit.deploy.aws_stub.cfn_templates import dependencies, order


@dataclass
class Injected:
    """A failure that a test asks for."""

    reason: str
    times: int | None


class Deletion:
    """Deletes resources, but for those that are to stay.

    Attributes
    ----------
    failures : dict
        Injected failures by logical id and what is to fail: create, update, rollback or delete.
    """

    def __init__(self, effects: Effects) -> None:
        self._effects = effects
        self.failures: dict[tuple[str, str], Injected] = {}

    def delete(self, stack: Stack, retained: set[str]) -> Iterator[None]:
        """Delete a stack, but for the resources to retain."""
        stack.executing = None
        stack.set_status("DELETE_IN_PROGRESS", "User Initiated")
        yield
        yield from self._delete_all(stack, retained, "DELETE_COMPLETE", "DELETE_FAILED", None)

    def _delete_all(
        self, stack: Stack, retained: set[str], done: str, undone: str, rolled_back: Plan | None
    ) -> Iterator[None]:
        failed: list[str] = []
        needed: set[str] = set()
        assert stack.plan is not None
        for resource in reversed(in_order(stack.plan, list(stack.live().values()))):
            logical, policy = resource.logical_id, resource.deletion_policy
            forced = rolled_back is not None and rolled_back.retain_except_on_create
            if logical in retained or (policy == "Retain" and not forced) or (
                policy == "RetainExceptOnCreate" and rolled_back is None
            ):  # fmt: skip
                stack.set_resource(resource, "DELETE_SKIPPED")
                resource.made = False
                continue
            if logical in needed:
                needed |= dependencies(stack.plan.template, logical)
                continue
            stack.set_resource(resource, "DELETE_IN_PROGRESS")
            yield
            try:
                self._delete(resource)
            except EffectError as error:
                stack.set_resource(resource, "DELETE_FAILED", str(error))
                failed.append(logical)
                needed |= dependencies(stack.plan.template, logical)
            else:
                resource.made = False
                stack.set_resource(resource, "DELETE_COMPLETE")
        reason = f"The following resource(s) failed to delete: [{', '.join(failed)}]. "
        if not failed and done == "DELETE_COMPLETE":
            stack.deleted = stack.world.now()
        stack.set_status(*((undone, reason) if failed else (done, None)))

    def _delete(self, resource: StackResource) -> None:
        self._inject(resource, "delete")
        self._effects.delete(resource.kind, resource.physical_id, resource.properties)

    def _inject(self, resource: StackResource, act: str) -> None:
        injected = self.failures.get((resource.logical_id, act))
        if injected is None:
            return
        if injected.times is not None:
            injected.times -= 1
            if injected.times == 0:
                del self.failures[resource.logical_id, act]
        raise EffectError(injected.reason)

    def _clean_up(
        self, stack: Stack, resource: StackResource, *, replaced: bool, rolled_back: bool = False
    ) -> Iterator[None]:
        policy = resource.replace_policy if replaced else resource.deletion_policy
        running = stack.executing
        forced = rolled_back and running is not None and running.retain_except_on_create
        if policy == "Retain" and not forced:
            stack.set_resource(resource, "DELETE_SKIPPED")
            return
        stack.set_resource(resource, "DELETE_IN_PROGRESS")
        yield
        try:
            self._delete(resource)
        except EffectError as error:
            # The stack goes on without it.
            stack.set_resource(resource, "DELETE_FAILED", str(error))
        else:
            stack.set_resource(resource, "DELETE_COMPLETE")


def in_order(plan: Plan, resources: list[StackResource]) -> list[StackResource]:
    """Put resources in a plan's order, those that it does not have first."""
    places = {name: place for place, name in enumerate(order(plan.template))}
    return sorted(resources, key=lambda each: places.get(each.logical_id, -1))
