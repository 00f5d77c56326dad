"""``AWS::Glue::Database``.

Source: AWS CloudFormation User Guide, "AWS::Glue::Database".
"""

from __future__ import annotations

from etlocal.endpoint.resources.base import Model, without
from etlocal.endpoint.resources.conform import PropertyError
from etlocal.endpoint.resources.glue import GlueType


class GlueDatabase(GlueType):
    """A database of the Data Catalog; ``Ref`` gives its name."""

    type_name = "AWS::Glue::Database"
    identifier = "DatabaseName"
    required = ("CatalogId", "DatabaseInput")
    create_only = ("DatabaseName",)

    def create(self, properties: Model) -> Model:
        """Make the database."""
        model = self._named(properties)
        self.call("CreateDatabase", without(model, "DatabaseName"))
        return model

    def update(self, properties: Model, previous: Model) -> Model:
        """Replace the definition; a new name makes a new database."""
        given = properties["DatabaseInput"].get("Name") or properties.get(
            "DatabaseName", previous["DatabaseName"]
        )
        model = self._named(
            {**properties, "DatabaseInput": {**properties["DatabaseInput"], "Name": given}}
        )
        if model["DatabaseName"].lower() != previous["DatabaseName"].lower():
            self.call("CreateDatabase", without(model, "DatabaseName"))
            self.delete(previous)
        else:
            self.call(
                "UpdateDatabase",
                {**without(model, "DatabaseName"), "Name": model["DatabaseName"]},
            )
        return model

    def delete(self, model: Model) -> None:
        """Delete the database."""
        self.call(
            "DeleteDatabase", {"CatalogId": model["CatalogId"], "Name": model["DatabaseName"]}
        )

    def _named(self, properties: Model) -> Model:
        given = properties["DatabaseInput"]
        names = {name for name in (properties.get("DatabaseName"), given.get("Name")) if name}
        if len(names) > 1:
            raise PropertyError("DatabaseName and DatabaseInput.Name must be the same")
        name = names.pop() if names else self.context.generated_name.lower()
        return {**properties, "DatabaseName": name, "DatabaseInput": {**given, "Name": name}}
