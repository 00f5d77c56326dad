"""The bookmark against a plain model: runs that overlap, die, rewind and pause, and files and rows
that come meanwhile."""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from awsglue import _aws, _keyed, _listing, _run, _s3_source
from awsglue._bookmarks_jdbc import Keys
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from etlocal.glue.jobs.run_rows import State
from tests.hypothesis_profiles import examples
from tests.unit.conftest import NoClients

from .bookmark_house import OPTION, BookmarkHouse

BAND = 900
ENABLE = {OPTION: "job-bookmark-enable"}
PAUSE = {OPTION: "job-bookmark-pause"}


@dataclass
class Went:
    """How far a source is: what was read of it, and up to when (milliseconds) it was listed."""

    read: frozenset[Any] = frozenset()
    high: int = -1


@dataclass
class Open:
    """A run that goes on: what it began from, and what it would commit."""

    run: _run.Run
    id: str
    version: int
    base: dict[str, Went]
    until: dict[str, Went] | None
    pending: dict[str, Went] = field(default_factory=dict)


class Bookmarked(RuleBasedStateMachine):
    """Runs of one job, whatever they read; subclasses say what that is."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.house = BookmarkHouse(Path(self._folder.name), NoClients())
        self._patch = mock.patch.object(_run, "_http", self.house.http)
        self._patch.start()
        self.number = 0
        self.version = 0
        self.committed = False
        self.state: dict[str, Went] = {}
        self.left: dict[int, dict[str, Went]] = {}  # by the number of the run that committed it
        self.open: list[Open] = []

    def teardown(self) -> None:
        self._patch.stop()
        _run.end()
        self._folder.cleanup()

    def as_of(self, number: int) -> dict[str, Went]:
        """What the last run up to that one left."""
        before = [each for each in self.left if each <= number]
        return self.left[max(before)] if before else {}

    def started(self, arguments: dict[str, str]) -> Open:
        self.number += 1
        name = f"jr_{self.number}"
        run = self.house.begin(name, arguments)
        assert run.version == self.version
        return Open(run, name, self.version, dict(self.state), None)

    @precondition(lambda self: len(self.open) < 3)
    @rule()
    def start(self) -> None:
        """A run begins, whatever others do."""
        self.open.append(self.started(ENABLE))

    @rule()
    def go_through(self) -> None:
        """A run reads every source and commits, while others go on."""
        each = self.started(ENABLE)
        self.read_all(each)
        self._commit(each, goes_on=False)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def commit(self, data: st.DataObject) -> None:
        """A run commits; if another did since it began, it fails and nothing moves."""
        each = data.draw(st.sampled_from(self.open))
        goes_on = data.draw(st.booleans(), "goes on")
        if not self._commit(each, goes_on=goes_on) or not goes_on:
            self.open.remove(each)

    def _commit(self, each: Open, *, goes_on: bool) -> bool:
        before = self.house.bookmark()
        done = self.house.commit(each.run)
        assert done == (each.version == self.version)
        if not done:
            assert self.house.bookmark() == before
            self.house.end(each.id, State.FAILED)
            return False
        self.version += 1
        self.committed = True
        self.state = {**each.base, **each.pending}
        self.left[int(each.id.removeprefix("jr_"))] = self.state
        if goes_on:
            each.version, each.base, each.pending = self.version, self.state, {}
        else:
            self.house.end(each.id, State.SUCCEEDED)
        return True

    @precondition(lambda self: self.open)
    @rule(data=st.data(), ended=st.sampled_from([State.FAILED, State.STOPPED, State.TIMEOUT]))
    def die(self, data: st.DataObject, ended: State) -> None:
        """A run ends without a commit, and a commit that comes too late moves nothing."""
        each = data.draw(st.sampled_from(self.open))
        self.open.remove(each)
        self.house.end(each.id, ended)
        before = self.house.bookmark()
        with pytest.raises(_run.BookmarkError, match="cannot commit a bookmark"):
            each.run.commit()
        assert self.house.bookmark() == before

    @precondition(lambda self: self.committed)
    @rule()
    def reset(self) -> None:
        """All is forgotten, also for runs that go on."""
        self.house.glue("ResetJobBookmark", JobName="etl")
        self.version += 1
        self.state = {}

    @precondition(lambda self: self.committed and self.number)
    @rule(data=st.data())
    def rewind(self, data: st.DataObject) -> None:
        """The bookmark goes back to where a run left it."""
        number = data.draw(st.integers(1, self.number))
        self.house.glue("ResetJobBookmark", JobName="etl", RunId=f"jr_{number}")
        self.version += 1
        self.state = self.as_of(number)

    @precondition(lambda self: self.number)
    @rule(data=st.data(), ranged=st.booleans())
    def pause(self, data: st.DataObject, ranged: bool) -> None:
        """A paused run reads what is new or what a range covers; its commit moves nothing."""
        arguments = dict(PAUSE)
        if ranged:
            first = data.draw(st.integers(1, self.number))
            last = data.draw(st.integers(first, self.number))
            arguments |= {
                "--job-bookmark-from": f"jr_{first}",
                "--job-bookmark-to": f"jr_{last}",
            }
        before = self.house.bookmark()
        each = self.started(arguments)
        if ranged:
            each.base, each.until = self.as_of(first), self.as_of(last)
        self.read_all(each)
        self.house.commit(each.run)
        assert self.house.bookmark() == before
        self.house.end(each.id, State.SUCCEEDED)

    def read_all(self, each: Open) -> None:
        """Read every source once."""
        raise NotImplementedError


SOURCES = {
    "orders": ["s3://lake/orders/"],
    "both": ["s3://lake/orders/", "s3://lake/returns"],
    "": ["s3://lake/returns/"],  # no transformation_ctx, no bookmark
}


class Bucket:
    """What `list_files` asks of S3, over what is visible now."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[int, str]] = {}

    def get_paginator(self, name: str) -> Bucket:
        assert name == "list_objects_v2"
        return self

    def paginate(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803
        found = [
            {"Key": key, "Size": 1, "ETag": f'"{tag}"',
             "LastModified": datetime.fromtimestamp(modified, UTC)}
            for key, (modified, tag) in sorted(self.objects.items())
            if key.startswith(Prefix)
        ]  # fmt: skip
        return [{"Contents": found[:2]}, {"Contents": found[2:]}]


class S3Bookmark(Bookmarked):
    """Files that are put, rewritten, deleted, and seen late."""

    @initialize()
    def empty(self) -> None:
        """Begin with an empty bucket."""
        self.bucket = Bucket()
        _aws.use_client("s3", self.bucket)
        self.now = 1_700_000_000
        self.coming: list[tuple[int, str, int]] = []
        self.tags = 0

    def teardown(self) -> None:
        _aws.use_client("s3", None)
        super().teardown()

    @rule(seconds=st.sampled_from([1, 60, 300, 300, BAND - 1, BAND, BAND + 1, 5000]))
    def pass_time(self, seconds: int) -> None:
        """Time passes, and what was on its way is seen."""
        self.wait(seconds)

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.now += seconds
        for due in sorted(self.coming):
            if due[0] <= self.now:
                self.coming.remove(due)
                self._show(due[1], due[2])

    def _show(self, key: str, modified: int) -> None:
        self.tags += 1
        self.bucket.objects[key] = (modified, f"tag{self.tags}")

    @rule(
        key=st.sampled_from(["orders/a", "orders/b", "orders/c", "returns/a", "orders/d/e", "x"]),
        late=st.sampled_from([0, 0, 1, 300, 400, BAND - 1, BAND, BAND + 100]),
        passes=st.sampled_from([0, 1, 60]),
    )
    def put(self, key: str, late: int, passes: int) -> None:
        """A file is written; it is seen at once or later, with the time of its writing."""
        if late:
            self.coming.append((self.now + late, key, self.now))
        else:
            self._show(key, self.now)
        self.wait(passes)

    @precondition(lambda self: self.bucket.objects)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """A file goes."""
        del self.bucket.objects[data.draw(st.sampled_from(sorted(self.bucket.objects)))]

    @precondition(lambda self: self.open)
    @rule(data=st.data(), ctx=st.sampled_from(sorted(SOURCES)))
    def read(self, data: st.DataObject, ctx: str) -> None:
        """A run reads a source, maybe again."""
        self._read(data.draw(st.sampled_from(self.open)), ctx)

    def read_all(self, each: Open) -> None:
        for ctx in SOURCES:
            self._read(each, ctx)

    def _read(self, each: Open, ctx: str) -> None:
        _run._current[:] = [each.run]
        options = _s3_source.S3Options.read({"recurse": True, "paths": SOURCES[ctx]})
        now = self.now * 1000 + 500
        listing = [
            entry
            for path in SOURCES[ctx]
            for entry in _listing.list_files(path, options.listing, _s3_source._s3)
        ]
        files = _s3_source.choose(listing, options, ctx, now)
        found = Counter((file.path, file.modified, file.etag) for file in files)
        visible = {
            (f"s3://lake/{key}", modified * 1000, tag)
            for key, (modified, tag) in self.bucket.objects.items()
            if any(f"s3://lake/{key}".startswith(f"{p.rstrip('/')}/") for p in SOURCES[ctx])
        }
        assert found == Counter(self._expected(each, ctx, visible, now))
        if ctx and each.until is None:
            went = each.base.get(ctx, Went())
            each.pending[ctx] = Went(went.read | set(found), max(now, went.high))
            state = each.run.pending[ctx]
            newest = state["high"] - BAND * 1000
            assert all(mark[0] > newest for mark in state["files"].values())

    def _expected(
        self, each: Open, ctx: str, visible: set[tuple[str, int, str]], now: int
    ) -> set[tuple[str, int, str]]:
        if not ctx:
            return visible
        went = each.base.get(ctx, Went())
        high = now if each.until is None else each.until.get(ctx, Went()).high
        return {item for item in visible - went.read if went.high - BAND * 1000 < item[1] <= high}


class JdbcBookmark(Bookmarked):
    """Rows whose keys go up, or down, in a table that a database judges."""

    @initialize(down=st.booleans())
    def empty(self, down: bool) -> None:
        """Begin with an empty table."""
        self.keys = Keys(("a", "b"), down)
        self.db = sqlite3.connect(":memory:")
        self.db.execute("create table t (a integer, b text)")
        self.edge = 0

    def teardown(self) -> None:
        if hasattr(self, "db"):
            self.db.close()
        super().teardown()

    @rule(steps=st.lists(st.integers(0, 3), min_size=1, max_size=4), text=st.sampled_from("aé'\\"))
    def insert(self, steps: list[int], text: str) -> None:
        """Rows beyond the last come; several may share the first part of their key."""
        for step in steps:
            self.edge += step + 1
            number = -self.edge if self.keys.descending else self.edge
            second = f"{text}{self.edge % 2}"
            self.db.execute("insert into t values (?, ?)", (number // 2, second + str(number % 2)))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), ctx=st.sampled_from(["one", "two", ""]))
    def read(self, data: st.DataObject, ctx: str) -> None:
        """A run reads a table, maybe again; rows may come while it does."""
        self._read(data.draw(st.sampled_from(self.open)), ctx)

    def read_all(self, each: Open) -> None:
        for ctx in ("one", "two", ""):
            self._read(each, ctx)

    def _rows(self, where: str | None = None) -> list[tuple[int, str]]:
        sql = "select a, b from t" + (f" where {where}" if where else "")
        return [(int(a), str(b)) for a, b in self.db.execute(sql)]

    def _read(self, each: Open, ctx: str) -> None:
        _run._current[:] = [each.run]
        where = _keyed.restrict(
            "t", ctx, self.keys, lambda name: f'"{name}"',
            lambda sql: self.db.execute(sql).fetchone()[0],
        )  # fmt: skip
        found = Counter(self._rows(where))
        present = Counter(self._rows())
        if not ctx:
            assert found == present
            return
        went = each.base.get(ctx, Went())
        further = self._further(went.read, present)
        if each.until is not None:
            last = self._furthest(each.until.get(ctx, Went()).read)
            further = Counter(
                {row: n for row, n in further.items()
                 if last is not None and (row >= last if self.keys.descending else row <= last)}
            )  # fmt: skip
        assert found == further
        if each.until is None:
            each.pending[ctx] = Went(went.read | set(found))

    def _furthest(self, rows: frozenset[tuple[int, str]]) -> tuple[int, str] | None:
        if not rows:
            return None
        return min(rows) if self.keys.descending else max(rows)

    def _further(self, read: frozenset[Any], present: Counter[Any]) -> Counter[Any]:
        last = self._furthest(read)
        if last is None:
            return present
        return Counter(
            {row: n for row, n in present.items()
             if (row < last if self.keys.descending else row > last)}
        )  # fmt: skip


def test_each_file_is_read_once_whatever_runs_do() -> None:
    run_state_machine_as_test(S3Bookmark, settings=examples(40, stateful_step_count=40))


def test_each_row_is_read_once_whatever_runs_do() -> None:
    run_state_machine_as_test(JdbcBookmark, settings=examples(20, stateful_step_count=30))
