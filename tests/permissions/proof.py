"""Copies of the pipeline's files that lack a permission, and what the tests say on each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from etlocal.iam.matching import action_matches
from tests import copies
from tests.copies import ROOT, Outcome
from tests.permissions.template import Permission, without

TEMPLATE = "template.yaml"
_DENIED = re.compile(r"^(.*?)is not authorized to perform: ([\w-]+:\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Copy(copies.Copy):
    """A copy of the pipeline's files: without one permission, or without all that have a reason.

    Attributes
    ----------
    lacks : tuple of Permission
    must_fail : bool
        Whether a test has to find out what it lacks.
    """

    lacks: tuple[Permission, ...]
    must_fail: bool


def copy_without(lacks: Sequence[Permission], folder: Path) -> Path:
    """Make a copy of the pipeline's files in a new folder, without some permissions."""
    file = copies.copy_files(folder) / TEMPLATE
    file.write_text(without(file.read_text("utf-8"), lacks), "utf-8")
    return folder


def denied(permission: Permission, said: str) -> bool:
    """Tell whether a test has said that a permission's owner was denied its action.

    A denial names who was denied in front of the words, by a name that CloudFormation has made of
    the role's logical id. Of a resource's policy it names the service.
    """
    return any(
        action_matches(permission.action, action)
        and (not permission.roles or any(f"-{role}-" in who for role in permission.roles))
        for who, action in _DENIED.findall(said)
    )


def run(made: Sequence[Copy], modules: Sequence[str]) -> Mapping[str, Mapping[str, Outcome]]:
    """Run the tests in one session, so on one stack.

    Returns
    -------
    mapping
        Copy's name → test → what came of it.
    """
    session = copies.Session(made)
    files = [str(ROOT / "tests" / "e2e" / module) for module in modules]
    pytest.main(
        ["-p", "no:cacheprovider", "-n", "0", "-v", "--tb=no", "--etlocal-enforce-iam", *files],
        plugins=[session],
    )
    return session.outcomes


def verdict(copy: Copy, outcomes: Mapping[str, Outcome]) -> tuple[bool, str]:
    """Say whether a copy proves what it is to prove, and how, or why not."""
    missing = sorted(set(copy.tests) - set(outcomes))
    if missing:
        return False, f"did not run: {', '.join(missing)}"
    if not copy.must_fail:
        bad = [f"{test}: {each.said}" for test, each in outcomes.items() if each.failed]
        return not bad, "; ".join(bad) or f"pass without: {', '.join(copy.tests)}"
    [permission] = copy.lacks
    for test, each in outcomes.items():
        if each.failed and denied(permission, each.said):
            return True, test
    said = [each.said.partition("\n")[0] for each in outcomes.values() if each.failed]
    return False, "; ".join(said) or f"pass without it: {', '.join(copy.tests)}"
