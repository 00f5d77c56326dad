"""What CloudFormation's resource types are, from the schemas that cfn-lint brings.

Source: AWS CloudFormation User Guide, "Resource type schema": ``createOnlyProperties`` want a
replacement, ``readOnlyProperties`` are what Fn::GetAtt gives.
"""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

# Documented under "Fn::GetAtt" of the type, and not in its schema.
_BESIDES = {"AWS::SQS::Queue": {"QueueName"}, "AWS::SNS::Topic": {"TopicName"}}


@cache
def _folder() -> Path:
    # Importing cfnlint takes longer than all tests of the stub.
    spec = importlib.util.find_spec("cfnlint")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data" / "schemas"


@cache
def _types(region: str) -> dict[str, str]:
    """Give the file of each type that a region has."""
    text = (_folder() / "providers" / f"{region.replace('-', '_')}.py").read_text()
    return dict(re.findall(r'"([^"]+::[^"]+)": "(\w+)"', text))


@cache
def schema(region: str, resource_type: str) -> dict[str, Any] | None:
    """Give the schema of a type; None when the region has no such type."""
    name = _types(region).get(resource_type)
    if name is None:
        return None
    loaded: dict[str, Any] = json.loads((_folder() / "resources" / f"{name}.json").read_text())
    return loaded


def _paths(region: str, resource_type: str, kind: str) -> list[tuple[str, ...]]:
    found = schema(region, resource_type) or {}
    return [tuple(path.split("/")[2:]) for path in found.get(kind, [])]


def attributes(region: str, resource_type: str) -> set[str]:
    """Give the names that Fn::GetAtt takes, with dots within structures."""
    paths = _paths(region, resource_type, "readOnlyProperties")
    read_only = {".".join(path[:size]) for path in paths for size in range(1, len(path) + 1)}
    return read_only | _BESIDES.get(resource_type, set())


def recreation(region: str, resource_type: str, name: str, before: Any, after: Any) -> str:
    """Say whether a property's change wants a new resource: Always, Conditionally or Never."""
    kinds = {"createOnlyProperties": "Always", "conditionalCreateOnlyProperties": "Conditionally"}
    for kind, answer in kinds.items():
        for path in _paths(region, resource_type, kind):
            if path[0] == name and _at(before, path[1:]) != _at(after, path[1:]):
                return answer
    return "Never"


def is_taggable(region: str, resource_type: str) -> bool:
    """Whether a stack's tags go on to a resource."""
    return bool((schema(region, resource_type) or {}).get("tagging", {}).get("taggable"))


def identifier(region: str, resource_type: str) -> str | None:
    """Give the property that names a resource, where it is a single one of the first level."""
    paths = _paths(region, resource_type, "primaryIdentifier")
    return paths[0][0] if len(paths) == 1 and len(paths[0]) == 1 else None


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
