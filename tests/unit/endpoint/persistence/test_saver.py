"""Saving in the background: soon, once for many changes, and never lost."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from etlocal.endpoint.persistence.saver import Saver


class Saved:
    """Notes what was saved, and fails while it is told to."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.broken: set[str] = set()
        self.event = threading.Event()

    def __call__(self, name: str) -> None:
        if name in self.broken:
            raise OSError("full")
        self.names.append(name)
        self.event.set()


@pytest.fixture
def saved() -> Saved:
    return Saved()


@pytest.fixture
def saver(saved: Saved) -> Iterator[Saver]:
    saver = Saver(saved, delay=0.02)
    saver.start()
    yield saver
    saver.stop()


def test_a_change_is_saved_without_being_asked(saver: Saver, saved: Saved) -> None:
    saver.mark("s3")
    assert saved.event.wait(5)
    assert saved.names == ["s3"]


def test_many_changes_are_saved_once_and_all_services_of_them(saved: Saved) -> None:
    saver = Saver(saved, delay=3600)
    saver.start()
    for _ in range(100):
        saver.mark("s3")
        saver.mark("sqs")
    assert saved.names == []
    saver.stop()
    assert saved.names == ["s3", "sqs"]


def test_what_could_not_be_saved_is_tried_again_and_stops_no_other(
    saved: Saved, caplog: pytest.LogCaptureFixture
) -> None:
    saver = Saver(saved, delay=3600)
    saved.broken = {"iam"}
    saver.mark("iam")
    saver.mark("s3")
    with caplog.at_level(logging.ERROR):
        assert not saver.save_marked()
    assert saved.names == ["s3"]
    assert "the state of iam could not be saved: OSError: full" in caplog.text
    saved.broken.clear()
    saver.stop()
    assert saved.names == ["s3", "iam"]


def test_what_is_forgotten_is_not_saved(saved: Saved) -> None:
    saver = Saver(saved, delay=3600)
    saver.mark("s3")
    saver.forget()
    saver.stop()
    assert saved.names == []


class Gate:
    """A save that can be held in the middle."""

    def __init__(self) -> None:
        self.value = 0
        self.saved: list[int] = []
        self.began = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)

    def __call__(self, _: str) -> None:
        value = self.value
        self.began.release()
        assert self.go_on.acquire(timeout=10)
        self.saved.append(value)


def test_who_waits_is_released_by_a_save_that_began_after_the_change() -> None:
    gate = Gate()
    saver = Saver(gate, delay=3600)
    gate.value = 1
    first = threading.Thread(target=saver.save_now, args=("sqs",))
    first.start()
    assert gate.began.acquire(timeout=10)
    # This save has read the state already: it does not have what changes now.
    gate.value = 2
    others = [threading.Thread(target=saver.save_now, args=("sqs",)) for _ in range(5)]
    for thread in others:
        thread.start()
    gate.go_on.release()
    first.join(10)
    assert gate.began.acquire(timeout=10)
    assert all(thread.is_alive() for thread in others)
    for _ in others:
        gate.go_on.release()
    for thread in others:
        thread.join(10)
    # They shared few saves, of which one at least has the change of them all.
    assert gate.saved[0] == 1
    assert set(gate.saved[1:]) == {2}
    assert 1 <= len(gate.saved) - 1 <= len(others)


def test_many_who_wait_together_share_one_save() -> None:
    gate = Gate()
    saver = Saver(gate, delay=3600)
    first = threading.Thread(target=saver.save_now, args=("sqs",))
    first.start()
    assert gate.began.acquire(timeout=10)
    for _ in range(20):
        saver.mark("sqs")
    second = threading.Thread(target=saver.save_changes, args=("sqs",))
    second.start()
    gate.go_on.release()
    assert gate.began.acquire(timeout=10)
    gate.go_on.release()
    first.join(10)
    second.join(10)
    assert saver.save_changes("sqs")
    assert len(gate.saved) == 2


def test_who_waits_is_told_that_the_save_failed(saved: Saved) -> None:
    saver = Saver(saved, delay=3600)
    saved.broken = {"iam"}
    assert not saver.save_now("iam")
    assert saver.save_now("sqs")
    saved.broken.clear()
    # It is still to be saved, and saved for whoever asks next.
    assert saver.save_changes("iam")
    assert saved.names == ["sqs", "iam"]


def test_what_nobody_changed_is_not_saved_again(saved: Saved) -> None:
    saver = Saver(saved, delay=3600)
    assert saver.save_now("sqs")
    assert saver.save_changes("sqs")
    saver.stop()
    assert saved.names == ["sqs"]


def test_a_service_can_be_left_out(saved: Saved) -> None:
    saver = Saver(saved, delay=3600)
    saver.mark("cloudformation")
    saver.mark("iam")
    assert saver.save_marked(without=("cloudformation",))
    assert saved.names == ["iam"]
