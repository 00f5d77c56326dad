"""Transforms of collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._collection import DynamicFrameCollection
from .transform import GlueTransform

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..dynamicframe import DynamicFrame


class SelectFromCollection(GlueTransform):
    """Take one frame out of a collection.

    AWS Glue Developer Guide: "SelectFromCollection class".
    """

    def __call__(
        self, dfc: DynamicFrameCollection[DynamicFrame], key: str, transformation_ctx: str = ""
    ) -> DynamicFrame:
        """Apply the transform."""
        return dfc.select(key, transformation_ctx)


class MapToCollection(GlueTransform):
    """Apply a function to every frame of a collection.

    AWS Glue Developer Guide: "MapToCollection class".
    """

    def __call__(
        self,
        dfc: DynamicFrameCollection[DynamicFrame],
        callable: Callable[..., DynamicFrame],
        transformation_ctx: str = "",
    ) -> DynamicFrameCollection[DynamicFrame]:
        """Apply the transform."""
        return dfc.map(callable, transformation_ctx)


class FlatMap(GlueTransform):
    """Apply a transform to every frame of a collection and gather the frames it makes.

    AWS Glue Developer Guide: "FlatMap class".
    """

    def __call__(
        self,
        dfc: DynamicFrameCollection[DynamicFrame],
        BaseTransform: type[GlueTransform],
        frame_name: str,
        transformation_ctx: str = "",
        **base_kwargs: Any,
    ) -> DynamicFrameCollection[DynamicFrame]:
        """Apply the transform."""

        def one(frame: DynamicFrame, ctx: str) -> Any:
            return BaseTransform.apply(**{frame_name: frame}, transformation_ctx=ctx, **base_kwargs)

        return dfc.flatmap(one, transformation_ctx)
