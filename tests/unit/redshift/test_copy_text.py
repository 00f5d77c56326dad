"""COPY's rules for text and JSON where an engine's own readers have others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.both_engines

Rows = Callable[..., list[list[Any]]]
Run = Callable[..., dict[str, Any]]
Ok = Callable[..., None]
ROLE = "iam_role 'arn:aws:iam::000000000000:role/loader'"


@pytest.mark.parametrize(
    ("body", "options", "expected"),
    [
        pytest.param(
            b'1,"a\nb"\r\n2,c\r\n', "csv", [[1, "a\nb"], [2, "c"]], id="LF in quotes among CRLF"
        ),
        pytest.param(b"1|a\r\n2|b\n3|c\r4|d", "", [[1, "a"], [2, "b"], [3, "c"], [4, "d"]],
                     id="all line ends at once"),
        pytest.param(b"1|a\n\n2|b\n", "ignoreblanklines", [[1, "a"], [2, "b"]], id="blank lines"),
        pytest.param(b"1\n2|\n", "fillrecord", [[1, ""], [2, ""]], id="a VARCHAR filled up"),
        pytest.param(b"1\n", "fillrecord emptyasnull", [[1, None]], id="filled up with NULL"),
        pytest.param(b"1|\x00\n2|a\n", "null as '\\0'", [[1, None], [2, "a"]], id="NUL"),
        pytest.param(b"1|'a|b'\n2|\"c\"\n3|d'\n4|''e''\n5|''\n", "removequotes",
                     [[1, "a|b"], [2, "c"], [3, "d'"], [4, "'e'"], [5, ""]], id="REMOVEQUOTES"),
        pytest.param(b"1|\\N\r\n2|a\\\r\n3|\\\\N\n", "escape", [[1, None], [2, "a\r"], [3, "\\N"]],
                     id="ESCAPE before line ends and NULL"),
        pytest.param(b"1| \t\n2|\n", "blanksasnull", [[1, None], [2, ""]], id="BLANKSASNULL"),
        pytest.param(b"1|   \n", "blanksasnull trimblanks", [[1, None]], id="blanks, then trimmed"),
    ],
)  # fmt: skip
def test_text_is_read_as_redshift_reads_it(
    s3: Any, ok: Ok, rows: Rows, body: bytes, options: str, expected: list[list[Any]]
) -> None:
    ok("create table t (a int, b varchar(9))")
    s3.put("s3://b/f", body)
    ok(f"copy t from 's3://b/f' {ROLE} {options}")
    assert rows("select * from t order by a") == expected


def test_a_nul_inside_a_value_is_kept_or_refused(
    s3: Any, ok: Ok, run: Run, rows: Rows, engine: str
) -> None:
    ok("create table t (a int, b varchar(9))")
    s3.put("s3://b/f", b"2|a\x00\n")
    described = run(f"copy t from 's3://b/f' {ROLE} null as '\\0'")
    if engine == "postgres":
        # No text of PostgreSQL's can hold one.
        assert "invalid byte sequence" in described["Error"]
    else:
        assert rows("select * from t") == [[2, "a\x00"]]


def test_a_blank_line_is_an_empty_field_of_a_single_column(s3: Any, ok: Ok, rows: Rows) -> None:
    ok("create table t (a varchar(9))")
    s3.put("s3://b/f", "x\n\ny\n")
    ok(f"copy t from 's3://b/f' {ROLE}")
    assert rows("select a from t order by a") == [[""], ["x"], ["y"]]


@pytest.mark.parametrize(
    ("kind", "line", "code", "reason"),
    [
        ("varchar(9), b int", "", 1214, "Delimiter not found"),
        ("char(9)", "é", 1220, "Multibyte character not supported for CHAR (Hint: Try using "
                               "VARCHAR). Invalid char: c3 a9"),
        ("numeric(8,2)", "1e2", 1209, "Invalid digit, Value 'e', Pos 1, Type: Decimal"),
        ("float8", "1_0", 1208, "Invalid digit, Value '_', Pos 1, Type: Double"),
        ("float8", "1e400", 1204, "Overflow, Value '1e400', Pos 0, Type: Double"),
        ("date", "2024-1-05", 1205, "Invalid Date Format - length must be 10 or more"),
    ],
)  # fmt: skip
def test_what_redshift_refuses_is_refused(
    s3: Any, ok: Ok, run: Run, rows: Rows, kind: str, line: str, code: int, reason: str
) -> None:
    ok(f"create table t (a {kind})")
    s3.put("s3://b/f", f"{line}\n")
    assert run(f"copy t from 's3://b/f' {ROLE}")["Status"] == "FAILED"
    assert rows("select line_number, err_code, err_reason from stl_load_errors") == [
        [1, code, reason]
    ]


def test_a_quote_to_be_removed_that_does_not_close_is_a_bad_line(
    s3: Any, ok: Ok, rows: Rows
) -> None:
    ok("create table t (a varchar(9))")
    s3.put("s3://b/f", "'blue\nred\n")
    ok(f"copy t from 's3://b/f' {ROLE} removequotes maxerror 2")
    assert rows("select a from t") == [["red"]]
    assert rows("select line_number, err_code, raw_line from stl_load_errors") == [
        [1, 1214, "'blue"]
    ]


def test_an_epoch_out_of_range_is_a_bad_line(s3: Any, ok: Ok, run: Run, rows: Rows) -> None:
    ok("create table t (a timestamp)")
    s3.put("s3://b/f", "1e300\n")
    assert run(f"copy t from 's3://b/f' {ROLE} timeformat 'epochsecs'")["Status"] == "FAILED"
    assert rows("select err_code from stl_load_errors") == [[1206]]


def test_objects_without_bytes_load_nothing(s3: Any, ok: Ok, rows: Rows) -> None:
    ok("create table t (a int)")
    s3.put("s3://b/f", "")
    ok(f"copy t from 's3://b/f' {ROLE}")
    assert rows("select count(*) from t") == [[0]]


def test_json_documents_need_no_lines_of_their_own(s3: Any, ok: Ok, rows: Rows) -> None:
    ok("create table t (a int, b varchar(9))")
    s3.put("s3://b/f", '{"a": 1}{"a": 2,\n "b": "x"}  {"a":\n3}')
    ok(f"copy t from 's3://b/f' {ROLE} json 'auto'")
    assert rows("select * from t order by a") == [[1, None], [2, "x"], [3, None]]


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        (b'{"a": 1}\n{"a": }\n', 1216, "Invalid JSON: Expecting value"),
        (b'{"a": 1', 1216, "Invalid JSON: Expecting ',' delimiter"),
        (b'{"a": 1}\n[{"a": 2}]', 1216, "Invalid JSON: not an object"),
        (b'{"a": "\xff"}', 1220, "String contains invalid or unsupported UTF8 codepoints"),
        (b'{"a": NaN}', 1216, "Invalid JSON: NaN is no JSON"),
    ],
)
def test_what_is_no_json_is_a_load_error(
    s3: Any, ok: Ok, run: Run, rows: Rows, body: bytes, code: int, reason: str
) -> None:
    ok("create table t (a int)", "insert into t values (7)")
    s3.put("s3://b/f", body)
    assert "sys_load_error_detail" in run(f"copy t from 's3://b/f' {ROLE} json 'auto'")["Error"]
    assert rows("select a from t") == [[7]]
    found = rows("select err_code, err_reason from stl_load_errors")
    assert [[found[0][0], found[0][1][: len(reason)]]] == [[code, reason]]
