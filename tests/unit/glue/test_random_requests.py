"""Every implemented operation, driven with random requests: an answer, or AWS's error and no more.

No other exception, which would be an HTTP 500; no change where a request is refused; no response
that does not fit its model.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from etlocal.aws.errors import AwsError, ValidationError
from etlocal.glue.operations import OPERATIONS
from tests.hypothesis_profiles import examples
from tests.requests_from_models import invalid_requests, odd_requests, requests
from tests.unit.glue.random_glue import RandomGlue

# The store is one for all examples, which each begin by emptying it.
SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.fixture(scope="module")
def glue(tmp_path_factory: pytest.TempPathFactory) -> RandomGlue:
    """A Glue that is emptied for every example."""
    return RandomGlue(Path(tmp_path_factory.mktemp("glue")))


@pytest.mark.parametrize("operation", OPERATIONS.implemented)
def test_an_operation_answers_or_refuses_whole(glue: RandomGlue, operation: str) -> None:
    @examples(10, suppress_health_check=SHARED)
    @given(st.data())
    def drive(data: st.DataObject) -> None:
        glue.reset()
        known = glue.known()
        make = data.draw(st.sampled_from([requests, requests, odd_requests]))
        glue.check(operation, data.draw(make("glue", operation, known=known)))

    drive()


@examples(100, suppress_health_check=SHARED)
@given(st.data())
def test_an_invalid_request_is_refused_with_a_validation_error(
    glue: RandomGlue, data: st.DataObject
) -> None:
    glue.reset()
    operation = data.draw(st.sampled_from(OPERATIONS.implemented))
    request = data.draw(invalid_requests("glue", operation, known=glue.known()))
    assert isinstance(glue.check(operation, request), ValidationError)


@examples(40, suppress_health_check=SHARED)
@given(st.data())
def test_a_series_of_requests_keeps_the_store_sound(glue: RandomGlue, data: st.DataObject) -> None:
    glue.reset()
    known = glue.known()
    for _ in range(data.draw(st.integers(2, 12))):
        operation = data.draw(st.sampled_from(OPERATIONS.implemented))
        make = data.draw(st.sampled_from([requests, requests, odd_requests]))
        glue.check(operation, data.draw(make("glue", operation, known=known)))
    # Whatever was kept can be shown.
    for operation in ("GetDatabases", "GetCrawlers", "GetJobs", "GetConnections", "SearchTables"):
        assert not isinstance(glue.check(operation, {}), AwsError)
