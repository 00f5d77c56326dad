"""What the stub's services share: how an operation is found, refused and paged."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from tests.unit.deploy.aws_stub.world import World

T = TypeVar("T")
Request = dict[str, Any]
Response = dict[str, Any]
Operation = Callable[[Request], Response]


class AwsError(Exception):
    """What AWS answers instead of a result; a client raises it as a ``ClientError``.

    Parameters
    ----------
    code : str
        One that the model has for the operation, or `Service.documented`.
    message : str
    status : int
        The HTTP status.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class Service:
    """A service of AWS: an operation is a method of the operation's name.

    Attributes
    ----------
    name : str
        botocore's.
    documented : mapping
        Codes of errors that AWS documents although the model of no operation has them.
    invalid : str or None
        The code for a request that breaks the model; None where the service words each differently.
    beyond : set
        Values that AWS answers although the model's enum lacks them.
    """

    name: ClassVar[str]
    documented: ClassVar[frozenset[str]] = frozenset()
    invalid: ClassVar[str | None] = None
    beyond: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, world: World) -> None:
        self.world = world

    def operation(self, name: str) -> Operation:
        """Give the method that answers an operation.

        Raises
        ------
        AssertionError
            If the stub does not have it.
        """
        found: Operation | None = getattr(self, name, None) if name[:1].isupper() else None
        assert found is not None, f"the stub of AWS does not know {self.name}:{name}"
        return found

    def settle(self) -> None:
        """End all that is under way."""

    def now(self) -> dt.datetime:
        """Give a time: each is later than the one before it."""
        return self.world.now()


def page(
    items: Sequence[T], token: str | None, size: int, invalid: Callable[[], AwsError]
) -> tuple[list[T], str | None]:
    """Give a page and the token of the next one, None after the last.

    Parameters
    ----------
    items : sequence
    token : str or None
        From the page before.
    size : int
    invalid : callable
        Makes the error for a token that the service never gave.
    """
    start = 0
    if token is not None:
        prefix, _, number = token.partition("-")
        if prefix != "page" or not number.isdigit() or int(number) > len(items):
            raise invalid()
        start = int(number)
    after = start + size
    # At least eight characters: some models ask for that.
    return list(items[start:after]), f"page-{after:06}" if after < len(items) else None


def without_nones(members: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is absent, and keep no reference to the stub's state."""
    return {name: copy.deepcopy(value) for name, value in members.items() if value is not None}
