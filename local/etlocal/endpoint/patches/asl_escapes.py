"""A string in an ``Assign`` means what its JSON says.

LocalStack takes the text between the quotes as it stands in the definition, backslashes and all;
everywhere else it reads the escapes.
"""

from __future__ import annotations

import json
from typing import Any

from localstack.services.stepfunctions.asl.component.common.assign.assign_template_value_terminal import (  # noqa: E501
    AssignTemplateValueTerminalLit,
)
from localstack.services.stepfunctions.asl.parse.preprocessor import Preprocessor

from etlocal.settings import Settings


def apply(_: Settings) -> None:
    """Decode the literal."""

    def visit(_: Any, ctx: Any) -> Any:
        return AssignTemplateValueTerminalLit(value=json.loads(ctx.string_literal().getText()))

    Preprocessor.visitAssign_template_value_terminal_string_literal = visit
