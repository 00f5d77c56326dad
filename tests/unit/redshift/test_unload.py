"""UNLOAD: the objects it writes, and what it refuses to write over."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.both_engines

Rows = Callable[..., list[list[Any]]]
Run = Callable[..., dict[str, Any]]
Ok = Callable[..., None]
ROLE = "iam_role 'arn:aws:iam::000000000000:role/r'"


@pytest.fixture(autouse=True)
def table(ok: Ok) -> None:
    """A small table."""
    ok(
        "create table u (a int, b varchar(20), c numeric(8,2), d boolean, e date)",
        "insert into u values (1, 'x|y', 1.5, true, '2024-01-01'), (2, null, null, false, null)",
    )


def test_delimited_text_is_the_default(s3: Any, ok: Ok) -> None:
    ok(f"unload ('select a, c, d, e from u order by a') to 's3://b/out/' {ROLE}")
    assert s3.objects["b", "out/0000_part_00"] == b"1|1.50|t|2024-01-01\n2||f|\n"


@pytest.mark.parametrize(
    ("options", "key", "body"),
    [
        ("csv header", "o0000_part_00", b"a,b\n1,x|y\n2,\n"),
        ("csv delimiter '|'", "o0000_part_00", b'1|"x|y"\n2|\n'),
        ("addquotes null as 'NIL'", "o0000_part_00", b'"1"|"x|y"\n"2"|NIL\n'),
        ("escape null as '\\\\N' parallel off", "o000", b"1|x\\|y\n2|\\N\n"),
        ("json", "o0000_part_00.json", b'{"a":1,"b":"x|y"}\n{"a":2,"b":null}\n'),
    ],
)
def test_formats(s3: Any, ok: Ok, options: str, key: str, body: bytes) -> None:
    ok(f"unload ('select a, b from u order by a') to 's3://b/o' {ROLE} {options}")
    assert s3.objects["b", key] == body


def test_gzip_and_manifest(s3: Any, ok: Ok, run: Run) -> None:
    described = run(f"unload ('select a from u') to 's3://b/o/' {ROLE} csv gzip manifest verbose")
    assert described["ResultRows"] == 2
    assert gzip.decompress(s3.objects["b", "o/0000_part_00.gz"]) == b"1\n2\n"
    manifest = json.loads(s3.objects["b", "o/manifest"])
    assert manifest["entries"][0]["url"] == "s3://b/o/0000_part_00.gz"
    assert manifest["meta"]["record_count"] == 2


def test_parquet_comes_back_by_copy(s3: Any, ok: Ok, rows: Rows) -> None:
    ok(
        f"unload ('select * from u') to 's3://b/o/' {ROLE} format parquet",
        "create table back (like u)",
        f"copy back from 's3://b/o/' {ROLE} format as parquet",
    )
    assert s3.keys("b") == ["o/0000_part_00.parquet"]
    assert rows("select * from back order by a") == rows("select * from u order by a")


def test_parquet_of_other_columns_or_types_is_refused(s3: Any, ok: Ok, run: Run) -> None:
    ok(f"unload ('select a, b from u') to 's3://b/o/' {ROLE} parquet")
    ok("create table one (a int)", "create table other (a varchar(9), b varchar(9))")
    ok("create table short (a int, b varchar(2))")
    copy = "copy {} from 's3://b/o/' " + ROLE + " parquet"
    assert "Unmatched number of columns" in run(copy.format("one"))["Error"]
    assert "incompatible Parquet schema" in run(copy.format("other"))["Error"]
    assert "is longer than the length defined" in run(copy.format("short"))["Error"]


def test_partitions_are_folders(s3: Any, ok: Ok) -> None:
    ok(f"unload ('select a, b, d from u') to 's3://b/o/' {ROLE} csv partition by (d)")
    assert s3.objects["b", "o/d=true/0000_part_00"] == b"1,x|y\n"
    assert s3.objects["b", "o/d=false/0000_part_00"] == b"2,\n"


def test_objects_in_the_way_are_kept_unless_told_otherwise(s3: Any, ok: Ok, run: Run) -> None:
    s3.put("s3://b/o/old", "old")
    unload = f"unload ('select a from u order by a') to 's3://b/o/' {ROLE}"
    assert "Specified unload destination on S3 is not empty" in run(unload)["Error"]
    assert s3.keys("b") == ["o/old"]
    ok(f"{unload} allowoverwrite")
    assert s3.keys("b") == ["o/0000_part_00", "o/old"]
    ok(f"{unload} cleanpath")
    assert s3.keys("b") == ["o/0000_part_00"]


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        (f"unload ('select a from u limit 1') to 's3://b/o' {ROLE}", "Limit clause"),
        (f"unload ('delete from u') to 's3://b/o' {ROLE}", "UNLOAD takes a SELECT query"),
        (f"unload ('select a from u') to 's3://b/o' {ROLE} parquet gzip", "not supported"),
        (f"unload ('select a from u') to 's3://b/o' {ROLE} encrypted", "not supported by etlocal"),
        (f"unload ('select z from u') to 's3://b/o' {ROLE}", 'column "z" does not exist'),
    ],
)
def test_what_cannot_be_unloaded_is_an_error(run: Run, sql: str, error: str) -> None:
    assert error in run(sql)["Error"]


def test_each_unload_of_a_batch_has_its_files(s3: Any, run: Run) -> None:
    described = run(
        [f"unload ('select a from u where a = {n}') to 's3://b/{n}/' {ROLE}" for n in (1, 2)]
    )
    assert described["Status"] == "FINISHED", described.get("Error")
    assert s3.objects == {("b", "1/0000_part_00"): b"1\n", ("b", "2/0000_part_00"): b"2\n"}


@pytest.fixture
def wide(ok: Ok) -> None:
    """A table of 12 MB."""
    ok(
        "create table w (i int, b varchar(40000))",
        "insert into w with recursive n(i) as (select 1 union all select i + 1 from n where "
        "i < 600) select i, repeat('0123456789', 2000) || '\n\\\\\"|' from n",
    )


@pytest.mark.parametrize(
    ("unloading", "loading"),
    [
        ("csv", "csv"),
        ("csv header", "csv ignoreheader 1"),
        ("json", "json 'auto'"),
        ("escape", "escape"),
        ("addquotes escape", "removequotes escape"),
        ("csv gzip", "csv gzip"),
    ],
)
@pytest.mark.usefixtures("wide")
def test_maxfilesize_cuts_between_rows(
    s3: Any, ok: Ok, rows: Rows, unloading: str, loading: str
) -> None:
    ok(f"unload ('select * from w') to 's3://b/big' {ROLE} maxfilesize 5 mb {unloading}")
    keys = s3.keys("b")
    assert [key.split(".")[0] for key in keys] == [f"big0000_part_{n:02d}" for n in range(3)]
    assert max(len(body) for body in s3.objects.values()) <= 5 * 1024**2
    ok("create table v (like w)", f"copy v from 's3://b/big' {ROLE} {loading}")
    difference = "(select * from w except select * from v)"
    assert rows(f"select (select count(*) from v), (select count(*) from {difference})") == [
        [600, 0]
    ]


@pytest.mark.usefixtures("wide")
def test_parallel_off_numbers_the_files_that_maxfilesize_makes(s3: Any, ok: Ok) -> None:
    ok(f"unload ('select i from w where i < 9') to 's3://b/few' {ROLE} maxfilesize 5 mb")
    assert s3.keys("b") == ["few0000_part_00"]
    ok(f"unload ('select * from w') to 's3://b/big' {ROLE} csv parallel off maxfilesize 5 mb")
    assert s3.keys("b")[:3] == ["big000", "big001", "big002"]
