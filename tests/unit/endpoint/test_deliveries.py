"""The courier: tries again as the policy says, goes on after a restart, and forgets at a reset."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from etlocal.aws.clock import Clock
from etlocal.endpoint.deliveries import (
    MAXIMUM_AGE,
    MAXIMUM_RETRIES,
    NOT_RETRYABLE,
    Courier,
    Failure,
    UnavailableError,
)
from etlocal.endpoint.persistence.outbox import Delivery, Outbox

from .persistence.test_outbox import delivery

QUICK = Clock(0.001)


class Target:
    """A carrier that notes what it carries, and fails as it is told."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.buried: list[Delivery] = []
        self.failures: list[Failure] = []
        self.always: Failure | None = None
        self.unavailable = 0
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def send(self, delivery: Delivery) -> None:
        self.sent.append(delivery.event["id"])
        self.entered.set()
        assert self.gate.wait(10)
        if self.always or self.failures:
            raise RefusedError(self.always or self.failures.pop(0))

    def explain(self, error: Exception) -> Failure:
        assert isinstance(error, RefusedError)
        return error.failure

    def bury(self, delivery: Delivery) -> None:
        if self.unavailable:
            self.unavailable -= 1
            raise UnavailableError("full")
        self.buried.append(delivery)


class RefusedError(Exception):
    """The target refused."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


BUSY = Failure("THROTTLING", "busy")
GONE = Failure("NO_RESOURCE", "gone", is_permanent=True)


def until(probe: Callable[[], Any], seconds: float = 20) -> Any:
    end = time.monotonic() + seconds
    while not (found := probe()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)
    return found


@pytest.fixture
def target() -> Target:
    return Target()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite3"


@pytest.fixture
def outbox(path: Path) -> Outbox:
    return Outbox(path)


def serve(outbox: Outbox, target: Target, clock: Clock = QUICK) -> Courier:
    courier = Courier(outbox, clock)
    courier.serve(target)
    return courier


def with_policy(**policy: int) -> Delivery:
    return delivery(target={"Id": "t", "Arn": "a", "RetryPolicy": policy})


def test_a_delivery_is_made_once_and_gone(outbox: Outbox, target: Target) -> None:
    courier = serve(outbox, target)
    courier.post([delivery()], courier.era)
    until(outbox.is_empty)
    assert target.sent == ["e"]
    assert target.buried == []


def test_a_failed_one_is_tried_again_until_it_arrives(outbox: Outbox, target: Target) -> None:
    target.failures = [BUSY, BUSY]
    courier = serve(outbox, target)
    courier.post([delivery()], courier.era)
    until(outbox.is_empty)
    assert len(target.sent) == 3
    assert target.buried == []


def test_the_policys_retries_are_made_and_then_the_event_is_given_up(
    outbox: Outbox, target: Target
) -> None:
    target.always = BUSY
    courier = serve(outbox, target)
    courier.post([with_policy(MaximumRetryAttempts=2)], courier.era)
    until(outbox.is_empty)
    assert len(target.sent) == 3
    buried = target.buried[0]
    assert (buried.verdict, buried.retries, buried.code) == (MAXIMUM_RETRIES, 2, "THROTTLING")


def test_an_event_that_is_too_old_is_given_up(outbox: Outbox, target: Target) -> None:
    target.always = BUSY
    courier = serve(outbox, target, Clock(0.01))
    courier.post([with_policy(MaximumEventAgeInSeconds=60)], courier.era)
    buried = until(lambda: target.buried)[0]
    assert buried.verdict == MAXIMUM_AGE
    assert 0 < buried.retries < 185


def test_what_no_retry_mends_is_given_up_at_once(outbox: Outbox, target: Target) -> None:
    target.always = GONE
    courier = serve(outbox, target)
    courier.post([delivery()], courier.era)
    until(outbox.is_empty)
    assert target.sent == ["e"]
    assert (target.buried[0].verdict, target.buried[0].retries) == (NOT_RETRYABLE, 0)


def test_a_queue_that_does_not_answer_is_asked_again(outbox: Outbox, target: Target) -> None:
    target.always, target.unavailable = GONE, 2
    courier = serve(outbox, target)
    courier.post([delivery()], courier.era)
    until(outbox.is_empty)
    assert len(target.buried) == 1
    assert target.sent == ["e"]


def test_the_next_process_goes_on_with_what_is_left_of_the_policy(
    path: Path, target: Target
) -> None:
    target.always = BUSY
    given = with_policy(MaximumRetryAttempts=3)
    first = serve(Outbox(path), target, Clock(1.0))
    first.post([given], first.era)
    until(lambda: Outbox(path).pending()[0].attempts)
    made = len(target.sent)
    # The process ends here: its courier is not asked any more.
    first.suspend()
    other = Target()
    other.always = BUSY
    serve(Outbox(path), other).resume()
    buried = until(lambda: other.buried)[0]
    assert buried.id == given.id
    assert buried.retries == 3
    assert len(other.sent) == 4 - made


def test_what_became_too_old_in_between_is_given_up_without_an_attempt(
    path: Path, target: Target
) -> None:
    old = delivery(accepted=time.time() - 10**6, attempts=1, code="THROTTLING")
    never_tried = delivery(accepted=time.time() - 10**6)
    Outbox(path).add([old, never_tried])
    courier = serve(Outbox(path), target)
    courier.resume()
    until(Outbox(path).is_empty)
    # One that has not been tried yet is, whatever its age.
    assert len(target.sent) == 1
    assert [each.id for each in target.buried] == [old.id]


def test_resuming_does_not_repeat_what_this_process_does_already(
    outbox: Outbox, target: Target
) -> None:
    courier = serve(outbox, target)
    target.gate.clear()
    courier.post([delivery()], courier.era)
    assert target.entered.wait(10)
    courier.resume()
    target.gate.set()
    until(outbox.is_empty)
    assert target.sent == ["e"]


def test_what_is_held_waits_for_its_request(outbox: Outbox, target: Target) -> None:
    courier = serve(outbox, target)
    hold = courier.hold("request")
    assert courier.hold("request") is hold
    courier.post([delivery()], courier.era, hold)
    assert courier.take_hold("request") is hold
    assert courier.take_hold("request") is None
    assert target.sent == []
    courier.release(hold)
    until(outbox.is_empty)
    assert target.sent == ["e"]
    refused = courier.hold("other")
    courier.post([delivery()], courier.era, refused)
    courier.cancel(refused)
    assert outbox.is_empty()


def test_a_reset_leaves_nothing_behind(outbox: Outbox, target: Target) -> None:
    target.always = BUSY
    courier = serve(outbox, target)
    before = courier.era
    hold = courier.hold("request")
    courier.post([delivery()], before, hold)
    target.gate.clear()
    courier.post([delivery()], before)
    assert target.entered.wait(10)
    ended = threading.Thread(target=courier.forget)
    ended.start()
    until(lambda: courier.era is not before)
    target.gate.set()
    ended.join(10)
    # Rules that were looked up before the reset, and a request that ends after it.
    courier.post([delivery()], before)
    courier.release(hold)
    assert outbox.is_empty()
    assert target.sent == ["e"]
    assert target.buried == []
    courier.post([with_policy(MaximumRetryAttempts=0)], courier.era)
    until(lambda: target.buried)


def test_nothing_begins_while_deliveries_are_suspended(outbox: Outbox, target: Target) -> None:
    courier = serve(outbox, target)
    courier.suspend()
    courier.post([delivery()], courier.era)
    assert not target.entered.wait(0.2)
    courier.go_on()
    until(outbox.is_empty)
