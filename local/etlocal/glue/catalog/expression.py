"""The filter language of GetPartitions.

A tokenizer and a recursive descent parser that turn an expression into a predicate over the values
of one partition. NULL follows SQL: a comparison with it is unknown, and only what is true passes.

Source: AWS Glue Web API Reference, "GetPartitions", parameter ``Expression``.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from etlocal.aws.errors import AwsError
from etlocal.glue.catalog.expression_types import NULL_PARTITION, KeyType, key_type
from etlocal.glue.errors import InvalidInputError

Truth = bool | None
Test = Callable[[Sequence[str]], Truth]

# JSQLParser and the service bound nesting too; this keeps Python's stack out of the matter.
_DEEPEST = 100
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")+"|`[^`]+`)
    | (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
    | (?P<word>[^\W\d]\w*)
    | (?P<sign><>|!=|<=|>=|[=<>(),])
    )""",
    re.VERBOSE,
)
_KEYWORDS = frozenset({"AND", "OR", "NOT", "IN", "BETWEEN", "LIKE", "IS", "NULL"})
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


class InvalidStateError(AwsError):
    """What is stored does not fit what is asked of it."""

    code = "InvalidStateException"


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


class _Column(NamedTuple):
    position: int
    type: KeyType

    def value(self, values: Sequence[str]) -> Any:
        """Give the column's typed value in a partition; None for NULL."""
        text = values[self.position]
        if text == NULL_PARTITION:
            return None
        try:
            return self.type.parse(text)
        except ValueError as error:
            raise InvalidStateError(str(error)) from error


def compile_expression(
    text: str, partition_keys: Sequence[Mapping[str, Any]]
) -> Callable[[Sequence[str]], bool]:
    """Give the predicate that an expression is.

    Parameters
    ----------
    text : str
        The expression; blank passes everything.
    partition_keys : sequence of mapping
        The table's ``PartitionKeys``: each with ``Name`` and ``Type``.

    Returns
    -------
    callable
        Takes a partition's values; raises InvalidStateError for a value that is not of its key's
        type.

    Raises
    ------
    InvalidInputError
        If the expression cannot be read, names what is no partition key, compares with a literal
        not of the key's type, or asks of a type what it has not.
    """
    if not text.strip():
        return lambda _values: True
    test = _Parser(text, partition_keys).parse()
    return lambda values: test(values) is True


class _Parser:
    def __init__(self, text: str, partition_keys: Sequence[Mapping[str, Any]]) -> None:
        self._text = text
        self._tokens = _tokenize(text)
        self._next = 0
        self._depth = 0
        self._keys = {
            key["Name"].lower(): (index, key.get("Type") or "string")
            for index, key in enumerate(partition_keys)
        }

    def parse(self) -> Test:
        test = self._or()
        if self._peek().kind != "end":
            raise self._unexpected()
        return test

    def _or(self) -> Test:
        tests = [self._and()]
        while self._take("OR"):
            tests.append(self._and())
        return tests[0] if len(tests) == 1 else _any(tests)

    def _and(self) -> Test:
        tests = [self._not()]
        while self._take("AND"):
            tests.append(self._not())
        return tests[0] if len(tests) == 1 else _all(tests)

    def _not(self) -> Test:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _invalid(f"it is nested deeper than {_DEEPEST}")
        try:
            if self._take("NOT"):
                return _negate(self._not())
            if self._take("("):
                test = self._or()
                self._expect(")")
                return test
            return self._condition()
        finally:
            self._depth -= 1

    def _condition(self) -> Test:
        if self._peek().kind in ("text", "number"):
            return self._mirrored()
        column = self._column()
        sign = self._peek()
        if sign.kind == "sign" and sign.text in _COMPARISONS:
            self._next += 1
            return self._comparison(column, sign.text)
        if self._take("IS"):
            negated = self._take("NOT")
            self._expect("NULL")
            test: Test = lambda values: column.value(values) is None  # noqa: E731
            return _negate(test) if negated else test
        negated = self._take("NOT")
        if self._take("IN"):
            test = self._in(column)
        elif self._take("BETWEEN"):
            test = self._between(column)
        elif self._take("LIKE"):
            test = self._like(column)
        else:
            raise self._unexpected()
        return _negate(test) if negated else test

    def _mirrored(self) -> Test:
        """Read ``literal sign column``; the literal's type is that of the column."""
        start = self._next
        self._next += 1
        sign = self._peek()
        if sign.kind != "sign" or sign.text not in _COMPARISONS:
            raise self._unexpected()
        self._next += 1
        column = self._column()
        end, self._next = self._next, start
        literal = self._literal(column)
        self._next = end
        return _compare(column, _MIRRORED.get(sign.text, sign.text), lambda _values: literal)

    def _comparison(self, column: _Column, sign: str) -> Test:
        if self._peek().kind in ("text", "number") or self._is_typed_literal():
            literal = self._literal(column)
            return _compare(column, sign, lambda _values: literal)
        other = self._column()
        if other.type != column.type:
            raise _invalid(f"it compares {column.type.name} with {other.type.name}")
        return _compare(column, sign, other.value)

    def _in(self, column: _Column) -> Test:
        self._expect("(")
        members = {self._literal(column)}
        while self._take(","):
            members.add(self._literal(column))
        self._expect(")")
        return lambda values: None if (value := column.value(values)) is None else value in members

    def _between(self, column: _Column) -> Test:
        low = self._literal(column)
        self._expect("AND")
        high = self._literal(column)
        return lambda values: (
            None if (value := column.value(values)) is None else bool(low <= value <= high)
        )

    def _like(self, column: _Column) -> Test:
        if not column.type.textual:
            raise InvalidInputError(
                f"{column.type.name} data type doesn't support operation 'LIKE'"
            )
        matches = _like(self._literal(column))
        return lambda values: None if (value := column.value(values)) is None else matches(value)

    def _column(self) -> _Column:
        token = self._peek()
        if token.kind == "word" and token.text.upper() not in _KEYWORDS:
            name = token.text
        elif token.kind == "quoted":
            name = token.text[1:-1].replace('""', '"')
        else:
            raise self._unexpected()
        self._next += 1
        if name.lower() not in self._keys:
            raise _invalid(f"{name} is not a partition key of the table")
        index, declared = self._keys[name.lower()]
        return _Column(index, key_type(declared))

    def _is_typed_literal(self) -> bool:
        """Say whether ``DATE '…'`` or ``TIMESTAMP '…'`` follows."""
        word, following = self._peek(), self._peek(1)
        return (
            word.kind == "word"
            and word.text.upper() in ("DATE", "TIMESTAMP")
            and following.kind == "text"
        )

    def _literal(self, column: _Column) -> Any:
        if self._is_typed_literal():
            self._next += 1
        token = self._peek()
        if token.kind not in ("text", "number"):
            raise self._unexpected()
        self._next += 1
        text = token.text[1:-1].replace("''", "'") if token.kind == "text" else token.text
        try:
            return column.type.parse(text)
        except ValueError as error:
            raise InvalidInputError(str(error)) from error

    def _peek(self, ahead: int = 0) -> _Token:
        return self._tokens[min(self._next + ahead, len(self._tokens) - 1)]

    def _take(self, wanted: str) -> bool:
        token = self._peek()
        found = token.kind in ("word", "sign") and token.text.upper() == wanted
        self._next += found
        return found

    def _expect(self, wanted: str) -> None:
        if not self._take(wanted):
            raise self._unexpected()

    def _unexpected(self) -> InvalidInputError:
        token = self._peek()
        what = repr(token.text) if token.kind != "end" else "the end"
        return _invalid(f"unexpected {what} at position {token.at}")


def _tokenize(text: str) -> list[_Token]:
    tokens = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        matched = _TOKEN.match(text, at)
        if matched is None or matched.lastgroup is None:
            raise _invalid(f"unexpected {text[at:].strip()[:1]!r} at position {at}")
        kind = matched.lastgroup
        tokens.append(_Token(kind, matched[kind], matched.start(kind)))
        at = matched.end()
    return [*tokens, _Token("end", "", end)]


def _compare(column: _Column, sign: str, other: Callable[[Sequence[str]], Any]) -> Test:
    holds = _COMPARISONS[sign]

    def test(values: Sequence[str]) -> Truth:
        left, right = column.value(values), other(values)
        return None if left is None or right is None else holds(left, right)

    return test


def _like(pattern: str) -> Callable[[str], bool]:
    """Give the test that LIKE's `pattern` is: ``%`` for any characters, ``_`` for one.

    Each part between two ``%`` is looked for once, from where the part before it ended: one
    regular expression of all of them would try every way to share a value among them.
    """
    parts = [re.escape(part).replace("_", ".") for part in pattern.split("%")]
    first, *between = [re.compile(part, re.DOTALL) for part in parts]
    if not between:
        return lambda value: first.fullmatch(value) is not None
    last = between.pop()
    # A part has as many characters as it stands for.
    length = len(pattern.rpartition("%")[2])

    def test(value: str) -> bool:
        found = first.match(value)
        for part in between:
            found = part.search(value, found.end()) if found is not None else None
        if found is None or len(value) - length < found.end():
            return False
        return last.fullmatch(value, len(value) - length) is not None

    return test


def _negate(test: Test) -> Test:
    return lambda values: None if (truth := test(values)) is None else not truth


def _all(tests: Sequence[Test]) -> Test:
    def test(values: Sequence[str]) -> Truth:
        unknown = False
        for part in tests:
            truth = part(values)
            if truth is False:
                return False
            unknown = unknown or truth is None
        return None if unknown else True

    return test


def _any(tests: Sequence[Test]) -> Test:
    # OR is the negation of AND over the negations, in three-valued logic too.
    return _negate(_all([_negate(test) for test in tests]))


def _invalid(why: str) -> InvalidInputError:
    return InvalidInputError(f"Invalid partition expression! {why}")
