"""``AWS::Glue::Connection``.

Source: AWS CloudFormation User Guide, "AWS::Glue::Connection".
"""

from __future__ import annotations

from etlocal.endpoint.resources.base import Model, without
from etlocal.endpoint.resources.glue import GlueType, with_name


class GlueConnection(GlueType):
    """A connection; ``Ref`` gives its name."""

    type_name = "AWS::Glue::Connection"
    identifier = "Id"
    required = ("CatalogId", "ConnectionInput")
    create_only = ("CatalogId",)
    attributes = ("Id",)

    def create(self, properties: Model) -> Model:
        """Make the connection."""
        connection_input = with_name(properties["ConnectionInput"], self.context)
        self.call(
            "CreateConnection", {**without(properties, "Id"), "ConnectionInput": connection_input}
        )
        return {**properties, "Id": connection_input["Name"]}

    def update(self, properties: Model, previous: Model) -> Model:
        """Replace the definition; a new name makes a new connection."""
        name = properties["ConnectionInput"].get("Name") or properties.get("Id", previous["Id"])
        connection_input = {**properties["ConnectionInput"], "Name": name}
        if name != previous["Id"]:
            model = self.create({**properties, "ConnectionInput": connection_input})
            self.delete(previous)
            return model
        self.call(
            "UpdateConnection",
            {**without(properties, "Id"), "Name": name, "ConnectionInput": connection_input},
        )
        return {**properties, "Id": name}

    def delete(self, model: Model) -> None:
        """Delete the connection."""
        self.call(
            "DeleteConnection", {"CatalogId": model["CatalogId"], "ConnectionName": model["Id"]}
        )
