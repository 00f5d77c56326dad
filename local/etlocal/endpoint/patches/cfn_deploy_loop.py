"""CloudFormation asks a resource that is still being made again after 50 ms, not after a second."""

from __future__ import annotations

from typing import Any

from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor

from etlocal.settings import Settings

_POLL_SECONDS = 0.05


def apply(_: Settings) -> None:
    """Shorten the sleep; the time a resource may take stays LocalStack's."""
    original = ResourceProviderExecutor.deploy_loop

    def deploy_loop(
        self: Any, resource_provider: Any, resource: Any, raw_payload: Any, **kwargs: Any
    ) -> Any:
        options = {"sleep_time": _POLL_SECONDS} | kwargs
        return original(self, resource_provider, resource, raw_payload, **options)

    ResourceProviderExecutor.deploy_loop = deploy_loop
