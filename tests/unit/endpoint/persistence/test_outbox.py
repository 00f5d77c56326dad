"""The outbox: what was accepted is there, what only might have happened is not."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from etlocal.endpoint.persistence.outbox import Delivery, Outbox


def delivery(**changes: Any) -> Delivery:
    given: dict[str, Any] = {
        "event": {"id": "e", "detail": {"key": "a/b"}},
        "target": {"Id": "t", "Arn": "arn:aws:sqs:us-east-1:000000000000:q"},
        "rule_arn": "arn:aws:events:us-east-1:000000000000:rule/r",
        "rule_name": "r",
        "region": "us-east-1",
        "account": "000000000000",
        "trace": "Root=1-0-0",
        "accepted": time.time(),
    }
    return Delivery(**(given | changes))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite3"


def test_deliveries_are_there_for_the_next_process_as_they_were(path: Path) -> None:
    first, second = delivery(due=20.0), delivery(due=10.0)
    outbox = Outbox(path)
    outbox.add([first, second])
    first.attempts, first.code, first.due = 3, "THROTTLING", 5.0
    outbox.update(first)
    assert Outbox(path).pending() == [first, second]


def test_what_has_arrived_is_gone(path: Path) -> None:
    outbox = Outbox(path)
    arrived = delivery()
    outbox.add([arrived])
    outbox.remove(arrived)
    # An attempt that ends late does not bring it back.
    outbox.update(arrived)
    assert outbox.is_empty()


def test_what_is_held_is_delivered_when_it_has_happened(path: Path) -> None:
    outbox = Outbox(path)
    happened, failed, unknown = delivery(), delivery(), delivery()
    outbox.add([happened], hold="happened")
    outbox.add([failed], hold="failed")
    outbox.add([unknown], hold="unknown")
    assert outbox.pending() == []
    outbox.release("happened")
    outbox.drop("failed")
    assert outbox.pending() == [happened]
    assert not outbox.is_empty()


def test_what_was_held_at_the_end_is_settled_by_what_is_known_to_have_happened(path: Path) -> None:
    happened, cut_off, plain = delivery(), delivery(), delivery()
    outbox = Outbox(path)
    outbox.add([happened], hold="1")
    outbox.add([cut_off], hold="2")
    outbox.add([plain])
    again = Outbox(path)
    again.settle(["1", "of long ago"])
    assert {each.id for each in again.pending()} == {happened.id, plain.id}
    again.remove(happened)
    again.remove(plain)
    assert again.is_empty()


def test_a_policy_has_eventbridges_defaults() -> None:
    assert delivery().maximum_retries == 185
    assert delivery().maximum_age == 86400
    policy = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
    strict = delivery(target={"Id": "t", "Arn": "a", "RetryPolicy": policy})
    assert (strict.maximum_retries, strict.maximum_age) == (0, 60)
