"""Files of every kind, well-formed, cut and broken: what a crawler makes of their beginnings.

Recognition never raises; it gives the columns, or UNKNOWN with a reason.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import re
import string
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from etlocal.formats import avro, parquet
from etlocal.formats.delimited import DELIMITERS, CsvRules, recognise_csv
from etlocal.formats.hive_types import from_json, nesting, render, to_json
from etlocal.formats.json_documents import JsonPathError, parse_path, recognise_json
from etlocal.formats.recognise import SAMPLE_SIZE, recognise
from etlocal.formats.recognised import Recognised, Sample
from tests.hypothesis_profiles import examples

WORDS = st.text(string.ascii_letters + "äßλ漢\U0001f600 '.-", min_size=1, max_size=8).map(
    "w{}w".format
)
CELLS: dict[str, st.SearchStrategy[str]] = {
    "bigint": st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-9, 9)).map(str),
    "double": st.floats(allow_nan=False, allow_infinity=False).map(repr).filter(lambda n: "." in n),
    "boolean": st.sampled_from(["true", "False", "TRUE"]),
    "string": WORDS,
}
HEADER_CELLS = st.text(string.ascii_letters + "_éß漢 #", min_size=1, max_size=12).map("n{}x".format)
CODECS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zip": lambda data: _zipped(data),
}


def _zipped(data: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.csv", data)
    return written.getvalue()


@dataclass(frozen=True)
class Table:
    """A table as it is written: its header's cells, its columns' types, its rows."""

    header: list[str]
    types: list[str]
    rows: list[list[str]]
    delimiter: str
    ending: str
    quoting: int
    bom: bool

    def text(self, rows: Sequence[Sequence[str]]) -> str:
        """Write rows as CSV."""
        written = io.StringIO(newline="")
        csv.writer(
            written,
            delimiter=self.delimiter,
            lineterminator=self.ending,
            quoting=self.quoting,  # type: ignore[arg-type]
        ).writerows(rows)
        return written.getvalue()

    def data(self, rows: Sequence[Sequence[str]] | None = None, *, header: bool = True) -> bytes:
        """Write the file, or one of other rows."""
        lines = [*([self.header] if header else []), *(self.rows if rows is None else rows)]
        return self.text(lines).encode("utf-8-sig" if self.bom else "utf-8")


@st.composite
def tables(draw: st.DrawFn, least_rows: int = 2, *, telling: bool = True) -> Table:
    """Tables whose cells hold no delimiter; `telling` ones have a column that is no string."""
    header = draw(st.lists(HEADER_CELLS, min_size=2, max_size=5, unique_by=_folded))
    kinds = st.sampled_from(list(CELLS))
    types = draw(st.lists(kinds, min_size=len(header), max_size=len(header)))
    assume(not telling or set(types) != {"string"})
    row = st.tuples(*(CELLS[kind] for kind in types)).map(list)
    rows = draw(st.lists(row, min_size=least_rows, max_size=least_rows + 4))
    return Table(
        header,
        [_narrowest([row[index] for row in rows]) for index in range(len(types))],
        rows,
        draw(st.sampled_from(DELIMITERS)),
        draw(st.sampled_from(["\n", "\r\n", "\r"])),
        draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])),
        draw(st.booleans()),
    )


def _folded(name: str) -> str:
    return name.strip().lower()


def _narrowest(cells: Sequence[str]) -> str:
    """Give the narrowest type that holds all cells, in Python's own terms."""
    if all(re.fullmatch(r"[+-]?[0-9]+", cell) for cell in cells):
        return "bigint" if all(-(2**63) <= int(cell) < 2**63 for cell in cells) else "string"
    if all(_is_number(cell) for cell in cells):
        return "double"
    return "boolean" if {cell.lower() for cell in cells} <= {"true", "false"} else "string"


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return cell.lower().strip("+-") not in ("nan", "inf", "infinity")


def shape(found: Recognised) -> tuple[str, list[tuple[str, str]], str | None, str | None]:
    """Give what must not depend on how a file is stored or cut."""
    columns = [(column.name, render(column.type)) for column in found.columns]
    details = found.details
    return found.classification, columns, details.get("delimiter"), details.get("header")


def whole(data: bytes) -> Recognised:
    """Recognise a whole file."""
    return recognise(data[:SAMPLE_SIZE], len(data))


def beginning(data: bytes) -> Recognised:
    """Recognise the beginning of a file that goes on."""
    return recognise(data, len(data) + 1)


@examples(60)
@given(tables())
def test_a_written_table_is_recognised_with_its_columns(table: Table) -> None:
    names = [_folded(name) for name in table.header]
    expected = list(zip(names, table.types, strict=True))
    assert shape(whole(table.data())) == ("csv", expected, table.delimiter, "true")


@examples(60)
@given(tables(telling=False), st.data())
def test_a_first_row_is_a_header_by_the_documented_rule(table: Table, data: st.DataObject) -> None:
    wild = st.sampled_from(["", "7", "1.5", "true", "x" * 149, "x" * 150, "a\nb", "\x7f", "ok"])
    first = [data.draw(st.one_of(st.just(cell), wild)) for cell in table.header]
    found = whole(table.data([first, *table.rows], header=False))
    assume(found.classification == "csv")
    named = first if first[-1].strip() else first[:-1]
    is_header = (
        all(_narrowest([cell]) == "string" and cell.strip() and "\n" not in cell for cell in named)
        and all(len(cell) < 150 for cell in first[:-1])
        and set(table.types) != {"string"}
    )
    assert found.details["header"] == ("true" if is_header else "false")
    if not is_header:
        assert [column.name for column in found.columns] == [
            f"col{index}" for index in range(len(found.columns))
        ]


@examples(40)
@given(
    st.lists(st.sampled_from(["a", "A", "b", "a_1", "a_2", "A_2", "col1", "a_2_2"]), min_size=2),
    st.sampled_from(DELIMITERS),
)
@example(["a_2", "a", "a"], ",")
def test_column_names_are_lower_case_and_each_other_than_the_rest(
    header: list[str], delimiter: str
) -> None:
    lines = [header, *([str(number) for number in range(len(header))] for _ in range(2))]
    found = whole("\n".join(delimiter.join(line) for line in lines).encode())
    names = [column.name for column in found.columns]
    assert len(names) == len(set(names)) == len(header)
    assert names == [name.lower() for name in names]


@examples(80)
@given(tables(least_rows=3), st.data())
def test_a_cut_changes_nothing_of_what_came_before(table: Table, data: st.DataObject) -> None:
    more = data.draw(st.text(string.printable + 'äλ漢\U0001f600"', max_size=20))
    # The row that is cut may be anything, and the cut is anywhere: inside a character, too.
    tail = table.text([[more] * len(table.header)]).encode()
    cut = tail[: data.draw(st.integers(1, len(tail)))]
    assert shape(beginning(table.data() + cut)) == shape(whole(table.data()))


@examples(6)
@given(tables())
def test_a_file_larger_than_the_sample_has_the_columns_of_its_beginning(table: Table) -> None:
    block = table.text(table.rows).encode()
    # Lines that are not read would make strings of the numbers, and the cut is within a line.
    beyond = table.text([["x"] * len(table.header)]).encode() * 9
    data = table.data() + block * (SAMPLE_SIZE // len(block) + 1) + beyond
    found = whole(data)
    assert shape(found) == shape(whole(table.data()))
    assert abs(found.records * found.record_size - len(data)) < len(data) * 0.05


@examples(40)
@given(tables(), st.integers(2, 4))
def test_files_of_one_schema_joined_have_that_schema(table: Table, times: int) -> None:
    joined = table.data() + table.text(table.rows * times).encode()
    assert shape(whole(joined)) == shape(whole(table.data()))


@examples(30)
@given(tables(), st.sampled_from(sorted(CODECS)))
def test_compression_changes_nothing_but_its_name(table: Table, codec: str) -> None:
    plain, packed = whole(table.data()), whole(CODECS[codec](table.data()))
    assert shape(packed) == shape(plain)
    assert (packed.compression, packed.records) == (codec, plain.records)


BEGINNINGS = [
    b"",
    b"Obj\x01",
    b"PAR1",
    b"\x1f\x8b",
    b"BZh9",
    b"\xfd7zXZ\x00",
    b"PK\x03\x04",
    b"{",
    b'{"a": [',
    b"[",
    b"a,b\n1,2\n",
    b'a;"',
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"<?xml",
    b"ORC",
]
RULES = [
    CsvRules(),
    CsvRules(delimiter="'", quote='"', header=True),
    CsvRules(single_column=True, header=False, trim=False),
    CsvRules(names=("a", "A"), types=("INT", "STRING")),
    CsvRules(delimiter="\x00", quote="\x01"),
]
PATHS = [None, "$", "$[*]", "$.a[*]", "$.a.b[0]", "$['a'].*"]


def sound(found: Recognised) -> None:
    """Check that a file is recognised, or says why it is not; and that what is kept can be."""
    assert found.classification in ("csv", "json", "avro", "parquet", "UNKNOWN")
    assert found.reason or found.columns or found.classification == "avro"
    kept = json.loads(json.dumps(found.to_json(), ensure_ascii=False).encode())
    assert Recognised.from_json(kept) == found
    assert 0 <= found.records < 2**63


@examples(200)
@given(st.sampled_from(BEGINNINGS), st.binary(max_size=200), st.booleans())
@example(b"\x28\xb5\x2f\xfd", b"junk" * 9, True)
@example(b"", b"7" * 5000 + b",1\n" + b"8" * 5000 + b",2\n9,3\n", True)
@example(b"", b'{"\\ud800": 1}', True)
@example(b"", b'{"a": ' + b"7" * 5000 + b"}", True)
@example(b"", b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}", True)
@example(b"", b'{"a":' + b"[" * 300 + b"1" + b"]" * 300 + b"}", True)
@example(b"", b"[" * 100_000, False)
@example(b"Obj\x01", b"\x02\x16avro.schema\x021" + b"\x00" * 17, True)
@example(b"Obj\x01", b"\x02\x16avro.schema\x04[]" + b"\x00" * 17, True)
def test_bytes_are_recognised_or_not_and_never_an_error(
    start: bytes, rest: bytes, ends: bool
) -> None:
    data = start + rest
    sound(whole(data) if ends else beginning(data))
    sample = Sample(data, ends, data, len(data) + (not ends), read=lambda a, b: data[a:b])
    for rules in RULES:
        recognise_csv(sample, rules)
    for path in PATHS:
        recognise_json(sample, path)
    avro.recognise_avro(sample)
    parquet.recognise_parquet(sample)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(string.ascii_letters, max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@examples(60)
@given(st.lists(st.dictionaries(st.text(max_size=4), JSON, min_size=1, max_size=4), min_size=2))
def test_json_lines_are_recognised_whole_and_cut(records: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()
    found = whole(text)
    sound(found)
    assert found.classification == "json"
    assert {column.name for column in found.columns} == {
        name.lower() for record in records for name in record
    }
    assert beginning(text + b'{"cut": "\xe6\xbc').columns == found.columns


@examples(60)
@given(st.text("$.[]*'\"ab019\u0663", max_size=12).map("${}".format))
@example("$[" + "9" * 5000 + "]")
def test_a_json_path_is_read_or_refused(text: str) -> None:
    sample = Sample(b'{"a": {"b": [1, {"a": 2}]}}', True)
    try:
        steps = parse_path(text)
    except JsonPathError:
        return
    recognise_json(sample, text)
    assert all(step is None or isinstance(step, (int, str)) for step in steps)


def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(changed) - 1))
        changed[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=3))
    return bytes(changed)


def avro_file(schema: object) -> bytes:
    """Write an Avro file of one block that holds nothing but its count."""
    literal = json.dumps(schema).encode()
    return (
        b"Obj\x01\x02\x16avro.schema"
        + _varint(len(literal))
        + literal
        + b"\x00"
        + b"s" * 16
        + _varint(3)
        + _varint(2)
        + b"ab"
        + b"s" * 16
    )


def _varint(number: int) -> bytes:
    value, written = number << 1, bytearray()
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])


def record(kind: object, field: object, name: str = "r") -> dict[str, object]:
    """Give an Avro schema of a record of one field."""
    return {"type": "record", "name": name, "fields": [{"name": field, "type": kind}]}


AVRO_TYPES: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(["null", "int", "long", "string", "bytes", "absent", 1, None, {}, []]),
    lambda inner: st.one_of(
        inner.map(lambda one: {"type": "array", "items": one}),
        inner.map(lambda one: {"type": "map", "values": one}),
        inner.map(
            lambda one: {"type": "record", "name": "r", "fields": [{"name": "f", "type": one}]}
        ),
        inner.map(lambda one: {"type": one, "logicalType": "decimal", "precision": [2]}),
        st.lists(inner, max_size=3),
    ),
    max_leaves=6,
)


@examples(80)
@given(AVRO_TYPES, st.data())
def test_an_avro_schema_of_any_form_is_read_or_not(kind: Any, data: st.DataObject) -> None:
    names = data.draw(st.sampled_from(["a", "A", 1, None, ["x"]]))
    file = avro_file(record(kind, names, "top"))
    sound(whole(file))
    sound(whole(data.draw(st.composite(mutated)(file))))


def test_a_block_of_avro_cannot_lead_back() -> None:
    header = avro_file(record("int", "a"))
    backward = header[: header.index(b"s" * 16) + 16] + b"\x02" + b"\x23"
    assert whole(backward).records == 0


@pytest.mark.parametrize(
    "footer",
    [
        b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x11",
        b"\x39" * 40_000,
        b"\x15" + b"\x80" * 60_000,
        b"\x3c" * 40_000,
        b"\x17" + b"\x00\x00\x00\x00\x00\x00\xf0\x7f" + b"\x00",
    ],
    ids=["a map without end", "lists in lists", "a number without end", "structures", "infinity"],
)
def test_a_parquet_footer_of_no_sense_is_not_read(footer: bytes) -> None:
    data = b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1"
    found = whole(data)
    assert found.classification == "UNKNOWN"
    assert "footer" in found.reason


@examples(80)
@given(st.binary(max_size=60))
def test_a_parquet_footer_of_any_bytes_is_read_or_not(footer: bytes) -> None:
    data = b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1"
    sound(whole(data))


def test_a_type_that_is_nested_too_deeply_is_not_read() -> None:
    deep = b'{"a":' + b"[" * 99 + b"1" + b"]" * 99 + b"}\n"
    found = whole(deep * 2)
    assert nesting(found.columns[0].type) == 100
    assert from_json(to_json(found.columns[0].type)) == found.columns[0].type
    deeper = whole(b'{"a":' + b"[" * 100 + b"1" + b"]" * 100 + b"}\n")
    assert (deeper.classification, "deeper than 100" in deeper.reason) == ("UNKNOWN", True)
