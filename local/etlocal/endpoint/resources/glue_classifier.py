"""``AWS::Glue::Classifier``.

Source: AWS CloudFormation User Guide, "AWS::Glue::Classifier".
"""

from __future__ import annotations

from typing import Any

from etlocal.endpoint.resources.base import Model
from etlocal.endpoint.resources.conform import PropertyError
from etlocal.endpoint.resources.glue import GlueType, with_name

_KINDS = ("CsvClassifier", "GrokClassifier", "JsonClassifier", "XMLClassifier")
# CloudFormation's names of what the API names otherwise.
_RENAMED = {"ContainsCustomDatatype": "CustomDatatypes"}


class GlueClassifier(GlueType):
    """A custom classifier; ``Ref`` gives its name."""

    type_name = "AWS::Glue::Classifier"
    identifier = "Id"
    attributes = ("Id",)

    def create(self, properties: Model) -> Model:
        """Make the classifier."""
        kind, definition = _only(properties)
        named = with_name(definition, self.context)
        self.call("CreateClassifier", {kind: _renamed(named)})
        return {**properties, "Id": named["Name"]}

    def update(self, properties: Model, previous: Model) -> Model:
        """Change the classifier; a new name or kind makes a new one."""
        kind, definition = _only(properties)
        name = definition.get("Name") or properties.get("Id", previous["Id"])
        same_kind = kind in previous
        if name == previous["Id"] and same_kind:
            self.call("UpdateClassifier", {kind: _renamed({**definition, "Name": name})})
            return {**properties, "Id": name}
        if name == previous["Id"]:
            self.delete(previous)
            return self.create({kind: {**definition, "Name": name}})
        model = self.create(properties)
        self.delete(previous)
        return model

    def delete(self, model: Model) -> None:
        """Delete the classifier."""
        self.call("DeleteClassifier", {"Name": model["Id"]})


def _only(properties: Model) -> tuple[str, dict[str, Any]]:
    kinds = [kind for kind in _KINDS if properties.get(kind) is not None]
    unknown = set(properties) - {*_KINDS, "Id"}
    if unknown or len(kinds) != 1:
        raise PropertyError(f"A classifier needs exactly one of {', '.join(_KINDS)}")
    return kinds[0], properties[kinds[0]]


def _renamed(definition: dict[str, Any]) -> dict[str, Any]:
    return {_RENAMED.get(name, name): value for name, value in definition.items()}
