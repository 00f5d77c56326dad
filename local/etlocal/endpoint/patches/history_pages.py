"""``GetExecutionHistory`` gives its events by the page, and without their data when asked.

LocalStack gives all of them in one answer: a script that reads one page only would see more here
than on AWS. A page of a history read backwards goes on below the event it ended with, so that what
a running execution adds meanwhile moves nothing.

Source: Step Functions API Reference, "GetExecutionHistory" (100 events unless told otherwise) and
"Using pagination".
"""

from __future__ import annotations

from typing import Any

from localstack.aws.api.stepfunctions import InvalidToken, ValidationException
from localstack.services.stepfunctions.provider import StepFunctionsProvider

from etlocal.settings import Settings

_PAGE = 100
_LARGEST_PAGE = 1000
_DATA = ("input", "output")


def apply(_: Settings) -> None:
    """Cut every history into pages."""
    original = StepFunctionsProvider.get_execution_history

    def get_execution_history(
        self: Any,
        context: Any,
        execution_arn: str,
        max_results: int | None = None,
        reverse_order: bool | None = None,
        next_token: str | None = None,
        include_execution_data: bool | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        if max_results is not None and max_results > _LARGEST_PAGE:
            raise ValidationException(
                f"1 validation error detected: Value '{max_results}' at 'maxResults' failed to "
                f"satisfy constraint: Member must have value less than or equal to {_LARGEST_PAGE}"
            )
        events = original(self, context, execution_arn, reverse_order=reverse_order)["events"]
        if next_token is not None:
            events = events[_position(events, next_token) :]
        page = events[: max_results or _PAGE]
        if include_execution_data is False:
            page = [_without_data(event) for event in page]
        more = {"nextToken": str(page[-1]["id"])} if len(page) < len(events) else {}
        return {"events": page, **more}

    StepFunctionsProvider.get_execution_history = get_execution_history


def _position(events: list[Any], token: str) -> int:
    """Give where the page after the event that a token names begins."""
    for position, event in enumerate(events):
        if str(event["id"]) == token:
            return position + 1
    raise InvalidToken("Invalid Token: 'Invalid token'")


def _without_data(event: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {key: value for key, value in field.items() if key not in _DATA}
        if isinstance(field, dict)
        else field
        for name, field in event.items()
    }
