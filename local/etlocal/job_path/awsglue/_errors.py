"""The error records that a DynamicFrame's transforms made.

AWS Glue Developer Guide: "DynamicFrame class" (errors).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from . import _python_transforms
from ._common import DynamicFrameError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class ErrorRecords:
    """The part of a DynamicFrame that counts and shows error records."""

    glue_ctx: Any
    name: str
    _stage_errors: DataFrame | None
    _earlier_errors: tuple[DataFrame, ...]

    def stageErrorsCount(self) -> int:
        """Return the number of error records the last transform made."""
        return 0 if self._stage_errors is None else int(self._stage_errors.count())

    def errorsCount(self) -> int:
        """Return the number of error records of all transforms so far."""
        return sum(int(errors.count()) for errors in self._all_errors())

    def errorsAsDynamicFrame(self) -> Any:
        """Return the error records, each under `error`."""
        session = self.glue_ctx.spark_session
        empty = session.createDataFrame([], _python_transforms.ERROR_SCHEMA)
        every = functools.reduce(lambda a, b: a.union(b), self._all_errors(), empty)
        frame: Any = type(self)
        return frame(every, self.glue_ctx, f"{self.name}_errors")

    def assertErrorThreshold(self) -> None:
        """Raise DynamicFrameError when there are error records."""
        found = self.errorsCount()
        if found:
            raise DynamicFrameError(f"There are {found} error records in the DynamicFrame")

    def _all_errors(self) -> tuple[DataFrame, ...]:
        own = () if self._stage_errors is None else (self._stage_errors,)
        return (*self._earlier_errors, *own)
