"""DynamicFrames by name.

AWS Glue Developer Guide: "DynamicFrameCollection class".
"""

# ruff: noqa: ARG002 - AWS's signatures have parameters that mean nothing here

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from ._interfaces import F

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, KeysView, ValuesView

    from ._interfaces import Context


class DynamicFrameCollection(Generic[F]):
    """A dictionary of DynamicFrames, as transforms with several results return."""

    def __init__(self, dynamic_frames: dict[str, F] | list[F], glue_ctx: Context[F]) -> None:
        if isinstance(dynamic_frames, dict):
            self._frames = dict(dynamic_frames)
        else:
            self._frames = {frame.name: frame for frame in dynamic_frames}
        self.glue_ctx = glue_ctx

    def __getitem__(self, key: str) -> F:
        return self._frames[key]

    def __len__(self) -> int:
        return len(self._frames)

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __contains__(self, key: object) -> bool:
        return key in self._frames

    def keys(self) -> KeysView[str]:
        """Return the frames' names."""
        return self._frames.keys()

    def values(self) -> ValuesView[F]:
        """Return the frames."""
        return self._frames.values()

    def items(self) -> Any:
        """Return names and frames."""
        return self._frames.items()

    def select(self, key: str, transformation_ctx: str = "") -> F:
        """Return the frame of a name; KeyError when there is none."""
        return self._frames[key]

    def map(
        self, callable: Callable[..., F], transformation_ctx: str = ""
    ) -> DynamicFrameCollection[F]:
        """Return the collection of what a function `(frame, ctx)` makes of each frame."""
        made = {
            name: callable(frame, f"{transformation_ctx}{name}")
            for name, frame in self._frames.items()
        }
        return DynamicFrameCollection(made, self.glue_ctx)

    def flatmap(
        self, f: Callable[..., F | DynamicFrameCollection[F]], transformation_ctx: str = ""
    ) -> DynamicFrameCollection[F]:
        """Return all frames that a function `(frame, ctx)` makes, collections opened."""
        made: dict[str, F] = {}
        for name, frame in self._frames.items():
            result = f(frame, f"{transformation_ctx}{name}")
            if isinstance(result, DynamicFrameCollection):
                made.update({f"{name}_{inner}": part for inner, part in result.items()})
            else:
                made[name] = result
        return DynamicFrameCollection(made, self.glue_ctx)
