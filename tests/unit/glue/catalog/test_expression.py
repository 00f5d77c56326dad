"""The filter language of GetPartitions against a plain evaluation in Python."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etlocal.glue.catalog.expression import InvalidStateError, compile_expression
from etlocal.glue.errors import InvalidInputError
from tests.hypothesis_profiles import examples

KEYS = [
    {"Name": "year", "Type": "int"},
    {"Name": "region", "Type": "string"},
    {"Name": "day", "Type": "date"},
    {"Name": "price", "Type": "decimal(6,2)"},
    {"Name": "at", "Type": "timestamp"},
    {"Name": "ratio", "Type": "double"},
]
NULL = "__HIVE_DEFAULT_PARTITION__"
ROW = ["10", "eu", "2020-02-29", "1.50", "2020-01-01 10:00:00.5", "0.1"]

Truth = bool | None
Model = Callable[[int | None, str | None], Truth]


def passes(expression: str, values: list[str] = ROW) -> bool:
    return compile_expression(expression, KEYS)(values)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "   ",
        "year = 10",
        "year = '10'",
        "YEAR=10",
        "`year` = 10",
        '"year" = 10',
        "10 = year",
        "9 < year",
        "year <> 9",
        "year != 9",
        "year > -1",
        "year between 10 and 11",
        "year not between 11 and 20",
        "year in (1, 10, 100)",
        "year not in (1, 2)",
        "region = 'eu'",
        "region like 'e%'",
        "region like '_u'",
        "region not like 'u%'",
        "region is not null",
        "not region is null",
        "not (region = 'us')",
        "not region = 'us' and year = 10",
        "region = 'us' or region = 'eu' and year = 10",
        "(region = 'eu' or region = 'us') and year = 10",
        "day = '2020-02-29'",
        "day > date '2020-02-28'",
        "day between '2020-01-01' and '2020-12-31'",
        "price = 1.5",
        "price < 1.51",
        "at > '2020-01-01 10:00:00'",
        "at = '2020-01-01 10:00:00.500000000'",
        "at < timestamp '2020-01-01 10:00:00.500000001'",
        "year = year",
    ],
)
def test_what_holds_passes(expression: str) -> None:
    assert passes(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "year = 9",
        "year < 9",
        "9 > year",
        "region = 'EU'",
        "region like 'e'",
        "region like 'E%'",
        "region is null",
        "not year = 10",
        "not (year = 10 or year = 11)",
        "year = 10 and region = 'us'",
        "day < '2020-02-29'",
        "year between 11 and 9",
    ],
)
def test_what_does_not_hold_is_left_out(expression: str) -> None:
    assert not passes(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "year",
        "year =",
        "= 10",
        "year = 10 and",
        "year = 10 region = 'eu'",
        "(year = 10",
        "year = 10)",
        "year in ()",
        "year in 10",
        "year between 1",
        "year is 10",
        "year like '1%'",
        "day like '2020%'",
        "amount = 1",
        "1 = 1",
        "year = ten",
        "year = 'ten'",
        "year = 1.5",
        "day = '2020-02-30'",
        "day = '20200229'",
        "at = '2020-01-01'",
        "price = 'NaN'",
        "ratio > 0",
        "year = region",
        "year = 10; drop table t",
        "length(region) = 2",
        "region = 'eu",
        "year + 1 = 11",
        "not",
        "(" * 500 + "year = 10" + ")" * 500,
        "not " * 500 + "year = 10",
    ],
)
def test_what_cannot_be_read_is_invalid_input(expression: str) -> None:
    with pytest.raises(InvalidInputError):
        passes(expression)


def test_a_quote_in_a_literal_is_doubled() -> None:
    assert passes("region = 'd''or'", ["1", "d'or", "", "", "", ""])


@pytest.mark.parametrize("percent", ["a.c", "a*c", "a[b]c", "a\\c", "a(c"])
def test_like_takes_only_percent_and_underscore_as_wildcards(percent: str) -> None:
    assert passes(f"region like '{percent}'", ["1", percent, "", "", "", ""])
    assert not passes(f"region like '{percent}'", ["1", "abc", "", "", "", ""])


def test_null_is_neither_equal_nor_different() -> None:
    null_row = [NULL, NULL, NULL, NULL, NULL, NULL]
    for unknown in ("year = 1", "year <> 1", "not year = 1", "year in (1)", "year not in (1)"):
        assert not passes(unknown, null_row)
    assert not passes("region not like 'a'", null_row)
    assert not passes("year not between 1 and 2", null_row)
    assert passes("year is null and region is null", null_row)
    assert passes("year = 1 or region is null", null_row)


def test_a_stored_value_that_is_not_of_its_type_is_told() -> None:
    with pytest.raises(InvalidStateError, match='"ten" is not an integer'):
        passes("year > 1", ["ten", "", "", "", "", ""])


def _comparison() -> st.SearchStrategy[tuple[str, Model]]:
    signs: dict[str, Callable[[Any, Any], bool]] = {
        "=": lambda a, b: a == b,
        "<>": lambda a, b: a != b,
        "!=": lambda a, b: a != b,
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
    }

    def number(sign: str, literal: int) -> tuple[str, Model]:
        return (
            f"year {sign} {literal}",
            lambda year, _region: None if year is None else signs[sign](year, literal),
        )

    def text(sign: str, literal: str) -> tuple[str, Model]:
        quoted = literal.replace("'", "''")
        return (
            f"region {sign} '{quoted}'",
            lambda _year, region: None if region is None else signs[sign](region, literal),
        )

    return st.one_of(
        st.builds(number, st.sampled_from(list(signs)), NUMBERS),
        st.builds(text, st.sampled_from(list(signs)), TEXTS),
    )


NUMBERS = st.integers(-12, 12)
TEXTS = st.text(alphabet="ab'%_ 1", max_size=3)


def _in(literals: list[int], negated: bool) -> tuple[str, Model]:
    word = "NOT IN" if negated else "IN"
    return (
        f"year {word} ({', '.join(map(str, literals))})",
        lambda year, _region: None if year is None else (year in literals) != negated,
    )


def _between(low: int, high: int, negated: bool) -> tuple[str, Model]:
    word = "NOT BETWEEN" if negated else "BETWEEN"
    return (
        f"year {word} {low} AND {high}",
        lambda year, _region: None if year is None else (low <= year <= high) != negated,
    )


def _like(pattern: str, negated: bool) -> tuple[str, Model]:
    glob = pattern.replace("%", "*").replace("_", "?")
    compiled = re.compile(fnmatch.translate(glob))
    word = "NOT LIKE" if negated else "LIKE"
    quoted = pattern.replace("'", "''")
    return (
        f"region {word} '{quoted}'",
        lambda _year, region: None if region is None else bool(compiled.match(region)) != negated,
    )


def _is_null(column: str, negated: bool) -> tuple[str, Model]:
    word = "IS NOT NULL" if negated else "IS NULL"

    def model(year: int | None, region: str | None) -> Truth:
        return ((year if column == "year" else region) is None) != negated

    return f"{column} {word}", model


def _negate(inner: tuple[str, Model]) -> tuple[str, Model]:
    text, model = inner

    def negated(year: int | None, region: str | None) -> Truth:
        truth = model(year, region)
        return None if truth is None else not truth

    return f"NOT ({text})", negated


def _join(word: str, left: tuple[str, Model], right: tuple[str, Model]) -> tuple[str, Model]:
    decisive = word == "OR"

    def model(year: int | None, region: str | None) -> Truth:
        truths = (left[1](year, region), right[1](year, region))
        if decisive in truths:
            return decisive
        return None if None in truths else not decisive

    return f"({left[0]}) {word} ({right[0]})", model


LEAVES = st.one_of(
    _comparison(),
    st.builds(_in, st.lists(NUMBERS, min_size=1, max_size=4), st.booleans()),
    st.builds(_between, NUMBERS, NUMBERS, st.booleans()),
    st.builds(_like, TEXTS, st.booleans()),
    st.builds(_is_null, st.sampled_from(["year", "region"]), st.booleans()),
)
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(_negate, inner),
        st.builds(_join, st.sampled_from(["AND", "OR"]), inner, inner),
    ),
    max_leaves=8,
)


@given(EXPRESSIONS, st.none() | NUMBERS, st.none() | TEXTS)
def test_any_expression_agrees_with_plain_python(
    expression: tuple[str, Model], year: int | None, region: str | None
) -> None:
    text, model = expression
    values = [NULL if year is None else str(year), NULL if region is None else region]
    assert compile_expression(text, KEYS[:2])(values) is (model(year, region) is True)


@given(st.text(alphabet="yearegion()'\"`<>=!,0123456789 .-", max_size=30))
def test_any_text_is_answered_or_refused_but_never_crashes(text: str) -> None:
    try:
        compiled = compile_expression(text, KEYS)
    except InvalidInputError:
        return
    assert compiled(ROW) in (True, False)


@given(st.lists(st.sampled_from(["AND", "OR"]), max_size=5), st.data())
def test_and_binds_closer_than_or(words: list[str], data: st.DataObject) -> None:
    truths = [data.draw(st.booleans()) for _ in range(len(words) + 1)]
    parts = ["year = 10" if truth else "year = 0" for truth in truths]
    text = parts[0] + "".join(
        f" {word} {part}" for word, part in zip(words, parts[1:], strict=True)
    )
    groups, current = [], [truths[0]]
    for word, truth in zip(words, truths[1:], strict=True):
        if word == "OR":
            groups.append(all(current))
            current = []
        current.append(truth)
    assert passes(text) is (any(groups) or all(current))


@examples(60)
@given(st.text("ab%_.", max_size=8), st.text("ab.\n", max_size=8))
def test_like_is_the_regular_expression_that_it_stands_for(pattern: str, value: str) -> None:
    wildcards = {"%": ".*", "_": "."}
    meant = "".join(wildcards.get(char) or re.escape(char) for char in pattern)
    passes = compile_expression(f"k like '{pattern}'", [{"Name": "k", "Type": "string"}])
    assert passes([value]) == bool(re.fullmatch(meant, value, re.DOTALL))


def test_like_with_many_wildcards_looks_at_a_value_once() -> None:
    pattern = "%a" * 60 + "%b"
    passes = compile_expression(f"k like '{pattern}'", [{"Name": "k", "Type": "string"}])
    assert not passes(["a" * 1000])
    assert passes(["a" * 1000 + "b"])
