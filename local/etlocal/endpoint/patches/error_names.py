"""An error may have any name, those that begin with ``States.`` included.

LocalStack refuses such a name outside of what the interpreter itself raises, and ends the execution
with ``States.Runtime``: a Fail state's ``Error``, and a Glue job that fails inside a Parallel or a
Map state (``States.TaskFailed``), which no Catch could take then.

Source: Step Functions Developer Guide, "Fail workflow state" and "Handling errors in Step Functions
workflows" ("States.TaskFailed" matches any known error name except "States.Timeout").
"""

from __future__ import annotations

from typing import Any

from localstack.services.stepfunctions.asl.component.common.error_name.custom_error_name import (
    ILLEGAL_CUSTOM_ERROR_PREFIX,
    CustomErrorName,
)
from localstack.services.stepfunctions.asl.component.common.error_name.error_name import ErrorName
from localstack.services.stepfunctions.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from localstack.services.stepfunctions.asl.parse.preprocessor import Preprocessor

from etlocal.settings import Settings


def apply(_: Settings) -> None:
    """Take any name from a running execution; a definition's ``ErrorEquals`` stays checked."""
    visit_error_name = Preprocessor.visitError_name

    def new(cls: type[Any], error_name: str | None) -> Any:
        try:
            # The interpreter tells its own errors by their class.
            return StatesErrorName.from_name(str(error_name))
        except ValueError:
            return object.__new__(cls)

    def init(self: Any, error_name: str | None) -> None:
        ErrorName.__init__(self, error_name=error_name)

    def visit(self: Any, context: Any) -> Any:
        name = visit_error_name(self, context)
        if isinstance(name, CustomErrorName) and name.error_name.startswith(
            ILLEGAL_CUSTOM_ERROR_PREFIX
        ):
            raise ValueError(f"Unknown error name in ErrorEquals: '{name.error_name}'")
        return name

    CustomErrorName.__new__ = new
    CustomErrorName.__init__ = init
    # What a copy is made of.
    CustomErrorName.__getnewargs__ = lambda self: (self.error_name,)
    Preprocessor.visitError_name = visit
