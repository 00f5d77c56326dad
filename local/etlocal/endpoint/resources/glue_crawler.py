"""``AWS::Glue::Crawler``.

Source: AWS CloudFormation User Guide, "AWS::Glue::Crawler".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from etlocal.endpoint.resources.base import Model, changed, without
from etlocal.endpoint.resources.conform import PropertyError
from etlocal.endpoint.resources.glue import GlueType, with_name

# UpdateCrawler leaves what it is not given as it is; these are what a new crawler has.
_RESETS: dict[str, Any] = {
    "Classifiers": [],
    "Configuration": "",
    "Description": "",
    "RecrawlPolicy": {"RecrawlBehavior": "CRAWL_EVERYTHING"},
    "Schedule": "",
    "SchemaChangePolicy": {
        "UpdateBehavior": "UPDATE_IN_DATABASE",
        "DeleteBehavior": "DEPRECATE_IN_DATABASE",
    },
    "TablePrefix": "",
}


class GlueCrawler(GlueType):
    """A crawler; ``Ref`` gives its name."""

    type_name = "AWS::Glue::Crawler"
    identifier = "Name"
    required = ("Role", "Targets")
    create_only = ("Name",)

    def create(self, properties: Model) -> Model:
        """Make the crawler; it is not run."""
        model = with_name(properties, self.context)
        self.call("CreateCrawler", _scheduled(model))
        return model

    def update(self, properties: Model, previous: Model) -> Model:
        """Change what differs."""
        model = {**properties, "Name": previous["Name"]}
        differing = changed(
            _scheduled(model), _scheduled(previous), resets=_RESETS, ignore=("Name", "Tags")
        )
        if differing:
            self.call("UpdateCrawler", {**differing, "Name": model["Name"]})
        self.change_tags("crawler", model["Name"], model.get("Tags"), previous.get("Tags"))
        return model

    def delete(self, model: Model) -> None:
        """Delete the crawler; one that runs is refused, as on AWS."""
        self.call("DeleteCrawler", {"Name": model["Name"]})


def _scheduled(model: Model) -> Model:
    """Give the schedule as the API takes it: text instead of a structure."""
    schedule = model.get("Schedule")
    if schedule is None:
        return model
    if not isinstance(schedule, Mapping) or set(schedule) - {"ScheduleExpression"}:
        raise PropertyError("Property Schedule must be an object with ScheduleExpression")
    given = without(model, "Schedule")
    return {**given, "Schedule": schedule.get("ScheduleExpression")} if schedule else given
