"""CloudFormation templates: read, checked as CreateChangeSet checks them, put in order.

Source: AWS CloudFormation User Guide, "Template anatomy", "CloudFormation quotas", "Intrinsic
function reference" and "Pseudo parameters reference".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

import yaml

from tests.unit.deploy.aws_stub import cfn_schemas
from tests.unit.deploy.aws_stub.service import AwsError

Template = dict[str, Any]
BODY_BYTES = 51_200
URL_BYTES = 1_048_576
PSEUDO = ("AccountId", "NoValue", "NotificationARNs", "Partition", "Region", "StackId", "StackName",
          "URLSuffix")  # fmt: skip
_MOST = {"Parameters": 200, "Resources": 500, "Outputs": 200, "Mappings": 200}
SUB_NAME = re.compile(r"\$\{(?!!)([^}]+)\}")


class Reference(NamedTuple):
    """A name within a template: of a resource or a parameter, or an attribute of a resource."""

    name: str
    attribute: str | None


def invalid(message: str) -> AwsError:
    """Make CloudFormation's error for what it cannot take."""
    return AwsError("ValidationError", message)


def parse(text: str) -> Template:
    """Read a template, JSON or YAML, with the functions in their long forms.

    Raises
    ------
    AwsError
        If it is not one.
    """
    try:
        body = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise invalid(f"Template format error: YAML not well-formed. ({error})") from error
    if not isinstance(body, dict):
        raise invalid("Template format error: unsupported structure.")
    if not isinstance(body.get("Resources"), dict) or not body["Resources"]:
        raise invalid("Template format error: At least one Resources member must be defined.")
    return body


def check(template: Template, region: str) -> None:
    """Refuse a template that breaks a rule of its form.

    Raises
    ------
    AwsError
        As CloudFormation words it.
    """
    for section, most in _MOST.items():
        if len(template.get(section) or {}) > most:
            raise invalid(
                f"Template format error: Number of {section.lower()}, "
                f"{len(template[section])}, is greater than maximum allowed, {most}"
            )
    if len(str(template.get("Description", "")).encode()) > 1024:
        raise invalid("Template format error: 'Description' length is greater than 1024.")
    assert "Transform" not in template, "the stub of AWS knows no transforms"
    resources = template["Resources"]
    unknown = sorted(
        {each.get("Type", "?") for each in resources.values()
         if cfn_schemas.schema(region, each.get("Type", "?")) is None}
    )  # fmt: skip
    if unknown:
        raise invalid(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")
    known = {*resources, *(template.get("Parameters") or {}), *(f"AWS::{name}" for name in PSEUDO)}
    for section in ("Resources", "Outputs"):
        for reference in references(template.get(section) or {}):
            if reference.name not in known:
                raise invalid(
                    "Template format error: Unresolved resource dependencies "
                    f"[{reference.name}] in the {section} block of the template"
                )
            _check_attribute(reference, resources, region)
    order(template)


def _check_attribute(reference: Reference, resources: dict[str, Any], region: str) -> None:
    if reference.attribute is None or reference.name not in resources:
        return
    known = cfn_schemas.attributes(region, resources[reference.name]["Type"])
    # Dots of a nested stack's or a custom resource's are names of their own making.
    if reference.attribute not in known:
        raise invalid(
            f"Template error: resource {reference.name} does not support attribute type "
            f"{reference.attribute} in Fn::GetAtt"
        )


def references(node: Any) -> Iterator[Reference]:
    """Give what a part of a template names."""
    if isinstance(node, list):
        for item in node:
            yield from references(item)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "Ref" and isinstance(value, str):
            yield Reference(value, None)
        elif key == "Fn::GetAtt":
            yield Reference(*_attribute(value))
        elif key == "Fn::Sub":
            text, own = value if isinstance(value, list) else (value, {})
            for name in SUB_NAME.findall(text):
                if name not in own:
                    logical, _, attribute = name.partition(".")
                    yield Reference(logical, attribute or None)
            yield from references(own)
        elif key == "DependsOn":
            for name in [value] if isinstance(value, str) else value:
                yield Reference(name, None)
        else:
            yield from references(value)


def _attribute(value: Any) -> tuple[str, str]:
    if isinstance(value, str):
        logical, _, attribute = value.partition(".")
        return logical, attribute
    return value[0], ".".join(value[1:])


def dependencies(template: Template, logical: str) -> set[str]:
    """Give the resources that one needs before it."""
    found = {reference.name for reference in references(template["Resources"][logical])}
    return found & set(template["Resources"])


def order(template: Template) -> list[str]:
    """Give the resources' names, each after those it needs.

    Raises
    ------
    AwsError
        If they need one another.
    """
    graph = {name: sorted(dependencies(template, name)) for name in template["Resources"]}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        names = ", ".join(dict.fromkeys(error.args[1]))
        raise invalid(f"Circular dependency between resources: [{names}]") from error


def capabilities(template: Template) -> list[str]:
    """Give the capabilities that a template asks to be acknowledged.

    Source: API Reference, ``CreateChangeSet``, ``Capabilities``.
    """
    named = ("RoleName", "UserName", "GroupName", "ManagedPolicyName", "InstanceProfileName")
    found = [
        each for each in template["Resources"].values() if each["Type"].startswith("AWS::IAM::")
    ]
    if any(name in each.get("Properties", {}) for each in found for name in named):
        return ["CAPABILITY_NAMED_IAM"]
    return ["CAPABILITY_IAM"] if found else []


class _Loader(yaml.CSafeLoader):
    """Reads the short forms of functions; JSON is YAML to it, as it is to CloudFormation."""


def _short_form(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


def _as_text(_loader: _Loader, node: yaml.Node) -> str:
    return str(node.value)


_Loader.add_multi_constructor("!", _short_form)
# A version such as 2010-09-09 is text.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _as_text)
