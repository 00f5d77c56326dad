"""The journal: everything that was acknowledged, in order, and nothing that was cut off."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etlocal.endpoint.persistence.journal import Journal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def test_a_new_process_reads_all_records_in_order_and_goes_on(folder: Path) -> None:
    first = Journal(folder)
    first.append(b"one")
    first.append(b"")
    second = Journal(folder)
    assert list(second.records()) == [b"one", b""]
    second.append(b"three")
    assert list(Journal(folder).records()) == [b"one", b"", b"three"]


def test_records_before_a_snapshot_are_dropped_and_later_ones_kept(folder: Path) -> None:
    journal = Journal(folder)
    journal.append(b"before")
    number = journal.rotate()
    journal.append(b"while it is taken")
    assert list(journal.records()) == [b"before", b"while it is taken"]
    journal.drop(number)
    assert list(journal.records()) == [b"while it is taken"]


def test_its_size_is_what_was_written_since_the_last_snapshot_began(folder: Path) -> None:
    journal = Journal(folder)
    assert journal.size == 0
    journal.append(b"before")
    before = journal.size
    assert before > len(b"before")
    journal.rotate()
    assert journal.size == 0
    journal.append(b"before")
    assert journal.size == before
    journal.clear()
    assert journal.size == 0


def test_nothing_is_left_after_clearing(folder: Path) -> None:
    journal = Journal(folder)
    journal.append(b"one")
    journal.clear()
    assert list(journal.records()) == []
    journal.append(b"two")
    assert list(Journal(folder).records()) == [b"two"]


@settings(max_examples=50, deadline=None)
@given(records=st.lists(st.binary(max_size=50), min_size=1, max_size=5), cut=st.integers(0, 300))
def test_a_file_cut_anywhere_gives_a_beginning_of_the_records(
    tmp_path_factory: pytest.TempPathFactory, records: list[bytes], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal = Journal(folder)
    for record in records:
        journal.append(record)
    journal.close()
    (path,) = folder.iterdir()
    content = path.read_bytes()
    path.write_bytes(content[:cut])
    found = list(Journal(folder).records())
    assert found == records[: len(found)]
    assert (found == records) == (cut >= len(content))


def test_a_damaged_record_ends_its_file_and_not_the_next(folder: Path) -> None:
    journal = Journal(folder)
    journal.append(b"good")
    journal.append(b"damaged")
    journal.rotate()
    journal.append(b"next")
    path = sorted(folder.iterdir())[0]
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert list(Journal(folder).records()) == [b"good", b"next"]
