"""Transforms of records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .transform import GlueTransform

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .._collection import DynamicFrameCollection
    from ..dynamicframe import DynamicFrame


class Filter(GlueTransform):
    """Keep the records a predicate holds for.

    AWS Glue Developer Guide: "Filter class".
    """

    def __call__(
        self,
        frame: DynamicFrame,
        f: Callable[[Any], Any],
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:
        """Apply the transform."""
        return frame.filter(f, transformation_ctx, info, stageThreshold, totalThreshold)


class Map(GlueTransform):
    """Make a new record of each.

    AWS Glue Developer Guide: "Map class".
    """

    def __call__(
        self,
        frame: DynamicFrame,
        f: Callable[[Any], Any],
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:
        """Apply the transform."""
        return frame.map(f, False, transformation_ctx, info, stageThreshold, totalThreshold)


class Join(GlueTransform):
    """Join two frames where keys are equal.

    AWS Glue Developer Guide: "Join class".
    """

    def __call__(
        self,
        frame1: DynamicFrame,
        frame2: DynamicFrame,
        keys1: Sequence[str],
        keys2: Sequence[str],
        transformation_ctx: str = "",
    ) -> DynamicFrame:
        """Apply the transform."""
        return frame1.join(keys1, keys2, frame2, transformation_ctx)


class Union(GlueTransform):
    """Put the records of two frames together.

    AWS Glue Developer Guide: "Union class".
    """

    def __call__(
        self,
        frame1: DynamicFrame,
        frame2: DynamicFrame,
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:
        """Apply the transform."""
        return frame1.union(frame2, transformation_ctx, info, stageThreshold, totalThreshold)


class SplitRows(GlueTransform):
    """Split off the rows for which all comparisons hold.

    AWS Glue Developer Guide: "SplitRows class".
    """

    def __call__(
        self,
        frame: DynamicFrame,
        comparison_dict: dict[str, dict[str, Any]],
        name1: str = "frame1",
        name2: str = "frame2",
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrameCollection[DynamicFrame]:
        """Apply the transform."""
        return frame.split_rows(
            comparison_dict, name1, name2, transformation_ctx, info, stageThreshold, totalThreshold
        )


class Relationalize(GlueTransform):
    """Flatten nested records into tables.

    AWS Glue Developer Guide: "Relationalize class".
    """

    def __call__(
        self,
        frame: DynamicFrame,
        staging_path: str | None = None,
        name: str = "roottable",
        options: dict[str, Any] | None = None,
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrameCollection[DynamicFrame]:
        """Apply the transform."""
        return frame.relationalize(
            name, staging_path, options, transformation_ctx, info, stageThreshold, totalThreshold
        )


class Spigot(GlueTransform):
    """Write sample records on the way.

    AWS Glue Developer Guide: "Spigot class".
    """

    def __call__(
        self,
        frame: DynamicFrame,
        path: str,
        options: dict[str, Any] | None = None,
        transformation_ctx: str = "",
    ) -> DynamicFrame:
        """Apply the transform."""
        return frame.spigot(path, options, transformation_ctx)


class ErrorsAsDynamicFrame(GlueTransform):
    """Return the error records of all transforms so far.

    AWS Glue Developer Guide: "ErrorsAsDynamicFrame class".
    """

    def __call__(
        self,
        frame: DynamicFrame,
    ) -> DynamicFrame:
        """Apply the transform."""
        errors: DynamicFrame = frame.errorsAsDynamicFrame()
        return errors


class EvaluateDataQuality(GlueTransform):
    """Evaluate a DQDL ruleset: not supported, and says so.

    AWS Glue Developer Guide: "EvaluateDataQuality class".
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Raise NotImplementedError: no result is made up."""
        raise NotImplementedError("EvaluateDataQuality is not supported: no rule was evaluated")

    def process_rows(self, *args: Any, **kwargs: Any) -> Any:
        """Raise NotImplementedError: no result is made up."""
        raise NotImplementedError("EvaluateDataQuality is not supported: no rule was evaluated")
