"""``AWS::Glue::Partition``.

Source: AWS CloudFormation User Guide, "AWS::Glue::Partition".
"""

from __future__ import annotations

from typing import Any

from etlocal.endpoint.resources.base import Model, without
from etlocal.endpoint.resources.glue import GlueType


class GluePartition(GlueType):
    """A partition of a table; ``Ref`` gives its values, joined by ``/``."""

    type_name = "AWS::Glue::Partition"
    identifier = "Id"
    required = ("CatalogId", "DatabaseName", "PartitionInput", "TableName")
    create_only = ("CatalogId", "DatabaseName", "TableName")
    attributes = ("Id",)

    def create(self, properties: Model) -> Model:
        """Add the partition."""
        self.call("CreatePartition", without(properties, "Id"))
        return _identified(properties)

    def update(self, properties: Model, previous: Model) -> Model:
        """Replace the partition; one of other values takes its place."""
        values = previous["PartitionInput"]["Values"]
        if properties["PartitionInput"]["Values"] != values:
            made = self.create(properties)
            self.delete(previous)
            return made
        self.call("UpdatePartition", {**without(properties, "Id"), "PartitionValueList": values})
        return _identified(properties)

    def delete(self, model: Model) -> None:
        """Delete the partition."""
        where = without(model, "Id", "PartitionInput")
        self.call(
            "DeletePartition", {**where, "PartitionValues": model["PartitionInput"]["Values"]}
        )


def _identified(properties: Model) -> dict[str, Any]:
    return {**properties, "Id": "/".join(map(str, properties["PartitionInput"]["Values"]))}
