"""Rows after the last key are read, up to the furthest key there is now."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from awsglue import _keyed, _run
from awsglue._bookmarks_jdbc import JdbcState, Keys, Value, condition, literal, sequential
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.fixture
def run() -> Iterator[_run.Run]:
    made = _run.Run("job", None, _run.ENABLE)
    _run._current[:] = [made]
    yield made
    _run.end()


def advance(run: _run.Run) -> None:
    run.states.update(json.loads(json.dumps(run.pending)))
    run.pending = {}


class Table:
    """A real table, so that the conditions are judged by a database."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.execute("create table t (a integer, b text)")

    def add(self, *rows: tuple[int, str]) -> None:
        self.db.executemany("insert into t values (?, ?)", rows)

    def scalar(self, sql: str) -> Any:
        return self.db.execute(sql).fetchone()[0]

    def read(self, keys: Keys | None, ctx: str = "ctx") -> list[tuple[int, str]]:
        where = _keyed.restrict("t", ctx, keys, lambda name: f'"{name}"', self.scalar)
        sql = "select a, b from t" + (f" where {where}" if where else "")
        return sorted(self.db.execute(sql).fetchall())


def test_rows_are_read_once_by_their_key(run: _run.Run) -> None:
    table, keys = Table(), Keys(("a",))
    table.add((1, "x"), (5, "y"))
    assert table.read(keys) == [(1, "x"), (5, "y")]
    advance(run)
    assert table.read(keys) == []
    advance(run)
    table.add((3, "missed"), (6, "z"))
    assert table.read(keys) == [(6, "z")]


def test_without_keys_the_source_is_read_whole_each_time(run: _run.Run) -> None:
    table = Table()
    table.add((1, "x"))
    for _ in range(2):
        assert table.read(None) == [(1, "x")]
        advance(run)
    assert run.states == {}


def test_without_ctx_the_source_is_read_whole_each_time(run: _run.Run) -> None:
    table = Table()
    table.add((1, "x"))
    for _ in range(2):
        assert table.read(Keys(("a",)), ctx="") == [(1, "x")]
        advance(run)


def test_descending_keys_go_down(run: _run.Run) -> None:
    table, keys = Table(), Keys(("a",), descending=True)
    table.add((9, "x"))
    assert table.read(keys) == [(9, "x")]
    advance(run)
    table.add((10, "missed"), (8, "y"))
    assert table.read(keys) == [(8, "y")]


def test_rows_that_arrive_during_the_read_wait_for_the_next_run(run: _run.Run) -> None:
    table, keys = Table(), Keys(("a",))
    table.add((1, "x"))
    where = _keyed.restrict("t", "ctx", keys, str, table.scalar)
    table.add((2, "y"))
    assert table.db.execute(f"select a from t where {where}").fetchall() == [(1,)]
    advance(run)
    assert table.read(keys) == [(2, "y")]


def test_a_pause_reads_a_fixed_range_and_moves_nothing(run: _run.Run) -> None:
    table, keys = Table(), Keys(("a",))
    table.add(*[(n, "x") for n in range(5)])
    run.option = _run.PAUSE
    run.states = {"ctx": JdbcState(keys, (1,)).to_json()}
    run.until = {"ctx": JdbcState(keys, (3,)).to_json()}
    assert [a for a, _ in table.read(keys)] == [2, 3]
    assert run.pending == {}


pairs = st.tuples(st.integers(-5, 5), st.sampled_from(["", "a", "b'c", "\\", "z"]))


@settings(max_examples=150, deadline=None)
@given(batches=st.lists(st.sets(pairs, max_size=6), max_size=5), down=st.booleans())
def test_compound_keys_read_every_monotonic_row_once(
    batches: list[set[tuple[int, str]]], down: bool
) -> None:
    run = _run.Run("job", None, _run.ENABLE)
    _run._current[:] = [run]
    table, keys = Table(), Keys(("a", "b"), down)
    read: list[tuple[int, str]] = []
    expected: list[tuple[int, str]] = []
    edge: tuple[int, str] | None = None
    for batch in batches:
        fresh = {
            row for row in batch if edge is None or (row < edge if down else row > edge)
        } - set(expected)
        table.add(*fresh)
        expected += fresh
        if fresh:
            edge = min(fresh) if down else max(fresh)
        read += table.read(keys)
        advance(run)
    _run.end()
    assert sorted(read) == sorted(expected)


MOMENT = dt.datetime.fromisoformat("2024-01-02T03:04:05.000600")  # databases' have no zone


@pytest.mark.parametrize("value", [7, Decimal("1.20"), 1.5, "it's", MOMENT, dt.date(2024, 1, 2)])
def test_keys_survive_their_json_form(value: Value) -> None:
    state = JdbcState(Keys(("k",)), (value,))
    back = JdbcState.from_json(json.loads(json.dumps(state.to_json())), Keys(("k",)))
    assert back == state


def test_changed_keys_are_refused() -> None:
    stored = JdbcState(Keys(("a",)), (1,)).to_json()
    with pytest.raises(ValueError, match="reset the job bookmark"):
        JdbcState.from_json(stored, Keys(("b",)))
    with pytest.raises(ValueError, match="its own transformation_ctx"):
        JdbcState.from_json({"type": "s3"}, Keys(("a",)))


def test_texts_cannot_leave_their_quotes() -> None:
    assert literal("a'; drop table t --") == "'a''; drop table t --'"
    assert literal("\\'", backslash_escapes=True) == "'\\\\'''"
    assert condition(['"a"'], Keys(("a",)), ("x'",), None) == "((\"a\" > 'x'''))"


def test_options_are_read_in_both_spellings() -> None:
    options = {"jobBookmarkKeys": ["a"], "jobBookmarksKeysSortOrder": "desc"}
    assert Keys.from_options(options) == Keys(("a",), descending=True)
    assert Keys.from_options({}) is None
    with pytest.raises(ValueError, match="asc or desc"):
        Keys.from_options({"jobBookmarkKeys": ["a"], "jobBookmarkKeysSortOrder": "up"})


@pytest.mark.parametrize(
    ("least", "greatest", "count", "expected"),
    [(1, 3, 3, True), (1, 4, 3, False), (Decimal(5), Decimal(6), 2, True), (None, None, 0, False)],
)
def test_a_primary_key_counts_when_it_has_no_gaps(
    least: Any, greatest: Any, count: int, expected: bool
) -> None:
    assert sequential(least, greatest, count) is expected


def test_a_text_primary_key_is_no_bookmark_key() -> None:
    assert sequential("a", "b", 2) is False
