"""JSONata as Step Functions evaluates it, in pure Python.

Source: Step Functions Developer Guide, "Transforming data with JSONata in Step Functions". Values
are bound to variables as objects, not spliced into the expression as text: a string with a quote or
a backslash in it stays what it is.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import json
import random
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from jsonata import jsonata as implementation
from jsonata.jexception import JException
from jsonata.jsonata import Jsonata
from jsonata.parser import Parser
from jsonata.utils import Utils

# It reports some errors on stdout as well as by an exception; stdout is not its to write to.
implementation.print = lambda *_: None


class _Undefined:
    def __repr__(self) -> str:
        return "undefined"


UNDEFINED: Final = _Undefined()

_HASHES = {
    "MD5": hashlib.md5,
    "SHA-1": hashlib.sha1,
    "SHA-256": hashlib.sha256,
    "SHA-384": hashlib.sha384,
    "SHA-512": hashlib.sha512,
}
_LARGEST_RANGE = 1000
_LARGEST_EXACT = 2**53


class _SharedParser(Parser):  # type: ignore[misc]
    """One parser for every thread: making one takes longer than most expressions do."""

    def __init__(self) -> None:
        super().__init__()
        self._turn = threading.RLock()

    def parse(self, *arguments: Any) -> Any:
        with self._turn:
            return super().parse(*arguments)


_PARSER: Final = _SharedParser()
Jsonata.get_parser = staticmethod(lambda: _PARSER)


class JsonataError(Exception):
    """The expression does not parse, or its evaluation failed.

    Attributes
    ----------
    code : str
        JSONata's code of the error, e.g. ``T1006``; empty when it has none.
    message : str
        What is wrong.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}" if code else message)
        self.code = code
        self.message = message


class UnsupportedResultError(Exception):
    """The result is no JSON value (it is or holds a function)."""


def evaluate(expression: str, variables: Mapping[str, Any]) -> Any:
    """Evaluate `expression`.

    Parameters
    ----------
    expression : str
        The JSONata expression, without ``{%`` and ``%}``.
    variables : mapping
        JSON values by the name they have in the expression, without ``$``.

    Returns
    -------
    Any
        A JSON value of its own (nothing is shared with `variables`), or `UNDEFINED`.

    Raises
    ------
    JsonataError
        If the expression fails.
    UnsupportedResultError
        If its result is not JSON.
    """
    try:
        evaluator = copy.copy(_compiled(expression))
        evaluator.environment = evaluator.create_frame(Jsonata.static_frame)
        # The library keeps the evaluator a thread used last, with whatever it was set to.
        Jsonata.CURRENT.jsonata = evaluator
        result = evaluator.evaluate(None, _FUNCTIONS | {k: _bound(v) for k, v in variables.items()})
        return UNDEFINED if result is None else _json(result)
    except JException as error:
        raise JsonataError(error.error or "", _without_code(str(error), error.error)) from error
    except RecursionError as error:
        raise JsonataError("U1001", "Stack overflow: the expression nests too deeply") from error
    except ZeroDivisionError as error:
        raise JsonataError("D1001", "Number out of range: Infinity") from error
    except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        # The library lets Python's own errors through where JavaScript would have gone on.
        raise JsonataError("", str(error)) from error


@functools.lru_cache(maxsize=4096)
def _compiled(expression: str) -> Jsonata:
    """Parse an expression; a state that waits evaluates the same ones again and again."""
    compiled = Jsonata(expression)
    compiled.set_output_convert_nulls(False)
    return compiled


def _bound(value: Any) -> Any:
    """Copy a JSON value into the library's form, in which None means undefined."""
    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, Mapping):
        return {str(name): _bound(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_bound(item) for item in value]
    # JSONata has one type of number: what is whole is written without a fraction.
    return _number(value) if isinstance(value, float) else value


def _json(value: Any) -> Any:
    """Copy a result out of the library's form."""
    if value is None or value is Utils.NULL_VALUE:
        return None
    if isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, (Jsonata.JFunctionCallable, Parser.Symbol)):
        raise UnsupportedResultError
    if isinstance(value, Mapping):
        return {name: _json(item) for name, item in value.items()}
    if isinstance(value, Sequence):
        return [_json(item) for item in value]
    raise UnsupportedResultError


def _number(value: float) -> float:
    return int(value) if value.is_integer() and abs(value) < _LARGEST_EXACT else value


def _without_code(text: str, code: str | None) -> str:
    """JSONata's message without what the library puts around it."""
    if code and text.startswith(f"{code}: "):
        return text.removeprefix(f"{code}: ")
    return text


def _partition(array: Any, size: Any) -> Any:
    if array is None:
        return None
    items = array if isinstance(array, list) else [array]
    if not _whole(size) or size < 1:
        raise JsonataError("", "The second argument of $partition must be a positive integer")
    return [list(items[start : start + size]) for start in range(0, len(items), size)]


def _range(start: Any, end: Any, step: Any) -> Any:
    if not (_whole(start) and _whole(end) and _whole(step)) or step == 0:
        raise JsonataError("", "The arguments of $range must be integers, and its step not zero")
    values = range(start, end + (1 if step > 0 else -1), step)
    if len(values) > _LARGEST_RANGE:
        raise JsonataError("", f"$range gives at most {_LARGEST_RANGE} values")
    return Utils.create_sequence_from_iter(values)


def _hash(data: Any, algorithm: Any) -> str:
    if not isinstance(data, str) or algorithm not in _HASHES:
        known = ", ".join(_HASHES)
        raise JsonataError("", f"$hash takes a string and one of the algorithms {known}")
    return str(_HASHES[algorithm](data.encode()).hexdigest())


def _random(seed: Any = None) -> float:
    if seed is None:
        return random.random()
    if isinstance(seed, bool) or not isinstance(seed, (int, float)):
        raise JsonataError("", "The seed of $random must be a number")
    return random.Random(seed).random()


def _uuid() -> str:
    return str(uuid.uuid4())


def _parse(text: Any) -> Any:
    if not isinstance(text, str):
        raise JsonataError("", "$parse takes a string")
    try:
        return _bound(json.loads(text))
    except json.JSONDecodeError as error:
        raise JsonataError("", f"$parse was given a text that is not JSON: {error}") from error


def _eval(*_: Any) -> Any:
    raise JsonataError("", "$eval is not supported by Step Functions; use $parse")


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


class _Function(Jsonata.JFunctionCallable):  # type: ignore[misc]
    def __init__(self, function: Callable[..., Any], arguments: int) -> None:
        self._function = function
        self._arguments = arguments

    def call(self, _: Any, args: Sequence[Any] | None) -> Any:
        given = list(args or [])[: self._arguments]
        return self._function(*given, *[None] * (self._arguments - len(given)))


def _entered(function: Callable[..., Any], arguments: int) -> Any:
    return Jsonata.JFunction(_Function(function, arguments), None)


_FUNCTIONS: Final[dict[str, Any]] = {
    "partition": _entered(_partition, 2),
    "range": _entered(_range, 3),
    "hash": _entered(_hash, 2),
    "random": _entered(_random, 1),
    "uuid": _entered(_uuid, 0),
    "parse": _entered(_parse, 1),
    "eval": _entered(_eval, 2),
}
