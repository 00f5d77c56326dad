"""What a run's arguments ask of the worker."""

from __future__ import annotations

from typing import Any

import pytest

from etlocal.worker.arguments import ArgumentsError, make_plan, parse_conf, script_arguments
from etlocal.worker.protocol import RunRequest


def request(arguments: dict[str, str] | None = None, **more: Any) -> RunRequest:
    return RunRequest(
        run_id="jr_1",
        job_name="load",
        script_location="s3://scripts/load.py",
        arguments=arguments or {},
        region="eu-west-1",
        account="123456789012",
        endpoint_url="http://127.0.0.1:4566",
        **more,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("spark.a=1", {"spark.a": "1"}),
        ("spark.a=1 --conf spark.b=x y", {"spark.a": "1", "spark.b": "x y"}),
        ("--conf spark.a=1  --conf  spark.b=2", {"spark.a": "1", "spark.b": "2"}),
        ("--conf=spark.a=1 --conf=spark.b=2", {"spark.a": "1", "spark.b": "2"}),
        ("spark.a=b=c", {"spark.a": "b=c"}),
        ("spark.a='b c'", {"spark.a": "b c"}),
        ("spark.a=1 --conf spark.a=2", {"spark.a": "2"}),
        (
            "spark.driver.extraJavaOptions=-Da=b -Dc=d --conf spark.x=y",
            {"spark.driver.extraJavaOptions": "-Da=b -Dc=d", "spark.x": "y"},
        ),
    ],
)
def test_conf_takes_one_setting_and_more_after_conf_each(
    text: str, expected: dict[str, str]
) -> None:
    assert parse_conf(text) == expected


@pytest.mark.parametrize("text", ["spark.a", "=1", "spark a=1", "spark.a=1 --conf b"])
def test_a_conf_without_name_or_value_is_refused(text: str) -> None:
    with pytest.raises(ArgumentsError, match=r"setting=value"):
        parse_conf(text)


def test_an_ordinary_run_asks_for_nothing_of_its_own() -> None:
    plan = make_plan(request({"--job-bookmark-option": "job-bookmark-enable", "--DAY": "1"}))
    assert plan.conf == {}
    assert (plan.extra_jars, plan.extra_python_files, plan.python_modules) == ((), (), ())
    assert not plan.data_catalog


@pytest.mark.parametrize(
    ("value", "on"), [("true", True), ("", True), ("True", True), ("false", False)]
)
def test_the_data_catalog_is_on_unless_its_switch_says_false(value: str, *, on: bool) -> None:
    assert make_plan(request({"--enable-glue-datacatalog": value})).data_catalog is on


def test_lists_are_separated_by_commas() -> None:
    plan = make_plan(
        request(
            {
                "--extra-py-files": "s3://b/a.py, s3://b/c.zip",
                "--extra-jars": "s3://b/x.jar",
                "--extra-files": "s3://b/d/e.json,",
                "--additional-python-modules": "faker==1.0,s3://b/w.whl",
            }
        )
    )
    assert plan.extra_python_files == ("s3://b/a.py", "s3://b/c.zip")
    assert plan.extra_jars == ("s3://b/x.jar",)
    assert plan.extra_files == ("s3://b/d/e.json",)
    assert plan.python_modules == ("faker==1.0", "s3://b/w.whl")


@pytest.mark.parametrize("uri", ["/etc/passwd", "file:///etc/passwd", "s3://b", "s3://b/dir/"])
def test_extra_files_are_taken_from_s3_only(uri: str) -> None:
    with pytest.raises(ArgumentsError, match="s3://bucket/key"):
        make_plan(request({"--extra-files": uri}))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"--job-language": "scala"}, "--job-language scala"),
        ({"--datalake-formats": "iceberg"}, "--datalake-formats"),
        ({"--class": "Main"}, "--class"),
        ({"--python-modules-installer-option": "--upgrade"}, "--python-modules-installer-option"),
    ],
)
def test_what_is_not_emulated_is_named(arguments: dict[str, str], named: str) -> None:
    with pytest.raises(ArgumentsError, match=f"{named}.* not emulated"):
        make_plan(request(arguments))


def test_another_glue_version_is_named() -> None:
    with pytest.raises(ArgumentsError, match=r"GlueVersion 4\.0 is not emulated"):
        make_plan(request(glue_version="4.0"))


def test_customer_variables_are_read_with_quoted_commas() -> None:
    plan = make_plan(
        request({"--customer-driver-env-vars": 'CUSTOMER_A=1,"CUSTOMER_B=x,y",CUSTOMER_C=2'})
    )
    assert plan.driver_environment == {
        "CUSTOMER_A": "1",
        "CUSTOMER_B": "x,y",
        "CUSTOMER_C": "2",
    }


def test_a_customer_variable_must_be_called_so() -> None:
    with pytest.raises(ArgumentsError, match="CUSTOMER_<NAME>"):
        make_plan(request({"--customer-executor-env-vars": "PATH=/evil"}))


def test_the_script_gets_glues_names_first_and_each_once() -> None:
    given = script_arguments(request({"--DAY": "1", "--JOB_NAME": "other", "--empty": ""}))
    assert given[:4] == ["--JOB_NAME", "load", "--JOB_RUN_ID", "jr_1"]
    assert given[4] == "--JOB_ID"
    assert given[5].startswith("j_")
    assert len(given[5]) == 66
    assert given[6:] == ["--DAY", "1", "--empty", ""]


def test_a_jobs_id_is_the_same_in_each_run() -> None:
    assert script_arguments(request())[5] == script_arguments(request({"--x": "y"}))[5]
