"""The parameters that every transform of a DynamicFrame takes, and its error thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMON = {"transformation_ctx": "", "info": "", "stageThreshold": 0, "totalThreshold": 0}


class DynamicFrameError(Exception):
    """A transform made as many error records as its threshold allows, or more."""


def common_parameters(args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters every transform takes last, by position or by name."""
    unknown = sorted(set(kwargs) - set(COMMON))
    if unknown or len(args) > len(COMMON):
        extra = [*unknown, *map(repr, args[len(COMMON) :])]
        raise TypeError(f"The transform does not take {', '.join(extra)}")
    return {**COMMON, **dict(zip(COMMON, args, strict=False)), **kwargs}


def check(
    common: dict[str, Any], stage_errors: Callable[[], int], total_errors: Callable[[], int]
) -> None:
    """Raise DynamicFrameError when a threshold is reached; zero means no threshold."""
    for name, count in (("stageThreshold", stage_errors), ("totalThreshold", total_errors)):
        if common[name]:
            found = count()
            if found >= common[name]:
                raise DynamicFrameError(
                    f"{common['info'] or 'The transform'}: {found} error records reach the "
                    f"{name} of {common[name]}"
                )
