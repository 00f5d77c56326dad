"""Which calls a fault hits, and what cannot be a fault."""

from __future__ import annotations

from typing import Any

import pytest

from etlocal.aws.faults import FaultError, FaultRule, FaultTable


def rule(**values: Any) -> FaultRule:
    given: dict[str, Any] = {
        "kind": "fail",
        "service": "glue",
        "operation": "StartJobRun",
        "code": "ThrottlingException",
    }
    return FaultRule(**given | values)


def hit_calls(fault: FaultRule, calls: int) -> list[int]:
    table = FaultTable()
    placed = table.place(fault)
    for _ in range(calls):
        table.meet("glue", "StartJobRun", {"JobName": "load"})
    assert placed.calls == calls
    return placed.hits


@pytest.mark.parametrize(
    ("nth", "times", "hits"),
    [
        (1, 1, [1]),
        (3, 1, [3]),
        (2, 3, [2, 3, 4]),
        (4, None, [4, 5, 6]),
        (7, None, []),
    ],
)
def test_from_the_nth_call_on_so_many_are_hit(nth: int, times: int | None, hits: list[int]) -> None:
    assert hit_calls(rule(nth=nth, times=times), 6) == hits


def test_other_operations_and_parameters_are_neither_counted_nor_hit() -> None:
    table = FaultTable()
    placed = table.place(rule(where={"JobName": "load"}))

    assert table.meet("glue", "GetJobRun", {"JobName": "load"}) == []
    assert table.meet("events", "StartJobRun", {"JobName": "load"}) == []
    assert table.meet("glue", "StartJobRun", {"JobName": "other"}) == []
    assert table.meet("glue", "StartJobRun", {}) == []
    assert placed.calls == 0
    assert table.meet("glue", "StartJobRun", {"JobName": "load", "Timeout": 1}) == [placed]


def test_every_fault_counts_a_call_that_an_earlier_one_makes_fail() -> None:
    table = FaultTable()
    late = table.place(rule(kind="delay", code=None, seconds=1))
    failing = table.place(rule())
    cut = table.place(rule(kind="cut_off", code=None, times=None))

    assert table.meet("glue", "StartJobRun", {}) == [late, failing]
    assert table.meet("glue", "StartJobRun", {}) == [cut]
    assert (late.calls, failing.calls, cut.calls) == (2, 2, 2)
    assert cut.hits == [2]


def test_removed_fault_hits_no_more_and_lets_go_of_what_it_delays() -> None:
    table = FaultTable()
    one, two = table.place(rule(times=None)), table.place(rule(times=None))

    table.remove(one.id)
    assert one.removed.is_set()
    assert table.get(one.id) is None
    assert table.meet("glue", "StartJobRun", {}) == [two]
    table.clear()
    assert two.removed.is_set()
    assert table.meet("glue", "StartJobRun", {}) == []


@pytest.mark.parametrize(
    ("service", "code", "status"),
    [
        ("glue", "ConcurrentRunsExceededException", 400),
        ("glue", "InternalServiceException", 500),
        ("glue", "ServiceUnavailable", 503),
        ("redshift-data", "InternalServerException", 500),
        ("sns", "AuthorizationError", 403),
        ("s3", "SlowDown", 503),
        ("s3", "NoSuchKey", 404),
        ("glue", "SomethingOfItsOwn", 400),
    ],
)
def test_status_is_the_models_or_that_of_the_common_errors(
    service: str, code: str, status: int
) -> None:
    operation = {
        "glue": "StartJobRun",
        "redshift-data": "ExecuteStatement",
        "sns": "Publish",
        "s3": "GetObject",
    }[service]
    assert rule(service=service, operation=operation, code=code).status == status


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"service": "gleu"}, r"no service 'gleu'.*glue"),
        ({"operation": "startJobRun"}, r"no operation 'startJobRun'; did you mean StartJobRun"),
        ({"service": "awsglue"}, r"awsglue has no operation 'StartJobRun'"),
        ({"where": {"Name": "x"}}, r"no parameter 'Name' for `where`; it has .*JobName"),
        ({"nth": 0}, r"nth must be a whole number from 1, not 0"),
        ({"nth": True}, r"nth must be a whole number"),
        ({"times": -1}, r"times must be a whole number from 1, not -1"),
        ({"code": " "}, r"needs the code of an AWS error"),
        ({"kind": "delay", "seconds": -0.5}, r"seconds must be a number from 0, not -0.5"),
        ({"kind": "delay", "seconds": float("nan")}, r"seconds must be a number from 0, not nan"),
        ({"kind": "delay"}, r"seconds must be a number from 0, not None"),
        ({"kind": "explode"}, r"one of fail, delay, cut_off, not 'explode'"),
    ],
)
def test_what_cannot_be_is_refused_by_name(values: dict[str, Any], message: str) -> None:
    with pytest.raises(FaultError, match=message):
        rule(**values)


def test_rule_comes_back_from_its_document() -> None:
    fault = rule(where={"JobName": "load"}, times=None)
    assert FaultRule.from_document(fault.to_document()) == fault


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {"kind": "fail"},
        {"kind": "cut_off", "service": "glue", "operation": "GetJob", "colour": 1},
        {"kind": "cut_off", "service": "glue", "operation": "GetJob", "where": 1},
        {"kind": "cut_off", "service": ["glue"], "operation": "GetJob"},
    ],
)
def test_document_that_is_no_rule_is_refused(document: object) -> None:
    with pytest.raises(FaultError):
        FaultRule.from_document(document)
