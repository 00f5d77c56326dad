"""Glue's events are sent on a best-effort basis."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from etlocal.aws.call import Acting, Runtime
from etlocal.aws.store import Store
from etlocal.glue.events import put_event
from etlocal.settings import Settings


class Bus:
    """A client factory whose client answers, or raises, what the test says."""

    def __init__(self, answer: dict[str, Any] | Exception) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str, str, str | None]] = []
        self.entries: list[dict[str, Any]] = []

    def __call__(
        self, service: str, *, account: str, region: str, acting: Acting | None = None
    ) -> Any:
        self.asked.append((service, account, region, acting.role_arn if acting else None))
        return self

    def put_events(self, **request: Any) -> dict[str, Any]:
        self.entries += request["Entries"]
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def send(settings: Settings, bus: Bus) -> bool:
    runtime = Runtime(settings, Store(settings.state_dir / "state.sqlite"), bus)
    return put_event(
        runtime,
        account="111111111111",
        region="eu-west-1",
        detail_type="Glue Job State Change",
        detail={"jobName": "é"},
    )


def test_an_event_goes_to_the_bus_of_its_account_and_region(settings: Settings) -> None:
    bus = Bus({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})

    assert send(settings, bus)
    assert bus.asked == [("events", "111111111111", "eu-west-1", None)]
    assert bus.entries == [
        {
            "Source": "aws.glue",
            "DetailType": "Glue Job State Change",
            "Detail": '{"jobName": "\\u00e9"}',
        }
    ]


@pytest.mark.parametrize(
    "answer",
    [
        {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "NotAuthorizedForSourceException"}]},
        EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
        ClientError({"Error": {"Code": "InternalFailure"}}, "PutEvents"),
    ],
    ids=["refused", "unreachable", "failed"],
)
def test_an_event_that_is_not_taken_is_in_the_log_and_harms_nothing(
    settings: Settings, caplog: pytest.LogCaptureFixture, answer: dict[str, Any] | Exception
) -> None:
    assert not send(settings, Bus(answer))
    assert "Glue Job State Change" in caplog.text
