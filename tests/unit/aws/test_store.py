"""State is rows in one SQLite file, one transaction an operation."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from etlocal.aws.store import Store, StoreError

SCHEMA = "CREATE TABLE IF NOT EXISTS things (name TEXT PRIMARY KEY);"


def names(store: Store) -> list[str]:
    with store.transaction() as tx:
        return [row["name"] for row in tx.execute("SELECT name FROM things ORDER BY name")]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "deep" / "state.sqlite")
    made.ensure(SCHEMA)
    return made


def test_transaction_that_raises_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.transaction() as tx:
        tx.execute("INSERT INTO things VALUES ('a')")
        raise RuntimeError

    assert names(store) == []


def test_inner_transaction_joins_the_outer_one(store: Store) -> None:
    with pytest.raises(RuntimeError), store.transaction() as tx:
        tx.execute("INSERT INTO things VALUES ('a')")
        with store.transaction() as inner:
            inner.execute("INSERT INTO things VALUES ('b')")
        raise RuntimeError

    assert names(store) == []


def test_committed_rows_are_there_for_a_new_store_on_the_file(store: Store) -> None:
    with store.transaction() as tx:
        tx.execute("INSERT INTO things VALUES ('a')")

    assert names(Store(store.path)) == ["a"]


def test_threads_write_one_after_the_other(store: Store) -> None:
    def write(number: int) -> None:
        for step in range(20):
            with store.transaction() as tx:
                tx.execute("INSERT INTO things VALUES (?)", (f"{number}-{step}",))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(names(store)) == 160


def test_ensure_runs_again_without_harm(store: Store) -> None:
    store.ensure(SCHEMA)


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="ETLOCAL_STATE_DIR"):
        Store(tmp_path / "file" / "state.sqlite")
