"""``AWS::Glue::Job``.

Source: AWS CloudFormation User Guide, "AWS::Glue::Job".
"""

from __future__ import annotations

from etlocal.endpoint.resources.base import Model, without
from etlocal.endpoint.resources.glue import GlueType, with_name


class GlueJob(GlueType):
    """A job; ``Ref`` gives its name."""

    type_name = "AWS::Glue::Job"
    identifier = "Name"
    required = ("Command", "Role")
    create_only = ("Name",)

    def create(self, properties: Model) -> Model:
        """Make the job; it is not run."""
        model = with_name(properties, self.context)
        self.call("CreateJob", model)
        return model

    def update(self, properties: Model, previous: Model) -> Model:
        """Replace the definition, as UpdateJob does."""
        model = {**properties, "Name": previous["Name"]}
        definition = without(model, "Name", "Tags")
        if definition != without(previous, "Name", "Tags"):
            self.call("UpdateJob", {"JobName": model["Name"], "JobUpdate": definition})
        self.change_tags("job", model["Name"], model.get("Tags"), previous.get("Tags"))
        return model

    def delete(self, model: Model) -> None:
        """Delete the job."""
        self.call("DeleteJob", {"JobName": model["Name"]})
