"""What a template's policies allow, an action each, with the place where each is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

NO_CALL = re.compile(r"#\s*no local call:\s*(\S.*)$")
# What everyone may call without a permission: it allows nothing, and keeps a list from being empty.
NOTHING = "sts:GetCallerIdentity"
_ROLE, _SHARED = "AWS::IAM::Role", ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
# Policies of resources: type → the property that has the document.
_OF_RESOURCES = {
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
    "AWS::SecretsManager::ResourcePolicy": "ResourcePolicy",
}


class PolicyError(Exception):
    """A policy that cannot be taken apart into actions; the message says which, and why."""


@dataclass(frozen=True)
class Permission:
    """One action that one statement allows.

    Attributes
    ----------
    owner : str
        The role's logical id; the resource policy's where it is one of a resource; the policy's
        where several roles share it.
    statement : str
        Its Sid, or its policy's name.
    action : str
        As it is written; it may have wildcards.
    roles : tuple of str
        The logical ids of the roles that have it; none for a policy of a resource.
    reason : str or None
        Why no test needs it, as the comment beside it says.
    start, end : int
        Where the action is in the template's text.
    """

    owner: str
    statement: str
    action: str
    roles: tuple[str, ...] = ()
    reason: str | None = None
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)

    @property
    def name(self) -> str:
        """What it is called: ``JobRole/ReadRawFlights/s3:GetObject``."""
        return f"{self.owner}/{self.statement}/{self.action}"


def permissions(text: str) -> list[Permission]:
    """Give every permission of a template, in its order.

    Trust policies are not among them: what they lack is told by no denial of an action.

    Raises
    ------
    PolicyError
        If a policy's actions are not all written in the template, or two have the same name.
    """
    found = list(_all(text))
    names = [each.name for each in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PolicyError(f"give the statements of these names of their own: {', '.join(twice)}")
    return found


def without(text: str, taken: Iterable[Permission]) -> str:
    """Give a template's text without some of its permissions.

    In the place of each stands `NOTHING`: a list of actions must not be empty.
    """
    for each in sorted(taken, key=lambda each: each.start, reverse=True):
        text = text[: each.start] + NOTHING + text[each.end :]
    return text


def _all(text: str) -> Iterator[Permission]:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    for name, resource in _items(_get(root, "Resources")):
        kind, properties = _text(_get(resource, "Type")), _get(resource, "Properties")
        if kind == _ROLE:
            if _get(properties, "ManagedPolicyArns") is not None:
                raise PolicyError(f"{name} has managed policies: what they allow is not written")
            for policy in _each(_get(properties, "Policies")):
                title = _text(_get(policy, "PolicyName"))
                yield from _of(text, name, title, _get(policy, "PolicyDocument"), (name,))
        elif kind in _SHARED:
            roles = tuple(_text(each) for each in _each(_get(properties, "Roles")))
            title = _text(_get(properties, "PolicyName")) or name
            yield from _of(text, name, title, _get(properties, "PolicyDocument"), roles)
        elif kind in _OF_RESOURCES:
            yield from _of(text, name, name, _get(properties, _OF_RESOURCES[kind]), ())


def _of(
    text: str, owner: str, title: str, document: Node | None, roles: tuple[str, ...]
) -> Iterator[Permission]:
    statements = _each(_get(document, "Statement"))
    if not statements or not all(isinstance(each, MappingNode) for each in statements):
        raise PolicyError(f"the statements of {owner} are not written as a list")
    for statement in statements:
        if _text(_get(statement, "Effect")) != "Allow":
            continue
        actions = _get(statement, "Action")
        if actions is None:
            raise PolicyError(f"{owner} allows with NotAction: what it allows is not written")
        for action in _each(actions):
            yield Permission(
                owner,
                _text(_get(statement, "Sid")) or title,
                _text(action),
                roles,
                _reason(text, action.start_mark.index) or _reason_of_all(text, statement),
                action.start_mark.index,
                action.end_mark.index,
            )


def _reason(text: str, index: int) -> str | None:
    start, end = text.rfind("\n", 0, index) + 1, text.find("\n", index)
    found = NO_CALL.search(text[start : end if end >= 0 else None])
    return found.group(1).strip() if found else None


def _reason_of_all(text: str, statement: Node) -> str | None:
    """Give the reason beside the word ``Action``, which is that of every action below it."""
    assert isinstance(statement, MappingNode)
    [key] = [key for key, _ in statement.value if _text(key) == "Action"]
    return _reason(text, key.start_mark.index)


def _items(node: Node | None) -> Iterator[tuple[str, Node]]:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield _text(key), value


def _each(node: Node | None) -> list[Node]:
    """Give the elements of a list; anything else is a list of itself.

    Raises
    ------
    PolicyError
        If a function of CloudFormation gives it: what it comes to is not written here.
    """
    if node is not None and node.tag.startswith("!"):
        raise PolicyError(f"line {node.start_mark.line + 1}: {node.tag} in a policy cannot be read")
    if isinstance(node, SequenceNode):
        return list(node.value)
    return [] if node is None else [node]


def _get(node: Node | None, name: str) -> Node | None:
    return next((value for key, value in _items(node) if key == name), None)


def _text(node: Node | None) -> str:
    return str(node.value) if isinstance(node, ScalarNode) else ""
