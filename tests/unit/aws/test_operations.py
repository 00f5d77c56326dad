"""A request goes through the table of operations, or is refused loudly."""

from __future__ import annotations

from typing import Any

import pytest

from etlocal.aws.call import Call
from etlocal.aws.errors import AwsError, NotImplementedByEmulatorError, ValidationError
from etlocal.aws.operations import Operations


@pytest.fixture
def operations() -> Operations:
    table = Operations("glue")

    @table.operation("GetDatabase")
    def get_database(request: Any, call: Call) -> dict[str, Any]:
        return {"Database": {"Name": request["Name"], "CatalogId": call.account}}

    return table


def test_entered_operation_answers(operations: Operations, call: Call) -> None:
    assert operations.handle("GetDatabase", {"Name": "sales"}, call) == {
        "Database": {"Name": "sales", "CatalogId": "000000000000"}
    }


def test_operation_that_is_not_entered_answers_501_and_names_itself(
    operations: Operations, call: Call
) -> None:
    with pytest.raises(NotImplementedByEmulatorError, match=r"glue\.StartTrigger") as caught:
        operations.handle("StartTrigger", {"Name": "t"}, call)
    assert (caught.value.code, caught.value.status) == ("NotImplemented", 501)


def test_request_that_breaks_the_model_never_reaches_the_operation(
    operations: Operations, call: Call
) -> None:
    with pytest.raises(ValidationError, match="1 validation error detected"):
        operations.handle("GetDatabase", {}, call)


def test_name_that_is_no_operation_of_the_service_cannot_be_entered() -> None:
    with pytest.raises(ValueError, match="glue has no operation GetDatabse"):
        Operations("glue").operation("GetDatabse")


def test_operation_cannot_be_entered_twice(operations: Operations) -> None:
    with pytest.raises(ValueError, match="entered twice"):
        operations.operation("GetDatabase")


def test_error_keeps_its_message_and_fields() -> None:
    error = AwsError("no", Reason="because")
    assert (str(error), error.fields) == ("no", {"Reason": "because"})
