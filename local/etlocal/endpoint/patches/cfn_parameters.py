"""A parameter's former value has its type, and a value that is given stands, though it be empty.

LocalStack splits a ``CommaDelimitedList`` for the new template and leaves the former value as text,
so that the next change set of a stack with a list in ``Fn::Join`` is refused with an internal
error; and it takes the default in place of an empty value that was given.

Source: CloudFormation User Guide, "CloudFormation template Parameters syntax".
"""

from __future__ import annotations

from typing import Any

from localstack.services.cloudformation.engine.v2 import change_set_model_preproc
from localstack.services.cloudformation.engine.v2.change_set_model import is_nothing

from etlocal.settings import Settings


def apply(_: Settings) -> None:
    """Convert both sides of a change."""
    preproc = change_set_model_preproc.ChangeSetModelPreproc
    original = preproc.visit_node_parameter

    def visit_node_parameter(self: Any, node: Any) -> Any:
        delta = original(self, node)
        kind = self.visit(node.type_)
        given = self.visit(node.dynamic_value)
        delta.before = typed(delta.before, kind.before, given.before)
        delta.after = typed(delta.after, kind.after, given.after)
        return delta

    preproc.visit_node_parameter = visit_node_parameter


def typed(value: Any, kind: Any, given: Any) -> Any:
    """Give a parameter's value in its type.

    Parameters
    ----------
    value : Any
        What LocalStack makes of the parameter.
    kind : str or nothing
        The parameter's type in the template.
    given : Any
        The value that was given, when there is one.
    """
    if given == "":
        value = given
    if is_nothing(value) or is_nothing(kind) or not isinstance(value, str):
        return value
    if kind == "CommaDelimitedList" or kind.startswith("List<"):
        return [item.strip() for item in value.split(",")]
    if kind == "Number" and value:
        return change_set_model_preproc.to_number(value)
    return value
