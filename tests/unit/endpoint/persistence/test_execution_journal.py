"""The journal of executions: what was written is there, whole, and no more of it than needed."""

from __future__ import annotations

import datetime as dt
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etlocal.endpoint.persistence.execution_journal import (
    RETENTION,
    CutOff,
    Ended,
    ExecutionJournal,
    FrozenError,
    decode_event,
    encode_event,
)

NOW = dt.datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=dt.UTC)
MACHINE = {"arn": "arn:aws:states:us-east-1:000000000000:stateMachine:m", "definition": "{}" * 99}
BEGUN: dict[str, Any] = {"name": "one", "input_data": {"ü": [1, None]}, "machine": MACHINE}
END: dict[str, Any] = {"status": "SUCCEEDED", "output": {"a": 1}, "stop_date": NOW.isoformat()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "executions"


def event(number: int) -> dict[str, Any]:
    return {"id": number, "previousEventId": number - 1, "type": "Pass", "timestamp": NOW}


def load(folder: Path, now: dt.datetime = NOW) -> tuple[list[Ended], list[CutOff]]:
    return ExecutionJournal(folder).load(now)


def bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_an_execution_that_was_running_is_read_with_all_that_happened(folder: Path) -> None:
    record = ExecutionJournal(folder).begin(BEGUN)
    record.note("event", {"event": encode_event(event(1))})
    record.write("stop", {"cause": "because"})
    ended, (cut_off,) = load(folder)
    assert ended == []
    assert cut_off.begun == BEGUN
    assert [kind for kind, _ in cut_off.records] == ["event", "stop"]
    assert decode_event(cut_off.records[0][1]["event"]) == event(1)


def test_what_is_written_after_a_restart_follows_what_was_there(folder: Path) -> None:
    ExecutionJournal(folder).begin(BEGUN).note("event", {"id": 1})
    _, (cut_off,) = load(folder)
    cut_off.record.note("event", {"id": 2})
    _, (cut_off,) = load(folder)
    assert [content["id"] for _, content in cut_off.records] == [1, 2]


def test_an_ended_execution_is_kept_with_its_history(folder: Path) -> None:
    journal = ExecutionJournal(folder)
    record = journal.begin(BEGUN)
    history = [event(number) for number in range(1, 200)]
    for each in history:
        record.note("event", {"event": encode_event(each)})
    position = journal.end(record, BEGUN, END, [encode_event(each) for each in history])
    assert journal.history(position) == history
    (ended,), cut_off = load(folder)
    assert cut_off == []
    assert (ended.begun, ended.end) == (BEGUN, END)
    assert not ended.is_announced
    assert ExecutionJournal(folder).history(ended.position) == history


def test_who_has_been_told_is_not_told_again(folder: Path) -> None:
    journal = ExecutionJournal(folder)
    record = journal.begin(BEGUN)
    journal.end(record, BEGUN, END, [])
    journal.announced(record.number)
    (ended,), _ = load(folder)
    assert ended.is_announced


def test_executions_come_in_the_order_of_their_start(folder: Path) -> None:
    journal = ExecutionJournal(folder)
    first, second, third = (journal.begin({**BEGUN, "name": name}) for name in "abc")
    journal.end(second, {**BEGUN, "name": "b"}, END, [])
    journal.end(first, {**BEGUN, "name": "a"}, END, [])
    journal = ExecutionJournal(folder)
    ended, cut_off = journal.load(NOW)
    assert [each.begun["name"] for each in ended] == ["a", "b"]
    assert [each.record.number for each in cut_off] == [third.number]
    assert journal.begin(BEGUN).number > third.number


def test_ended_executions_share_a_state_machine_and_take_little(folder: Path) -> None:
    journal = ExecutionJournal(folder)
    machine = {**MACHINE, "definition": os.urandom(50_000).hex()}
    for _ in range(20):
        record = journal.begin({**BEGUN, "machine": machine})
        for number in range(50):
            record.note("event", {"event": encode_event(event(number)), "text": "x" * 500})
        journal.end(record, {**BEGUN, "machine": machine}, END, [encode_event(event(1))])
    assert bytes_in(folder) < 120_000
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["ended"]
    assert {each.begun["machine"]["definition"] for each in load(folder)[0]} == {
        machine["definition"]
    }


def test_one_killed_while_it_moved_to_the_archive_is_there_once(folder: Path) -> None:
    journal = ExecutionJournal(folder)
    record = journal.begin(BEGUN)
    running = journal.running_path(record.number)
    content = running.read_bytes()
    journal.end(record, BEGUN, END, [])
    running.write_bytes(content)
    ended, cut_off = load(folder)
    assert (len(ended), cut_off) == (1, [])
    assert not running.exists()


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(1, 4000))
def test_files_cut_anywhere_give_a_beginning_and_can_be_written_on(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("executions")
    journal = ExecutionJournal(folder)
    for name in "ab":
        record = journal.begin({**BEGUN, "name": name})
        journal.end(record, {**BEGUN, "name": name}, END, [encode_event(event(1))])
    running = journal.begin(BEGUN)
    for number in range(3):
        running.note("event", {"number": number})
    archive, file = folder / "ended", journal.running_path(running.number)
    for path in (archive, file):
        path.write_bytes(path.read_bytes()[:-cut])
    journal = ExecutionJournal(folder)
    ended, cut_off = journal.load(NOW)
    assert [each.begun["name"] for each in ended] == ["a", "b"][: len(ended)]
    for found in cut_off:
        numbers = [content["number"] for _, content in found.records]
        assert numbers == [0, 1, 2][: len(numbers)]
        found.record.note("event", {"number": "next"})
    record = journal.begin(BEGUN)
    journal.end(record, BEGUN, END, [])
    again, later = load(folder)
    assert len(again) == len(ended) + 1
    assert [each.records[-1][1]["number"] for each in later] == ["next"] * len(cut_off)


def test_many_threads_write_without_mixing(folder: Path) -> None:
    journal = ExecutionJournal(folder)
    shared = journal.begin(BEGUN)

    def run(name: str) -> None:
        record = journal.begin({**BEGUN, "name": name})
        for number in range(50):
            shared.note("event", {"by": name, "number": number})
            record.note("event", {"number": number})
        journal.end(record, {**BEGUN, "name": name}, END, [encode_event(event(1))])

    threads = [threading.Thread(target=run, args=(f"t{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended, (cut_off,) = load(folder)
    assert sorted(each.begun["name"] for each in ended) == [f"t{number}" for number in range(8)]
    for name in ("t0", "t7"):
        mine = [content["number"] for _, content in cut_off.records if content["by"] == name]
        assert mine == list(range(50))


def test_what_ended_long_ago_is_deleted(folder: Path) -> None:
    journal = ExecutionJournal(folder)
    long_ago = {**END, "stop_date": (NOW - RETENTION - dt.timedelta(days=1)).isoformat()}
    for name, end in (("old", long_ago), ("new", END), ("unheard", long_ago)):
        record = journal.begin({**BEGUN, "name": name})
        journal.end(record, {**BEGUN, "name": name}, end, [encode_event(event(1))])
        if name != "unheard":
            journal.announced(record.number)
    before = bytes_in(folder)
    ended, _ = load(folder)
    assert [each.begun["name"] for each in ended] == ["new", "unheard"]
    assert [each.is_announced for each in ended] == [True, False]
    assert bytes_in(folder) < before
    assert load(folder)[0] == ended
    assert ExecutionJournal(folder).history(ended[0].position) == [event(1)]


def test_nothing_is_left_after_clearing_whoever_goes_on_writing(folder: Path) -> None:
    journal = ExecutionJournal(folder)
    ended, running = journal.begin(BEGUN), journal.begin(BEGUN)
    journal.end(ended, BEGUN, END, [])
    journal.clear()
    running.note("event", {})
    running.write("stop", {})
    journal.announced(ended.number)
    journal.end(running, BEGUN, END, [])
    assert load(folder) == ([], [])
    assert bytes_in(folder) == 0
    journal.end(journal.begin(BEGUN), BEGUN, END, [])
    assert len(load(folder)[0]) == 1


def test_a_frozen_journal_writes_nothing(folder: Path) -> None:
    journal = ExecutionJournal(folder)
    record = journal.begin(BEGUN)
    journal.freeze()
    for refused in (
        lambda: record.note("event", {}),
        lambda: record.write("stop", {}),
        lambda: journal.begin(BEGUN),
        lambda: journal.end(record, BEGUN, END, []),
    ):
        with pytest.raises(FrozenError):
            refused()
    ended, (cut_off,) = load(folder)
    assert (ended, cut_off.records) == ([], [])


def test_what_cannot_be_written_is_refused_or_written_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = ExecutionJournal(folder)
    record = journal.begin(BEGUN)
    write = os.write

    def half(descriptor: int, content: Any) -> int:
        if len(content) > 20:
            return write(descriptor, content[:20])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", half)
        record.note("event", {"number": 1})
        with pytest.raises(OSError, match="No space"):
            record.write("stop", {"cause": "x" * 99})
        with pytest.raises(OSError, match="No space"):
            journal.begin(BEGUN)
    record.note("event", {"number": 2})
    _, (cut_off,) = load(folder)
    assert cut_off.records == [("event", {"number": 1}), ("event", {"number": 2})]


def test_one_that_is_set_aside_is_kept_and_not_read_again(folder: Path) -> None:
    ExecutionJournal(folder).begin(BEGUN)
    journal = ExecutionJournal(folder)
    _, (cut_off,) = journal.load(NOW)
    kept = journal.set_aside(cut_off.record)
    assert kept.stat().st_size > 0
    assert load(folder) == ([], [])
    journal.clear()
    assert not kept.exists()
