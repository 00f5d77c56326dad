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
