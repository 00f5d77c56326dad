"""A stack: what it is made of, its resources and its events."""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.unit.deploy.aws_stub import cfn_identities
from tests.unit.deploy.aws_stub.cfn_evaluation import Evaluation
from tests.unit.deploy.aws_stub.cfn_templates import Template
from tests.unit.deploy.aws_stub.world import World

STACK = "AWS::CloudFormation::Stack"
OnFailure = Literal["ROLLBACK", "DO_NOTHING", "DELETE"]
Tags = list[dict[str, str]]


@dataclass
class Plan:
    """What a change set would make of a stack."""

    text: str
    template: Template
    parameters: dict[str, str]
    tags: Tags = field(default_factory=list)
    capabilities: list[str] = field(default_factory=list)
    role: str | None = None
    on_failure: OnFailure = "ROLLBACK"
    retain_except_on_create: bool = False
    token: str | None = None


@dataclass
class StackResource:
    """A resource of a stack."""

    logical_id: str
    kind: str
    physical_id: str
    properties: dict[str, Any]
    attributes: dict[str, Any]
    changed: dt.datetime
    status: str = "CREATE_IN_PROGRESS"
    reason: str | None = None
    deletion_policy: str = "Delete"
    replace_policy: str = "Delete"
    metadata: str | None = None
    tags: Tags = field(default_factory=list)
    made: bool = False
    """Whether there is a physical resource."""


class Stack:
    """A stack with all that CloudFormation's operations show of it."""

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        identity = world.uuid(f"stack {name}")
        self.id = f"arn:aws:cloudformation:{world.region}:{world.account}:stack/{name}/{identity}"
        self.status = "REVIEW_IN_PROGRESS"
        self.reason: str | None = None
        self.plan: Plan | None = None
        self.executing: Plan | None = None
        self.resources: dict[str, StackResource] = {}
        self.outputs: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.protected = False
        self.change_set_id: str | None = None
        self.created = world.now()
        self.updated: dt.datetime | None = None
        self.deleted: dt.datetime | None = None
        self.work: Iterator[None] | None = None
        self.cancelled = False
        self.unfinished_rollback: Any = None

    @property
    def in_progress(self) -> bool:
        """Whether an operation is under way."""
        return self.work is not None

    def begin(self, work: Iterator[None]) -> None:
        """Begin an operation, up to its first event."""
        self.work = work
        self.advance(1)

    def advance(self, steps: int) -> None:
        """Let what is under way go on."""
        for _ in range(steps):
            if self.work is None:
                return
            try:
                next(self.work)
            except StopIteration:
                self.work = None

    def set_status(self, status: str, reason: str | None = None) -> None:
        """Change the stack's status, with its event."""
        self.status, self.reason = status, reason
        self._event(self.name, self.id, STACK, status, reason)

    def set_resource(self, resource: StackResource, status: str, reason: str | None = None) -> None:
        """Change a resource's status, with its event."""
        resource.status, resource.reason, resource.changed = status, reason, self.world.now()
        self._event(
            resource.logical_id, resource.physical_id, resource.kind, status, reason,
            properties=resource.properties,
        )  # fmt: skip

    def _event(
        self, logical: str, physical: str, kind: str, status: str, reason: str | None,
        properties: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        event = {
            "StackId": self.id, "StackName": self.name, "EventId": self.world.uuid("event"),
            "LogicalResourceId": logical, "PhysicalResourceId": physical, "ResourceType": kind,
            "Timestamp": self.world.now(), "ResourceStatus": status,
        }  # fmt: skip
        if reason is not None:
            event["ResourceStatusReason"] = reason
        if properties is not None:
            event["ResourceProperties"] = json.dumps(properties)
        if self.executing is not None and self.executing.token is not None:
            event["ClientRequestToken"] = self.executing.token
        self.events.append(event)

    def evaluation(self, plan: Plan) -> Evaluation:
        """Evaluate a plan's template with the resources there are."""
        return Evaluation(plan.template, plan.parameters, self.pseudo(), self._look_up)

    def pseudo(self) -> dict[str, str]:
        """Values of the pseudo parameters."""
        return {
            "AWS::AccountId": self.world.account,
            "AWS::Region": self.world.region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": self.name,
            "AWS::StackId": self.id,
        }

    def _look_up(self, logical: str, attribute: str | None) -> Any:
        resource = self.resources[logical]
        return resource.physical_id if attribute is None else resource.attributes[attribute]

    def planned(self, plan: Plan, logical: str) -> StackResource:
        """Give a resource as a plan wants it, with an id of its own."""
        entry = plan.template["Resources"][logical]
        properties = self.evaluation(plan).properties(logical)
        physical = cfn_identities.physical_id(
            self.world, self.name, logical, entry["Type"], properties
        )
        made = StackResource(
            logical, entry["Type"], physical, properties,
            cfn_identities.attributes(self.world, physical, logical, entry["Type"]),
            self.world.now(), tags=self.system_tags(logical),
        )  # fmt: skip
        dress(made, entry)
        return made

    def live(self) -> dict[str, StackResource]:
        """The resources that are there."""
        return {name: each for name, each in self.resources.items() if each.made}

    def system_tags(self, logical: str) -> Tags:
        """Tags that CloudFormation gives a resource, and the stack's."""
        own = {"stack-name": self.name, "logical-id": logical, "stack-id": self.id}
        tags = [{"Key": f"aws:cloudformation:{key}", "Value": value} for key, value in own.items()]
        return [*tags, *copy.deepcopy(self.plan.tags if self.plan else [])]

    def snapshot(self) -> dict[str, Any]:
        """Give the stack without ids and times."""
        plan = self.plan
        return {
            "status": self.status,
            "template": self.world.forget(plan.template) if plan else None,
            "parameters": self.world.forget(plan.parameters) if plan else None,
            "tags": self.world.forget(plan.tags) if plan else None,
            "termination protection": self.protected,
            "resources": {
                name: self.world.forget(each.properties)
                for name, each in sorted(self.live().items())
            },
            "outputs": self.world.forget(
                {each["OutputKey"]: each["OutputValue"] for each in self.outputs}
            ),
        }


def dress(resource: StackResource, entry: dict[str, Any]) -> None:
    """Take over what a template's entry says beside properties.

    Source: AWS CloudFormation User Guide, "DeletionPolicy attribute": a snapshot is the default of
    some types, of none that the stub shows.
    """
    resource.deletion_policy = entry.get("DeletionPolicy", "Delete")
    resource.replace_policy = entry.get("UpdateReplacePolicy", "Delete")
    resource.metadata = json.dumps(entry["Metadata"]) if "Metadata" in entry else None
