"""COPY: what is loaded, what is refused, and what stl_load_errors says of it."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.both_engines

Rows = Callable[..., list[list[Any]]]
Run = Callable[..., dict[str, Any]]
Ok = Callable[..., None]
ROLE = "iam_role 'arn:aws:iam::000000000000:role/loader'"
FAILED = (
    "ERROR: Load into table 't' failed.  Check 'sys_load_error_detail' system table for details."
)


def test_csv_is_loaded_whole_by_prefix_acting_as_the_role(s3: Any, ok: Ok, rows: Rows) -> None:
    ok("create table t (a bigint, b varchar(20), c numeric(8,2), d date)")
    s3.put("s3://b/in/1.csv", 'a,b,c,d\n1,"x, ""y""",1.239,2024-01-02\n')
    s3.put("s3://b/in/2.csv", "a,b,c,d\n2,,,\n-3, z,+7,\n")
    s3.put("s3://b/other.csv", "a,b,c,d\n9,9,9,2024-01-01\n")
    ok(f"copy t from 's3://b/in/' {ROLE} format as csv ignoreheader 1")
    assert rows("select * from t order by a") == [
        [-3, " z", "7.00", None],
        [1, 'x, "y"', "1.23", "2024-01-02"],
        [2, "", None, None],
    ]
    assert set(s3.roles) == {"arn:aws:iam::000000000000:role/loader"}


def test_a_prefix_without_objects_fails(run: Run, ok: Ok) -> None:
    ok("create table t (a int)")
    described = run(f"copy t from 's3://b/none' {ROLE} csv")
    assert described["Error"] == "ERROR: The specified S3 prefix 'none' does not exist"


@pytest.mark.parametrize(
    ("line", "column", "code", "reason"),
    [
        ("1x,a,1.0,2024-01-01,t", "a", 1207, "Invalid digit, Value 'x', Pos 1, Type: Integer"),
        ("1.5,a,1.0,2024-01-01,t", "a", 1207, "Invalid digit, Value '.', Pos 1, Type: Integer"),
        (
            "99999999999,a,1,2024-01-01,t",
            "a",
            1204,
            "Overflow, Value '99999999999', Pos 0, Type: Integer",
        ),
        ("1,éé€,1.0,2024-01-01,t", "b", 1204, "String length exceeds DDL length"),
        ("1,a,z,2024-01-01,t", "c", 1209, "Invalid digit, Value 'z', Pos 0, Type: Decimal"),
        ("1,a,1.0,2024-1-1x,t", "d", 1205, "Invalid Date Format - length must be 10 or more"),
        ("1,a,1.0,2024-01-01,maybe", "e", 1210, "Unknown boolean format"),
        (",a,1.0,2024-01-01,t", "a", 1213, "Missing data for not-null field"),
        ("1,a,1.0", "d", 1214, "Delimiter not found"),
        ("1,a,1.0,2024-01-01,t,extra", "", 1202, "Extra column(s) found"),
    ],
)
def test_a_bad_line_fails_the_load_and_is_described(
    s3: Any, ok: Ok, run: Run, rows: Rows, line: str, column: str, code: int, reason: str
) -> None:
    ok("create table t (a int not null, b varchar(6), c numeric(6,2), d date, e bool)")
    s3.put("s3://b/f.csv", f"h\n1,a,1.0,2024-01-01,t\n{line}\n2,b,1.0,2024-01-01,f\n")
    described = run(f"copy t from 's3://b/f.csv' {ROLE} csv ignoreheader 1")
    assert described["Status"] == "FAILED"
    assert described["Error"] == FAILED
    assert rows("select count(*) from t") == [[0]]
    found = rows(
        "select filename, line_number, colname, err_code, err_reason, raw_line from stl_load_errors"
    )
    assert found == [["s3://b/f.csv", 3, column, code, reason, line]]


def test_maxerror_loads_the_good_lines_and_keeps_the_bad_ones(
    s3: Any, ok: Ok, run: Run, rows: Rows
) -> None:
    ok("create table t (a int, b varchar(3))")
    s3.put("s3://b/f.csv", "1,a\nx,b\n3\n4,toolong\n5,e\n")
    described = run(f"copy t from 's3://b/f.csv' {ROLE} csv maxerror 4")
    assert (described["Status"], described["ResultRows"]) == ("FINISHED", 2)
    assert rows("select a, b from t order by a") == [[1, "a"], [5, "e"]]
    found = rows("select line_number, colname from stl_load_errors order by 1")
    assert found == [[2, "a"], [3, "b"], [4, "b"]]
    assert run(f"copy t from 's3://b/f.csv' {ROLE} csv maxerror 3")["Error"] == FAILED
    assert rows("select count(*) from t") == [[2]]


def test_load_errors_survive_the_batch_that_is_rolled_back(
    s3: Any, ok: Ok, run: Run, rows: Rows
) -> None:
    ok("create table t (a int)", "insert into t values (7)")
    s3.put("s3://b/f.csv", "x\n")
    described = run(["delete from t", f"copy t from 's3://b/f.csv' {ROLE} csv"])
    assert described["Error"] == f"Query #2 failed with {FAILED}"
    assert rows("select a from t") == [[7]]
    assert rows("select count(*) from sys_load_error_detail") == [[1]]


@pytest.mark.parametrize("codec", ["gzip", "bzip2"])
def test_compressed_text_is_read(s3: Any, ok: Ok, rows: Rows, codec: str) -> None:
    ok("create table t (a int, b varchar(9))")
    text = b"1|x\n2|\\N\n"
    packed = gzip.compress(text) if codec == "gzip" else bz2.compress(text)
    s3.put("s3://b/f", packed)
    ok(f"copy t from 's3://b/f' {ROLE} {codec}")
    assert rows("select * from t order by a") == [[1, "x"], [2, None]]


def test_null_and_blank_options(s3: Any, ok: Ok, rows: Rows) -> None:
    ok("create table t (a int, b varchar(9), c varchar(9))")
    s3.put("s3://b/f", "NA|  |\n2|x  |y\n")
    ok(
        f"copy t from 's3://b/f' {ROLE} delimiter '|' null as 'NA' blanksasnull emptyasnull "
        "trimblanks"
    )
    assert rows("select * from t order by a") == [[2, "x", "y"], [None, None, None]]


def test_fillrecord_and_truncatecolumns(s3: Any, ok: Ok, rows: Rows) -> None:
    ok("create table t (a int, b varchar(3), c int)")
    s3.put("s3://b/f", "1|abcdef\n2|éé|5\n")
    ok(f"copy t from 's3://b/f' {ROLE} fillrecord truncatecolumns")
    assert rows("select * from t order by a") == [[1, "abc", None], [2, "é", 5]]


def test_invalid_characters_fail_or_are_replaced(s3: Any, ok: Ok, run: Run, rows: Rows) -> None:
    ok("create table t (a varchar(9))")
    s3.put("s3://b/f", b"a\xffb\n")
    assert run(f"copy t from 's3://b/f' {ROLE}")["Error"] == FAILED
    assert rows("select err_code from stl_load_errors") == [[1220]]
    ok(f"copy t from 's3://b/f' {ROLE} acceptinvchars '^'")
    assert rows("select a from t") == [["a^b"]]


def test_dates_and_times_by_pattern_and_automatically(s3: Any, ok: Ok, rows: Rows) -> None:
    ok("create table t (a date, b timestamp)")
    s3.put("s3://b/1", "02/01/2024|01.02.2024 13:14:15\n")
    ok(f"copy t from 's3://b/1' {ROLE} dateformat 'DD/MM/YYYY' timeformat 'DD.MM.YYYY HH:MI:SS'")
    s3.put("s3://b/2", "20240203|2024-02-03T04:05:06.5Z\n")
    ok(f"copy t from 's3://b/2' {ROLE} dateformat 'auto' timeformat 'auto'")
    s3.put("s3://b/3", "2024-01-01|1700000000\n")
    ok(f"copy t from 's3://b/3' {ROLE} timeformat 'epochsecs'")
    assert rows("select * from t order by b") == [
        ["2024-01-01", "2023-11-14 22:13:20"],
        ["2024-01-02", "2024-02-01 13:14:15"],
        ["2024-02-03", "2024-02-03 04:05:06.5"],
    ]


def test_json_by_name_and_by_path(s3: Any, ok: Ok, rows: Rows) -> None:
    ok("create table t (a int, b varchar(30))")
    s3.put("s3://b/1", '{"b": "x", "a": 1}\n{"a": null, "b": {"c": [1]}}')
    ok(f"copy t from 's3://b/1' {ROLE} format json 'auto'")
    s3.put("s3://b/2", '{"n": {"v": 5}, "l": ["p", "q"]}')
    s3.put("s3://b/paths", json.dumps({"jsonpaths": ["$.n.v", "$['l'][1]"]}))
    ok(f"copy t from 's3://b/2' {ROLE} json 's3://b/paths'")
    s3.put("s3://b/3", '{"A": 6, "B": "up"}')
    ok(f"copy t from 's3://b/3' {ROLE} json 'auto ignorecase'")
    assert rows("select * from t order by a") == [
        [1, "x"],
        [5, "q"],
        [6, "up"],
        [None, '{"c":[1]}'],
    ]


def test_a_manifest_names_the_objects(s3: Any, ok: Ok, run: Run, rows: Rows) -> None:
    ok("create table t (a int)")
    s3.put("s3://b/x1", "1\n")
    s3.put("s3://b/x2", "2\n")
    entries = [{"url": "s3://b/x2", "mandatory": True}, {"url": "s3://b/x9"}]
    s3.put("s3://b/m", json.dumps({"entries": entries}))
    ok(f"copy t from 's3://b/m' {ROLE} manifest")
    assert rows("select a from t") == [[2]]
    s3.put("s3://b/m", json.dumps({"entries": [{"url": "s3://b/x9", "mandatory": True}]}))
    described = run(f"copy t from 's3://b/m' {ROLE} manifest")
    assert described["Error"] == "ERROR: The specified S3 object 's3://b/x9' does not exist"


def test_identity_columns_fill_themselves(s3: Any, ok: Ok, rows: Rows) -> None:
    ok("create table t (id bigint identity(10,5), a int default 3, b varchar(5))")
    s3.put("s3://b/1", "x\ny\n")
    ok(f"copy t (b) from 's3://b/1' {ROLE}")
    assert rows("select * from t order by id") == [[10, 3, "x"], [15, 3, "y"]]


def test_escaped_text_comes_back(s3: Any, ok: Ok, rows: Rows) -> None:
    ok("create table t (a int, b varchar(30))")
    s3.put("s3://b/1", "1|a\\|b\\\nc\\\\d\n2|\\N\n")
    ok(f"copy t from 's3://b/1' {ROLE} escape")
    assert rows("select * from t order by a") == [[1, "a|b\nc\\d"], [2, None]]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ("", "must specify an access method"),
        (f"{ROLE} format orc", "COPY with FORMAT ORC is not supported by etlocal"),
        (f"{ROLE} fixedwidth 'a:1'", "COPY with FIXEDWIDTH is not supported by etlocal"),
        (f"{ROLE} csv escape", "CSV is not compatible with ESCAPE"),
        (f"{ROLE} frobnicate", 'syntax error at or near "frobnicate"'),
        (f"{ROLE} maxerror 100001", "MAXERROR must be between 0 and 100000"),
        (f"{ROLE} parquet ignoreheader 1", "IGNOREHEADER argument is not supported for PARQUET"),
        ("iam_role default", "The default IAM role is not set"),
    ],
)
def test_what_cannot_be_done_is_an_error(
    s3: Any, ok: Ok, run: Run, options: str, error: str
) -> None:
    ok("create table t (a int)")
    s3.put("s3://b/1", "1\n")
    assert error in run(f"copy t from 's3://b/1' {options}")["Error"]


def test_empty_files_and_files_of_headers_load_nothing(s3: Any, ok: Ok, rows: Rows) -> None:
    ok("create table t (a int, b int)")
    s3.put("s3://b/x1", "")
    s3.put("s3://b/x2", "a,b\n")
    s3.put("s3://b/x3", "a,b\r\n1,2\r\n")
    ok(f"copy t from 's3://b/x' {ROLE} csv ignoreheader 1")
    assert rows("select * from t") == [[1, 2]]


_TEXT = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00\r"), max_size=12
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(table=st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), _TEXT, _TEXT), max_size=20))
def test_what_a_csv_writer_writes_comes_back(
    s3: Any, ok: Ok, rows: Rows, table: list[tuple[int, str, str]]
) -> None:
    ok("drop table if exists t", "create table t (n int, a bigint, b varchar(99), c varchar(99))")
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerows((number, *row) for number, row in enumerate(table))
    s3.put("s3://b/f.csv", "n,a,b,c\n" + buffer.getvalue())
    ok(f"copy t from 's3://b/f.csv' {ROLE} csv ignoreheader 1 null as 'no such text at all'")
    found = rows("select a, b, c from t order by n")
    assert found == [list(row) for row in table]


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [
        ("utf16", "utf-16"),
        ("utf16le", "utf-16-le"),
        ("utf16be", "utf-16-be"),
        ("iso88591", "iso-8859-1"),
    ],
)
def test_other_encodings_are_read_as_they_are_named(
    s3: Any, ok: Ok, rows: Rows, encoding: str, codec: str
) -> None:
    ok("create table t (a int, b varchar(20))")
    s3.put("s3://b/x", 'a,b\n1,"Ünïted, Å"\n2,ß\n'.encode(codec))
    ok(f"copy t from 's3://b/x' {ROLE} csv ignoreheader 1 encoding {encoding}")
    assert rows("select * from t order by a") == [[1, "Ünïted, Å"], [2, "ß"]]


def test_bytes_of_another_encoding_are_refused_or_replaced(
    s3: Any, ok: Ok, run: Run, rows: Rows
) -> None:
    ok("create table t (a varchar(20))")
    s3.put("s3://b/x", "é\n".encode("utf-16-le")[:-1])
    refused = run(f"copy t from 's3://b/x' {ROLE} encoding utf16le")["Error"]
    assert refused.startswith("ERROR: s3://b/x is not in the encoding UTF16LE: ")
    s3.put("s3://b/z", gzip.compress(b"x" * 9999)[:-9])
    cut = run(f"copy t from 's3://b/z' {ROLE} gzip")["Error"]
    assert cut.startswith("ERROR: s3://b/z cannot be decompressed: ")
    s3.put("s3://b/y", "caf\xe9\n".encode("latin-1"))
    assert run(f"copy t from 's3://b/y' {ROLE}")["Error"] == FAILED
    ok(f"copy t from 's3://b/y' {ROLE} acceptinvchars as '^'")
    assert rows("select a from t") == [["caf^"]]
