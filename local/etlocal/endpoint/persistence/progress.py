"""Changes that no request makes: stacks go on in threads of their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


def watch(service: str, changed: Callable[[], None]) -> None:
    """Have `changed` called whenever a service changes by itself.

    Parameters
    ----------
    service : str
        The name of a service that has been imported; called once for each.
    changed : callable
        Called after the change, from whatever thread made it.
    """
    if service == "cloudformation":
        from localstack.services.cloudformation.v2.entities import ChangeSet, Stack

        _call_after(Stack, "_store_event", changed)
        for name in ("set_update_model", "set_change_set_status", "set_execution_status"):
            _call_after(ChangeSet, name, changed)


def _call_after(kind: type[Any], name: str, changed: Callable[[], None]) -> None:
    original = getattr(kind, name)

    @wraps(original)
    def method(*arguments: Any, **keywords: Any) -> Any:
        try:
            return original(*arguments, **keywords)
        finally:
            changed()

    setattr(kind, name, method)
