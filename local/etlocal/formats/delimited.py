"""CSV: delimiter, quotes, header and column types from the beginning of a file.

Source: AWS Glue Developer Guide, "Defining and managing classifiers", section "Built-in CSV
classifier", and "Writing CSV custom classifiers".
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from etlocal.formats.hive_types import Column
from etlocal.formats.recognised import Recognised, Sample, unknown

DELIMITERS = (",", "|", "\t", ";", "\x01")
_LONGEST_HEADER_CELL = 150
_SNIFFED = 64 * 1024
_AGREEING_ROWS = 0.7
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
_LONGEST_LONG = len(str(_LARGEST))

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_COLUMN_NAME = re.compile("[\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff\t]+")

CUSTOM_TYPES = {
    "BINARY": "binary",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DECIMAL": "decimal(10,0)",
    "DOUBLE": "double",
    "FLOAT": "float",
    "INT": "int",
    "LONG": "bigint",
    "SHORT": "smallint",
    "STRING": "string",
    "TIMESTAMP": "timestamp",
}


@dataclass(frozen=True)
class CsvRules:
    """What a custom CSV classifier fixes; the defaults are the built-in classifier's.

    Attributes
    ----------
    delimiter, quote : str or None
        None to find the delimiter; quotes are ``"`` unless given.
    header : bool or None
        Whether there is a header; None to find out.
    names : tuple of str
        Column names that override the header's.
    types : tuple of str
        Types of the columns in order, as `CUSTOM_TYPES` names them; empty to find them.
    single_column, trim : bool
    serde : str or None
        The SerDe the table gets; None for LazySimpleSerDe, or OpenCSVSerDe where `quote` is given.
    """

    delimiter: str | None = None
    quote: str | None = None
    header: bool | None = None
    names: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    single_column: bool = False
    trim: bool = True
    serde: str | None = None


BUILT_IN = CsvRules()


def recognise_csv(sample: Sample, rules: CsvRules = BUILT_IN) -> Recognised:
    """Say whether a file is CSV, with which columns.

    A file with a plausible header and fewer than two rows of data is recognised as not certain:
    the classifier asks for two columns and two rows of data.

    Returns
    -------
    Recognised
        ``csv``, or UNKNOWN with the reason. Its details are ``delimiter``, ``quoted``, ``quote``,
        ``header`` and ``serde``.
    """
    try:
        text = _text(sample)
    except UnicodeDecodeError:
        return unknown("the file is not UTF-8 text", sample.codec)
    quote = rules.quote or '"'
    delimiter = rules.delimiter or _find_delimiter(text, quote, sample.whole)
    if delimiter is None:
        if not rules.single_column:
            return unknown("no delimiter gives two columns or more", sample.codec)
        delimiter = ","
    rows = _rows(text, delimiter, quote, sample.whole)
    width = _width(rows)
    if width < (1 if rules.single_column else 2):
        return unknown("fewer than two columns", sample.codec)
    regular = [row for row in rows if len(row) == width]
    if len(regular) < _AGREEING_ROWS * len(rows):
        return unknown("the rows differ in their number of columns", sample.codec)
    return _described(sample, rules, _Parsed(regular, len(rows), width, delimiter, quote, text))


@dataclass(frozen=True)
class _Parsed:
    rows: list[list[str]]
    count: int
    width: int
    delimiter: str
    quote: str
    text: str


def _described(sample: Sample, rules: CsvRules, parsed: _Parsed) -> Recognised:
    first, data = parsed.rows[0], parsed.rows[1:]
    columns_of_data = [set(column) for column in zip(*data, strict=True)] or [
        set[str]() for _ in range(parsed.width)
    ]
    types = [_type(cells, trim=rules.trim) for cells in columns_of_data]
    plausible = _plausible_header(first, trim=rules.trim)
    header = rules.header
    if header is None:
        header = plausible and any(kind != "string" for kind in types)
        # One row, or two: a header cannot be told from a row of strings by what follows it.
        header = header or (plausible and not data)
    if not header:
        types = [
            _type(cells | {cell}, trim=rules.trim)
            for cells, cell in zip(columns_of_data, first, strict=True)
        ]
    rows_of_data = parsed.count - (1 if header else 0)
    names = _names(first if header else None, rules.names, parsed.width)
    if _last_is_empty(first, columns_of_data) and not rules.names and parsed.width > 2:
        names, types = names[:-1], types[:-1]
    if rules.types:
        if len(rules.types) != len(names):
            return unknown("the custom data types are not as many as the columns", sample.codec)
        types = [CUSTOM_TYPES[kind] for kind in rules.types]
    certain = rows_of_data >= 2 or rules != BUILT_IN
    recognised = Recognised(
        "csv",
        tuple(Column(name, kind) for name, kind in zip(names, types, strict=True)),
        compression=sample.codec,
        certain=certain,
        details={
            "delimiter": parsed.delimiter,
            "quote": parsed.quote,
            "quoted": "true" if _quoted(parsed) else "false",
            "header": "true" if header else "false",
            "serde": _serde(rules),
        },
        reason="" if certain else "fewer than two rows of data",
    )
    return recognised.counted(sample, rows_of_data)


def _serde(rules: CsvRules) -> str:
    if rules.serde in ("OpenCSVSerDe", "LazySimpleSerDe"):
        return rules.serde
    return "OpenCSVSerDe" if rules.quote else "LazySimpleSerDe"


def _text(sample: Sample) -> str:
    if b"\0" in sample.data:
        raise UnicodeDecodeError("utf-8", sample.data, 0, 1, "binary data")
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    return decoder.decode(sample.data, final=sample.whole)


def _rows(text: str, delimiter: str, quote: str, whole: bool) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote)
    rows: list[list[str]] = []
    try:
        rows.extend(row for row in reader if row)
    except csv.Error:
        # A field longer than the reader takes: what came before it still tells the columns.
        return rows
    return rows if whole or len(rows) < 2 else rows[:-1]


def _find_delimiter(text: str, quote: str, whole: bool) -> str | None:
    beginning = text[:_SNIFFED]
    best, best_score = None, (0.0, 0)
    for delimiter in DELIMITERS:
        if delimiter not in beginning:
            continue
        rows = _rows(beginning, delimiter, quote, whole and len(text) <= _SNIFFED)
        width = _width(rows)
        if width < 2:
            continue
        agreeing = sum(len(row) == width for row in rows) / len(rows)
        if (agreeing, width) > best_score:
            best, best_score = delimiter, (agreeing, width)
    return best if best_score[0] >= _AGREEING_ROWS else None


def _width(rows: Sequence[Sequence[str]]) -> int:
    """How many columns most rows have; of the widths that tie, the first row's wins."""
    counts = Counter(len(row) for row in rows)
    return counts.most_common(1)[0][0] if counts else 0


def _type(cells: Iterable[str], *, trim: bool) -> str:
    values = {cell.strip() if trim else cell for cell in cells}
    values.discard("")
    if not values:
        return "string"
    if all(_INTEGER.fullmatch(value) for value in values):
        return "bigint" if all(_is_long(value) for value in values) else "string"
    if all(_NUMBER.fullmatch(value) for value in values):
        return "double"
    if all(value.lower() in ("true", "false") for value in values):
        return "boolean"
    return "string"


def _is_long(digits: str) -> bool:
    # Python refuses to read a number of some thousands of digits.
    significant = digits.lstrip("+-").lstrip("0") or "0"
    if len(significant) > _LONGEST_LONG:
        return False
    number = -int(significant) if digits.startswith("-") else int(significant)
    return _SMALLEST <= number <= _LARGEST


def _plausible_header(cells: Sequence[str], *, trim: bool) -> bool:
    # A trailing delimiter leaves the last name empty.
    named = cells[:-1] if len(cells) > 1 and not cells[-1].strip() else cells
    return (
        all(_type([cell], trim=trim) == "string" and cell.strip() for cell in named)
        and all(len(cell) < _LONGEST_HEADER_CELL for cell in cells[:-1])
        and all(_COLUMN_NAME.fullmatch(cell) for cell in named)
    )


def _names(first: Sequence[str] | None, given: Sequence[str], width: int) -> list[str]:
    numbered = [f"col{index}" for index in range(width)]
    names = [cell.strip().lower() for cell in first] if first is not None else numbered
    chosen = [name.lower() for name in given[:width]]
    names = chosen + names[len(chosen) :]
    unique: dict[str, None] = {}
    for index, name in enumerate(names):
        candidate = name or numbered[index]
        while candidate in unique:
            candidate = f"{candidate}_{index}"
        unique[candidate] = None
    return list(unique)


def _last_is_empty(first: Sequence[str], columns: Sequence[set[str]]) -> bool:
    return not first[-1].strip() and not any(cell.strip() for cell in columns[-1])


def _quoted(parsed: _Parsed) -> bool:
    quote, delimiter = parsed.quote, parsed.delimiter
    if quote not in parsed.text:
        return False
    return any(part in f"\n{parsed.text}" for part in (f"\n{quote}", f"{delimiter}{quote}"))
