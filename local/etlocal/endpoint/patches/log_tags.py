"""``TagResource`` tags a log group that has no tags yet; LocalStack answers and forgets them.

Source: CloudWatch Logs API Reference, "TagResource".
"""

from __future__ import annotations

from typing import Any

from localstack.services.logs.models import logs_stores
from localstack.services.logs.provider import LogsProvider

from etlocal.settings import Settings


def apply(_: Settings) -> None:
    """Give a resource its place for tags before they are put there."""
    original = LogsProvider.tag_resource

    def tag_resource(
        self: Any, context: Any, resource_arn: str, tags: dict[str, str], **rest: Any
    ) -> None:
        self._check_resource_arn_tagging(resource_arn)
        logs_stores[context.account_id][context.region].TAGS.setdefault(resource_arn, {})
        original(self, context, resource_arn, tags, **rest)

    LogsProvider.tag_resource = tag_resource
