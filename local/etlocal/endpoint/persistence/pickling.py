"""State as bytes: by the standard library's pickler where it can, by LocalStack's where it must.

LocalStack's pickler (dill) takes functions and much else, and is written in Python: it needs up to
twenty times as long. A state that is saved before every answer cannot wait for it.
"""

from __future__ import annotations

import copyreg
import io
import pickle
from collections.abc import Callable, Mapping
from typing import Any

from localstack.state.pickle import PickleDecoder, PickleEncoder, Pickler

_FAST, _FULL = b"p", b"d"


def encode(content: Any, names: Mapping[int, Any]) -> bytes:
    """Pickle some content.

    Parameters
    ----------
    content : object
        Anything that LocalStack's pickler takes.
    names : mapping
        The identity (`id`) of what is saved by its name only → that name, itself picklable.

    Returns
    -------
    bytes
        For `decode`.
    """

    class NamingPickler(pickle.Pickler):
        dispatch_table = _reducers

        def persistent_id(self, obj: Any) -> Any:
            return names.get(id(obj))

    buffer = io.BytesIO()
    buffer.write(_FAST)
    try:
        NamingPickler(buffer, pickle.HIGHEST_PROTOCOL).dump(content)
    except (pickle.PicklingError, TypeError, AttributeError):
        return _encode_fully(content, names)
    return buffer.getvalue()


def decode(payload: bytes, find: Callable[[Any], Any]) -> Any:
    """Give the content that `encode` was given.

    Parameters
    ----------
    payload : bytes
        What `encode` gave.
    find : callable
        Gives what a name stands for.
    """
    buffer = io.BytesIO(payload)
    if buffer.read(1) == _FULL:

        class NamingUnpickler(PickleDecoder().unpickler_class):  # type: ignore[misc]
            def persistent_load(self, pid: Any) -> Any:
                return find(pid)

        return PickleDecoder(NamingUnpickler).decode(buffer)
    unpickler = _Unpickler(buffer)
    unpickler.find = find
    return unpickler.load()


class _Unpickler(pickle.Unpickler):
    find: Callable[[Any], Any]

    def persistent_load(self, pid: Any) -> Any:
        return self.find(pid)


class _Reducers(dict[type, Callable[[Any], Any]]):
    """LocalStack's reducers, in the form of the standard library; a type is looked up once."""

    def __missing__(self, kind: type) -> Callable[[Any], Any]:
        own = Pickler.dispatch_overwrite
        for each in kind.__mro__:
            if each in own and (each is kind or each in Pickler.match_subclasses_of):
                self[kind] = _as_reducer(own[each])
                return self[kind]
        return copyreg.dispatch_table[kind]


_reducers = _Reducers()


class _Note:
    """Takes the place of a pickler, for reducers that tell it what to save."""

    reduced: tuple[Any, ...]

    def save_reduce(self, *parts: Any, obj: Any = None) -> None:  # noqa: ARG002
        self.reduced = parts


def _as_reducer(dispatch: Callable[[Any, Any], None]) -> Callable[[Any], Any]:
    def reduce(obj: Any) -> Any:
        note = _Note()
        dispatch(note, obj)
        return note.reduced

    return reduce


def _encode_fully(content: Any, names: Mapping[int, Any]) -> bytes:
    class NamingPickler(Pickler):  # type: ignore[misc]
        def persistent_id(self, obj: Any) -> Any:
            return names.get(id(obj))

    buffer = io.BytesIO()
    buffer.write(_FULL)
    PickleEncoder(NamingPickler).encode(content, buffer)
    return buffer.getvalue()
