"""What the resource types share.

Source: AWS CloudFormation CLI User Guide, "Resource type handler contract".
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from botocore import xform_name

from etlocal.endpoint.resources.conform import PropertyError, conform

Model = dict[str, Any]


@dataclass(frozen=True)
class Context:
    """What a handler works with.

    Attributes
    ----------
    client : callable
        Gives the boto3 client of a service, acting for the stack.
    account, region : str
        Where the stack is.
    generated_name : str
        The name of a resource whose template gives none.
    """

    client: Callable[[str], Any]
    account: str
    region: str
    generated_name: str


class ResourceType(ABC):
    """A CloudFormation resource type.

    A model is what the stack keeps of a resource: the template's properties, the generated name,
    and the attributes that ``Fn::GetAtt`` reads.

    Attributes
    ----------
    type_name : str
        CloudFormation's name of the type.
    service : str
        botocore's name of the service that has the resource.
    identifier : str
        The property of the model that ``Ref`` gives and whose value names the resource.
    required : tuple of str
        The properties that a template must give.
    create_only : tuple of str
        The properties whose change makes a new resource.
    attributes : tuple of str
        The read-only properties; they are no part of a template.
    """

    type_name: ClassVar[str]
    service: ClassVar[str]
    identifier: ClassVar[str]
    required: ClassVar[tuple[str, ...]] = ()
    create_only: ClassVar[tuple[str, ...]] = ()
    attributes: ClassVar[tuple[str, ...]] = ()

    def __init__(self, context: Context) -> None:
        self.context = context

    @abstractmethod
    def create(self, properties: Model) -> Model:
        """Make the resource and give its model."""

    @abstractmethod
    def update(self, properties: Model, previous: Model) -> Model:
        """Change the resource in place from model `previous` to `properties`; give its model."""

    @abstractmethod
    def delete(self, model: Model) -> None:
        """Delete the resource."""

    def settled(self, model: Model) -> Model | None:
        """Give the model with its attributes once the resource can be used; None before that."""
        return model

    def is_gone(self, model: Model) -> bool:
        """Say whether the deleted resource is gone."""
        del model
        return True

    def call(self, operation: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Ask the service for `operation`, with properties in CloudFormation's names."""
        request = conform(self.service, operation, properties)
        answer: dict[str, Any] = getattr(self.context.client(self.service), xform_name(operation))(
            **request
        )
        return answer


def without(properties: Mapping[str, Any], *names: str) -> Model:
    """Give `properties` less those of `names`."""
    return {name: value for name, value in properties.items() if name not in names}


def changed(
    properties: Mapping[str, Any],
    previous: Mapping[str, Any],
    *,
    resets: Mapping[str, Any] | None = None,
    ignore: tuple[str, ...] = (),
) -> Model:
    """Give the properties that differ from `previous`.

    It is for operations that leave what they are not given as it is.

    Parameters
    ----------
    resets : mapping or None
        What to ask for when a property is no longer given.
    ignore : tuple of str
        Properties that are changed in another way.

    Raises
    ------
    PropertyError
        If a property is no longer given and has no reset.
    """
    differing = {
        name: value
        for name, value in properties.items()
        if name not in ignore and value != previous.get(name)
    }
    for name, value in previous.items():
        if name in properties or name in ignore or value is None:
            continue
        if resets is None or name not in resets:
            raise PropertyError(f"Property {name} cannot be taken away from the resource")
        differing[name] = resets[name]
    return differing


def tag_changes(new: Mapping[str, str], old: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Give the tags to set and the keys to remove, to get from `old` to `new`."""
    setting = {key: value for key, value in new.items() if old.get(key) != value}
    return setting, [key for key in old if key not in new]


def tag_map(tags: list[Mapping[str, str]] | None) -> dict[str, str]:
    """Give a list of ``Key`` and ``Value`` as a mapping."""
    return {tag["Key"]: str(tag["Value"]) for tag in tags or ()}


def text_attributes(value: Any) -> Any:
    """Give an answer's structure as attributes: names in upper case, scalars as text.

    ``Fn::GetAtt`` gives text, and lists of it.
    """
    if isinstance(value, Mapping):
        return {
            name[:1].upper() + name[1:]: text_attributes(item)
            for name, item in value.items()
            if item is not None
        }
    if isinstance(value, list):
        return [text_attributes(item) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)
