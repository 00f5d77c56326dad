"""``python -m tests.same_results A.xml B.xml``: two runs of one suite passed the same tests.

Made for the end-to-end tests, embedded and on a running stack. Each file is what ``pytest
--junit-xml`` writes. A test that one run skipped for a reason that docs/testing.md lists is no
difference; every other one is named, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from etlocal.testing.plugin import SKIPPED

PAGE = Path(__file__).resolve().parents[1] / "docs" / "testing.md"
HEADING = "## Skipped on a running stack"
# A test that passes and whose clean-up fails has two entries.
_FROM_GOOD_TO_BAD = ("passed", "skipped", "failed", "error")

# xdist's --dist loadgroup ends a test's name with its group.
_GROUP = re.compile(r"@[^@\[\]]+$")


class ResultsError(Exception):
    """A file cannot be read as the results of a run; the message names it and says why."""


@dataclass(frozen=True)
class Result:
    """What came of a test.

    Attributes
    ----------
    outcome : str
        ``passed``, ``skipped``, ``failed`` or ``error``.
    reason : str
        Why it was skipped.
    """

    outcome: str
    reason: str = ""


def documented_reasons(page: str) -> set[str]:
    """Give the reasons that the page's table lists: its first column.

    Raises
    ------
    ResultsError
        If the page has no such table.
    """
    _, found, rest = page.partition(f"\n{HEADING}\n")
    section = re.split(r"^##? ", rest, maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    reasons = {row.split("|")[1].strip() for row in rows[2:]}
    if not found or not reasons:
        raise ResultsError(f"{PAGE.name} has no table of reasons under {HEADING!r}")
    return reasons


def results(file: Path, within: str = "") -> dict[str, Result]:
    """Read a run's results.

    Parameters
    ----------
    file : Path
    within : str
        What the tests' names begin with; the others are left out.

    Returns
    -------
    dict
        Module and name of the test → what came of it.

    Raises
    ------
    ResultsError
        If the file cannot be read, is no JUnit XML, or has no test.
    """
    try:
        root = ET.parse(file).getroot()
    except OSError as error:
        raise ResultsError(f"{file} cannot be read: {error.strerror}") from error
    except ET.ParseError as error:
        raise ResultsError(f"{file} is no XML: {error}") from error
    found: dict[str, Result] = {}
    for case in root.iter("testcase"):
        name = _GROUP.sub("", f"{case.get('classname')}::{case.get('name')}")
        if not name.startswith(within):
            continue
        result = _result(case)
        before = found.get(name, result)
        found[name] = max(before, result, key=lambda each: _FROM_GOOD_TO_BAD.index(each.outcome))
    if not found:
        named = f" within {within}" if within else ""
        raise ResultsError(f"{file} has no test{named}: was it written by pytest --junit-xml?")
    return found


def _result(case: ET.Element) -> Result:
    for tag, outcome in (("error", "error"), ("failure", "failed"), ("skipped", "skipped")):
        entry = case.find(tag)
        if entry is not None:
            return Result(outcome, entry.get("message") or "")
    return Result("passed")


def differences(
    first: dict[str, Result], second: dict[str, Result], reasons: set[str]
) -> Iterator[str]:
    """Say, a line each, where two runs differ, and what failed in both.

    Parameters
    ----------
    first, second : dict
        As `results` gives them.
    reasons : set of str
        For which a test may be skipped in one of them.
    """
    missing = Result("not run")
    for name in sorted({*first, *second}):
        one, other = first.get(name, missing), second.get(name, missing)
        if _is_excused(one, reasons) or _is_excused(other, reasons):
            continue
        if one.outcome != other.outcome:
            yield f"{name}: {_told(one)} in the first, {_told(other)} in the second"
        elif one.outcome in ("failed", "error"):
            yield f"{name}: {one.outcome} in both"
    if not any(result.outcome == "passed" for result in first.values()):
        yield "no test passed in the first"


def _is_excused(result: Result, reasons: set[str]) -> bool:
    return (
        result.outcome == "skipped"
        and result.reason.startswith(SKIPPED)
        and result.reason.removeprefix(SKIPPED) in reasons
    )


def _told(result: Result) -> str:
    return f"skipped ({result.reason})" if result.outcome == "skipped" else result.outcome


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, and print what differs.

    Returns
    -------
    int
        0 when the same tests passed, 1 when not, 2 when a file cannot be used.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.same_results")
    parser.add_argument("first", type=Path, help="JUnit XML of one run")
    parser.add_argument("second", type=Path, help="JUnit XML of the other")
    parser.add_argument("--within", default="", help="compare tests whose names begin so only")
    given = parser.parse_args(arguments)
    try:
        reasons = documented_reasons(PAGE.read_text())
        first, second = (results(each, given.within) for each in (given.first, given.second))
    except ResultsError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    found = list(differences(first, second, reasons))
    for line in found:
        sys.stdout.write(f"{line}\n")
    excused = sum(_is_excused(each, reasons) for run in (first, second) for each in run.values())
    passed = sum(
        result.outcome == "passed" and second.get(name, result).outcome == "passed"
        for name, result in first.items()
    )
    sys.stdout.write(
        f"{passed} tests passed in both, {excused} skipped for a documented reason, "
        f"{len(found)} differences\n"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
