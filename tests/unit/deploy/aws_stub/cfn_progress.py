"""How a stack's operations go on, a step at a time.

An operation is a generator: what is before its next ``yield`` happens at the next question. A step
ends the resource that is under way and begins the next, so that each is seen in progress.

Source: AWS CloudFormation User Guide, "Stack status codes", "Stack failure options"; API
Reference, ``StackEvent``.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

from tests.unit.deploy.aws_stub import cfn_schemas
from tests.unit.deploy.aws_stub.cfn_deletion import Deletion, in_order
from tests.unit.deploy.aws_stub.cfn_effects import EffectError
from tests.unit.deploy.aws_stub.cfn_stack import Plan, Stack, StackResource, dress
from tests.unit.deploy.aws_stub.cfn_templates import dependencies, order

CANCELLED = "Resource creation cancelled"


class Progress(Deletion):
    """The operations on stacks."""

    # ---- Create ----

    def create(self, stack: Stack, plan: Plan) -> Iterator[None]:
        """Create a stack; when a resource fails, roll it back, or as the plan says."""
        stack.plan = stack.executing = plan
        stack.set_status("CREATE_IN_PROGRESS", "User Initiated")
        yield
        failed: list[str] = []
        wanted = stack.evaluation(plan).resources(order(plan.template))
        for place, logical in enumerate(wanted):
            yield from self._make(stack, plan, logical, failed)
            if failed:
                self._cancel_sibling(stack, plan, wanted[place + 1 :], failed)
                break
        if not failed:
            stack.outputs = stack.evaluation(plan).outputs()
            stack.set_status("CREATE_COMPLETE")
            return
        reason = f"The following resource(s) failed to create: [{', '.join(failed)}]. "
        if plan.on_failure == "DO_NOTHING":
            stack.set_status("CREATE_FAILED", reason)
            return
        if plan.on_failure == "DELETE":
            stack.set_status("DELETE_IN_PROGRESS", f"{reason}Delete requested by user.")
            yield from self._delete_all(stack, set(), "DELETE_COMPLETE", "DELETE_FAILED", plan)
            return
        stack.set_status("ROLLBACK_IN_PROGRESS", f"{reason}Rollback requested by user.")
        yield
        yield from self._delete_all(stack, set(), "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", plan)

    def _make(self, stack: Stack, plan: Plan, logical: str, failed: list[str]) -> Iterator[None]:
        resource = stack.planned(plan, logical)
        stack.resources[logical] = resource
        stack.set_resource(resource, "CREATE_IN_PROGRESS")
        yield
        try:
            self._create(stack, resource)
        except EffectError as error:
            stack.set_resource(resource, "CREATE_FAILED", str(error))
            failed.append(logical)
            return
        stack.set_resource(resource, "CREATE_COMPLETE")

    def _create(self, stack: Stack, resource: StackResource) -> None:
        self._inject(resource, "create")
        origin = f"{stack.name}/{resource.logical_id}"
        self._effects.create(
            origin, resource.kind, resource.physical_id, resource.properties, resource.attributes,
            stack.system_tags(resource.logical_id),
        )  # fmt: skip
        resource.made = True

    def _cancel_sibling(self, stack: Stack, plan: Plan, rest: list[str], failed: list[str]) -> None:
        """Let what was begun beside the one that failed be cancelled, as AWS does."""
        for logical in rest:
            if logical not in stack.resources and dependencies(plan.template, logical) <= {
                name for name, each in stack.live().items() if each.status.endswith("_COMPLETE")
            }:
                resource = stack.planned(plan, logical)
                stack.resources[logical] = resource
                stack.set_resource(resource, "CREATE_FAILED", CANCELLED)
                failed.append(logical)
                return

    # ---- Update ----

    def update(self, stack: Stack, plan: Plan) -> Iterator[None]:
        """Update a stack; when a resource fails, give everything back what it was."""
        before, before_outputs = stack.plan, stack.outputs
        assert before is not None
        stack.plan = stack.executing = plan
        stack.updated, stack.cancelled = stack.world.now(), False
        stack.set_status("UPDATE_IN_PROGRESS", "User Initiated")
        yield
        undo: list[tuple[StackResource | None, str]] = []
        old: list[StackResource] = []
        failed: list[str] = []
        wanted = stack.evaluation(plan).resources(order(plan.template))
        for place, logical in enumerate(wanted):
            if logical not in stack.live():
                undo.append((None, logical))
                yield from self._make(stack, plan, logical, failed)
            else:
                yield from self._change(stack, plan, logical, undo, old, failed)
            if failed:
                self._cancel_sibling(stack, plan, wanted[place + 1 :], failed)
                undo += [(None, name) for name in failed[1:]]
            if failed or stack.cancelled:
                break
        if failed or stack.cancelled:
            reason = f"The following resource(s) failed to update: [{', '.join(failed)}]. "
            if plan.on_failure == "DO_NOTHING" and failed:
                stack.set_status("UPDATE_FAILED", reason)
                return
            stack.plan, stack.outputs = before, before_outputs
            stack.set_status("UPDATE_ROLLBACK_IN_PROGRESS", reason if failed else "User Initiated")
            yield
            yield from self.roll_back(stack, undo)
            return
        stack.outputs = stack.evaluation(plan).outputs()
        stack.set_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        yield
        removed = [each for name, each in stack.live().items() if name not in wanted]
        for resource in [*old, *reversed(in_order(before, removed))]:
            yield from self._clean_up(stack, resource, replaced=resource in old)
            if resource in removed:
                del stack.resources[resource.logical_id]
        stack.set_status("UPDATE_COMPLETE")

    def _change(
        self, stack: Stack, plan: Plan, logical: str, undo: list[tuple[StackResource | None, str]],
        old: list[StackResource], failed: list[str],
    ) -> Iterator[None]:  # fmt: skip
        resource, entry = stack.resources[logical], plan.template["Resources"][logical]
        properties = stack.evaluation(plan).properties(logical)
        before = copy.deepcopy(resource)
        same = resource.kind == entry["Type"] and resource.properties == properties
        dress(resource, entry)
        tags = stack.system_tags(logical)
        retagged = resource.tags != tags and cfn_schemas.is_taggable(
            stack.world.region, resource.kind
        )
        resource.tags = tags
        if same and resource.metadata == before.metadata and not retagged:
            return
        undo.append((before, logical))
        if must_replace(stack, resource, entry["Type"], properties):
            stack.set_resource(
                resource, "UPDATE_IN_PROGRESS",
                "Requested update requires the creation of a new physical resource; hence creating "
                "one.",
            )  # fmt: skip
            yield
            resource = stack.planned(plan, logical)
            act = self._create
        else:
            stack.set_resource(resource, "UPDATE_IN_PROGRESS")
            yield
            resource = copy.deepcopy(resource)
            resource.properties = properties
            act = self._update
        try:
            self._inject(resource, "update")
            act(stack, resource)
        except EffectError as error:
            stack.set_resource(stack.resources[logical], "UPDATE_FAILED", str(error))
            failed.append(logical)
            return
        if resource.physical_id != before.physical_id:
            old.append(before)
        stack.resources[logical] = resource
        stack.set_resource(resource, "UPDATE_COMPLETE")

    def _update(self, stack: Stack, resource: StackResource) -> None:
        self._effects.update(
            resource.kind, resource.physical_id, resource.properties, resource.attributes,
            stack.system_tags(resource.logical_id),
        )  # fmt: skip

    def roll_back(
        self, stack: Stack, undo: list[tuple[StackResource | None, str]]
    ) -> Iterator[None]:
        """Undo an update: restore what was changed, then delete what was made."""
        assert stack.plan is not None
        for name, resource in stack.live().items():
            if name in stack.plan.template["Resources"]:
                dress(resource, stack.plan.template["Resources"][name])
        made: list[StackResource] = []
        while undo:
            before, logical = undo[-1]
            current = stack.resources[logical]
            if before is None:
                made.append(current)
                undo.pop()
                continue
            stack.set_resource(current, "UPDATE_IN_PROGRESS")
            yield
            try:
                self._inject(current, "rollback")
            except EffectError as error:
                stack.set_resource(current, "UPDATE_FAILED", str(error))
                stack.unfinished_rollback = [*((None, each.logical_id) for each in made), *undo]
                stack.set_status(
                    "UPDATE_ROLLBACK_FAILED",
                    f"The following resource(s) failed to update: [{logical}]. ",
                )
                return
            undo.pop()
            if before.physical_id != current.physical_id:
                made.append(current)
            self._update(stack, before)
            stack.resources[logical] = before
            stack.set_resource(before, "UPDATE_COMPLETE")
        stack.set_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        yield
        for resource in made:
            if resource.made:
                yield from self._clean_up(stack, resource, replaced=False, rolled_back=True)
            if stack.resources.get(resource.logical_id) is resource:
                del stack.resources[resource.logical_id]
        stack.set_status("UPDATE_ROLLBACK_COMPLETE")


def must_replace(
    stack: Stack, resource: StackResource, kind: str, after: dict[str, object]
) -> bool:
    """Whether new properties want a new physical resource."""
    return resource.kind != kind or any(
        cfn_schemas.recreation(
            stack.world.region, kind, name, resource.properties.get(name), after.get(name)
        )
        == "Always"
        for name in {*resource.properties, *after}
    )
