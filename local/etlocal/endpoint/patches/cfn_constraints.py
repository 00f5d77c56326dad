"""Parameters are held against their constraints, and against the template's ``Rules``.

LocalStack heeds neither, so that a value which AWS refuses at once goes on here until some resource
fails by it, if one does.

Source: CloudFormation Template Reference, "Parameters syntax", "Rules syntax" and "Rule functions".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localstack.services.cloudformation.engine.validations import ValidationError
from localstack.services.cloudformation.v2.provider import CloudformationProviderV2

from etlocal.endpoint.patches.cfn_parameters import typed
from etlocal.settings import Settings


def apply(_: Settings) -> None:
    """Look at the parameters as soon as they are known, before anything is computed of them."""
    provider = CloudformationProviderV2
    resolve = provider._resolve_parameters

    def resolve_parameters(
        template: Any, parameters: Any, account: str, region: str, before: Any
    ) -> Any:
        resolved = resolve(template, parameters, account, region, before)
        declared = template.get("Parameters", {})
        values: dict[str, Any] = {}
        for name, parameter in resolved.items():
            given = parameter.get("given_value")
            value = parameter.get("resolved_value")
            if value is None:
                value = parameter.get("default_value") if given is None else given
            values[name] = typed(value, parameter["type_"], given)
            check_parameter(name, declared[name], value)
        check_rules(
            template.get("Rules", {}), {**values, "AWS::AccountId": account, "AWS::Region": region}
        )
        return resolved

    provider._resolve_parameters = staticmethod(resolve_parameters)


def check_parameter(name: str, declared: Mapping[str, Any], value: Any) -> None:
    """Hold a value against what its parameter allows.

    Raises
    ------
    ValidationError
        In CloudFormation's words, or the template's ``ConstraintDescription``.
    """
    items = value if isinstance(value, list) else [value]
    if declared["Type"] == "CommaDelimitedList" and isinstance(value, str):
        items = [item.strip() for item in value.split(",")]
    for item in items:
        broken = _broken(declared, item)
        if broken is None:
            continue
        described = declared.get("ConstraintDescription")
        raise ValidationError(
            f"Parameter {name} failed to satisfy constraint: {described}"
            if described
            else f"Parameter '{name}' {broken}"
        )


def _broken(declared: Mapping[str, Any], value: Any) -> str | None:
    text = str(value)
    allowed = declared.get("AllowedValues")
    if allowed is not None and text not in [_written(one) for one in allowed]:
        return f"must be one of AllowedValues [{', '.join(map(_written, allowed))}]"
    pattern = declared.get("AllowedPattern")
    if pattern is not None and re.fullmatch(pattern, text) is None:
        return f"must match pattern {pattern}"
    return _out_of_bounds(declared, value)


def _out_of_bounds(declared: Mapping[str, Any], value: Any) -> str | None:
    if declared["Type"] == "Number":
        kind, size = "Value", float(value)
        too_small, too_big = "must be a number not less than", "must be a number not greater than"
        unit = ""
    else:
        kind, size = "Length", len(str(value))
        too_small, too_big = "must contain at least", "must contain at most"
        unit = " characters"
    least, most = declared.get(f"Min{kind}"), declared.get(f"Max{kind}")
    if least is not None and size < float(least):
        return f"{too_small} {least}{unit}"
    if most is not None and size > float(most):
        return f"{too_big} {most}{unit}"
    return None


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def check_rules(rules: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Evaluate the assertions of every rule whose condition holds, or that has none.

    Parameters
    ----------
    rules : mapping
        The template's section.
    values : mapping
        What ``Ref`` gives.

    Raises
    ------
    ValidationError
        With the descriptions of the assertions that do not hold, or if a function is none of a
        rule's that are emulated.
    """
    for name, rule in rules.items():
        condition = rule.get("RuleCondition")
        if condition is not None and not _evaluated(condition, values):
            continue
        failed = [
            assertion.get("AssertDescription", "an assertion does not hold")
            for assertion in rule["Assertions"]
            if not _evaluated(assertion["Assert"], values)
        ]
        if failed:
            raise ValidationError(f"Rule {name} failed: {'; '.join(failed)}")


def _evaluated(node: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_evaluated(item, values) for item in node]
    if not isinstance(node, Mapping):
        return _written(node)
    [(function, argument)] = node.items()
    if function == "Ref":
        if argument not in values:
            raise ValidationError(f"Template format error: a rule refers to {argument}")
        value = values[argument]
        return [_written(item) for item in value] if isinstance(value, list) else _written(value)
    arguments = _evaluated(argument, values)
    match function:
        case "Fn::And":
            return all(arguments)
        case "Fn::Or":
            return any(arguments)
        case "Fn::Not":
            return not arguments[0]
        case "Fn::Equals":
            return arguments[0] == arguments[1]
        case "Fn::Contains":
            return arguments[1] in arguments[0]
        case "Fn::EachMemberEquals":
            return all(item == arguments[1] for item in arguments[0])
        case "Fn::EachMemberIn":
            return all(item in arguments[1] for item in arguments[0])
    raise ValidationError(f"The function {function} in Rules is not emulated by etlocal")
