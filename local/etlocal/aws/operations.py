"""A service's table of operations, and the one way a request goes through it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

import botocore.loaders
from botocore.model import ServiceModel

from etlocal.aws.call import Call, Runtime
from etlocal.aws.errors import NotImplementedByEmulatorError, ValidationError
from etlocal.aws.validation import violations

Operation = Callable[[Any, Call], Mapping[str, Any] | None]
F = TypeVar("F", bound=Callable[..., Mapping[str, Any] | None])


class Operations:
    """The operations of one service that are emulated.

    Parameters
    ----------
    service : str
        botocore's name of the service (``glue``).
    invalid : type of AwsError
        What the service answers to a request that breaks its model.
    """

    def __init__(self, service: str, *, invalid: type[ValidationError] = ValidationError) -> None:
        self.service = service
        self._invalid = invalid
        self._table: dict[str, Operation] = {}

    def operation(self, name: str) -> Callable[[F], F]:
        """Enter the decorated function ``(request, call) → response`` as operation `name`.

        Raises
        ------
        ValueError
            If the service has no such operation, or it is entered twice.
        """
        if name not in self.model.operation_names:
            raise ValueError(f"{self.service} has no operation {name}")
        if name in self._table:
            raise ValueError(f"{self.service}.{name} is entered twice")

        def enter(function: F) -> F:
            self._table[name] = function
            return function

        return enter

    @property
    def model(self) -> ServiceModel:
        """botocore's model of the service."""
        return service_model(self.service)

    @property
    def implemented(self) -> list[str]:
        """The names of the operations that are emulated, sorted."""
        return sorted(self._table)

    def handle(self, name: str, request: Mapping[str, Any], call: Call) -> dict[str, Any]:
        """Validate `request` and carry out operation `name`.

        Parameters
        ----------
        name : str
            AWS's name of the operation.
        request : mapping
            The parsed request, in botocore's shape.
        call : Call
            Who asks.

        Returns
        -------
        dict
            The response, in botocore's shape.

        Raises
        ------
        NotImplementedByEmulatorError
            If the operation is not emulated.
        AwsError
            What the operation answers instead of a response.
        """
        function = self._table.get(name)
        if function is None:
            raise NotImplementedByEmulatorError.operation(self.service, name)
        shape = self.model.operation_model(name).input_shape
        found = violations(shape, request) if shape is not None else []
        if found:
            noun = "error" if len(found) == 1 else "errors"
            raise self._invalid(f"{len(found)} validation {noun} detected: " + "; ".join(found))
        return dict(function(request, call) or {})


@dataclass(frozen=True)
class Service:
    """A service as an adapter plugs it in.

    Attributes
    ----------
    name : str
        botocore's name.
    operations : Operations
    start : callable
        Makes the schema and takes up what a previous process left in the middle.
    stop : callable
        Ends what runs in the background.
    reset : callable
        Clears the service's state.
    """

    name: str
    operations: Operations
    start: Callable[[Runtime], None] = field(default=lambda _runtime: None)
    stop: Callable[[Runtime], None] = field(default=lambda _runtime: None)
    reset: Callable[[Runtime], None] = field(default=lambda _runtime: None)


@cache
def service_model(service: str) -> ServiceModel:
    """Load botocore's model of a service.

    Raises
    ------
    botocore.exceptions.UnknownServiceError
        If botocore knows no such service.
    """
    loaded = botocore.loaders.Loader().load_service_model(service, "service-2")
    return ServiceModel(loaded, service)
