"""Changed copies of the pipeline's files, and a pytest session that runs the tests on each.

`tests.remedies` and `tests.permissions` take something out of the files and demand that a test
finds it out. Each copy is given to the end-to-end tests by their fixture ``pipeline_files``.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = ("template.yaml", "statemachine.asl.json", "glue_job", "warehouse", "seed_data")


@dataclass(frozen=True)
class Copy:
    """A copy of the pipeline's files.

    Attributes
    ----------
    name : str
        What the parameter of its tests is called.
    folder : Path
    tests : tuple of str
        Those that run on it; with parameters (``name[a]``) or for all (``name``).
    """

    name: str
    folder: Path
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of a test: whether it failed, what it said then, and in which phase."""

    failed: bool
    said: str = ""
    when: str = "call"


def copy_files(folder: Path) -> Path:
    """Copy the pipeline's files into a folder, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    return folder


class Session:
    """The pytest plugin: runs each test on the copies that it is meant for, and keeps what came.

    Attributes
    ----------
    outcomes : dict
        Copy's name → test, with its other parameters → what came of it.
    """

    def __init__(self, copies: Sequence[Copy]) -> None:
        self.outcomes: dict[str, dict[str, Outcome]] = defaultdict(dict)
        self._copies = {copy.name: copy for copy in copies}

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give the fixture `pipeline_files` each copy that the test is meant for."""
        name = metafunc.function.__name__
        meant = [
            copy
            for copy in self._copies.values()
            if any(test.partition("[")[0] == name for test in copy.tests)
        ]
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
        """Leave out the tests and parameters that a copy is not meant for."""
        kept: list[pytest.Item] = []
        others: list[pytest.Item] = []
        for item in items:
            copy, test = self._of(item.nodeid)
            meant = copy is not None and any(
                test == wanted or test.partition("[")[0] == wanted for wanted in copy.tests
            )
            (kept if meant else others).append(item)
        config.hook.pytest_deselected(items=others)
        items[:] = kept

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what came of a test; of one that was not run, or not cleared up after, why."""
        copy, test = self._of(report.nodeid)
        if copy is None or (report.when != "call" and not report.failed):
            return
        crash = getattr(report.longrepr, "reprcrash", None)
        said = crash.message if crash else str(report.longrepr or "")
        self.outcomes[copy.name][test] = Outcome(report.failed, said, str(report.when))

    def _of(self, nodeid: str) -> tuple[Copy | None, str]:
        """Tell the copy from the test: ``name[copy-state]`` is ``name[state]`` on it."""
        name, _, ids = nodeid.rpartition("::")[2].partition("[")
        ids = ids.removesuffix("]")
        for copy in self._copies.values():
            if copy.name == ids:
                return copy, name
            for rest in (ids.removeprefix(f"{copy.name}-"), ids.removesuffix(f"-{copy.name}")):
                if rest != ids:
                    return copy, f"{name}[{rest}]"
        return None, name
