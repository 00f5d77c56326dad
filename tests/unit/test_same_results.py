"""Two runs that passed the same tests are told from two that did not."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from etlocal.testing.plugin import EMBEDDED_ONLY, SKIPPED
from tests import same_results
from tests.same_results import PAGE, ResultsError, documented_reasons, main, results

TESTS = Path(__file__).resolve().parents[1]
EXCUSED = sorted(documented_reasons(PAGE.read_text()))[0]
Write = Callable[..., str]
Capture = pytest.CaptureFixture[str]
OUTCOMES = {
    "passed": "",
    "failed": '<failure message="assert 1 == 2">…</failure>',
    "error": '<error message="setup">…</error>',
    "skipped": '<skipped type="pytest.skip" message="no reason at all">…</skipped>',
    "excused": f'<skipped type="pytest.skip" message="{SKIPPED}{EXCUSED}">…</skipped>',
}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a run's file: name → outcome, in the form that pytest gives it."""
    numbers = iter(range(100))

    def written(*cases: tuple[str, str]) -> str:
        entries = "".join(
            f'<testcase classname="tests.e2e.test_flow" name="{name}" time="0.1">'
            f"{OUTCOMES[outcome]}</testcase>"
            for name, outcome in cases
        )
        file = tmp_path / f"{next(numbers)}.xml"
        file.write_text(
            f'<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest">{entries}'
            "</testsuite></testsuites>"
        )
        return str(file)

    return written


def test_same_passed_tests_in_any_order_are_the_same(write: Write, capsys: Capture) -> None:
    one = write(("a", "passed"), ("b[x-y]", "passed"), ("c", "passed"))
    other = write(("c", "excused"), ("b[x-y]", "passed"), ("a", "passed"))

    assert main([one, other]) == 0
    assert main([other, one]) == 0
    assert "2 tests passed in both, 1 skipped for a documented reason" in capsys.readouterr().out


def test_group_that_a_test_was_distributed_with_is_no_part_of_its_name(
    write: Write, capsys: Capture
) -> None:
    one = write(("a@stack", "passed"), ("b[x@y]@stack", "passed"), ("c[x@y]", "passed"))
    other = write(("a", "passed"), ("b[x@y]", "passed"), ("c[x@z]", "passed"))

    assert main([one, other]) == 1
    assert "c[x@y]" in capsys.readouterr().out
    assert set(results(Path(one))) - set(results(Path(other))) == {"tests.e2e.test_flow::c[x@y]"}


@pytest.mark.parametrize("outcome", ["failed", "error", "skipped"])
def test_test_that_passed_in_one_only_is_named(write: Write, capsys: Capture, outcome: str) -> None:
    one = write(("a", "passed"), ("b", "passed"))
    other = write(("a", "passed"), ("b", outcome))

    assert main([one, other]) == 1
    said = capsys.readouterr().out
    assert f"tests.e2e.test_flow::b: passed in the first, {outcome}" in said
    assert "1 differences" in said
    assert "::a:" not in said


def test_test_that_was_not_run_is_named(write: Write, capsys: Capture) -> None:
    assert main([write(("a", "passed")), write(("a", "passed"), ("b", "passed"))]) == 1
    assert "::b: not run in the first, passed in the second" in capsys.readouterr().out


def test_test_that_failed_in_both_is_named(write: Write, capsys: Capture) -> None:
    run = write(("a", "passed"), ("b", "failed"))

    assert main([run, run]) == 1
    assert "::b: failed in both" in capsys.readouterr().out


def test_failed_clean_up_counts_though_the_test_passed(write: Write) -> None:
    run = write(("a", "passed"), ("a", "error"))

    assert results(Path(run))["tests.e2e.test_flow::a"].outcome == "error"
    assert main([run, write(("a", "passed"))]) == 1


def test_runs_in_which_nothing_passed_are_not_the_same(write: Write) -> None:
    run = write(("a", "excused"))

    assert main([run, run]) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [("nothing", "is no XML"), ("<testsuites/>", "has no test"), (None, "cannot be read")],
)
def test_file_that_is_no_run_is_named(
    write: Write, tmp_path: Path, capsys: Capture, text: str | None, words: str
) -> None:
    file = tmp_path / "run.xml"
    if text is not None:
        file.write_text(text)

    assert main([write(("a", "passed")), str(file)]) == 2
    assert words in capsys.readouterr().err


def test_tests_elsewhere_are_left_out_when_that_is_asked_for(
    write: Write, tmp_path: Path, capsys: Capture
) -> None:
    suite, whole = write(("a", "passed")), Path(write(("a", "passed")))
    unit = '<testcase classname="tests.unit.test_x" name="b"/></testsuite>'
    whole.write_text(whole.read_text().replace("</testsuite>", unit, 1))

    assert main([suite, str(whole)]) == 1
    assert "tests.unit.test_x::b" in capsys.readouterr().out
    assert main([suite, str(whole), "--within", "tests.e2e."]) == 0
    assert main([suite, str(whole), "--within", "tests.none."]) == 2
    assert "no test within tests.none." in capsys.readouterr().err


def test_page_without_the_table_is_refused() -> None:
    with pytest.raises(ResultsError, match="no table of reasons"):
        documented_reasons(
            f"# Testing\n\n{same_results.HEADING}\n\nNothing is.\n\n## Next\n\n| a |\n"
        )


def reasons_in_the_tests() -> set[str]:
    """The reason of every mark in the tests, as it is written there."""
    found: set[str] = set()
    for path in (TESTS / "e2e").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == EMBEDDED_ONLY:
                [argument] = node.args
                assert isinstance(argument, ast.Constant), f"{path}: a reason is written out"
                found.add(str(argument.value))
    return found


def test_page_lists_the_reasons_of_the_skipped_tests_and_no_others() -> None:
    assert documented_reasons(PAGE.read_text()) == reasons_in_the_tests() != set()
