"""The small languages of crawlers: exclude patterns, schedules, table names."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from etlocal.glue.crawler.globs import GlobError, matcher
from etlocal.glue.crawler.names import distinguished, table_name
from etlocal.glue.crawler.schedule import CronError, parse_cron


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.csv", "a.csv", True),
        ("*.csv", "folder/a.csv", False),
        ("**.csv", "folder/a.csv", True),
        ("*.{csv,avro}", "a.avro", True),
        ("*.{csv,avro}", "a.json", False),
        ("foo.?", "foo.c", True),
        ("foo.?", "foo.cc", False),
        ("foo.?", "foo./", False),
        ("departments/*", "departments/a", True),
        ("departments/*", "departments/a/b", False),
        ("departments/**", "departments/a/b", True),
        ("year=[0-9]/*", "year=7/x", True),
        ("year=[!0-9]/*", "year=7/x", False),
        ("a[!b]c", "a/c", False),
        ("[a-c,x]1", "x1", True),
        ("\\*.csv", "*.csv", True),
        ("\\*.csv", "a.csv", False),
        ("a,b", "a,b", True),
        ("a.b", "axb", False),
        ("{a,b{c,d}}e", "bde", True),
    ],
)
def test_globs_match_as_glue_says(pattern: str, path: str, matches: bool) -> None:
    compiled = matcher([pattern])
    assert compiled is not None
    assert bool(compiled.fullmatch(path)) is matches


def test_no_patterns_match_nothing() -> None:
    assert matcher([]) is None


@pytest.mark.parametrize("pattern", ["{a,b", "[ab"])
def test_open_brackets_are_refused(pattern: str) -> None:
    with pytest.raises(GlobError):
        matcher([pattern])


@pytest.mark.parametrize(
    ("cron", "moment", "fires"),
    [
        ("cron(15 12 * * ? *)", (2024, 5, 1, 12, 15), True),
        ("cron(15 12 * * ? *)", (2024, 5, 1, 12, 16), False),
        ("cron(0/15 * * * ? *)", (2024, 5, 1, 3, 45), True),
        ("cron(0/15 * * * ? *)", (2024, 5, 1, 3, 50), False),
        ("cron(0 18 ? * MON-FRI *)", (2024, 5, 3, 18, 0), True),
        ("cron(0 18 ? * MON-FRI *)", (2024, 5, 4, 18, 0), False),
        ("cron(0 0 ? * 1 *)", (2024, 5, 5, 0, 0), True),
        ("cron(0 8 1 JAN,JUL ? 2024)", (2024, 7, 1, 8, 0), True),
        ("cron(0 8 1 JAN,JUL ? 2024)", (2025, 7, 1, 8, 0), False),
        ("cron(10-20/5 * * * ? *)", (2024, 5, 1, 3, 20), True),
        ("cron(10-20/5 * * * ? *)", (2024, 5, 1, 3, 25), False),
    ],
)
def test_cron_fires_in_its_minutes(
    cron: str, moment: tuple[int, int, int, int, int], fires: bool
) -> None:
    assert parse_cron(cron).matches(datetime(*moment, tzinfo=UTC)) is fires


@pytest.mark.parametrize(
    "cron",
    [
        "rate(5 minutes)",
        "cron(15 12 * * *)",
        "cron(15 12 * * * *)",
        "cron(15 12 ? * ? *)",
        "cron(60 12 * * ? *)",
        "cron(? 12 * * ? *)",
        "cron(5/0 12 * * ? *)",
        "cron(20-10 12 * * ? *)",
        "cron(0 0 L * ? *)",
        "cron(0 0 ? * 2#1 *)",
    ],
)
def test_cron_that_is_not_emulated_or_not_valid_is_refused(cron: str) -> None:
    with pytest.raises(CronError):
        parse_cron(cron)


def test_table_names_have_lower_case_letters_digits_and_underscores() -> None:
    assert table_name("year=2017", "Raw-") == "raw_year_2017"
    assert len(table_name("x" * 300)) == 255
    assert distinguished("t", "s3://a/") != distinguished("t", "s3://b/")
    assert len(distinguished("x" * 255, "s3://a/")) == 255
