"""What a role's policies grant and no run used, and the least policy for what runs did.

Sources: IAM User Guide, "Refine permissions in AWS using last accessed information" and "Security
best practices in IAM" (*Apply least-privilege permissions*).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from etlocal.iam.documents import VERSION, Policy
from etlocal.iam.matching import action_matches, resource_matches


@dataclass(frozen=True)
class Use:
    """A permission that was asked for.

    Attributes
    ----------
    action, resource : str
    allowed : bool
    count : int
    """

    action: str
    resource: str
    allowed: bool
    count: int


@dataclass(frozen=True)
class Grant:
    """What one action of a statement allows.

    Attributes
    ----------
    action : str
        As it is written; it may have wildcards.
    resources : tuple of str
        Empty where the statement has ``NotResource``: it is about nearly all.
    sid : str or None
    """

    action: str
    resources: tuple[str, ...]
    sid: str | None

    def covers(self, use: Use) -> bool:
        """Tell whether a permission is granted by this."""
        if not action_matches(self.action, use.action):
            return False
        # A variable of a policy can stand for anything here: the request's keys are not kept.
        patterns = [_without_variables(each) for each in self.resources]
        return not patterns or any(resource_matches(each, use.resource) for each in patterns)


def grants(policies: Iterable[Policy]) -> list[Grant]:
    """Give what policies allow, an action each; ``NotAction`` counts as ``*``."""
    return [
        Grant(action, statement.resources or (), statement.sid)
        for policy in policies
        for statement in policy.statements
        if statement.effect == "Allow"
        for action in statement.actions or ("*",)
    ]


def unused(granted: Sequence[Grant], uses: Iterable[Use]) -> list[Grant]:
    """Give the grants that no allowed use needed, in their order."""
    allowed = [use for use in uses if use.allowed]
    return [grant for grant in granted if not any(grant.covers(use) for use in allowed)]


def least_policy(uses: Iterable[Use]) -> dict[str, Any]:
    """Give the smallest policy that allows what was allowed, without conditions.

    Actions on the same resources share a statement.
    """
    resources: defaultdict[str, set[str]] = defaultdict(set)
    for use in uses:
        if use.allowed:
            resources[use.action].add(use.resource)
    together: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for action, on in sorted(resources.items()):
        together[tuple(sorted(on))].append(action)
    return {
        "Version": VERSION,
        "Statement": [
            {"Effect": "Allow", "Action": actions, "Resource": list(on)}
            for on, actions in sorted(together.items(), key=lambda each: each[1])
        ],
    }


def _without_variables(pattern: str) -> str:
    found, rest = "", pattern
    while "${" in rest:
        before, _, after = rest.partition("${")
        found += f"{before}*"
        rest = after.partition("}")[2]
    return found + rest
