"""The command ``python -m tests.permissions``; see the package."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests import copies
from tests.copies import ROOT
from tests.permissions import proof
from tests.permissions.table import MODULES, TESTS
from tests.permissions.template import Permission, PolicyError, permissions

REASONED = "reasoned"


def gaps(found: Sequence[Permission], tests: Mapping[str, Sequence[str]]) -> list[str]:
    """Say what keeps template and table from matching, a line each."""
    said = []
    for each in found:
        if each.reason and each.name in tests:
            said.append(f"{each.name} has tests, and a comment that says there are none")
        if not each.reason and each.name not in tests:
            said.append(f"{each.name} has neither a test nor a comment '# no local call: <reason>'")
    names = {each.name for each in found}
    said += [f"{name} is not in the template" for name in tests if name not in names]
    return said


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the permissions out, run the tests, and print what came.

    Returns
    -------
    int
        0 when every permission is needed or has a reason that holds, else 1.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.permissions")
    parser.add_argument("--role", action="append", help="a role's, or a policy's, logical id")
    parser.add_argument("--action", action="append", help="as the template writes it")
    parser.add_argument("--list", action="store_true", help="print them and run nothing")
    given = parser.parse_args(arguments)
    try:
        found = permissions((ROOT / proof.TEMPLATE).read_text("utf-8"))
    except PolicyError as error:
        _say(f"{proof.TEMPLATE}: {error}")
        return 1
    wrong = gaps(found, TESTS)
    chosen = [
        each
        for each in found
        if (not given.role or {each.owner, *each.roles} & set(given.role))
        and (not given.action or each.action in given.action)
    ]
    if given.list:
        for each in chosen:
            _say(f"{each.name:70}  {each.reason or ', '.join(TESTS.get(each.name, ['?']))}")
    else:
        with tempfile.TemporaryDirectory(prefix="etlocal-permissions-") as folder:
            made = _copies(chosen, Path(folder))
            outcomes = proof.run(made, MODULES)
        wrong += _told(made, outcomes)
    for line in wrong:
        _say(f"GAP  {line}")
    _say(f"\n{len(chosen)} permissions, {len(wrong)} gaps")
    return 1 if wrong else 0


def _copies(chosen: Sequence[Permission], folder: Path) -> list[proof.Copy]:
    made = []
    reasoned = tuple(each for each in chosen if each.reason)
    if reasoned:
        tests = tuple(dict.fromkeys(test for needed in TESTS.values() for test in needed))
        changed = proof.copy_without(reasoned, folder / REASONED)
        made.append(proof.Copy(REASONED, changed, tests, reasoned, must_fail=False))
    for number, each in enumerate(chosen):
        if each.name in TESTS and not each.reason:
            name = f"without{number}"
            changed = proof.copy_without([each], folder / name)
            made.append(proof.Copy(name, changed, TESTS[each.name], (each,), must_fail=True))
    return made


def _told(
    made: Sequence[proof.Copy], outcomes: Mapping[str, Mapping[str, copies.Outcome]]
) -> list[str]:
    wrong = []
    _say("")
    for copy in made:
        good, why = proof.verdict(copy, outcomes.get(copy.name, {}))
        for each in copy.lacks:
            said = why if copy.must_fail else each.reason
            kind = "needed" if copy.must_fail else "reasoned"
            _say(f"{each.name:70}  {kind if good else 'NOT PROVEN':10}  {str(said)[:160]}")
        if not good:
            what = copy.lacks[0].name if copy.must_fail else "one of those with a comment"
            wrong.append(f"{what}: {why[:400]}")
    return wrong


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
