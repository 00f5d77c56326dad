"""JSON: records, their columns and types, and JSON paths."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etlocal.formats.hive_types import render
from etlocal.formats.json_documents import JsonPathError, parse_path, recognise_json
from etlocal.formats.recognise import SAMPLE_SIZE, recognise
from etlocal.formats.recognised import Recognised, Sample


def read(text: str, path: str | None = None, whole: bool = True) -> Recognised:
    data = text.encode()
    return recognise_json(Sample(data, whole, data, len(data)), path)


def columns(found: Recognised) -> dict[str, str]:
    return {column.name: render(column.type) for column in found.columns}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, -5], "int"),
        ([1, 2147483648], "bigint"),
        ([2**63], "double"),
        ([1, 2.5], "double"),
        ([True, False], "boolean"),
        ([True, 1], "string"),
        ([1, "x"], "string"),
        ([None, None], "string"),
        ([None, 3], "int"),
        ([[]], "string"),
        ([[1], [2.5]], "array<double>"),
        ([[], ["x"]], "array<string>"),
        ([{}], "string"),
        ([{"b": 1}, {"c": [{"d": True}]}], "struct<b:int,c:array<struct<d:boolean>>>"),
        ([{"b": 1}, {"b": 2**40}], "struct<b:bigint>"),
        ([{"b": 1}, 3], "string"),
    ],
)
def test_types_merge_over_the_records(values: list[Any], kind: str) -> None:
    text = "\n".join(json.dumps({"a": value, "k": 0}) for value in values)
    assert columns(read(text)) == {"a": kind, "k": "int"}


RECORDS = st.lists(
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 9) | st.booleans(), min_size=1),
    min_size=1,
)


@given(RECORDS)
def test_lines_and_pretty_documents_are_the_same_records(records: list[dict[str, Any]]) -> None:
    lines = read("\n".join(json.dumps(record) for record in records))
    pretty = read("\n\n".join(json.dumps(record, indent=2) for record in records))

    assert columns(lines) == columns(pretty)
    assert set(columns(lines)) == {name for record in records for name in record}
    assert lines.records == pretty.records == len(records)


@given(RECORDS)
def test_an_array_under_a_path_is_the_same_records(records: list[dict[str, Any]]) -> None:
    lines = read("\n".join(json.dumps(record) for record in records))
    array = read(json.dumps(records), path="$[*]")
    inside = read(json.dumps({"x": {"y": records}}), path="$.x['y'][*]")

    assert columns(lines) == columns(array) == columns(inside)
    assert array.records == inside.records == len(records)


def test_a_file_that_is_one_array_has_the_column_array() -> None:
    found = read('[{"a": 1}, {"b": "x"}]')
    assert columns(found) == {"array": "array<struct<a:int,b:string>>"}
    assert found.records == 1


def test_names_are_lower_cased_in_columns_and_kept_in_paths_and_structs() -> None:
    found = read('{"FlightNo": {"IataCode": 1}, "flightno": null}')
    assert columns(found) == {"flightno": "struct<IataCode:int>"}
    assert found.details["paths"] == "FlightNo,flightno"


def test_a_document_cut_by_the_end_of_the_sample_is_not_read() -> None:
    line = json.dumps({"a": 1, "text": "some words"}) + "\n"
    data = (line * (SAMPLE_SIZE // len(line) + 50)).encode()
    found = recognise(data[:SAMPLE_SIZE], len(data))

    assert columns(found) == {"a": "int", "text": "string"}
    assert abs(found.records - data.count(b"\n")) <= 2


@pytest.mark.parametrize("cut", range(5, 60))
def test_a_cut_anywhere_leaves_the_records_before_it(cut: int) -> None:
    text = '{"a": 1}\n{"a": 2, "b": {"c": [1, null, true, "é\\u00e9"]}}\n'
    found = read(text[:cut], whole=False)
    if cut < 8:
        assert found.classification == "UNKNOWN"
    else:
        assert "a" in columns(found)


@pytest.mark.parametrize(
    "text",
    ["{", '{"a": 1} x', '{"a": 1}, {"a": 2}', "[1", "[1] [2]", '{"a" 1}', "plain", "{}", '"x"'],
)
def test_what_is_not_json_is_unknown_with_a_reason(text: str) -> None:
    found = read(text)
    assert found.classification == "UNKNOWN"
    assert found.reason


def test_paths_have_the_operators_of_glue() -> None:
    assert parse_path("$") == ()
    assert parse_path("$.a['b c'][\"d\"][*].*[0]") == ("a", "b c", "d", None, None, 0)
    for text in ("a", "$..a", "$.a[?(@.b)]", "$[1:2]", "$."):
        with pytest.raises(JsonPathError):
            parse_path(text)
