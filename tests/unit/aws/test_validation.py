"""Requests are checked against botocore's models, in the words AWS answers."""

from __future__ import annotations

from typing import Any

import pytest

from etlocal.aws.operations import service_model
from etlocal.aws.validation import violations


def check(operation: str, request: dict[str, Any]) -> list[str]:
    shape = service_model("glue").operation_model(operation).input_shape
    assert shape is not None
    return violations(shape, request)


def test_sound_request_has_no_violation() -> None:
    assert check("CreateDatabase", {"DatabaseInput": {"Name": "sales"}}) == []


def test_missing_required_member_is_named() -> None:
    assert check("GetTable", {"DatabaseName": "sales"}) == [
        "Value null at 'name' failed to satisfy constraint: Member must not be null"
    ]


def test_too_long_a_name_is_refused_though_botocore_lets_it_pass() -> None:
    [sentence] = check("CreateDatabase", {"DatabaseInput": {"Name": "a" * 256}})
    assert sentence.endswith("Member must have length less than or equal to 255")
    assert "'databaseInput.name'" in sentence


def test_value_outside_its_enum_is_refused_with_the_values_there_are() -> None:
    [sentence] = check(
        "CreateCrawler",
        {"Name": "c", "Role": "r", "Targets": {}, "RecrawlPolicy": {"RecrawlBehavior": "NOW"}},
    )
    assert "'recrawlPolicy.recrawlBehavior'" in sentence
    assert "CRAWL_NEW_FOLDERS_ONLY" in sentence


@pytest.mark.parametrize(
    ("request_", "wanted"),
    [
        ({"Name": 1, "DatabaseName": "d"}, "type string"),
        ({"Name": "t", "DatabaseName": ["d"]}, "type string"),
        ({"Name": "t", "DatabaseName": "d", "IncludeStatusDetails": "yes"}, "type boolean"),
    ],
)
def test_wrong_type_is_refused(request_: dict[str, Any], wanted: str) -> None:
    [sentence] = check("GetTable", request_)
    assert sentence.endswith(wanted)


def test_number_outside_its_range_is_refused() -> None:
    [sentence] = check("GetTables", {"DatabaseName": "d", "MaxResults": 0})
    assert "greater than or equal to 1" in sentence


def test_every_violation_is_told_not_the_first_alone() -> None:
    assert len(check("GetTable", {})) == 2


def test_secret_is_never_quoted() -> None:
    shape = service_model("redshift-serverless").operation_model("CreateNamespace").input_shape
    assert shape is not None
    request = {"namespaceName": "shop", "adminUserPassword": ["hunter2"], "adminUsername": 1}
    assert len(violations(shape, request)) == 2
    assert "hunter2" not in " ".join(violations(shape, request))


@pytest.mark.parametrize(
    ("operation", "request_", "path"),
    [
        ("GetTables", {"DatabaseName": "d", "NextToken": "a\ud800"}, "'nextToken'"),
        ("GetJobRuns", {"JobName": "j", "NextToken": "\udfff"}, "'nextToken'"),
        (
            "TagResource",
            {"ResourceArn": "arn:aws:glue:x", "TagsToAdd": {"\ud800": "v"}},
            "'tagsToAdd.key'",
        ),
    ],
)
def test_half_a_surrogate_pair_is_refused_in_an_answer_that_can_be_encoded(
    operation: str, request_: dict[str, Any], path: str
) -> None:
    [sentence] = check(operation, request_)
    assert path in sentence
    assert sentence.encode()


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 10**300])
def test_an_integer_beyond_32_bits_is_refused(number: int) -> None:
    [sentence] = check("UpdateJob", {"JobName": "j", "JobUpdate": {"MaxRetries": number}})
    assert sentence.endswith("a signed 32-bit integer")


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 10**400])
def test_a_number_that_is_not_finite_is_refused(number: float) -> None:
    [sentence] = check("UpdateJob", {"JobName": "j", "JobUpdate": {"MaxCapacity": number}})
    assert sentence.endswith("a finite number")


def test_null_is_no_value_of_a_map() -> None:
    request = {"JobName": "j", "Arguments": {"--a": None}}
    [sentence] = check("StartJobRun", request)
    assert sentence.startswith("Value null at 'arguments.--a'")


def test_a_time_is_a_time() -> None:
    request = {"DatabaseName": "d", "QueryAsOfTime": "yesterday"}
    [sentence] = check("GetTables", request)
    assert sentence.endswith("Member must be of type timestamp")


def test_digits_of_a_pattern_are_those_of_ascii() -> None:
    shape = service_model("redshift-data").operation_model("DescribeStatement").input_shape
    assert shape is not None
    statement = "d9b6c0c9-0747-4bf4-b142-e8883122f766"
    assert violations(shape, {"Id": f"{statement}:2"}) == []
    assert len(violations(shape, {"Id": f"{statement}:۲"})) == 1
