"""A resource type that nobody provides fails its stack, before anything is made.

LocalStack reports ``CREATE_COMPLETE`` for it and creates nothing. Its switch for that asks a
catalogue on the internet and then refuses every type, so the question itself is answered here: no,
it is not to be ignored. A property of a type that is only partly emulated is the provider's to
refuse.
"""

from __future__ import annotations

from typing import Any

from localstack.aws.api.cloudformation import StackStatus
from localstack.services.cloudformation.engine.v2 import (
    change_set_model_executor,
    change_set_model_preproc,
)
from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor

from etlocal.settings import Settings


def apply(_: Settings) -> None:
    """Fail the operation, naming every type that is not emulated."""

    def never(**_: Any) -> bool:
        return False

    change_set_model_executor.should_ignore_unsupported_resource_type = never
    change_set_model_preproc.should_ignore_unsupported_resource_type = never
    executor = change_set_model_executor.ChangeSetModelExecutor
    original = executor.process

    def process(self: Any) -> None:
        if self._change_set.stack.status != StackStatus.DELETE_IN_PROGRESS:
            _refuse_unsupported(self._change_set.update_model.node_template)
        original(self)

    executor.process = process


def _refuse_unsupported(template: Any) -> None:
    # A resource with a condition may not come to be made; it fails when it does.
    kinds = {
        resource.type_.value
        for resource in template.resources.resources
        if isinstance(resource.type_.value, str)
        and change_set_model_preproc.is_nothing(resource.condition_reference)
    }
    unsupported = sorted(kind for kind in kinds if not _is_provided(kind))
    if unsupported:
        raise RuntimeError(
            f"Resource types that etlocal does not emulate: {', '.join(unsupported)}; "
            "see docs/fidelity.md"
        )


def _is_provided(kind: str) -> bool:
    return ResourceProviderExecutor.try_load_resource_provider(kind) is not None
