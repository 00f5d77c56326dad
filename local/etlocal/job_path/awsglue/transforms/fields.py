"""Transforms of fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .transform import GlueTransform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._collection import DynamicFrameCollection
    from ..dynamicframe import DynamicFrame


class ApplyMapping(GlueTransform):
    """Choose, rename and cast fields.

    AWS Glue Developer Guide: "ApplyMapping class".
    """

    def __call__(
        self,
        frame: DynamicFrame,
        mappings: Sequence[Sequence[str]],
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:
        """Apply the transform."""
        return frame.apply_mapping(
            mappings, transformation_ctx, info, stageThreshold, totalThreshold
        )


class SelectFields(GlueTransform):
    """Keep the named fields only.

    AWS Glue Developer Guide: "SelectFields class".
    """

    def __call__(
        self,
        frame: DynamicFrame,
        paths: Sequence[str],
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:
        """Apply the transform."""
        return frame.select_fields(paths, transformation_ctx, info, stageThreshold, totalThreshold)


class DropFields(GlueTransform):
    """Drop the named fields.

    AWS Glue Developer Guide: "DropFields class".
    """

    def __call__(
        self,
        frame: DynamicFrame,
        paths: Sequence[str],
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:
        """Apply the transform."""
        return frame.drop_fields(paths, transformation_ctx, info, stageThreshold, totalThreshold)


class RenameField(GlueTransform):
    """Rename one field.

    AWS Glue Developer Guide: "RenameField class".
    """

    def __call__(
        self,
        frame: DynamicFrame,
        old_name: str,
        new_name: str,
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:
        """Apply the transform."""
        return frame.rename_field(
            old_name, new_name, transformation_ctx, info, stageThreshold, totalThreshold
        )


class DropNullFields(GlueTransform):
    """Drop the fields that have no value in any record.

    AWS Glue Developer Guide: "DropNullFields class".
    """

    def __call__(
        self,
        frame: DynamicFrame,
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:
        """Apply the transform."""
        return frame.drop_null_fields(transformation_ctx, info, stageThreshold, totalThreshold)


class ResolveChoice(GlueTransform):
    """Resolve fields of several types.

    AWS Glue Developer Guide: "ResolveChoice class".
    """

    def __call__(
        self,
        frame: DynamicFrame,
        specs: Sequence[tuple[str, str]] | None = None,
        choice: str = "",
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
        database: str | None = None,
        table_name: str | None = None,
        catalog_id: str | None = None,
    ) -> DynamicFrame:
        """Apply the transform."""
        return frame.resolveChoice(
            specs,
            choice,
            database,
            table_name,
            transformation_ctx,
            info,
            stageThreshold,
            totalThreshold,
            catalog_id=catalog_id,
        )


class SplitFields(GlueTransform):
    """Split the named fields off into a frame of their own.

    AWS Glue Developer Guide: "SplitFields class".
    """

    def __call__(
        self,
        frame: DynamicFrame,
        paths: Sequence[str],
        name1: str = "frame1",
        name2: str = "frame2",
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrameCollection[DynamicFrame]:
        """Apply the transform."""
        return frame.split_fields(
            paths, name1, name2, transformation_ctx, info, stageThreshold, totalThreshold
        )


class Unbox(GlueTransform):
    """Parse a string field.

    AWS Glue Developer Guide: "Unbox class".
    """

    def __call__(
        self,
        frame: DynamicFrame,
        path: str,
        format: str,
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
        **options: Any,
    ) -> DynamicFrame:
        """Apply the transform."""
        return frame.unbox(
            path, format, transformation_ctx, info, stageThreshold, totalThreshold, **options
        )


class UnnestFrame(GlueTransform):
    """Bring the fields of structs to the top.

    AWS Glue Developer Guide: "UnnestFrame class".
    """

    def __call__(
        self,
        frame: DynamicFrame,
        transformation_ctx: str = "",
        info: str = "",
        stageThreshold: int = 0,
        totalThreshold: int = 0,
    ) -> DynamicFrame:
        """Apply the transform."""
        return frame.unnest(transformation_ctx, info, stageThreshold, totalThreshold)
