"""A described change set names what changes, and only that.

LocalStack takes ``Workgroup.Endpoint.Address`` for ``Workgroup`` when it describes, so that what
uses it seems to change. It does not say which properties do, nor what becomes of a resource that
leaves the template.

Source: CloudFormation API Reference, ``ResourceChange`` and ``ResourceChangeDetail``.
"""

from __future__ import annotations

from typing import Any

from localstack.aws.api.cloudformation import PolicyAction
from localstack.services.cloudformation.engine.v2 import change_set_model_describer
from localstack.services.cloudformation.engine.v2.change_set_model import is_nothing

from etlocal.endpoint.patches.cfn_rollback import is_retained
from etlocal.settings import Settings


def apply(_: Settings) -> None:
    """Correct the describer of change sets."""
    describer = change_set_model_describer.ChangeSetModelDescriber
    resolve, register = describer._resolve_attribute, describer._register_resource_change

    def resolve_attribute(self: Any, arguments: str | list[str], select_before: bool) -> Any:
        parts = arguments.split(".") if isinstance(arguments, str) else arguments
        # One name and one attribute, whatever dots the attribute has.
        return resolve(self, [parts[0], ".".join(parts[1:])], select_before)

    def register_resource_change(self: Any, **arguments: Any) -> None:
        register(self, **arguments)
        before, after = arguments["before_properties"], arguments["after_properties"]
        change = self._changes[-1]["ResourceChange"]
        if after is None:
            kept = is_retained(self, arguments["logical_id"])
            change["PolicyAction"] = PolicyAction.Retain if kept else PolicyAction.Delete
        if before is None or after is None:
            return
        names = changed(_properties(before), _properties(after))
        change["Scope"] = ["Properties"] if names else ["Metadata"]
        change["Details"] = [
            {
                "Target": {"Attribute": "Properties", "Name": name},
                "Evaluation": "Static",
                "ChangeSource": "DirectModification",
            }
            for name in names
        ]

    describer._resolve_attribute = resolve_attribute
    describer._register_resource_change = register_resource_change


def _properties(preprocessed: Any) -> dict[str, Any]:
    """Give the properties of a resource, which may have none."""
    found: dict[str, Any] = {} if is_nothing(preprocessed) else preprocessed.properties
    return found


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Name the properties that differ, in order.

    Parameters
    ----------
    before, after : dict
        A resource's properties.
    """
    missing = object()
    return sorted(
        name
        for name in before.keys() | after.keys()
        if before.get(name, missing) != after.get(name, missing)
    )
