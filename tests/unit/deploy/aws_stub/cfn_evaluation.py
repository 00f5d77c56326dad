"""The value of a part of a template, given parameters and the resources there are.

Source: AWS CloudFormation User Guide, "Intrinsic function reference".
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from tests.unit.deploy.aws_stub.cfn_templates import SUB_NAME, Template, references

# As CloudFormation writes it in a change set's contexts.
AFTER_APPLY = "{{changeSet:KNOWN_AFTER_APPLY}}"
_NO_VALUE = object()
Lookup = Callable[[str, str | None], Any]


class Evaluation:
    """Evaluates the parts of one template.

    Parameters
    ----------
    template : dict
    parameters : mapping
        A value for each of the template's parameters.
    pseudo : mapping
        Values of the pseudo parameters (``AWS::Region``).
    resource : callable
        Gives a resource's physical id, or one of its attributes.
    """

    def __init__(
        self,
        template: Template,
        parameters: Mapping[str, str],
        pseudo: Mapping[str, str],
        resource: Lookup,
    ) -> None:
        self._template = template
        self._pseudo = pseudo
        self._resource = resource
        declared = template.get("Parameters") or {}
        self._parameters = {
            name: _typed(declared[name].get("Type", "String"), value)
            for name, value in parameters.items()
        }
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::If": self._if,
            "Fn::Join": lambda given: given[0].join(map(str, self.value(given[1]))),
            "Fn::Select": lambda given: self.value(given[1])[int(self.value(given[0]))],
            "Fn::Split": lambda given: self.value(given[1]).split(given[0]),
            "Fn::FindInMap": self._find_in_map,
            "Fn::Base64": lambda given: base64.b64encode(self.value(given).encode()).decode(),
            "Fn::Equals": lambda given: self.value(given[0]) == self.value(given[1]),
            "Fn::Not": lambda given: not self._truth(given[0]),
            "Fn::And": lambda given: all(map(self._truth, given)),
            "Fn::Or": lambda given: any(map(self._truth, given)),
            "Condition": self.holds,
        }

    def holds(self, condition: str | None) -> bool:
        """Whether a condition holds; what has none is always there."""
        if condition is None:
            return True
        return bool(self._function(*self._single(self._template["Conditions"][condition])))

    def value(self, node: Any) -> Any:
        """Evaluate a part; what is ``AWS::NoValue`` is left out of what holds it."""
        if isinstance(node, list):
            values = [self.value(item) for item in node]
            return [value for value in values if value is not _NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1 and not isinstance(next(iter(node.values())), (int, bool)):
            ((name, given),) = node.items()
            # A policy's "Condition" is a mapping; a template's names one.
            if name.startswith("Fn::") or (name == "Ref" and isinstance(given, str)):
                return self._function(name, given)
        made = {key: self.value(item) for key, item in node.items()}
        return {key: value for key, value in made.items() if value is not _NO_VALUE}

    def properties(self, logical: str) -> dict[str, Any]:
        """Give a resource's properties."""
        given = self.value(self._template["Resources"][logical].get("Properties") or {})
        found: dict[str, Any] = given
        return found

    def resources(self, order: list[str]) -> list[str]:
        """Keep the resources whose condition holds."""
        entries = self._template["Resources"]
        return [name for name in order if self.holds(entries[name].get("Condition"))]

    def outputs(self) -> list[dict[str, Any]]:
        """Give the outputs, as DescribeStacks does."""
        found = []
        for key, output in (self._template.get("Outputs") or {}).items():
            if not self.holds(output.get("Condition")):
                continue
            made = {"OutputKey": key, "OutputValue": str(self.value(output["Value"]))}
            if "Description" in output:
                made["Description"] = output["Description"]
            if "Export" in output:
                made["ExportName"] = self.value(output["Export"]["Name"])
            found.append(made)
        return found

    def _function(self, name: str, given: Any) -> Any:
        assert name in self._functions, f"the stub of AWS does not know the function {name}"
        return self._functions[name](given)

    def _single(self, node: Any) -> tuple[str, Any]:
        ((name, given),) = node.items()
        return name, given

    def _truth(self, node: Any) -> bool:
        return bool(self._function(*self._single(node))) if isinstance(node, dict) else bool(node)

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self._parameters:
            return self._parameters[name]
        return self._pseudo[name] if name in self._pseudo else self._resource(name, None)

    def _get_att(self, given: Any) -> Any:
        (reference,) = references({"Fn::GetAtt": given})
        return self._resource(*reference)

    def _sub(self, given: Any) -> str:
        text, own = given if isinstance(given, list) else (given, {})

        def one(name: str) -> str:
            if name in own:
                return str(self.value(own[name]))
            logical, _, attribute = name.partition(".")
            return str(self._resource(logical, attribute) if attribute else self._ref(logical))

        return SUB_NAME.sub(lambda match: one(match[1]), text).replace("${!", "${")

    def _if(self, given: Any) -> Any:
        return self.value(given[1] if self.holds(given[0]) else given[2])

    def _find_in_map(self, given: Any) -> Any:
        name, first, second = (self.value(each) for each in given)
        return self._template["Mappings"][name][first][second]


def _typed(kind: str, value: str) -> str | list[str]:
    if kind == "CommaDelimitedList" or kind.startswith("List<"):
        return [item.strip() for item in value.split(",")] if value else []
    return value
