"""What Glue's resource types share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from etlocal.aws.arns import make_arn
from etlocal.endpoint.resources.base import Context, ResourceType, tag_changes


class GlueType(ResourceType):
    """A resource type of AWS Glue."""

    service = "glue"

    def change_tags(
        self, kind: str, name: str, new: Mapping[str, Any] | None, old: Mapping[str, Any] | None
    ) -> None:
        """Get the tags of the resource `kind`/`name` from `old` to `new`."""
        arn = make_arn("glue", self.context.region, self.context.account, f"{kind}/{name}")
        setting, removed = tag_changes(new or {}, old or {})
        if setting:
            self.call("TagResource", {"ResourceArn": arn, "TagsToAdd": setting})
        if removed:
            self.call("UntagResource", {"ResourceArn": arn, "TagsToRemove": removed})


def with_name(given: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Give an input structure with a name: the template's or the generated one."""
    return {**given, "Name": given.get("Name") or context.generated_name}
