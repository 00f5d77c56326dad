"""The strategies that make requests from botocore's models keep their word."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.validate import ParamValidator
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

import etlocal.glue  # noqa: F401  (enters the operations)
from etlocal.aws.operations import service_model
from etlocal.aws.validation import violations
from etlocal.glue.operations import OPERATIONS
from tests.hypothesis_profiles import examples
from tests.requests_from_models import invalid_requests, requests

FEW = examples(60, suppress_health_check=list(HealthCheck))
GLUE = [("glue", name) for name in OPERATIONS.implemented]
DATA = [("redshift-data", name) for name in service_model("redshift-data").operation_names]


def input_shape(service: str, operation: str) -> Any:
    return service_model(service).operation_model(operation).input_shape


@FEW
@given(st.data())
def test_a_request_is_valid_to_the_services_and_to_botocore(data: st.DataObject) -> None:
    service, operation = data.draw(st.sampled_from(GLUE + DATA))
    shape = input_shape(service, operation)
    request = data.draw(requests(service, operation))
    assert violations(shape, request) == []
    assert not ParamValidator().validate(request, shape).has_errors()


@FEW
@given(st.data())
def test_an_invalid_request_is_refused(data: st.DataObject) -> None:
    service, operation = data.draw(st.sampled_from(GLUE + DATA))
    request = data.draw(invalid_requests(service, operation))
    assert violations(input_shape(service, operation), request) != []


@pytest.mark.parametrize(
    ("known", "found"),
    [
        ({"Name": ["by member"]}, "by member"),
        ({"Name": ["by member"], "GetTable.Name": ["by operation"]}, "by operation"),
    ],
)
def test_known_values_stand_in_most_requests(known: dict[str, list[str]], found: str) -> None:
    drawn: list[str] = []

    @FEW
    @given(requests("glue", "GetTable", known=known))
    def draw(request: dict[str, Any]) -> None:
        drawn.append(request["Name"])

    draw()
    assert drawn.count(found) > len(drawn) / 2
