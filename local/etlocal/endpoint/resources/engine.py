"""What our resource types need of LocalStack's CloudFormation engine.

Three things. Where both have a type, ours is taken. A resource is replaced only when the value of a
create-only property changes: LocalStack replaces it as soon as the property refers to a resource
that changes in any way, so that a new description of a database made its tables anew. And a
resource whose condition is false is not looked at: LocalStack evaluates its properties when the
stack is deleted, which fails where they hold only under the condition, and leaves a resource in
place whose condition became false.

Source: AWS CloudFormation User Guide, "Update behaviors of stack resources", "Conditions".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localstack.services.cloudformation.engine.v2.change_set_model import (
    is_nothing,
)
from localstack.services.cloudformation.engine.v2.change_set_model_executor import (
    ChangeSetModelExecutor,
)
from localstack.services.cloudformation.engine.v2.change_set_model_preproc import (
    ChangeSetModelPreproc,
    PreprocEntityDelta,
)
from localstack.services.cloudformation.engine.validations import ValidationError
from localstack.services.cloudformation.resource_provider import (
    ResourceProvider,
    ResourceProviderExecutor,
)


def apply(providers: Mapping[str, type[ResourceProvider]]) -> None:
    """Put them in place; to be called once.

    Parameters
    ----------
    providers : mapping
        Our providers, by type name.
    """
    _prefer(providers)
    _replace_by_value()
    _mind_conditions()


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


def _mind_conditions() -> None:
    visit_resource = ChangeSetModelPreproc.visit_node_resource
    resolve_condition = ChangeSetModelPreproc._resolve_resource_condition_reference
    apply_function = ChangeSetModelPreproc._cached_apply

    def visit_node_resources(self: Any, node_resources: Any) -> None:
        for node_resource in node_resources.resources:
            delta = _condition(self, node_resource)
            if delta is None or delta.before is True or delta.after is True:
                self.visit(node_resource)

    def visit_node_resource(self: Any, node_resource: Any) -> Any:
        delta = _condition(self, node_resource)
        outer = self.__dict__.get("etlocal_condition")
        self.etlocal_condition = delta
        try:
            return visit_resource(self, node_resource)
        finally:
            self.etlocal_condition = outer

    def resolve_resource_condition_reference(self: Any, reference: Any) -> Any:
        # A condition has its value whatever the resource that is looked at.
        outer = self.__dict__.get("etlocal_condition")
        self.etlocal_condition = None
        try:
            return resolve_condition(self, reference)
        finally:
            self.etlocal_condition = outer

    def cached_apply(self: Any, scope: Any, arguments_delta: Any, resolver: Any) -> Any:
        # What cannot be evaluated on the side where the resource is not there has no value there.
        delta = self.__dict__.get("etlocal_condition")
        found = {}
        for side in ("before", "after"):
            alone = PreprocEntityDelta(**{side: getattr(arguments_delta, side)})
            try:
                found[side] = getattr(apply_function(self, scope, alone, resolver), side)
            except (RuntimeError, ValidationError):
                if delta is None or getattr(delta, side) is not False:
                    raise
        return PreprocEntityDelta(**found)

    ChangeSetModelPreproc.visit_node_resources = visit_node_resources
    ChangeSetModelPreproc.visit_node_resource = visit_node_resource
    ChangeSetModelPreproc._resolve_resource_condition_reference = (
        resolve_resource_condition_reference
    )
    ChangeSetModelPreproc._cached_apply = cached_apply


def _condition(self: Any, node_resource: Any) -> Any:
    """Give whether a resource's condition holds before and after; None if it has none."""
    reference = node_resource.condition_reference
    return None if is_nothing(reference) else self._resolve_resource_condition_reference(reference)
