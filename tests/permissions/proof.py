"""Copies of the pipeline's files that lack a permission, and what the tests say on each."""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from etlocal.iam.matching import action_matches
from tests.permissions.template import Permission, without
from tests.remedies import FILES, ROOT

TEMPLATE = "template.yaml"
_DENIED = re.compile(r"^(.*?)is not authorized to perform: ([\w-]+:\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Copy:
    """A copy of the pipeline's files: without one permission, or without all that have a reason.

    Attributes
    ----------
    name : str
        What the parameter of its tests is called.
    folder : Path
    tests : tuple of str
        Those that run on it.
    lacks : tuple of Permission
    must_fail : bool
        Whether a test has to find out what it lacks.
    """

    name: str
    folder: Path
    tests: tuple[str, ...]
    lacks: tuple[Permission, ...]
    must_fail: bool


@dataclass(frozen=True)
class Outcome:
    """What came of a test: whether it failed, and all that it said then."""

    failed: bool
    said: str = ""


def copy_without(lacks: Sequence[Permission], folder: Path) -> Path:
    """Make a copy of the pipeline's files in a new folder, without some permissions."""
    folder.mkdir(parents=True)
    for name in FILES:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    file = folder / TEMPLATE
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


class Session:
    """The pytest plugin: runs each test on the copies that it is meant for, and keeps what came."""

    def __init__(self, copies: Sequence[Copy]) -> None:
        self.outcomes: dict[str, dict[str, Outcome]] = defaultdict(dict)
        self._copies = {copy.name: copy for copy in copies}

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give the fixture `pipeline_files` each copy that the test is meant for."""
        meant = [copy for copy in self._copies.values() if metafunc.function.__name__ in copy.tests]
        metafunc.parametrize(
            "pipeline_files",
            [copy.folder for copy in meant],
            ids=[copy.name for copy in meant],
            indirect=True,
            scope="module",
        )

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave out the tests that no copy is meant for."""
        others = [item for item in items if self._of(item.nodeid)[0] is None]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what came of a test; of one that was not run for its set-up, why."""
        copy, test = self._of(report.nodeid)
        if copy is None or (report.when != "call" and not report.failed):
            return
        crash = getattr(report.longrepr, "reprcrash", None)
        said = crash.message if crash else str(report.longrepr or "")
        self.outcomes[copy.name][test] = Outcome(report.failed, said)

    def _of(self, nodeid: str) -> tuple[Copy | None, str]:
        name, _, ids = nodeid.rpartition("::")[2].partition("[")
        return self._copies.get(ids.removesuffix("]")), name


def run(copies: Sequence[Copy], modules: Sequence[str]) -> Mapping[str, Mapping[str, Outcome]]:
    """Run the tests in one session, so on one stack.

    Returns
    -------
    mapping
        Copy's name → test → what came of it.
    """
    session = Session(copies)
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
