"""getResolvedOptions reads a run's arguments as scripts on Glue do."""

from __future__ import annotations

import pytest
from awsglue.utils import GlueArgumentError, getResolvedOptions


def test_named_arguments_are_returned_in_both_spellings() -> None:
    argv = ["script.py", "--JOB_NAME", "load", "--day=2024-01-01"]
    args = getResolvedOptions(argv, ["JOB_NAME", "day"])
    assert (args["JOB_NAME"], args["day"]) == ("load", "2024-01-01")


def test_what_glue_passes_to_every_run_is_returned_unasked() -> None:
    argv = ["s", "--JOB_NAME", "load", "--JOB_RUN_ID", "jr_1", "--TempDir", "s3://t/"]
    argv += ["--job-bookmark-option", "job-bookmark-enable"]
    args = getResolvedOptions(argv, ["JOB_NAME"])
    assert args["JOB_RUN_ID"] == "jr_1"
    assert args["TempDir"] == "s3://t/"
    assert args["job_bookmark_option"] == "job-bookmark-enable"
    assert args["JOB_ID"] is None


def test_bookmarks_are_disabled_when_nothing_is_said() -> None:
    args = getResolvedOptions(["s"], [])
    assert args["job_bookmark_option"] == "job-bookmark-disable"


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(GlueArgumentError, match="the following arguments are required: --day"):
        getResolvedOptions(["s", "--JOB_NAME", "load"], ["JOB_NAME", "day"])


def test_reserved_arguments_can_be_required() -> None:
    with pytest.raises(GlueArgumentError, match="--TempDir"):
        getResolvedOptions(["s"], ["TempDir"])


def test_abbreviations_are_accepted_while_unique() -> None:
    assert getResolvedOptions(["s", "--day_part", "x"], ["day_partition"])["day_partition"] == "x"
    with pytest.raises(GlueArgumentError, match="ambiguous"):
        getResolvedOptions(["s", "--day", "x"], ["day_one", "day_two"])


def test_an_argument_without_value_is_an_error() -> None:
    with pytest.raises(GlueArgumentError, match="expected one argument"):
        getResolvedOptions(["s", "--day"], ["day"])


def test_unnamed_arguments_are_ignored() -> None:
    argv = ["s", "--conf", "spark.x=1", "--JOB_NAME", "j", "--enable-metrics", "true"]
    assert "conf" not in getResolvedOptions(argv, ["JOB_NAME"])


def test_hyphens_become_underscores() -> None:
    assert getResolvedOptions(["s", "--my-key", "v"], ["my-key"])["my_key"] == "v"


def test_an_unknown_bookmark_option_is_refused() -> None:
    with pytest.raises(GlueArgumentError, match="invalid choice: 'on'"):
        getResolvedOptions(["s", "--job-bookmark-option", "on"], [])


def test_pause_takes_both_ends_or_none() -> None:
    argv = ["s", "--job-bookmark-option", "job-bookmark-pause", "--job-bookmark-from", "jr_1"]
    with pytest.raises(GlueArgumentError, match="both --job-bookmark-from"):
        getResolvedOptions(argv, [])
    argv += ["--job-bookmark-to", "jr_2"]
    assert getResolvedOptions(argv, [])["job_bookmark_to"] == "jr_2"
