"""The Data API: statements, their states, results, sessions and batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from etlocal.aws.call import Call
from etlocal.aws.errors import AwsError
from etlocal.redshift.data.operations import OPERATIONS


def test_a_statement_ends_with_a_typed_result(
    run: Callable[..., dict[str, Any]], call: Call
) -> None:
    described = run("select 1 as a, 'x' as b, 1.5 as c, true as d, null as e, 2::float8 as f")
    assert described["Status"] == "FINISHED"
    assert described["HasResultSet"] is True
    assert described["ResultRows"] == 1
    answer = OPERATIONS.handle("GetStatementResult", {"Id": described["Id"]}, call)
    assert answer["Records"] == [
        [
            {"longValue": 1},
            {"stringValue": "x"},
            {"stringValue": "1.5"},
            {"booleanValue": True},
            {"isNull": True},
            {"doubleValue": 2.0},
        ]
    ]
    assert [c["typeName"] for c in answer["ColumnMetadata"]][:4] == [
        "int4",
        "varchar",
        "numeric",
        "bool",
    ]


def test_an_unknown_relation_fails_in_redshifts_words(run: Callable[..., dict[str, Any]]) -> None:
    described = run("select * from nowhere")
    assert described["Status"] == "FAILED"
    assert described["Error"] == 'ERROR: relation "nowhere" does not exist'


def test_an_unknown_workgroup_is_refused_at_once(call: Call) -> None:
    with pytest.raises(AwsError, match="Redshift endpoint doesn't exist") as caught:
        OPERATIONS.handle(
            "ExecuteStatement", {"Sql": "select 1", "WorkgroupName": "gone", "Database": "d"}, call
        )
    assert caught.value.code == "ValidationException"
