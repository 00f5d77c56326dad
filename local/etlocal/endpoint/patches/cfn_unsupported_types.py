"""A resource type that nobody provides fails its stack.

LocalStack reports ``CREATE_COMPLETE`` for it and creates nothing. Its switch for that asks a
catalogue on the internet and then refuses every type, so the question itself is answered here: no,
it is not to be ignored. A property of a type we only partly emulate is the provider's to refuse.
"""

from __future__ import annotations

from typing import Any

from localstack.services.cloudformation.engine.v2 import (
    change_set_model_executor,
    change_set_model_preproc,
    change_set_resource_support_checker,
)
from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor

from etlocal.settings import Settings


def apply(_: Settings) -> None:
    """Fail the change set, naming every type that is not emulated."""

    def never(**_: Any) -> bool:
        return False

    change_set_model_executor.should_ignore_unsupported_resource_type = never
    change_set_model_preproc.should_ignore_unsupported_resource_type = never
    checker = change_set_resource_support_checker.ChangeSetResourceSupportChecker
    visit = change_set_resource_support_checker.ChangeSetModelVisitor.visit_node_resource

    def visit_node_resource(self: Any, node_resource: Any) -> Any:
        kind = node_resource.type_.value
        if isinstance(kind, str) and not _is_provided(kind):
            self._resource_failure_messages[kind] = (
                f"Resource type {kind} is not emulated by etlocal; see docs/fidelity.md"
            )
        return visit(self, node_resource)

    checker.visit_node_resource = visit_node_resource


def _is_provided(kind: str) -> bool:
    return ResourceProviderExecutor.try_load_resource_provider(kind) is not None
