"""COPY against a model of its rules: random tables, options and bytes."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given
from hypothesis import strategies as st

from etlocal.redshift import execution
from etlocal.redshift.dialect import parser
from etlocal.redshift.engines.base import Row
from etlocal.redshift.engines.duckdb import DuckDBEngine
from etlocal.redshift.errors import LoadFailedError, SqlError
from etlocal.redshift.transfer.context import Context
from tests.hypothesis_profiles import examples

from .conftest import FakeS3
from .copy_model import Bad, Cell, Col, Options, UnspecifiedError, read

ROLE = "iam_role 'arn:aws:iam::000000000000:role/loader'"
SHARED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


class House:
    """A session on an engine, and the S3 that it loads from."""

    def __init__(self, folder: Path) -> None:
        self.engine = DuckDBEngine(folder / "warehouse", "dev")
        self.session = self.engine.connect("dev", "ann")
        self.s3 = FakeS3()
        self.folder = folder
        self.query = 0

    def execute(self, sql: str) -> list[Row]:
        """Run a statement; gives its rows."""
        context = Context(lambda _role: self.s3, self.folder, self.query)
        return execution.execute(self.session, parser.parse(sql, {}), context).rows()

    def make(self, columns: Sequence[Col]) -> None:
        """Make the table anew."""
        self.execute("drop table if exists t")
        self.execute(f"create table t ({', '.join(column.sql() for column in columns)})")

    def copy(self, files: Sequence[bytes], options: str, columns: str = "") -> str | None:
        """Load files into the table; gives the error, if there is one."""
        self.query += 1
        self.s3.objects.clear()
        for number, body in enumerate(files):
            self.s3.put(f"s3://b/in/{number}", body)
        error: SqlError | None = None
        try:
            self.execute(f"copy t {columns} from 's3://b/in/' {ROLE} {options}")
        except SqlError as caught:
            error = caught
        if error is None:
            return None
        # Why a load fails is kept; nothing of the emulation's inside is shown.
        assert self.problems() or not isinstance(error, LoadFailedError)
        assert not re.search(rf"INTERNAL|[A-Z]\w+Exception|read_csv|{self.folder}", str(error))
        return str(error)

    def problems(self) -> list[tuple[str, int, int]]:
        """What stl_load_errors says of the last load."""
        rows = self.execute(
            "select trim(filename), line_number, err_code from stl_load_errors "
            f"where query = {self.query}"
        )
        return [(str(a), int(b or 0), int(c or 0)) for a, b, c in rows]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An engine and an S3 of the test's own."""
    made = House(tmp_path)
    yield made
    made.session.close()
    made.engine.close()


TEXTS = st.text(st.sampled_from("ab é€😀\"'\\,|;\t\n\r\0N%"), max_size=7)
FIELDS = {
    "smallint": ["1", "-32768", "32767", "32768", "-32769", " 7 ", "+5", "007", "1.0", "1_0", "x"],
    "int": ["1", "-2147483648", "2147483648", "0", "1e3", "0x1", "12a", "-", "--1"],
    "bigint": ["9223372036854775807", "-9223372036854775808", "9223372036854775808", "1 1", "5"],
    "numeric": ["1.999", "-1.999", " 1.999", ".5", "5.", "-0.001", "99999", "1_0", "1e1", ".", "+"],
    "float8": ["1.5", "-1e10", "1e400", "1_0", "1e", "0x1", " 2 ", ".5", "e5"],
    "bool": ["t", "TRUE", "yes", "0", "f", "No", "2", "maybe"],
    "date": ["2024-02-29", "1999-12-31", "2023-02-29", "2024-13-01", "2024-1-1", "x"],
    "timestamp": ["2024-02-29 23:59:59", "2024-01-01 00:00:00.5", "2024-01-01 00:00:00.123456",
                  "2024-01-01 25:00:00", "2024-02-30 00:00:00", "now"],
}  # fmt: skip


@st.composite
def columns_of(draw: st.DrawFn) -> list[Col]:
    kinds = st.sampled_from([*FIELDS, "varchar", "varchar", "char"])
    found = []
    for number in range(draw(st.integers(1, 4))):
        kind = draw(kinds)
        scale = draw(st.integers(0, 3))
        size = scale + draw(st.integers(1, 4)) if kind == "numeric" else draw(st.integers(1, 9))
        default = 5 if kind in ("int", "bigint") and draw(st.booleans()) else None
        nullable = draw(st.sampled_from([True, True, True, False]))
        found.append(Col(f"c{number}", kind, size, scale, nullable, default))
    return found


@st.composite
def options_of(draw: st.DrawFn) -> Options:
    csv = draw(st.booleans())
    often = st.sampled_from([False, False, True])
    return Options(
        csv=csv,
        delimiter=draw(st.sampled_from([",", "|", "\t", ";"])),
        quote=draw(st.sampled_from(['"', '"', "'", "%"])) if csv else '"',
        ignoreheader=draw(st.sampled_from([0, 0, 1, 2])),
        null_as=draw(st.sampled_from(["\\N", "\\N", "", "NULL", "a", "\\0"])),
        emptyasnull=draw(often),
        blanksasnull=draw(often),
        trimblanks=draw(often),
        truncatecolumns=draw(often),
        fillrecord=draw(often),
        ignoreblanklines=draw(often),
        escape=not csv and draw(often),
        removequotes=not csv and draw(often),
        acceptinvchars=draw(st.sampled_from([None, None, "?", "^"])),
        maxerror=draw(st.sampled_from([0, 0, 1, 2, 3, 100])),
        gzip=draw(often),
    )


@st.composite
def files_of(draw: st.DrawFn, columns: Sequence[Col], options: Options) -> list[bytes]:
    """Some files: made of records, or of pieces that may be anything."""
    ends = draw(st.sampled_from([["\n"], ["\n"], ["\r\n"], ["\n", "\r\n", "\r"]]))
    bodies = []
    for _ in range(draw(st.integers(1, 3))):
        text = "".join(
            _record(draw, columns, options, draw(st.sampled_from(ends)))
            for _ in range(draw(st.integers(0, 6)))
        )
        if draw(st.booleans()):
            text = text.rstrip("\r\n")
        body = text.encode()
        if draw(st.sampled_from([False] * 7 + [True])):
            pieces = ["\n", "\r", options.delimiter, options.quote, "\\", "1", "x"]
            inner = st.one_of(
                st.sampled_from([piece.encode() for piece in pieces]),
                st.sampled_from([b"\xff", b"\xe2\x82", b"\xed\xa0\x80", b"\x00"]),
            )
            at = draw(st.integers(0, len(body)))
            body = body[:at] + b"".join(draw(st.lists(inner, max_size=6))) + body[at:]
        if draw(st.sampled_from([False] * 9 + [True])):
            body = b"\xef\xbb\xbf" + body
        bodies.append(body)
    return bodies


def _record(draw: st.DrawFn, columns: Sequence[Col], options: Options, end: str) -> str:
    odd = draw(st.sampled_from([None] * 12 + ["blank", "short", "long", "tail"]))
    if odd == "blank":
        return end
    fields = [_field(draw, column, options) for column in columns]
    if odd == "short":
        fields.pop()
    if odd == "long":
        fields.append("x")
    if odd == "tail":
        fields.append("")
    return options.delimiter.join(fields) + end


def _field(draw: st.DrawFn, column: Col, options: Options) -> str:
    kind = draw(st.sampled_from(["value"] * 8 + ["null", "empty", "blank"]))
    if kind == "null":
        return "\0" if options.null_as == "\\0" else options.null_as
    text = {"empty": "", "blank": "  "}.get(kind)
    if text is None and column.kind in FIELDS:
        text = draw(st.sampled_from(FIELDS[column.kind]))
    if text is None:
        text = draw(TEXTS)
    special = any(character in text for character in f"{options.delimiter}\r\n")
    if options.csv:
        begins = text.startswith(options.quote)
        if special or begins or draw(st.sampled_from([False, False, True])):
            doubled = text.replace(options.quote, options.quote * 2)
            return f"{options.quote}{doubled}{options.quote}"
        return text
    if options.escape:
        for character in ("\\", options.delimiter, "\n", "\r", "'", '"'):
            text = text.replace(character, "\\" + character)
    elif special and not options.removequotes:
        text = "".join(c for c in text if c not in f"{options.delimiter}\r\n")
    if options.removequotes and draw(st.booleans()):
        quote = draw(st.sampled_from("'\""))
        return f"{quote}{text}{quote}"
    return text


def expected(
    files: Sequence[bytes], options: Options, loaded: Sequence[Col], columns: Sequence[Col]
) -> tuple[list[tuple[Cell, ...]], list[tuple[str, Bad]]]:
    """The rows that go in and the records that do not, by the model."""
    rows, bad = [], []
    rest = {c.name: c.default for c in columns if c not in loaded}
    for number, body in enumerate(files):
        for found in read(body, options, loaded):
            if isinstance(found, Bad):
                bad.append((f"s3://b/in/{number}", found))
            else:
                rows.append(tuple({**rest, **found}[column.name] for column in columns))
    return rows, bad


@examples(40, suppress_health_check=SHARED)
@given(data=st.data())
def test_text_is_loaded_as_the_guide_says_or_not_at_all(house: House, data: st.DataObject) -> None:
    columns = data.draw(columns_of(), "columns")
    options = data.draw(options_of(), "options")
    loaded = data.draw(
        st.one_of(st.just(columns), st.permutations(columns).map(lambda c: c[: len(c) // 2 + 1])),
        "loaded",
    )
    files = data.draw(files_of(loaded, options), "files")
    house.make(columns)
    names = "" if loaded is columns else f"({', '.join(column.name for column in loaded)})"
    before = house.execute("select * from t")
    bodies = [gzip.compress(body) for body in files] if options.gzip else files
    error = house.copy(bodies, options.sql(), names)
    after = house.execute("select * from t")
    null = "\0" if options.null_as == "\\0" else options.null_as
    model = Options(**{**vars(options), "null_as": null})
    try:
        rows, bad = expected(files, model, loaded, columns)
    except UnspecifiedError:
        event("unspecified")
        assert error is None or after == before
        return
    lacking = [c for c in columns if c not in loaded and not c.nullable and c.default is None]
    allowed = max(1, options.maxerror)
    if len(bad) >= allowed:
        event("refused")
        assert error is not None, (rows, bad, after)
        assert after == before
        if not lacking:
            check_problems(house.problems(), bad[:allowed])
        return
    if lacking and rows:
        event("refused for a column that is not loaded")
        assert error is not None
        assert after == before
        return
    event("loaded")
    assert error is None, (error, house.problems())
    assert Counter(after) == Counter(rows)
    check_problems(house.problems(), bad)


def check_problems(found: list[tuple[str, int, int]], bad: list[tuple[str, Bad]]) -> None:
    """The problems kept are those of the model, with codes and lines where these are told."""
    assert len(found) == len(bad), (found, bad)
    for (file, line, code), (wanted, problem) in zip(sorted(found), sorted_bad(bad), strict=True):
        assert file == wanted
        assert code in problem.codes, (found, bad)
        if problem.placed:
            assert line == problem.number, (found, bad)


def sorted_bad(bad: list[tuple[str, Bad]]) -> list[tuple[str, Bad]]:
    """By file and line."""
    return sorted(bad, key=lambda item: (item[0], item[1].number))


JSON_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**33), 2**33),
    st.sampled_from(["", "5", "x", "é", "a\nb", '"', "\\N", "\0", "2024-02-29"]),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.sampled_from("pq"), st.integers(0, 3), max_size=2),
)


@examples(25, suppress_health_check=SHARED)
@given(
    documents=st.lists(
        st.dictionaries(st.sampled_from(["a", "b", "c", "other"]), JSON_VALUES), max_size=5
    ),
    between=st.sampled_from(["\n", " ", "", "\r\n", "\n\n", "\t"]),
    spaced=st.booleans(),
    cut=st.one_of(st.none(), st.none(), st.integers(0, 60)),
    piece=st.sampled_from([b"", b"\xff", b"}", b'"', b"{", b"\x00", b"[1]", b","]),
    maxerror=st.sampled_from([0, 2, 100]),
)
def test_json_is_loaded_by_name_or_not_at_all(
    house: House,
    documents: list[dict[str, Any]],
    between: str,
    spaced: bool,
    cut: int | None,
    piece: bytes,
    maxerror: int,
) -> None:
    house.make([Col("a", "int"), Col("b", "varchar", 12), Col("c", "date", nullable=maxerror > 0)])
    texts = [json.dumps(d, indent=1 if spaced else None) for d in documents]
    body = between.join(texts).encode()
    whole = cut is None or (piece == b"" and cut >= len(body))
    if cut is not None:
        body = body[:cut] + piece + (body[cut:] if piece else b"")
    error = house.copy([body], f"json 'auto' {f'maxerror {maxerror}' if maxerror else ''}")
    after = house.execute("select a, b, c from t")
    if not whole:
        assert error is None or after == []
        return
    loaded = [_loaded(document, maxerror > 0) for document in documents]
    rows = [row for row in loaded if row is not None]
    if len(loaded) - len(rows) >= max(1, maxerror):
        assert error is not None
        assert after == []
    else:
        assert error is None, error
        assert Counter(after) == Counter(rows)
        assert len(house.problems()) == len(loaded) - len(rows)


def _loaded(document: dict[str, Any], nullable: bool) -> tuple[Cell, ...] | None:
    a, b, c = (_json_text(document.get(name)) for name in "abc")
    if (
        a is not None
        and a.strip(" ") != ""
        and (not a.lstrip("-").isdecimal() or abs(int(a)) >= 2**31)
    ):
        return None
    if b is not None and len(b.encode()) > 12:
        return None
    if c is not None and c != "" and c != "2024-02-29":
        return None
    if not (nullable or c):
        return None
    return (int(a) if a else None, b, c or None)


def _json_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))
