"""What a change set would change, and what of it costs money.

Sources: CloudFormation API Reference, ``DescribeChangeSet`` and ``ResourceChange``; AWS's price
pages of the services, for what is paid for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from etlocal.templates import Template

# Resource type → what is paid for. Types that cost nothing by being there are left out.
COSTS = {
    "AWS::RedshiftServerless::Workgroup": "RPU-hours while it works, 60 s at least",
    "AWS::RedshiftServerless::Namespace": "GB-months of what the warehouse holds",
    "AWS::Redshift::Cluster": "node-hours while it exists, also idle",
    "AWS::Glue::Job": "DPU-hours of its runs, by the second, 60 s at least",
    "AWS::Glue::Crawler": "DPU-hours of its crawls, by the second, 10 min at least",
    "AWS::StepFunctions::StateMachine": "state transitions",
    "AWS::S3::Bucket": "GB-months and requests",
    "AWS::SecretsManager::Secret": "a monthly price each, and requests",
    "AWS::KMS::Key": "a monthly price each, and requests",
    "AWS::CloudWatch::Alarm": "a monthly price each",
    "AWS::Logs::LogGroup": "GB taken in, and GB-months",
    "AWS::SNS::Topic": "messages",
    "AWS::SQS::Queue": "messages",
}

# Where a replacement or a removal takes what people have put in.
HOLDS_DATA = frozenset(
    [
        "AWS::S3::Bucket",
        "AWS::RedshiftServerless::Namespace",
        "AWS::Redshift::Cluster",
        "AWS::Glue::Database",
        "AWS::Logs::LogGroup",
        "AWS::SQS::Queue",
    ]
)


@dataclass(frozen=True)
class Change:
    """What becomes of one resource.

    Attributes
    ----------
    action : str
        ``Add``, ``Modify``, ``Remove``, ``Import`` or ``Dynamic``, as CloudFormation says it.
    name : str
        The logical id.
    kind : str
        The resource type.
    replacement : str
        ``True``, ``False``, ``Conditional``; empty where there is no question of it.
    properties : tuple of str
        The properties that change.
    retained : bool
        Whether it stays in the account when the stack lets go of it.
    """

    action: str
    name: str
    kind: str
    replacement: str = ""
    properties: tuple[str, ...] = ()
    retained: bool = False

    @property
    def cost(self) -> str | None:
        """What is paid for; None when nothing is, or when it goes."""
        return None if self.action == "Remove" else COSTS.get(self.kind)

    @property
    def loses_data(self) -> bool:
        """Whether what people have put in may be gone afterwards."""
        goes = self.action == "Remove" or self.replacement in ("True", "Conditional")
        return goes and self.kind in HOLDS_DATA and not self.retained


@dataclass(frozen=True)
class Plan:
    """What a deployment is about to do.

    Attributes
    ----------
    stack : str
    place : str
        Where, for people to read.
    creates : bool
        Whether the stack is new.
    updates : bool
        Whether there is a change set to execute, be it of outputs alone.
    changes : tuple of Change
        What becomes of the stack's resources.
    assets : tuple of str
        The files that are not in the stack's bucket as they are here.
    scripts : tuple of str
        The warehouse scripts that have not run yet, in order.
    """

    stack: str
    place: str
    creates: bool
    updates: bool
    changes: tuple[Change, ...] = ()
    assets: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.updates or self.assets or self.scripts)

    @property
    def costs(self) -> list[tuple[str, str]]:
        """Resources that are added or changed and cost money: logical id and what is paid for."""
        return [(change.name, change.cost) for change in self.changes if change.cost]


def read_changes(described: Iterable[dict[str, Any]], template: Template) -> tuple[Change, ...]:
    """Read the ``Changes`` of a described change set.

    Parameters
    ----------
    described : iterable of dict
        As ``DescribeChangeSet`` gives them.
    template : Template
        The template that is to be deployed; what leaves it has no policy in it any more.
    """
    return tuple(
        _change(each["ResourceChange"], template)
        for each in described
        if each.get("Type") == "Resource"
    )


def _change(said: dict[str, Any], template: Template) -> Change:
    action = said["Action"]
    resource = template.body["Resources"].get(said["LogicalResourceId"], {})
    policy = said.get("PolicyAction", "")
    retained = policy in ("Retain", "ReplaceAndRetain") or (
        not policy and resource.get("UpdateReplacePolicy") == "Retain"
    )
    return Change(
        action,
        said["LogicalResourceId"],
        said["ResourceType"],
        said.get("Replacement", "") if action == "Modify" else "",
        tuple(sorted(set(_properties(said)))) if action == "Modify" else (),
        retained,
    )


def _properties(said: dict[str, Any]) -> Iterable[str]:
    for detail in said.get("Details", []):
        target = detail.get("Target", {})
        attribute, name = target.get("Attribute", ""), target.get("Name")
        if name:
            yield str(name)
        elif attribute and attribute != "Properties":
            yield str(attribute)
