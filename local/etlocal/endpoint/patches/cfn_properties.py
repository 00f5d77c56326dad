"""CloudFormation's properties have the types of their resource's schema, and so do attributes.

A template writes a number where a resource wants a string, or the other way round (every
parameter is text): CloudFormation converts by the resource's schema. LocalStack leaves some of it
to botocore and some undone; an alarm with a threshold from a parameter failed the stack, as did
``Fn::GetAtt`` of an attribute that is a number (an endpoint's port).

Source: CloudFormation User Guide, "Resource type schema" and "Fn::GetAtt".
"""

from __future__ import annotations

import re
from typing import Any

from localstack.services.cloudformation.engine.v2 import change_set_model_preproc
from localstack.services.cloudformation.resource_provider import ResourceProviderExecutor

from etlocal.settings import Settings

_WHOLE = re.compile(r"-?\d+")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")


def apply(_: Settings) -> None:
    """Convert what is handed to a resource, and what an attribute gives."""
    execute = ResourceProviderExecutor.execute_action

    def execute_action(self: Any, provider: Any, payload: Any) -> Any:
        data = payload["requestData"]
        if payload["action"] != "Remove" and data.get("resourceProperties"):
            data["resourceProperties"] = converted(
                provider.SCHEMA, provider.SCHEMA, data["resourceProperties"]
            )
        return execute(self, provider, payload)

    ResourceProviderExecutor.execute_action = execute_action

    attribute = change_set_model_preproc.get_value_from_path

    def get_value_from_path(properties: Any, path: str) -> Any:
        return _text(attribute(properties, path))

    change_set_model_preproc.get_value_from_path = get_value_from_path


def converted(schema: Any, root: Any, value: Any) -> Any:
    """Convert `value` to the types of `schema`, as far as it tells them.

    Parameters
    ----------
    schema : mapping
        JSON schema of the value.
    root : mapping
        The whole document, for references.
    value : Any
        A property, or all of them.
    """
    if reference := schema.get("$ref"):
        schema = root.get("definitions", {}).get(reference.rpartition("/")[2], {})
    kind = schema.get("type")
    if isinstance(value, dict):
        members = schema.get("properties", {})
        return {
            name: converted(members[name], root, item) if name in members else item
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [converted(schema.get("items", {}), root, item) for item in value]
    if kind == "string":
        return _text(value)
    if isinstance(value, str):
        return _from_text(kind, value)
    return value


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value


def _from_text(kind: Any, value: str) -> Any:
    if kind == "boolean" and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if kind == "integer" and _WHOLE.fullmatch(value):
        return int(value)
    if kind == "number" and _NUMBER.fullmatch(value):
        return int(value) if _WHOLE.fullmatch(value) else float(value)
    return value
