"""What a change set would change, as DescribeChangeSet says it.

Source: AWS CloudFormation API Reference, ``ResourceChange``, ``ResourceChangeDetail``; User Guide,
"Example change sets".
"""

from __future__ import annotations

import json
from typing import Any

from tests.unit.deploy.aws_stub import cfn_schemas
from tests.unit.deploy.aws_stub.cfn_evaluation import AFTER_APPLY, Evaluation
from tests.unit.deploy.aws_stub.cfn_stack import Plan, Stack, StackResource
from tests.unit.deploy.aws_stub.cfn_templates import Template, order, references

Change = dict[str, Any]


class Comparison:
    """Compares a stack with a plan for it.

    Attributes
    ----------
    changes : list of dict
        The resources' changes.
    is_empty : bool
        Whether nothing would change: neither a resource, nor an output.
    """

    def __init__(self, stack: Stack, plan: Plan) -> None:
        self._stack = stack
        self._plan = plan
        self._before: Template = stack.plan.template if stack.plan else {"Resources": {}}
        self._live = stack.live()
        self._replaced: set[str] = set()
        self._modified: set[str] = set()
        self._after = Evaluation(plan.template, plan.parameters, stack.pseudo(), self._look_up)
        wanted = self._after.resources(order(plan.template))
        found = [self._resource(logical) for logical in wanted]
        found += [self._removal(each) for name, each in self._live.items() if name not in wanted]
        self.changes = [change for change in found if change is not None]
        self.is_empty = not self.changes and self._after.outputs() == stack.outputs

    def _look_up(self, logical: str, attribute: str | None) -> Any:
        resource = self._live.get(logical)
        if resource is None or logical in self._replaced:
            return AFTER_APPLY
        return resource.physical_id if attribute is None else resource.attributes[attribute]

    def _resource(self, logical: str) -> Change | None:
        entry = self._plan.template["Resources"][logical]
        properties = self._after.properties(logical)
        current = self._live.get(logical)
        if current is None:
            return _change(
                "Add", logical, entry["Type"], [], [],
                AfterContext=json.dumps({"Properties": properties}),
            )  # fmt: skip
        scope = self._scope(current, entry)
        details = self._details(current, entry, properties)
        if details:
            scope.insert(0, "Properties")
        if not scope:
            return None
        replacement = _replacement(details)
        if current.kind != entry["Type"]:
            replacement = "True"
        if details:
            self._modified.add(logical)
        if replacement == "True":
            self._replaced.add(logical)
        retains = entry.get("UpdateReplacePolicy") == "Retain"
        policy = {"PolicyAction": "ReplaceAndRetain" if retains else "ReplaceAndDelete"}
        return _change(
            "Modify", logical, entry["Type"], scope, details,
            PhysicalResourceId=current.physical_id, Replacement=replacement,
            BeforeContext=json.dumps({"Properties": current.properties}),
            AfterContext=json.dumps({"Properties": properties}),
            **(policy if replacement == "True" else {}),
        )  # fmt: skip

    def _removal(self, resource: StackResource) -> Change:
        # The policy is the deployed template's: the new one has no such resource.
        policy = "Delete" if resource.deletion_policy == "Delete" else "Retain"
        return _change(
            "Remove", resource.logical_id, resource.kind, [], [], PolicyAction=policy,
            PhysicalResourceId=resource.physical_id,
            BeforeContext=json.dumps({"Properties": resource.properties}),
        )  # fmt: skip

    def _scope(self, current: StackResource, entry: dict[str, Any]) -> list[str]:
        scope = []
        if (json.dumps(entry["Metadata"]) if "Metadata" in entry else None) != current.metadata:
            scope.append("Metadata")
        if entry.get("DeletionPolicy", "Delete") != current.deletion_policy:
            scope.append("DeletionPolicy")
        if entry.get("UpdateReplacePolicy", "Delete") != current.replace_policy:
            scope.append("UpdateReplacePolicy")
        before = self._stack.plan.tags if self._stack.plan else []
        taggable = cfn_schemas.is_taggable(self._stack.world.region, current.kind)
        if taggable and self._plan.tags != before:
            scope.append("Tags")
        return scope

    def _details(
        self, current: StackResource, entry: dict[str, Any], after: dict[str, Any]
    ) -> list[dict[str, Any]]:
        before_nodes = self._before["Resources"].get(current.logical_id, {}).get("Properties") or {}
        after_nodes = entry.get("Properties") or {}
        details = []
        for name in sorted({*before_nodes, *after_nodes, *current.properties, *after}):
            target = {
                "Attribute": "Properties",
                "Name": name,
                "RequiresRecreation": cfn_schemas.recreation(
                    self._stack.world.region, current.kind, name,
                    current.properties.get(name), after.get(name),
                ),
            }  # fmt: skip
            differs = current.properties.get(name) != after.get(name)
            if before_nodes.get(name) != after_nodes.get(name) and differs:
                details.append(_detail(target, "Static", "DirectModification", None))
            else:
                details += self._caused(target, after_nodes.get(name), differs=differs)
        return details

    def _caused(self, target: dict[str, str], node: Any, *, differs: bool) -> list[dict[str, Any]]:
        """Give the details of a property that changes because of what it names."""
        before = self._stack.plan.parameters if self._stack.plan else {}
        details = []
        for reference in dict.fromkeys(references(node)):
            name, attribute = reference
            if name in self._plan.parameters:
                if differs and before.get(name) != self._plan.parameters[name]:
                    details.append(_detail(target, "Static", "ParameterReference", name))
            elif attribute is None and name in self._replaced:
                details.append(_detail(target, "Dynamic", "ResourceReference", name))
            elif attribute is not None and name in self._modified:
                # Whether the attribute changes is known when the resource has changed.
                cause = f"{name}.{attribute}"
                details.append(_detail(target, "Dynamic", "ResourceAttribute", cause))
        if differs and not details:
            details.append(_detail(target, "Static", "DirectModification", None))
        return details


def shown(change: Change, *, values: bool) -> Change:
    """Give a change as it is answered: properties' values are shown only when asked for."""
    inner = change["ResourceChange"]
    hidden = () if values else ("BeforeContext", "AfterContext")
    return {**change, "ResourceChange": {k: v for k, v in inner.items() if k not in hidden}}


def _change(
    action: str, logical: str, kind: str, scope: list[str], details: list[dict[str, Any]],
    **more: Any,
) -> Change:  # fmt: skip
    change = {
        "Action": action,
        "LogicalResourceId": logical,
        "ResourceType": kind,
        "Scope": scope,
        "Details": details,
        **more,
    }
    return {"Type": "Resource", "ResourceChange": change}


def _detail(
    target: dict[str, str], evaluation: str, source: str, cause: str | None
) -> dict[str, Any]:
    made = {"Target": target, "Evaluation": evaluation, "ChangeSource": source}
    return made if cause is None else {**made, "CausingEntity": cause}


def _replacement(details: list[dict[str, Any]]) -> str:
    wanted = {(each["Target"]["RequiresRecreation"], each["Evaluation"]) for each in details}
    if ("Always", "Static") in wanted:
        return "True"
    if any(recreation != "Never" for recreation, _evaluation in wanted):
        return "Conditional"
    return "False"
