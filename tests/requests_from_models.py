"""Strategies of requests, made from botocore's service models.

`requests` gives what a service must understand: every member of its type, within its limits, of its
pattern and its enum. `invalid_requests` breaks a constraint of the model in one place, so that the
service must refuse it. `odd_requests` puts a value in one place that is of the right type and still
unusual (odd Unicode, NUL, a boundary, an empty collection); the service may take it or refuse it.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import botocore.loaders
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

Known = Mapping[str, Sequence[Any]]


class Names(dict[str, Sequence[Any]]):
    """Known values that are not listed wherever hypothesis shows a strategy."""

    def __repr__(self) -> str:
        return "Names(…)"


Path = tuple[str, ...]

_DEEPEST = 4
_LONGEST_TEXT = 24
_INT, _LONG = 2**31, 2**63
_WORDS = "abcxyzABC019_-"
ODD_TEXTS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "a\udfffb",
    "\u202eabc",
    "\ufeff",
    "\ufffe",
    "e\u0301\U0001f600",
    "İ",
    "ﬁ",
    "a\nb",
    "a\r\n",
    "\x7f\x1b[0m",
    "%",
    "'; DROP TABLE x; --",
    "../..",
    "*",
    "(",
    "[a-",
    "\\",
    "${jndi:x}",
    "a" * 300,
    "null",
    "-1",
)


def requests(service: str, operation: str, *, known: Known | None = None) -> SearchStrategy[Any]:
    """Give valid requests of an operation.

    Parameters
    ----------
    service, operation : str
        botocore's names (``glue``, ``GetTable``).
    known : mapping
        Values that mean something to the service, by the end of a member's path, which begins with
        the operation: ``DatabaseName``, ``TableInput.Name``, ``GetTable.Name``. The longest end
        decides. A list's members have the list's path, a map's keys have ``.key`` after it. A value
        stands most of the time where its type fits: a text for a string, a list for a list, a
        mapping for a structure.

    Returns
    -------
    SearchStrategy of dict
        Requests in botocore's shape; times are `datetime`, as a parsed request has them.
    """
    shape = _model(service).operation_model(operation).input_shape
    if shape is None:
        return st.just({})
    return _value(shape, (operation,), known or {}, 0)


def invalid_requests(
    service: str, operation: str, *, known: Known | None = None
) -> SearchStrategy[Any]:
    """Give requests that break the model in one place; see `requests` for the parameters.

    A required member is missing, or a value is of another type, out of its range or length, not of
    its enum or its pattern. Nothing is drawn for an operation whose requests cannot be invalid.
    """
    return _mutated(service, operation, known or {}, _breaking)


def odd_requests(
    service: str, operation: str, *, known: Known | None = None
) -> SearchStrategy[Any]:
    """Give requests with an unusual value in one place; see `requests` for the parameters."""
    return _mutated(service, operation, known or {}, _unusual)


@dataclass(frozen=True)
class Place:
    """A place within a request.

    Attributes
    ----------
    shape : botocore.model.Shape
        What may stand there.
    holder, key
        Where it is: ``holder[key]``, which may be absent when `holder` is a structure.
    kind : str
        ``required`` or ``optional`` for a structure's member, ``item`` of a list, ``entry`` of a
        map.
    """

    shape: Shape
    holder: Any
    key: Any
    kind: str

    @property
    def value(self) -> Any:
        """What stands there; None for nothing."""
        return self.holder[self.key] if self.kind == "item" else self.holder.get(self.key)


def places(shape: StructureShape, request: Any) -> Iterator[Place]:
    """Give every place in `request`, those of absent members of structures too."""
    for name, member in shape.members.items():
        kind = "required" if name in shape.required_members else "optional"
        yield Place(member, request, name, kind)
        if request.get(name) is not None:
            yield from _inside(member, request[name])


def _inside(shape: Shape, value: Any) -> Iterator[Place]:
    if isinstance(shape, StructureShape):
        yield from places(shape, value)
    elif isinstance(shape, ListShape):
        for index, item in enumerate(value):
            yield Place(shape.member, value, index, "item")
            yield from _inside(shape.member, item)
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield Place(shape.value, value, key, "entry")
            yield from _inside(shape.value, item)


@cache
def _model(service: str) -> ServiceModel:
    loaded = botocore.loaders.Loader().load_service_model(service, "service-2")
    return ServiceModel(loaded, service)


def _value(shape: Shape, path: Path, known: Known, depth: int) -> SearchStrategy[Any]:
    fresh = _fresh(shape, path, known, depth)
    given = _known(shape, path, known)
    if not given:
        return fresh
    chosen = st.sampled_from(given).map(copy.deepcopy)
    return st.integers(0, 9).flatmap(lambda dice: fresh if dice == 9 else chosen)


def _known(shape: Shape, path: Path, known: Known) -> list[Any]:
    python: dict[str, type | tuple[type, ...]] = {
        "string": str,
        "list": list,
        "structure": dict,
        "map": dict,
        "boolean": bool,
        "timestamp": datetime,
    }
    fitting = python.get(shape.type_name, (int, float))
    for start in range(len(path)):
        found = known.get(".".join(path[start:]), ())
        if values := [value for value in found if isinstance(value, fitting)]:
            return values
    return []


def _fresh(shape: Shape, path: Path, known: Known, depth: int) -> SearchStrategy[Any]:
    if isinstance(shape, StructureShape):
        return _structures(shape, path, known, depth)
    if isinstance(shape, ListShape):
        low, high = _sizes(shape, 3 if depth < _DEEPEST else 0)
        members = _value(shape.member, path, known, depth + 1)
        return st.lists(members, min_size=low, max_size=high)
    if isinstance(shape, MapShape):
        low, high = _sizes(shape, 3 if depth < _DEEPEST else 0)
        keys = _value(shape.key, (*path, "key"), known, depth + 1)
        values = _value(shape.value, path, known, depth + 1)
        return st.dictionaries(keys, values, min_size=low, max_size=high)
    if isinstance(shape, StringShape):
        return _texts(shape)
    simple: dict[str, Callable[[Shape], SearchStrategy[Any]]] = {
        "integer": _whole,
        "long": _whole,
        "float": _real,
        "double": _real,
        "boolean": lambda _shape: st.booleans(),
        "timestamp": lambda _shape: _moments(),
        "blob": lambda _shape: st.binary(max_size=_LONGEST_TEXT),
    }
    return simple[shape.type_name](shape)


@st.composite
def _structures(
    draw: DrawFn, shape: StructureShape, path: Path, known: Known, depth: int
) -> dict[str, Any]:
    required = list(shape.required_members)
    optional = [name for name in shape.members if name not in required]
    if getattr(shape, "is_tagged_union", False):
        chosen = [draw(st.sampled_from(list(shape.members)))]
    elif depth >= _DEEPEST or not optional:
        chosen = required
    else:
        # What is known is asked for more often than the dozens of members beside it.
        likely = [name for name in optional if _known(shape.members[name], (*path, name), known)]
        more = draw(st.lists(st.sampled_from(optional), unique=True, max_size=4))
        first = draw(st.lists(st.sampled_from(likely), unique=True)) if likely else []
        chosen = [*required, *dict.fromkeys([*first, *more])]
    return {
        name: draw(_value(shape.members[name], (*path, name), known, depth + 1)) for name in chosen
    }


def _sizes(shape: Shape, most: int) -> tuple[int, int]:
    low = int(shape.metadata.get("min", 0))
    return low, max(low, min(most, int(shape.metadata.get("max", most))))


def _whole(shape: Shape) -> SearchStrategy[int]:
    limit = _LONG if shape.type_name == "long" else _INT
    low = int(shape.metadata.get("min", -limit))
    high = int(shape.metadata.get("max", limit - 1))
    small = st.integers(max(low, 0), max(low, min(high, 5)))
    return st.one_of(small, st.integers(low, high), st.sampled_from([low, high]))


def _real(shape: Shape) -> SearchStrategy[float]:
    return st.floats(
        shape.metadata.get("min"),
        shape.metadata.get("max"),
        allow_nan=False,
        allow_infinity=False,
    )


def _moments() -> SearchStrategy[datetime]:
    return st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def _texts(shape: StringShape) -> SearchStrategy[str]:
    if shape.enum:
        return st.sampled_from(list(shape.enum))
    low = int(shape.metadata.get("min", 0))
    high = int(shape.metadata.get("max", 10**9))
    return _texts_of(shape.metadata.get("pattern"), low, high)


@cache
def _texts_of(pattern: str | None, low: int, high: int) -> SearchStrategy[str]:
    most = max(low, min(high, _LONGEST_TEXT))
    words = st.text(_WORDS, min_size=low, max_size=most)
    wild = st.text(min_size=low, max_size=most)
    # Words of a limit's length are long and few: the service may have a narrower limit of its own.
    limits = [size for size in sorted({low, high}) if size <= 4096]
    compiled = compile_pattern(pattern)
    edges = [
        st.just("a" * size)
        for size in limits
        if compiled is None or compiled.fullmatch("a" * size) is not None
    ]
    if compiled is None:
        return st.one_of(words, wild, *edges)
    if compiled.fullmatch(("aB0_" * (low // 4 + 1))[: max(low, 4)]) is None:
        own = st.from_regex(compiled, fullmatch=True)
        return own.filter(lambda text: low <= len(text) <= high and compiled.fullmatch(text))
    fitting = wild.filter(lambda text: compiled.fullmatch(text) is not None)
    plain = words.filter(lambda text: compiled.fullmatch(text) is not None)
    return st.one_of(plain, fitting, *edges)


@cache
def compile_pattern(pattern: str | None) -> re.Pattern[str] | None:
    """Compile a pattern of a service model, which is Java's; None where Python has no such.

    Parameters
    ----------
    pattern : str or None
    """
    if pattern is None:
        return None
    pairs = "\\uD800\\uDC00-\\uDBFF\\uDFFF"
    try:
        return re.compile(pattern.replace(pairs, "\\U00010000-\\U0010FFFF"), re.ASCII)
    except re.error:
        return None


@st.composite
def _mutated(
    draw: DrawFn,
    service: str,
    operation: str,
    known: Known,
    changes: Callable[[Place], list[SearchStrategy[Any]]],
) -> Any:
    shape = _model(service).operation_model(operation).input_shape
    request = draw(requests(service, operation, known=known))
    if shape is None:
        return request
    assert isinstance(shape, StructureShape)
    found = [(place, ways) for place in places(shape, request) if (ways := changes(place))]
    if not found:
        return draw(st.nothing())
    place, ways = draw(st.sampled_from(found))
    value = draw(st.one_of(ways))
    if value is _ABSENT:
        place.holder.pop(place.key, None)
    else:
        place.holder[place.key] = value
    return request


_ABSENT = object()


def _breaking(place: Place) -> list[SearchStrategy[Any]]:
    """Give what must not stand in a place."""
    shape = place.shape
    ways: list[SearchStrategy[Any]] = [st.sampled_from(_other_types(shape))]
    if place.kind != "optional":
        ways.append(st.none())
    if place.kind == "required":
        ways.append(st.just(_ABSENT))
    if isinstance(shape, StringShape):
        ways += _breaking_texts(shape)
    elif isinstance(shape, (ListShape, MapShape)):
        ways += _breaking_sizes(place)
    elif shape.type_name in ("integer", "long", "float", "double"):
        ways += _breaking_numbers(shape)
    return ways


def _other_types(shape: Shape) -> list[Any]:
    deep: Any = []
    for _ in range(60):
        deep = [deep]
    if isinstance(shape, StructureShape):
        return ["text", 1, True, [], [{}], deep]
    if isinstance(shape, ListShape):
        return ["text", 1, False, {}, {"a": []}]
    if isinstance(shape, MapShape):
        return ["text", 1, True, [], deep]
    if isinstance(shape, StringShape):
        return [1, 10**30, 1.5, True, [], {}, ["text"], deep]
    if shape.type_name in ("integer", "long"):
        return ["1", "", True, 1.5, [], {}, [1], float("nan"), float("inf")]
    if shape.type_name in ("float", "double"):
        return ["1", "", True, [], {}, float("nan"), float("inf")]
    if shape.type_name == "boolean":
        return ["true", "", 0, 1, [], {}]
    return ["text", True, [], {}]


def _breaking_texts(shape: StringShape) -> list[SearchStrategy[Any]]:
    ways: list[SearchStrategy[Any]] = [st.sampled_from(["\ud800", "a\udfffb"])]
    if shape.enum:
        strange = st.one_of(st.text(_WORDS, max_size=12), st.sampled_from(["", "a\x00", "*"]))
        ways.append(strange.filter(lambda text: text not in shape.enum))
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max")
    if low > 0:
        ways.append(st.integers(0, int(low) - 1).map(lambda size: "a" * size))
    if high is not None and high < 100_000:
        ways.append(st.sampled_from([int(high) + 1, int(high) + 1000]).map(lambda size: "a" * size))
    compiled = compile_pattern(shape.metadata.get("pattern"))
    if compiled is not None and not shape.enum:
        wrong = [text for text in ODD_TEXTS if compiled.fullmatch(text) is None]
        if wrong:
            ways.append(st.sampled_from(wrong))
    return ways


def _breaking_sizes(place: Place) -> list[SearchStrategy[Any]]:
    shape = place.shape
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max")
    ways: list[SearchStrategy[Any]] = []
    if low > 0:
        ways.append(st.just([] if isinstance(shape, ListShape) else {}))
    if isinstance(shape, ListShape) and high is not None and high <= 1000 and place.value:
        ways.append(st.just([copy.deepcopy(place.value[0]) for _ in range(int(high) + 1)]))
    return ways


def _breaking_numbers(shape: Shape) -> list[SearchStrategy[Any]]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    wrong: list[Any] = []
    if shape.type_name in ("integer", "long"):
        limit = _LONG if shape.type_name == "long" else _INT
        wrong += [limit, -limit - 1, 10**30]
    wrong += [low - 1] if low is not None else []
    wrong += [high + 1] if high is not None else []
    return [st.sampled_from(wrong)] if wrong else []


def _unusual(place: Place) -> list[SearchStrategy[Any]]:
    """Give what rarely stands in a place, and is of its type."""
    shape = place.shape
    if isinstance(shape, StringShape) and not shape.enum:
        return [st.sampled_from(ODD_TEXTS), st.text(max_size=8)]
    if isinstance(shape, ListShape):
        return [st.just([])]
    if isinstance(shape, (MapShape, StructureShape)):
        return [st.just({})]
    if shape.type_name in ("integer", "long"):
        limit = _LONG if shape.type_name == "long" else _INT
        return [st.sampled_from([0, -1, 1, limit - 1, -limit])]
    if shape.type_name in ("float", "double"):
        return [st.sampled_from([0.0, -0.0, -1.0, 1e308, -1e308, 5e-324])]
    if shape.type_name == "timestamp":
        edges = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)]
        return [st.sampled_from(edges)]
    return []
