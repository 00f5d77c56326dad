"""Takes the pipeline's remedies out, one by one, and demands that a test finds each out.

``python -m tests.remedies`` makes a copy of the pipeline's files for each `Remedy`, changes it, and
runs the end-to-end tests of the remedy's point on it, and on the files as they are. All run in one
pytest session, so on one stack. It prints a table and ends with 1 when

- a changed copy passes a test that should fail on it: nothing protects the remedy;
- a test fails on it by anything but an assertion: the copy is broken, which proves nothing;
- a test fails on the files as they are.

A text that is to be changed and is not there once is an error: the remedy has moved.

Options are ``--point N``, for one point alone, and ``--list``.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import copies
from tests.copies import ROOT

TESTS = ROOT / "tests" / "e2e" / "test_points.py"
MACHINE, TEMPLATE, JOB = "statemachine.asl.json", "template.yaml", "glue_job/flights_job.py"


class RemedyError(Exception):
    """A remedy is not where it was; the message says which, and what was looked for."""


@dataclass(frozen=True)
class Remedy:
    """A remedy, and how it is taken out.

    Attributes
    ----------
    point : int
        Which of the eight points it belongs to.
    without : str
        What the pipeline does when it is gone.
    file : str
        The file that has it.
    change : callable
        Gives the file's text without it.
    tests : tuple of str
        The tests that must fail without it; with parameters (``name[a]``) or for all (``name``).
    """

    point: int
    without: str
    file: str
    change: Callable[[str], str]
    tests: tuple[str, ...]


def replaced(old: str, new: str, *, times: int = 1) -> Callable[[str], str]:
    """Replace a text that is there `times` times."""

    def change(text: str) -> str:
        if text.count(old) != times:
            raise RemedyError(f"found {text.count(old)} times instead of {times}: {old!r}")
        return text.replace(old, new)

    return change


def edited(edit: Callable[[dict[str, Any]], object]) -> Callable[[str], str]:
    """Edit the states of a definition."""

    def change(text: str) -> str:
        definition = json.loads(text)
        before = json.dumps(definition)
        try:
            edit(definition["States"])
        except (KeyError, IndexError, ValueError) as error:
            raise RemedyError(f"the definition has no {error}") from error
        if json.dumps(definition) == before:
            raise RemedyError("the definition is as it was")
        return json.dumps(definition)

    return change


def _no_catch(state: str, error: str) -> Callable[[str], str]:
    def edit(states: dict[str, Any]) -> None:
        catches = states[state]["Catch"]
        catches.remove(next(c for c in catches if c["ErrorEquals"] == [error]))

    return edited(edit)


def _no_catch_of_all(states: dict[str, Any]) -> None:
    for name, state in states.items():
        if name != "NotifyFailure" and "Catch" in state:
            state["Catch"] = [c for c in state["Catch"] if c["ErrorEquals"] != ["States.ALL"]]


def _end_with_the_message(states: dict[str, Any]) -> None:
    state = states["NotifyFailure"]
    del state["Next"]
    state["End"] = True


def _commit_first(text: str) -> str:
    """Move the last line, which moves the bookmark, to where the files have been found."""
    found = "flights = read_flights(glueContext, args)\n"
    return replaced(found, f"{found}job.commit()\n")(replaced("\njob.commit()\n", "\n")(text))


def _statement_gone(beginning: str) -> Callable[[str], str]:
    """Take the statement that begins so out of those that follow the COPY."""

    def change(text: str) -> str:
        names: dict[str, Any] = {}
        start = text.index("POSTACTIONS = [")
        end = text.index("\n]\n", start) + 3
        exec(text[start:end], names)
        kept = [s for s in names["POSTACTIONS"] if not s.startswith(beginning)]
        if len(kept) != len(names["POSTACTIONS"]) - 1:
            raise RemedyError(f"not one statement begins with {beginning!r}")
        return text[:start] + f"POSTACTIONS = {kept!r}\n" + text[end:]

    return change


KIND = "test_each_kind_of_file_has_its_stated_outcome"
BUSY = "test_file_that_meets_a_running_crawler_and_a_busy_job_is_loaded"
DIES = "test_run_that_dies_between_load_and_bookmark_loads_once"
OTHERS = "test_other_prefixes_and_suffixes_start_nothing"
UNKNOWN = "test_flights_of_unknown_airports_are_set_aside_and_counted"

REMEDIES = (
    Remedy(
        1,
        "a running crawler fails the execution",
        MACHINE,
        _no_catch("StartCrawler", "Glue.CrawlerRunningException"),
        (BUSY,),
    ),
    Remedy(
        1,
        "a busy job fails the execution",
        MACHINE,
        _no_catch("StartJobRun", "Glue.ConcurrentRunsExceededException"),
        (BUSY,),
    ),
    Remedy(
        2,
        "STOPPING is taken for the end of a crawl",
        MACHINE,
        replaced("$crawl.Covers and $crawl.Status = 'SUCCEEDED'", "$crawl.State != 'RUNNING'"),
        ("test_crawl_that_is_stopping_has_not_ended_and_covers_no_later_file",),
    ),
    Remedy(
        2,
        "any earlier crawl stands for the one under way",
        MACHINE,
        replaced(
            " and $toMillis($states.result.Crawler.LastCrawl.StartTime) >="
            " $toMillis($states.context.Execution.StartTime)"
            " - ($ownCrawl and $states.result.Crawler.State = 'READY' ? 1000 : 0)",
            "",
        ),
        ("test_earlier_crawl_does_not_stand_for_the_one_under_way",),
    ),
    Remedy(
        2,
        "a crawl's result is not looked at",
        MACHINE,
        replaced("$crawl.Covers and $crawl.Status = 'SUCCEEDED'", "$crawl.Covers"),
        ("test_crawl_that_failed_fails_the_execution",),
    ),
    Remedy(
        3,
        "errors are not caught",
        MACHINE,
        edited(_no_catch_of_all),
        (
            "test_state_that_fails_is_told_of_and_fails_the_execution",
            "test_success_that_cannot_be_told_is_a_failure_and_told_as_one",
        ),
    ),
    Remedy(
        3,
        "an execution that has told of its failure ends green",
        MACHINE,
        edited(_end_with_the_message),
        (
            "test_state_that_fails_is_told_of_and_fails_the_execution[StartCrawler]",
            "test_state_that_fails_is_told_of_and_fails_the_execution[AskWhatWasLoaded]",
            "test_success_that_cannot_be_told_is_a_failure_and_told_as_one",
        ),
    ),
    Remedy(
        4,
        "files that load_history has are loaded again",
        JOB,
        _statement_gone(
            "DELETE FROM airlines.flights_staging WHERE source_file IN"
            " (SELECT source_file FROM airlines.load_history)"
        ),
        (DIES, "test_file_that_lands_twice_under_its_key_is_loaded_once"),
    ),
    Remedy(
        4,
        "the load leaves no record of its files",
        JOB,
        _statement_gone("INSERT INTO airlines.load_history"),
        (DIES,),
    ),
    Remedy(
        4,
        "the bookmark moves before the load",
        JOB,
        _commit_first,
        ("test_run_that_dies_before_the_load_loses_nothing",),
    ),
    Remedy(
        4,
        "a run that failed is not begun again",
        MACHINE,
        edited(lambda states: states["StartJobRun"]["Retry"].pop()),
        (DIES, "test_run_that_dies_before_the_load_loses_nothing"),
    ),
    # In quotes: a bare * begins an alias in YAML.
    Remedy(5, "the rule has no prefix", TEMPLATE, replaced("raw/*.csv", '"*.csv"'), (OTHERS,)),
    Remedy(5, "the rule has no suffix", TEMPLATE, replaced("raw/*.csv", "raw/*"), (OTHERS,)),
    Remedy(
        5,
        "the rule's prefix has no slash",
        TEMPLATE,
        replaced("raw/*.csv", "raw*.csv"),
        (OTHERS,),
    ),
    Remedy(
        6,
        "airports are joined by inner joins",
        JOB,
        replaced('F.col("airport_id"), "left"', 'F.col("airport_id"), "inner"', times=2),
        (UNKNOWN,),
    ),
    Remedy(
        6,
        "flights of unknown airports are not kept",
        JOB,
        _statement_gone("INSERT INTO airlines.unmatched_flights"),
        (UNKNOWN,),
    ),
    Remedy(
        6,
        "the message does not count them",
        MACHINE,
        edited(
            lambda states: states["NotifySuccess"]["Arguments"]["Message"].update(RowsUnmatched=0)
        ),
        (UNKNOWN,),
    ),
    Remedy(
        7,
        "values are read by place, whatever the header says",
        JOB,
        replaced(
            """F.raise_error(F.concat(F.lit(OTHER_HEADER), F.col("source_file")))""",
            "F.lit(HEADER)",
        ),
        (f"{KIND}[turned_columns]", f"{KIND}[more_columns_first]", f"{KIND}[missing_column]"),
    ),
    Remedy(
        7,
        "a file without a header is loaded",
        JOB,
        _statement_gone("UPDATE airlines.flights_staging"),
        (f"{KIND}[no_header]", f"{KIND}[other_names]"),
    ),
    Remedy(
        7,
        "numbers are not checked",
        JOB,
        replaced('WHOLE_NUMBER = "^[+-]?[0-9]{1,18}$"', 'WHOLE_NUMBER = ".*"'),
        (f"{KIND}[bad_lines]",),
    ),
    Remedy(
        7,
        "rejected lines are not kept",
        JOB,
        _statement_gone("INSERT INTO airlines.rejected_flights"),
        (f"{KIND}[bad_lines]", "test_rejected_lines_are_kept_as_they_were"),
    ),
    Remedy(
        7,
        "the crawler guesses what is CSV and what a header",
        TEMPLATE,
        replaced("      Classifiers:\n        - !Ref RawClassifier\n", ""),
        ("test_first_files_ever_may_have_no_rows",),
    ),
    Remedy(
        7,
        "an execution does not ask for its own file",
        MACHINE,
        edited(
            lambda states: states["IsOwnFileLoaded"]["Choices"][0].update(Condition="{% false %}")
        ),
        ("test_file_that_is_no_csv_fails_its_execution_and_no_other",),
    ),
    Remedy(
        8,
        "the dimension has bookmark keys",
        JOB,
        replaced(
            'additional_options={"aws_iam_role": args["REDSHIFT_ROLE_ARN"]}',
            'additional_options={"aws_iam_role": args["REDSHIFT_ROLE_ARN"],'
            ' "jobBookmarkKeys": ["airport_id"], "jobBookmarkKeysSortOrder": "asc"}',
        ),
        ("test_later_run_still_knows_every_airport",),
    ),
)


@dataclass(frozen=True)
class Copy(copies.Copy):
    """A copy of the pipeline's files: with all remedies, or without one."""

    remedy: Remedy | None = None


def copy_without(remedy: Remedy, folder: Path) -> Path:
    """Make a copy of the pipeline's files in a new folder, without one remedy.

    Raises
    ------
    RemedyError
        If the remedy is not where it was.
    """
    file = copies.copy_files(folder) / remedy.file
    try:
        file.write_text(remedy.change(file.read_text("utf-8")), "utf-8")
    except RemedyError as error:
        raise RemedyError(f"{remedy.point}, {remedy.without}: {remedy.file}: {error}") from None
    return folder


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the remedies out, run the tests, and print what came.

    Returns
    -------
    int
        0 when every remedy is protected, else 1.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.remedies")
    parser.add_argument("--point", type=int, choices=range(1, 9), action="append")
    parser.add_argument("--list", action="store_true", help="print the remedies and run nothing")
    given = parser.parse_args(arguments)
    chosen = [r for r in REMEDIES if not given.point or r.point in given.point]
    if given.list:
        for remedy in chosen:
            _say(f"{remedy.point}  {remedy.without}  ({remedy.file})")
        return 0
    with tempfile.TemporaryDirectory(prefix="etlocal-remedies-") as folder:
        made = []
        for number, remedy in enumerate(chosen):
            name = f"without{number}"
            changed = copy_without(remedy, Path(folder) / name)
            made.append(Copy(name, changed, remedy.tests, remedy))
        every = tuple(test for remedy in chosen for test in remedy.tests)
        made.append(Copy("complete", ROOT, every))
        session = copies.Session(made)
        pytest.main(
            ["-p", "no:cacheprovider", "-n", "0", "-v", "--tb=no", str(TESTS)],
            plugins=[session],
        )
    return _told(made, session.outcomes)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _described(outcome: copies.Outcome) -> str:
    """Say what came of a test: passed, failed by an assertion, or broken."""
    if not outcome.failed:
        return "passed"
    asserted = outcome.said.startswith(("AssertionError", "assert"))
    line = outcome.said.partition("\n")[0]
    if outcome.when == "call" and asserted:
        return f"failed: {line}"
    return f"broken: {outcome.when}: {line}"


def _told(made: Sequence[Copy], outcomes: Mapping[str, Mapping[str, copies.Outcome]]) -> int:
    wrong = 0
    _say("")
    for copy in made:
        found = {test: _described(o) for test, o in outcomes.get(copy.name, {}).items()}
        wanted = "passed" if copy.remedy is None else "failed"
        bad = {test: o for test, o in found.items() if o.partition(":")[0] != wanted}
        good = bool(found) and not bad
        wrong += not good
        what = "nothing taken out" if copy.remedy is None else copy.remedy.without
        point = " " if copy.remedy is None else copy.remedy.point
        kept = "passes" if copy.remedy is None else "found out"
        _say(f"{point}  {what:58}  {kept if good else 'NOT PROVEN'}  ({len(found)} tests)")
        for test, outcome in sorted(found.items() if copy.remedy is not None else bad.items()):
            _say(f"     {test}: {outcome[:150]}")
    _say(f"\n{len(made) - 1} remedies, {wrong} not proven")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
