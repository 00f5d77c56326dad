"""CSV: what is recognised in the beginning of a file."""

from __future__ import annotations

import csv
import io
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etlocal.formats.delimited import DELIMITERS, CsvRules, recognise_csv
from etlocal.formats.hive_types import render
from etlocal.formats.recognise import SAMPLE_SIZE, recognise
from etlocal.formats.recognised import Recognised, Sample

# Words that are neither numbers nor booleans, with what needs quotes.
WORDS = st.text(string.ascii_letters + ' "\n' + "".join(DELIMITERS), min_size=1, max_size=12).map(
    lambda text: f"w{text}w"
)
VALUES = {
    "bigint": st.integers(-(2**63), 2**63 - 1).map(str),
    "double": st.floats(-1e9, 1e9).map(repr),
    "boolean": st.sampled_from(["true", "False", "TRUE"]),
    "string": WORDS,
}
NAMES = st.lists(
    st.text(string.ascii_letters + "_ ", min_size=1, max_size=20).map(lambda name: f"n{name}x"),
    min_size=2,
    max_size=6,
    unique_by=str.lower,
)


def read(text: str | bytes, rules: CsvRules | None = None) -> Recognised:
    """Recognise a whole file."""
    data = text.encode() if isinstance(text, str) else text
    sample = Sample(data, True, data, len(data))
    return recognise_csv(sample, rules) if rules else recognise_csv(sample)


def columns(found: Recognised) -> dict[str, str]:
    return {column.name: render(column.type) for column in found.columns}


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[str], list[list[str]]]:
    names = draw(NAMES)
    types = ["bigint", *draw(st.lists(st.sampled_from(list(VALUES)), min_size=len(names) - 1,
                                      max_size=len(names) - 1))]  # fmt: skip
    row = st.tuples(*(VALUES[kind] for kind in types)).map(list)
    return names, types, draw(st.lists(row, min_size=3, max_size=8))


@given(
    tables(),
    st.sampled_from(DELIMITERS),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.booleans(),
)
def test_what_was_written_as_csv_is_recovered(
    table: tuple[list[str], list[str], list[list[str]]],
    delimiter: str,
    ending: str,
    quoting: int,
    bom: bool,
) -> None:
    names, types, rows = table
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter, lineterminator=ending, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([names, *rows])
    data = written.getvalue().encode("utf-8-sig" if bom else "utf-8")

    found = recognise(data, len(data))

    assert found.classification == "csv"
    assert found.details["delimiter"] == delimiter
    assert found.details["header"] == "true"
    assert columns(found) == dict(zip([name.lower() for name in names], types, strict=True))
    assert found.records == len(rows)
    if quoting == csv.QUOTE_ALL:
        assert found.details["quoted"] == "true"


def test_empty_cells_do_not_turn_a_number_to_a_string() -> None:
    found = read("a,b,c\n1,,x\n,2.5,y\n3,,\n")
    assert columns(found) == {"a": "bigint", "b": "double", "c": "string"}


def test_a_column_that_is_always_empty_is_a_string() -> None:
    assert columns(read("a,b,c\n1,,x\n2,,y\n"))["b"] == "string"


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-2", "+3"], "bigint"),
        (["1", "2.5"], "double"),
        (["1e3", ".5", "7."], "double"),
        (["00501"], "bigint"),
        (["9223372036854775808"], "string"),
        (["true", "FALSE"], "boolean"),
        (["true", "1"], "string"),
        (["2024-01-01"], "string"),
        (["2024-01-01 10:00:00"], "string"),
        (["NaN"], "string"),
        (["NA", "3"], "string"),
        (["1_000"], "string"),
        (["٣"], "string"),
        ([" 7 "], "bigint"),
    ],
)
def test_types_of_cells(cells: list[str], kind: str) -> None:
    rows = "".join(f"{cell},1\n" for cell in [*cells, *cells])
    assert columns(read(f"a,b\n{rows}"))["a"] == kind


def test_strings_alone_have_no_header() -> None:
    found = read("name,city\nx,y\nz,w\n")
    assert columns(found) == {"col0": "string", "col1": "string"}
    assert found.details["header"] == "false"
    assert found.records == 3


@pytest.mark.parametrize(
    "header",
    ["a,7", "a,", ",a", "a,true", f"{'x' * 150},a"],
)
def test_a_first_row_that_is_no_header(header: str) -> None:
    found = read(f"{header},z\n1,2,3\n4,5,6\n")
    assert list(columns(found)) == ["col0", "col1", "col2"]


def test_only_the_last_header_cell_may_be_long() -> None:
    assert "x" * 150 in columns(read(f"a,{'x' * 150}\n1,2\n3,4\n"))


def test_a_trailing_delimiter_makes_no_column() -> None:
    assert columns(read("a,b,\n1,2,\n3,4,\n")) == {"a": "bigint", "b": "bigint"}


def test_a_column_name_met_twice_is_told_apart() -> None:
    assert list(columns(read("a,b,A\n1,2,3\n4,5,6\n"))) == ["a", "b", "a_2"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("just a line of prose\nand another\n", "two columns"),
        ("", "two columns"),
        ("id\n1\n2\n", "two columns"),
        ("a,b,c\n1,2\n3\n4,5,6,7\n8,9,1,2,3\n", "two columns"),
        (b"\x00\x01,\x02\n", "not UTF-8"),
        ("a,é\n1,2\n".encode("latin-1"), "not UTF-8"),
    ],
)
def test_what_is_not_csv_says_why(text: str | bytes, reason: str) -> None:
    found = read(text)
    assert found.classification == "UNKNOWN"
    assert reason in found.reason


@pytest.mark.parametrize("text", ["a,b\n", "a,b\n1,2\n"])
def test_fewer_than_two_rows_of_data_are_not_certain(text: str) -> None:
    found = read(text)
    assert (found.classification, found.certain) == ("csv", False)
    assert found.reason == "fewer than two rows of data"
    assert list(columns(found)) == ["a", "b"]


def test_some_bad_lines_do_not_hide_the_columns() -> None:
    found = read("a,b,c\n1,2,3\nbad\n4,5,6\n7,8,9\n1,1,1\n")
    assert columns(found) == {"a": "bigint", "b": "bigint", "c": "bigint"}


def test_a_line_cut_by_the_end_of_the_sample_is_not_read() -> None:
    data = b"a,b\n" + b"1,2\n" * (SAMPLE_SIZE // 4) + b"x,y\n" * 10
    cut = data[: SAMPLE_SIZE - 2] + "é,x".encode()[:2]
    found = recognise(cut, len(data))
    assert columns(found) == {"a": "bigint", "b": "bigint"}
    assert abs(found.records - len(data) // 4) < len(data) * 0.01


def test_the_delimiter_with_most_regular_rows_wins() -> None:
    found = read('a|b\n1|"x,y"\n2|"z,w,v"\n')
    assert found.details["delimiter"] == "|"
    assert columns(found) == {"a": "bigint", "b": "string"}


def test_a_classifier_can_forbid_trimming() -> None:
    assert columns(read("a,b\n 1,x\n 2,y\n", CsvRules(header=True, trim=False)))["a"] == "string"
    assert columns(read("a,b\n 1,x\n 2,y\n", CsvRules(header=True)))["a"] == "bigint"


def test_custom_types_that_do_not_fit_the_columns_are_said() -> None:
    found = read("a,b\n1,2\n", CsvRules(types=("INT",)))
    assert found.classification == "UNKNOWN"
    assert "custom data types" in found.reason
