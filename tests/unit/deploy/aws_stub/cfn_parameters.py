"""The values of a template's parameters, as CreateChangeSet takes and refuses them.

Source: AWS CloudFormation User Guide, "Parameters"; API Reference, ``Parameter``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tests.unit.deploy.aws_stub.cfn_templates import Template, invalid


def resolve(
    template: Template, given: Sequence[Mapping[str, Any]], previous: Mapping[str, str] | None
) -> dict[str, str]:
    """Give a value for each parameter: the given one, the previous one if asked, or the default.

    Parameters
    ----------
    template : dict
    given : sequence
        The request's ``Parameters``.
    previous : mapping or None
        The stack's values; None when it is not there.

    Raises
    ------
    AwsError
        If one is unknown, missing, or breaks its constraint.
    """
    declared: dict[str, Any] = template.get("Parameters") or {}
    asked = {each["ParameterKey"]: each for each in given}
    unknown = [name for name in asked if name not in declared]
    if unknown:
        raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    values: dict[str, str] = {}
    missing = []
    for name, declaration in declared.items():
        value = _value(name, asked.get(name, {}), previous)
        if value is None and "Default" in declaration:
            value = _text(declaration["Default"])
        if value is None:
            missing.append(name)
        else:
            _check(name, declaration, value)
            values[name] = value
    if missing:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
    return values


def described(template: Template, values: Mapping[str, str]) -> list[dict[str, Any]]:
    """Give the values as DescribeStacks does: those of ``NoEcho`` are not shown."""
    declared = template.get("Parameters") or {}
    return [
        {"ParameterKey": name,
         "ParameterValue": "****" if is_true(declared[name].get("NoEcho")) else value}
        for name, value in values.items()
    ]  # fmt: skip


def is_true(value: Any) -> bool:
    """Whether a template's value, which may be text, is true."""
    return str(value).lower() == "true"


def _value(name: str, asked: Mapping[str, Any], previous: Mapping[str, str] | None) -> str | None:
    value: str | None = asked.get("ParameterValue")
    if not asked.get("UsePreviousValue"):
        return value
    if value is not None:
        raise invalid(
            f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for "
            "a parameter key with a specified value"
        )
    if previous is None or name not in previous:
        raise invalid(
            f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for "
            "a parameter key not in the previous template"
        )
    return previous[name]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check(name: str, declaration: Mapping[str, Any], value: str) -> None:
    constraint = declaration.get("ConstraintDescription")

    def refuse(rule: str) -> None:
        if constraint:
            raise invalid(f"Parameter '{name}' failed to satisfy constraint: {constraint}")
        raise invalid(f"Parameter '{name}' must {rule}")

    allowed = declaration.get("AllowedValues")
    if allowed is not None and value not in map(_text, allowed):
        refuse("be one of AllowedValues")
    pattern = declaration.get("AllowedPattern")
    if pattern is not None and re.fullmatch(pattern, value) is None:
        refuse(f"match pattern {pattern}")
    if "MinLength" in declaration and len(value) < int(declaration["MinLength"]):
        refuse(f"contain at least {declaration['MinLength']} characters")
    if "MaxLength" in declaration and len(value) > int(declaration["MaxLength"]):
        refuse(f"contain at most {declaration['MaxLength']} characters")
    if declaration.get("Type") == "Number":
        try:
            number = float(value)
        except ValueError:
            raise invalid(f"Parameter '{name}' must be a number.") from None
        if number < float(declaration.get("MinValue", number)):
            refuse(f"be a number not less than {declaration['MinValue']}")
        if number > float(declaration.get("MaxValue", number)):
            refuse(f"be a number not greater than {declaration['MaxValue']}")
