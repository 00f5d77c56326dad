"""Which operations leave a service as it was."""

from __future__ import annotations

import pytest

from etlocal.endpoint.persistence.mutations import is_kept_otherwise, is_read_only


@pytest.mark.parametrize(
    "operation",
    ["GetObject", "HeadObject", "ListBuckets", "DescribeStacks", "FilterLogEvents"],
)
def test_reading_needs_no_saving(operation: str) -> None:
    assert is_read_only(operation)


@pytest.mark.parametrize(
    "operation",
    # Receiving hides a message from others, and an activity's task is handed out once.
    ["PutObject", "ReceiveMessage", "AssumeRole", "PutEvents", "GetActivityTask", "Invented"],
)
def test_whatever_may_change_something_is_saved(operation: str) -> None:
    assert not is_read_only(operation)


@pytest.mark.parametrize(
    ("service", "operation"),
    [("sqs", "SendMessage"), ("events", "PutEvents"), ("sns", "Publish")],
)
def test_what_writes_its_change_down_itself_needs_no_snapshot(service: str, operation: str) -> None:
    assert is_kept_otherwise(service, operation)
    assert not is_read_only(operation)


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("sqs", "CreateQueue"),
        ("sqs", "PurgeQueue"),
        ("sns", "Subscribe"),
        ("events", "PutRule"),
        ("logs", "CreateLogStream"),
        ("stepfunctions", "CreateStateMachine"),
        ("iam", "CreateRole"),
    ],
)
def test_every_other_change_waits_for_its_snapshot(service: str, operation: str) -> None:
    assert not is_kept_otherwise(service, operation)
