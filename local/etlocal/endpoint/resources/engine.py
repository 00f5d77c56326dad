"""What our resource types need of LocalStack's CloudFormation engine.

Two things: where both have a type, ours is taken, and a resource is replaced only when the value of
a create-only property changes. LocalStack replaces it as soon as the property refers to a resource
that changes in any way, so that a new description of a database made its tables anew.

Source: AWS CloudFormation User Guide, "Update behaviors of stack resources".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localstack.services.cloudformation.engine.v2.change_set_model import is_nothing
from localstack.services.cloudformation.engine.v2.change_set_model_executor import (
    ChangeSetModelExecutor,
)
from localstack.services.cloudformation.resource_provider import (
    ResourceProvider,
    ResourceProviderExecutor,
)


def apply(providers: Mapping[str, type[ResourceProvider]]) -> None:
    """Put both in place; to be called once.

    Parameters
    ----------
    providers : mapping
        Our providers, by type name.
    """
    _prefer(providers)
    _replace_by_value()


def _prefer(providers: Mapping[str, type[ResourceProvider]]) -> None:
    load = ResourceProviderExecutor.try_load_resource_provider

    def try_load_resource_provider(resource_type: str) -> Any:
        provider = providers.get(resource_type)
        return provider() if provider is not None else load(resource_type)

    ResourceProviderExecutor.try_load_resource_provider = staticmethod(try_load_resource_provider)


def _replace_by_value() -> None:
    execute = ChangeSetModelExecutor._execute_resource_change

    def execute_resource_change(self: Any, name: str, before: Any, after: Any) -> None:
        if (
            not is_nothing(before)
            and not is_nothing(after)
            and before.resource_type == after.resource_type
            and after.requires_replacement
        ):
            after.requires_replacement = _differs(before, after)
        execute(self, name, before, after)

    ChangeSetModelExecutor._execute_resource_change = execute_resource_change


def _differs(before: Any, after: Any) -> bool:
    """Say whether the value of a create-only property is another."""
    provider = ResourceProviderExecutor.try_load_resource_provider(after.resource_type)
    if provider is None:
        return bool(after.requires_replacement)
    old, new = before.properties.properties, after.properties.properties
    paths = provider.SCHEMA.get("createOnlyProperties", [])
    return any(_at(old, path) != _at(new, path) for path in paths)


def _at(properties: Any, path: str) -> Any:
    for name in path.split("/")[2:]:
        properties = properties.get(name) if isinstance(properties, Mapping) else None
    return properties
