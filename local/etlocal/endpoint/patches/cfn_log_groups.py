"""``AWS::Logs::LogGroup`` applies ``RetentionInDays``; LocalStack ignores it."""

from __future__ import annotations

from typing import Any

from localstack.services.logs.resource_providers.aws_logs_loggroup import LogsLogGroupProvider

from etlocal.endpoint.patches.cfn_resource_updates import set_retention
from etlocal.settings import Settings


def apply(_: Settings) -> None:
    """Set the retention of a log group that was created."""
    original = LogsLogGroupProvider.create

    def create(self: Any, request: Any) -> Any:
        event = original(self, request)
        set_retention(request.aws_client_factory.logs, event.resource_model)
        return event

    LogsLogGroupProvider.create = create
