"""A template's properties as the request of an operation.

CloudFormation's properties and the API's members have the same names but for the case of the first
letter in some services, and a template may write a number or a boolean as text, or text as a
number. What the operation does not take is an error: LocalStack's own conversion drops it.

Source: AWS CloudFormation User Guide, "Template reference"; botocore's service models.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from etlocal.aws.operations import service_model


class PropertyError(Exception):
    """A property of a template cannot be carried out; the message names it."""


def conform(service: str, operation: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Give the request of `operation` that `properties` ask for.

    Parameters
    ----------
    service : str
        botocore's name of the service.
    operation : str
        The operation's name (``CreateJob``).
    properties : mapping
        Properties in CloudFormation's names; None means not given.

    Raises
    ------
    PropertyError
        If the operation does not take a property, or its value is of another type.
    """
    shape = service_model(service).operation_model(operation).input_shape
    if shape is None:
        return {}
    return _structure(shape, properties, "", operation)


def _value(shape: Shape, value: Any, path: str, operation: str) -> Any:
    if isinstance(shape, StructureShape):
        if not isinstance(value, Mapping):
            raise _wrong(path, "an object")
        return _structure(shape, value, path, operation)
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            raise _wrong(path, "a list")
        return [
            _value(shape.member, item, f"{path}[{index}]", operation)
            for index, item in enumerate(value)
        ]
    if isinstance(shape, MapShape):
        if not isinstance(value, Mapping):
            raise _wrong(path, "an object")
        return {
            str(key): _value(shape.value, item, f"{path}.{key}", operation)
            for key, item in value.items()
            if item is not None
        }
    return _scalar(shape.type_name, value, path)


def _structure(
    shape: StructureShape, value: Mapping[str, Any], path: str, operation: str
) -> dict[str, Any]:
    request = {}
    for name, item in value.items():
        if item is None:
            continue
        inner = f"{path}.{name}" if path else name
        member = name if name in shape.members else name[:1].lower() + name[1:]
        if member not in shape.members:
            raise PropertyError(f"Property {inner} is not emulated: {operation} does not take it")
        request[member] = _value(shape.members[member], item, inner, operation)
    return request


def _scalar(kind: str, value: Any, path: str) -> Any:
    # The value is left out of the errors: it may be a password.
    if isinstance(value, (Mapping, list)):
        raise _wrong(path, f"a {kind}")
    if kind == "string":
        return str(value).lower() if isinstance(value, bool) else str(value)
    if kind == "boolean":
        text = str(value).lower()
        if text not in ("true", "false"):
            raise _wrong(path, "true or false")
        return text == "true"
    if isinstance(value, bool):
        raise _wrong(path, "a number")
    try:
        if kind in ("integer", "long"):
            return _integer(value)
        if kind in ("float", "double"):
            return float(value)
    except ValueError:
        raise _wrong(path, "a number") from None
    return value


def _integer(value: Any) -> int:
    number = float(value)
    if number != int(number):
        raise ValueError(value)
    return int(number)


def _wrong(path: str, wanted: str) -> PropertyError:
    return PropertyError(f"Property {path} must be {wanted}")
