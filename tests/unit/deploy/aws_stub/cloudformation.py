"""CloudFormation: stacks. The change sets are in `cfn_change_sets`."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.deploy.aws_stub import cfn_parameters, cfn_templates
from tests.unit.deploy.aws_stub.cfn_change_sets import ChangeSets, is_done
from tests.unit.deploy.aws_stub.cfn_effects import Effects
from tests.unit.deploy.aws_stub.cfn_sources import template_text
from tests.unit.deploy.aws_stub.cfn_stack import Stack, StackResource
from tests.unit.deploy.aws_stub.cfn_templates import invalid
from tests.unit.deploy.aws_stub.s3_state import Buckets
from tests.unit.deploy.aws_stub.service import AwsError, Request, Response, page, without_nones
from tests.unit.deploy.aws_stub.world import World

_WITH_ID = "Stack with id {name} does not exist"


class CloudFormation(ChangeSets):
    """AWS CloudFormation API Reference: ``DescribeStacks``, ``DeleteStack`` and the other calls.

    A stack's operation goes on by a step when DescribeStacks or DescribeStackEvents asks for it
    (not when they ask for a further page).

    Undocumented: the wording of CancelUpdateStack's and ContinueUpdateRollback's refusals.
    """

    def __init__(self, world: World, buckets: Buckets, effects: Effects) -> None:
        super().__init__(world, buckets, effects)
        self.change_sets = []

    def DescribeStacks(self, asked: Request) -> Response:
        """Describe a stack, or all but the deleted."""
        if "StackName" in asked:
            found = [self.existing(asked["StackName"], _WITH_ID)]
        else:
            found = [each for each in self.stacks if each.status != "DELETE_COMPLETE"]
        if "NextToken" not in asked:
            for stack in found:
                stack.advance(self.world.pace)
        shown, token = self._page(found, asked)
        return without_nones({"Stacks": [_described(each) for each in shown], "NextToken": token})

    def DescribeStackEvents(self, asked: Request) -> Response:
        """Give a stack's events, the newest first."""
        stack = self.existing(asked["StackName"])
        token = asked.get("NextToken")
        if token is None:
            stack.advance(self.world.pace)
            seen = len(stack.events)
        else:
            # Events that came since the first page must not move what is on this one.
            token, _, number = token.rpartition("-of-")
            seen = int(number)
        shown, after = self._page(stack.events[:seen][::-1], {"NextToken": token} if token else {})
        return without_nones(
            {"StackEvents": shown, "NextToken": f"{after}-of-{seen}" if after else None}
        )

    def DescribeStackResources(self, asked: Request) -> Response:
        """Describe a stack's resources, or one of them."""
        stack = self.existing(asked.get("StackName", "?"), _WITH_ID)
        logical = asked.get("LogicalResourceId")
        found = [
            {**_resource(each), "Timestamp": each.changed,
             "StackName": stack.name, "StackId": stack.id}
            for name, each in stack.resources.items() if logical in (None, name)
        ]  # fmt: skip
        if logical is not None and not found:
            raise _no_resource(stack, logical)
        return {"StackResources": found[:100]}

    def DescribeStackResource(self, asked: Request) -> Response:
        """Describe a resource."""
        stack = self.existing(asked["StackName"], "Stack '{name}' does not exist")
        if asked["LogicalResourceId"] not in stack.resources:
            raise _no_resource(stack, asked["LogicalResourceId"])
        found = stack.resources[asked["LogicalResourceId"]]
        detail = {
            "StackName": stack.name,
            "StackId": stack.id,
            "LastUpdatedTimestamp": found.changed,
        }
        return {"StackResourceDetail": {**_resource(found), **detail}}

    def ListStackResources(self, asked: Request) -> Response:
        """List a stack's resources."""
        stack = self.existing(asked["StackName"], _WITH_ID)
        found, token = self._page(list(stack.resources.values()), asked)
        summaries = [{**_resource(each), "LastUpdatedTimestamp": each.changed} for each in found]
        return without_nones({"StackResourceSummaries": summaries, "NextToken": token})

    def GetTemplate(self, asked: Request) -> Response:
        """Give the template of a stack or a change set; without transforms both stages are one."""
        if "ChangeSetName" in asked:
            text = self._change_set(asked).plan.text
        else:
            plan = self.existing(asked.get("StackName", "?"), _WITH_ID).plan
            if plan is None:
                raise invalid(f"Template for stack {asked['StackName']} does not exist")
            text = plan.text
        return {"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]}

    def GetTemplateSummary(self, asked: Request) -> Response:
        """Say what a template asks for."""
        if "StackName" in asked:
            plan = self.existing(asked["StackName"], _WITH_ID).plan
            text = plan.text if plan is not None else ""
        else:
            text = template_text(asked, None, self.buckets, self.world)
        template = cfn_templates.parse(text)
        cfn_templates.check(template, self.world.region)
        needed = cfn_templates.capabilities(template)
        kinds = sorted({each["Type"] for each in template["Resources"].values()})
        iam = [kind for kind in kinds if kind.startswith("AWS::IAM::")]
        metadata = template.get("Metadata")
        return without_nones({
            "Parameters": [
                _declared(name, each) for name, each in (template.get("Parameters") or {}).items()
            ],
            "Description": template.get("Description"),
            "Capabilities": needed or None,
            "CapabilitiesReason": f"The following resource(s) require capabilities: {iam}"
            if needed else None,
            "ResourceTypes": kinds,
            "Version": template.get("AWSTemplateFormatVersion"),
            "Metadata": json.dumps(metadata) if metadata else None,
        })  # fmt: skip

    def UpdateTerminationProtection(self, asked: Request) -> Response:
        """Protect a stack from deletion, or no more."""
        stack = self.existing(asked["StackName"])
        if stack.status.startswith("DELETE_"):
            raise invalid(
                f"Cannot change termination protection of stack [{stack.name}] in {stack.status}"
            )
        stack.protected = asked["EnableTerminationProtection"]
        return {"StackId": stack.id}

    def DeleteStack(self, asked: Request) -> Response:
        """Begin to delete a stack; one that is not there is no error."""
        stack = self.find(asked["StackName"])
        if stack is None or stack.status in ("DELETE_COMPLETE", "DELETE_IN_PROGRESS"):
            return {}
        if stack.protected:
            raise invalid(
                f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            )
        retained = set(asked.get("RetainResources", []))
        if retained and stack.status != "DELETE_FAILED":
            raise invalid(
                f"Invalid operation on stack [{stack.id}]. When you delete a stack, specify which "
                "resources to retain only when the stack is in the DELETE_FAILED state."
            )
        self.change_sets = [each for each in self.change_sets if each.stack is not stack]
        if stack.plan is None:
            stack.set_status("DELETE_IN_PROGRESS", "User Initiated")
            stack.deleted = self.now()
            stack.set_status("DELETE_COMPLETE")
        else:
            stack.begin(self.progress.delete(stack, retained))
        return {}

    def CancelUpdateStack(self, asked: Request) -> Response:
        """Let an update be undone."""
        stack = self.existing(asked["StackName"])
        if stack.status != "UPDATE_IN_PROGRESS":
            raise invalid("CancelUpdateStack cannot be called from current stack status")
        stack.cancelled = True
        return {}

    def ContinueUpdateRollback(self, asked: Request) -> Response:
        """Go on with a rollback that failed, leaving out what is to be skipped."""
        stack = self.existing(asked["StackName"])
        if stack.status != "UPDATE_ROLLBACK_FAILED":
            raise invalid(
                f"Stack [{stack.id}] is in {stack.status} state and its rollback can not be "
                "continued."
            )
        skipped = set(asked.get("ResourcesToSkip", []))
        undo = [each for each in stack.unfinished_rollback if each[1] not in skipped]
        for logical in skipped:
            if logical in stack.resources:
                stack.set_resource(stack.resources[logical], "UPDATE_COMPLETE")
        stack.set_status("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")
        stack.begin(self.progress.roll_back(stack, undo))
        return {}

    def _page(self, items: list[Any], asked: Request) -> tuple[list[Any], str | None]:
        return page(
            items,
            asked.get("NextToken"),
            self.world.page_size,
            lambda: invalid("Invalid NextToken"),
        )

    def snapshot(self) -> dict[str, Any]:
        """Give the stacks without ids and times, with the statuses of change sets left behind."""
        found = {}
        for stack in self.stacks:
            if stack.status != "DELETE_COMPLETE":
                left = [e.status for e in self.change_sets if e.stack is stack and not is_done(e)]
                found[stack.name] = {**stack.snapshot(), "change sets": sorted(left)}
        return found


def _described(stack: Stack) -> dict[str, Any]:
    plan = stack.plan
    description = plan.template.get("Description") if plan else None
    return without_nones({
        "StackId": stack.id, "StackName": stack.name, "ChangeSetId": stack.change_set_id,
        "Description": description,
        "Parameters": cfn_parameters.described(plan.template, plan.parameters) if plan else None,
        "CreationTime": stack.created, "DeletionTime": stack.deleted,
        "LastUpdatedTime": stack.updated, "StackStatus": stack.status,
        "StackStatusReason": stack.reason, "DisableRollback": False,
        "Capabilities": plan.capabilities if plan else None, "Outputs": stack.outputs or None,
        "RoleARN": plan.role if plan else None, "Tags": plan.tags if plan else [],
        "NotificationARNs": [], "EnableTerminationProtection": stack.protected,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    })  # fmt: skip


def _resource(resource: StackResource) -> dict[str, Any]:
    return without_nones({
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.kind,
        "ResourceStatus": resource.status,
        "ResourceStatusReason": resource.reason,
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
    })  # fmt: skip


def _no_resource(stack: Stack, logical: str) -> AwsError:
    return invalid(f"Resource {logical} does not exist for stack {stack.name}")


def _declared(name: str, declaration: dict[str, Any]) -> dict[str, Any]:
    default = declaration.get("Default")
    allowed = declaration.get("AllowedValues")
    return without_nones({
        "ParameterKey": name,
        "DefaultValue": None if default is None else str(default),
        "ParameterType": declaration.get("Type", "String"),
        "NoEcho": cfn_parameters.is_true(declaration.get("NoEcho")),
        "Description": declaration.get("Description"),
        "ParameterConstraints": {"AllowedValues": list(map(str, allowed))} if allowed else {},
    })  # fmt: skip
