"""EventBridge's input transformers write scalars as JSON.

LocalStack replaces 0 and ``false`` by an empty string, fails to deliver an event whose number
stands inside a quoted string of the template (``"got <size> bytes"``), and silently drops one whose
text holds a quote or a line break.

Source: EventBridge User Guide, "Amazon EventBridge input transformation".
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from localstack.services.events import target
from localstack.services.events.utils import event_time_to_time_string, is_nested_in_string

from etlocal.settings import Settings

_SCALARS = (str, bool, int, float)


def apply(_: Settings) -> None:
    """Fill in scalars here; what an object or a list becomes stays LocalStack's."""
    rest = target.replace_template_placeholders

    def get_template_replacements(transformer: Any, event: Any) -> dict[str, Any]:
        paths = transformer.get("InputPathsMap") or {}
        found = {
            name: target.extract_jsonpath(event, path)
            for name, path in paths.items()
            if name not in target.PREDEFINED_PLACEHOLDERS
        }
        return {name: "" if _is_absent(value) else value for name, value in found.items()}

    def replace_template_placeholders(template: str, replacements: dict[str, Any]) -> Any:
        if not template.lstrip().startswith("{"):
            return rest(template, {name: _plain(value) for name, value in replacements.items()})
        filled, left = _filled(template, replacements)
        return rest(filled, replacements) if left else json.loads(filled)

    target.get_template_replacements = get_template_replacements
    target.replace_template_placeholders = replace_template_placeholders


def _filled(template: str, replacements: dict[str, Any]) -> tuple[str, bool]:
    """Fill the scalars into a JSON template; also say whether anything else is left."""
    left = False

    def value(match: re.Match[str]) -> str:
        nonlocal left
        given = replacements.get(match[1], "")
        if isinstance(given, datetime):
            given = event_time_to_time_string(given)
        if not isinstance(given, _SCALARS):
            left = True
            return match[0]
        if not is_nested_in_string(template, match):
            return json.dumps(given)
        text = given if isinstance(given, str) else json.dumps(given)
        return json.dumps(text)[1:-1]

    return target.TRANSFORMER_PLACEHOLDER_PATTERN.sub(value, template), left


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (int, float)) else value


def _is_absent(value: Any) -> bool:
    return value is None or value in ([], {})
