"""COPY … FORMAT PARQUET of several files at once: as if each were loaded alone, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.hypothesis_profiles import examples

pytestmark = pytest.mark.both_engines

Rows = Callable[..., list[list[Any]]]
Run = Callable[..., dict[str, Any]]
Ok = Callable[..., None]
ROLE = "iam_role 'arn:aws:iam::000000000000:role/loader'"
_LENGTH = 6


def _parquet(folder: Path, rows: list[tuple[Any, ...]], columns: str) -> bytes:
    path = folder / "made.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t ({columns})")
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO t VALUES ({marks})", rows)
        connection.execute(f"COPY t TO '{path}' (FORMAT parquet)")
    return path.read_bytes()


def test_files_of_one_schema_and_of_others_are_loaded_together(
    s3: Any, ok: Ok, rows: Rows, tmp_path: Path
) -> None:
    s3.put("s3://b/in/1", _parquet(tmp_path, [(1, "a"), (2, None)], "x INTEGER, y VARCHAR"))
    s3.put("s3://b/in/2", _parquet(tmp_path, [(3, "c")], "x INTEGER, y VARCHAR"))
    s3.put("s3://b/in/3", _parquet(tmp_path, [(2**40, "ééé")], "x BIGINT, y VARCHAR"))
    # The names are the file's affair, whichever they are.
    s3.put("s3://b/in/4", _parquet(tmp_path, [(5, "e")], "source_file_0 INTEGER, filename VARCHAR"))
    ok(
        f"create table t (a bigint, b varchar({_LENGTH}))",
        f"copy t from 's3://b/in/' {ROLE} parquet",
    )
    assert rows("select a, b from t order by a") == [
        [1, "a"], [2, None], [3, "c"], [5, "e"], [2**40, "ééé"]
    ]  # fmt: skip


@pytest.mark.parametrize("option", ["", "noload"])
def test_a_string_that_is_too_long_names_its_own_file_and_loads_nothing(
    s3: Any, ok: Ok, run: Run, rows: Rows, tmp_path: Path, option: str
) -> None:
    for number, text in enumerate(("short", "éééé", "short")):
        s3.put(f"s3://b/in/{number}", _parquet(tmp_path, [(number, text)], "x INTEGER, y VARCHAR"))
    ok(f"create table t (a int, b varchar({_LENGTH}))")
    described = run(f"copy t from 's3://b/in/' {ROLE} parquet {option}")
    assert described["Status"] == "FAILED"
    assert described["Error"].endswith(
        "The length of the data column y is longer than the length defined in the table. "
        f"Table: {_LENGTH}, File name: s3://b/in/1"
    )
    assert rows("select count(*) from t") == [[0]]


def test_a_file_of_another_width_keeps_the_ones_before_it_out(
    s3: Any, ok: Ok, run: Run, rows: Rows, tmp_path: Path
) -> None:
    s3.put("s3://b/in/1", _parquet(tmp_path, [(1, "a")], "x INTEGER, y VARCHAR"))
    s3.put("s3://b/in/2", _parquet(tmp_path, [(1,)], "x INTEGER"))
    ok(f"create table t (a int, b varchar({_LENGTH}))")
    described = run(f"copy t from 's3://b/in/' {ROLE} parquet")
    assert described["Error"].endswith("Table columns: 2, Data columns: 1, File name: s3://b/in/2")
    assert rows("select count(*) from t") == [[0]]


_FILES = st.lists(
    st.tuples(
        st.sampled_from(["INTEGER", "BIGINT"]),
        st.lists(
            st.tuples(
                st.none() | st.integers(-(2**31), 2**31 - 1),
                st.none() | st.text(st.sampled_from("aé€ "), max_size=4),
            ),
            max_size=4,
        ),
    ),
    min_size=1,
    max_size=5,
)


@examples(20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=_FILES)
def test_many_files_are_loaded_as_each_alone(
    s3: Any, ok: Ok, run: Run, rows: Rows, tmp_path: Path, files: list[tuple[str, list[Any]]]
) -> None:
    table = f"(a bigint, b varchar({_LENGTH}))"
    ok("drop table if exists t", "drop table if exists u", f"create table t {table}")
    ok(f"create table u {table}")
    s3.objects.clear()
    for number, (kind, content) in enumerate(files):
        s3.put(f"s3://b/in/{number}", _parquet(tmp_path, content, f"x {kind}, y VARCHAR"))
    together = run(f"copy t from 's3://b/in/' {ROLE} parquet")
    alone = [run(f"copy u from 's3://b/in/{n}' {ROLE} parquet") for n in range(len(files))]
    refusals = [each["Error"] for each in alone if each["Status"] == "FAILED"]
    too_long = [
        any(text is not None and len(text.encode()) > _LENGTH for _, text in content)
        for _, content in files
    ]
    assert [each["Status"] == "FAILED" for each in alone] == too_long
    if refusals:
        assert together["Status"] == "FAILED"
        assert together["Error"] in refusals
        assert rows("select count(*) from t") == [[0]]
    else:
        assert together["Status"] == "FINISHED"
        expected = sorted(([a, b] for _, content in files for a, b in content), key=repr)
        assert sorted(rows("select a, b from t"), key=repr) == expected
        assert sorted(rows("select a, b from u"), key=repr) == expected
