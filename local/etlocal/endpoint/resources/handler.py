"""What a stack asks of a resource type, and what it is answered.

An event is answered at once or, while the resource settles, to be asked again. Every failure is an
answer: LocalStack takes some exceptions of a handler for success.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

from etlocal.endpoint.resources.base import Model, ResourceType, without
from etlocal.endpoint.resources.conform import PropertyError

_MISSING = frozenset(
    {
        "ClusterNotFound",
        "ClusterNotFoundFault",
        "EntityNotFoundException",
        "ResourceNotFoundException",
    }
)
_HANDLER_CODES = {
    "AlreadyExistsException": "AlreadyExists",
    "ClusterAlreadyExists": "AlreadyExists",
    "ConflictException": "ResourceConflict",
    "InvalidInputException": "InvalidRequest",
    "ValidationException": "InvalidRequest",
    "NotImplemented": "UnsupportedAction",
    **dict.fromkeys(_MISSING, "NotFound"),
}


# In the model of what was made. A stack also asks to delete what it failed to make, and that may
# be another's resource of the same name.
_MADE = "EtlocalMade"


@dataclass(frozen=True)
class Progress:
    """The answer to an event.

    Attributes
    ----------
    status : str
        ``IN_PROGRESS`` asks for the same event again, with `model`.
    model : dict
        The resource's model.
    message : str
        Why it failed.
    """

    status: Literal["SUCCESS", "IN_PROGRESS", "FAILED"]
    model: Model
    message: str = ""


def create(resource: ResourceType, properties: Model, *, begun: bool) -> Progress:
    """Make a resource, or go on with one whose making has `begun`."""
    try:
        if begun:
            return _settle(resource, properties)
        _check_required(resource, properties)
        _refuse_attributes(resource, properties)
        return _settle(resource, {**resource.create(properties), _MADE: True})
    except (PropertyError, ClientError, BotoCoreError) as error:
        return _failed(error, {})


def update(resource: ResourceType, properties: Model, previous: Model, *, begun: bool) -> Progress:
    """Change a resource, or go on with one whose change has `begun`.

    A stack that takes a change back gives a former model for properties, attributes included.
    """
    try:
        if begun:
            return _settle(resource, properties)
        _check_required(resource, properties)
        model = resource.update(without(properties, _MADE), without(previous, _MADE))
        return _settle(resource, {**model, _MADE: True})
    except (PropertyError, ClientError, BotoCoreError) as error:
        return _failed(error, previous)


def delete(resource: ResourceType, model: Model, *, begun: bool) -> Progress:
    """Delete a resource; one that is not there is deleted, one that was never made is left."""
    if _MADE not in model:
        return Progress("SUCCESS", model)
    made = without(model, _MADE)
    try:
        if not begun:
            resource.delete(made)
        return Progress("SUCCESS" if resource.is_gone(made) else "IN_PROGRESS", model)
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return Progress("SUCCESS", model)
        return _failed(error, model)
    except (PropertyError, BotoCoreError) as error:
        return _failed(error, model)


def _settle(resource: ResourceType, model: Model) -> Progress:
    settled = resource.settled(model)
    if settled is None:
        return Progress("IN_PROGRESS", model)
    return Progress("SUCCESS", settled)


def _check_required(resource: ResourceType, properties: Model) -> None:
    missing = [name for name in resource.required if properties.get(name) is None]
    if missing:
        raise PropertyError(f"Model validation failed (#: required key [{missing[0]}] not found)")


def _refuse_attributes(resource: ResourceType, properties: Model) -> None:
    given = [name for name in resource.attributes if name in properties]
    if given:
        raise PropertyError(f"Encountered unsupported property {given[0]}: it is read-only")


def _failed(error: Exception, model: Model) -> Progress:
    if isinstance(error, ClientError):
        told = error.response["Error"]
        code = _HANDLER_CODES.get(told["Code"], "GeneralServiceException")
        text = f"{told['Code']}: {told['Message']}"
    else:
        code, text = "InvalidRequest", str(error)
    return Progress(
        "FAILED", model, f'Resource handler returned message: "{text}" (HandlerErrorCode: {code})'
    )
