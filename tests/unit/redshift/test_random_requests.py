"""Every implemented operation, driven with random requests: an answer, or AWS's error and no more.

No other exception, which would be an HTTP 500; no change where a request is refused; no response
that does not fit its model; no statement that does not end.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from etlocal.aws.errors import AwsError, ValidationError
from tests.hypothesis_profiles import examples
from tests.requests_from_models import invalid_requests, odd_requests, requests
from tests.unit.redshift.random_redshift import RandomRedshift, operations

SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
OPERATIONS = sorted(operations())


@pytest.fixture(scope="module")
def redshift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RandomRedshift]:
    """A Redshift whose store is brought back for every example."""
    made = RandomRedshift(Path(tmp_path_factory.mktemp("redshift")))
    yield made
    made.close()


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
def test_an_operation_answers_or_refuses_whole(
    redshift: RandomRedshift, service: str, operation: str
) -> None:
    @examples(6, suppress_health_check=SHARED)
    @given(st.data())
    def drive(data: st.DataObject) -> None:
        redshift.reset()
        make = data.draw(st.sampled_from([requests, requests, odd_requests]))
        request = data.draw(make(service, operation, known=redshift.known))
        redshift.check(service, operation, request)

    drive()


@examples(60, suppress_health_check=SHARED)
@given(st.data())
def test_an_invalid_request_is_refused_with_a_validation_error(
    redshift: RandomRedshift, data: st.DataObject
) -> None:
    redshift.reset()
    service, operation = data.draw(st.sampled_from(OPERATIONS))
    request = data.draw(invalid_requests(service, operation, known=redshift.known))
    assert isinstance(redshift.check(service, operation, request), ValidationError)


@examples(20, suppress_health_check=SHARED)
@given(st.data())
def test_a_series_of_requests_keeps_the_store_sound(
    redshift: RandomRedshift, data: st.DataObject
) -> None:
    redshift.reset()
    for _ in range(data.draw(st.integers(2, 10))):
        service, operation = data.draw(st.sampled_from(OPERATIONS))
        make = data.draw(st.sampled_from([requests, requests, odd_requests]))
        redshift.check(
            service, operation, data.draw(make(service, operation, known=redshift.known))
        )
    # Whatever was kept can be shown.
    for service, operation, request in [
        ("redshift-serverless", "ListNamespaces", {}),
        ("redshift-serverless", "ListWorkgroups", {}),
        ("redshift-serverless", "ListUsageLimits", {}),
        ("redshift", "DescribeClusters", {}),
        ("redshift-data", "ListStatements", {"Status": "ALL"}),
    ]:
        assert not isinstance(redshift.check(service, operation, request), AwsError)
