"""Each file is read once unless it is rewritten, whatever the order in which files appear."""

from __future__ import annotations

import json

import pytest
from awsglue._bookmarks_s3 import Bounds, FileEntry, S3State, select, select_range
from hypothesis import given, settings
from hypothesis import strategies as st

BAND = 900
SECOND = 1000


def entry(path: str, seconds: float, size: int = 1, etag: str = "e") -> FileEntry:
    return FileEntry(path, int(seconds * SECOND), size, etag)


def paths(files: tuple[FileEntry, ...]) -> list[str]:
    return [file.path for file in files]


def test_the_second_run_reads_only_what_is_new() -> None:
    first = select([entry("a", 10), entry("b", 20)], S3State(), 30 * SECOND)
    second = select([entry("a", 10), entry("b", 20), entry("c", 40)], first.state, 50 * SECOND)
    assert paths(first.files) == ["a", "b"]
    assert paths(second.files) == ["c"]


def test_nothing_committed_reads_the_same_range_again() -> None:
    listing = [entry("a", 10)]
    select(listing, S3State(), 30 * SECOND)
    again = select([*listing, entry("b", 40)], S3State(), 50 * SECOND)
    assert paths(again.files) == ["a", "b"]


def test_a_file_that_becomes_visible_late_is_read_and_no_other_twice() -> None:
    first = select([entry("a", 1000), entry("b", 1001)], S3State(), 1010 * SECOND)
    late = [entry("a", 1000), entry("b", 1001), entry("late", 999)]
    second = select(late, first.state, 2000 * SECOND)
    assert paths(second.files) == ["late"]
    assert paths(select(late, second.state, 2100 * SECOND).files) == []


def test_a_file_older_than_the_band_counts_as_read() -> None:
    first = select([entry("a", 2000)], S3State(), 2001 * SECOND)
    second = select([entry("a", 2000), entry("old", 1000)], first.state, 2002 * SECOND)
    assert paths(second.files) == []


def test_a_rewritten_file_is_read_again() -> None:
    first = select([entry("a", 10)], S3State(), 20 * SECOND)
    second = select([entry("a", 30)], first.state, 40 * SECOND)
    assert paths(second.files) == ["a"]


def test_a_file_rewritten_within_the_same_second_is_read_again() -> None:
    first = select([entry("a", 10, etag="one")], S3State(), 10 * SECOND)
    second = select([entry("a", 10, etag="two")], first.state, 40 * SECOND)
    assert paths(second.files) == ["a"]


def test_a_file_of_the_future_waits_for_its_run() -> None:
    first = select([entry("a", 50)], S3State(), 40 * SECOND)
    assert paths(first.files) == []
    assert paths(select([entry("a", 50)], first.state, 60 * SECOND).files) == ["a"]


def test_paths_outside_the_band_are_forgotten() -> None:
    state = select([entry("a", 10), entry("b", 3000)], S3State(), 3001 * SECOND).state
    assert list(state.seen) == ["b"]


def test_a_shorter_band_remembers_less() -> None:
    state = select([entry("a", 10), entry("b", 100)], S3State(), 101 * SECOND, 5).state
    assert list(state.seen) == ["b"]


def test_a_bounded_run_advances_only_over_what_it_read() -> None:
    listing = [entry("a", 10), entry("b", 20), entry("c", 20), entry("d", 30)]
    read: list[str] = []
    state = S3State()
    for _ in range(3):
        chosen = select(listing, state, 100 * SECOND, bounds=Bounds(files=2))
        read += paths(chosen.files)
        state = chosen.state
    assert read == ["a", "b", "c", "d"]


def test_a_bounded_size_reads_at_least_one_file() -> None:
    listing = [entry("a", 10, size=50), entry("b", 20, size=1)]
    chosen = select(listing, S3State(), 100 * SECOND, bounds=Bounds(size=10))
    assert paths(chosen.files) == ["a"]


def test_max_files_in_band_leaves_the_rest_for_the_next_run() -> None:
    listing = [entry("old", 1), *[entry(f"f{i}", 2000 + i) for i in range(5)]]
    first = select(listing, S3State(), 2100 * SECOND, bounds=Bounds(files_in_band=3))
    assert paths(first.files) == ["old", "f0", "f1", "f2"]
    second = select(listing, first.state, 4000 * SECOND, bounds=Bounds(files_in_band=3))
    assert paths(second.files) == ["f3", "f4"]


def test_a_pause_reads_what_was_read_between_two_runs() -> None:
    listing = [entry("a", 10), entry("b", 20), entry("c", 30)]
    begin = select(listing[:1], S3State(), 15 * SECOND).state
    end = select(listing[:2], begin, 25 * SECOND).state
    assert paths(select_range(listing, begin, end)) == ["b"]
    assert paths(select_range(listing, S3State(), end)) == ["a", "b"]


def test_the_state_survives_its_json_form() -> None:
    state = select([entry("a", 10)], S3State(), 20 * SECOND).state
    assert S3State.from_json(json.loads(json.dumps(state.to_json()))) == state
    assert S3State.from_json(None) == S3State()


def test_another_sources_state_is_refused() -> None:
    with pytest.raises(ValueError, match="its own transformation_ctx"):
        S3State.from_json({"type": "jdbc"})


# The model: a bucket in which files are written at some time and become visible a little later,
# and runs that may fail before they commit. A file's content is read once in committed runs.
writes = st.tuples(
    st.sampled_from(["a", "b", "c", "d"]),
    st.integers(0, 60),  # seconds since the event before
    st.integers(0, BAND - 1),  # how late it becomes visible
)
runs = st.tuples(st.just("run"), st.integers(0, 2000), st.booleans())


@settings(max_examples=300, deadline=None)
@given(
    events=st.lists(st.one_of(writes, runs), max_size=25),
    most=st.one_of(st.none(), st.integers(1, 3)),
)
def test_every_content_is_read_exactly_once(
    events: list[tuple[str, int, int | bool]], most: int | None
) -> None:
    now = 1_000_000
    bucket: dict[str, tuple[int, int, FileEntry]] = {}
    expected: set[tuple[str, int]] = set()
    read: list[tuple[str, int]] = []
    state = S3State()

    def run(commits: bool) -> int:
        nonlocal state
        visible = [file for _, seen_from, file in bucket.values() if seen_from <= now]
        chosen = select(visible, state, now * SECOND, BAND, Bounds(files=most))
        if commits:
            state = S3State.from_json(json.loads(json.dumps(chosen.state.to_json())))
            read.extend((file.path, file.modified) for file in chosen.files)
        return len(chosen.files)

    for name, delay, extra in events:
        now += delay + 1
        if name == "run":
            run(bool(extra))
            continue
        old = bucket.get(name)
        if old is not None and (name, old[2].modified) not in read:
            # Overwritten before it was read: nobody can read it any more.
            expected.discard((name, old[2].modified))
        file = entry(name, now, etag=str(now))
        bucket[name] = (now, now + int(extra), file)
        expected.add((name, file.modified))
    now += BAND
    while run(True):
        now += 1
    assert sorted(read) == sorted(expected)
