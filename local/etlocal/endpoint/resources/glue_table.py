"""``AWS::Glue::Table``.

Source: AWS CloudFormation User Guide, "AWS::Glue::Table".
"""

from __future__ import annotations

from etlocal.endpoint.resources.base import Model, without
from etlocal.endpoint.resources.glue import GlueType, with_name


class GlueTable(GlueType):
    """A table of the Data Catalog; ``Ref`` gives its name."""

    type_name = "AWS::Glue::Table"
    identifier = "Id"
    required = ("CatalogId", "DatabaseName", "TableInput")
    create_only = ("CatalogId", "DatabaseName")
    attributes = ("Id",)

    def create(self, properties: Model) -> Model:
        """Make the table."""
        table_input = with_name(properties["TableInput"], self.context)
        self.call("CreateTable", {**without(properties, "Id"), "TableInput": table_input})
        return {**properties, "Id": table_input["Name"]}

    def update(self, properties: Model, previous: Model) -> Model:
        """Replace the definition; a new name makes a new table."""
        name = str(properties["TableInput"].get("Name") or properties.get("Id", previous["Id"]))
        table_input = {**properties["TableInput"], "Name": name}
        if name.lower() != previous["Id"].lower():
            model = self.create({**properties, "TableInput": table_input})
            self.delete(previous)
            return model
        self.call("UpdateTable", {**without(properties, "Id"), "TableInput": table_input})
        return {**properties, "Id": name}

    def delete(self, model: Model) -> None:
        """Delete the table."""
        self.call(
            "DeleteTable",
            {
                "CatalogId": model["CatalogId"],
                "DatabaseName": model["DatabaseName"],
                "Name": model["Id"],
            },
        )
