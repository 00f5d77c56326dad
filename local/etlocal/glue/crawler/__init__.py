"""Glue's crawler."""

from __future__ import annotations

from etlocal.aws.call import Runtime


def start(runtime: Runtime) -> None:
    """Make the room's tables and take up what was left in the middle."""


def stop(runtime: Runtime) -> None:
    """End what runs in the background."""


def reset(runtime: Runtime) -> None:
    """Clear the room's state."""
