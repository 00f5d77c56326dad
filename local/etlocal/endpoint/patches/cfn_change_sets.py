"""A described change set names what changes, and only that.

LocalStack takes ``Workgroup.Endpoint.Address`` for ``Workgroup`` when it describes, so that what
uses it seems to change, and it does not say which properties do.

Source: CloudFormation API Reference, ``ResourceChange`` and ``ResourceChangeDetail``.
"""

from __future__ import annotations

from typing import Any

from localstack.services.cloudformation.engine.v2 import change_set_model_describer

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
        if before is None or after is None:
            return
        change = self._changes[-1]["ResourceChange"]
        names = changed(before.properties, after.properties)
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
