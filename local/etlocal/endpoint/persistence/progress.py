"""Changes that no request makes: stacks go on in threads of their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

_ENDS = ("_COMPLETE", "_FAILED")


def watch(service: str, changed: Callable[[], None], ended: Callable[[], None]) -> None:
    """Have a function called whenever a service changes by itself.

    Parameters
    ----------
    service : str
        The name of a service that has been imported; called once for each.
    changed : callable
        Called after a change, from whatever thread made it.
    ended : callable
        Called in its place when work has come to its end, which somebody waits to be told: before
        that is to be seen, and once more after it.
    """
    if service == "cloudformation":
        from localstack.services.cloudformation.v2 import provider
        from localstack.services.cloudformation.v2.entities import ChangeSet, Stack

        _call_after(Stack, "_store_event", changed)
        _call_around_ends(Stack, "set_stack_status", ended)
        for name in ("set_update_model", "set_change_set_status", "set_execution_status"):
            _call_after(ChangeSet, name, changed)
        _call_after_threads(provider, ended)
    elif service == "events":
        from localstack.services.events.archive import ArchiveService

        _call_after(ArchiveService, "put_events", changed)


def _call_after(kind: type[Any], name: str, changed: Callable[[], None]) -> None:
    setattr(kind, name, _followed(getattr(kind, name), changed))


def _followed(function: Callable[..., Any], changed: Callable[[], None]) -> Callable[..., Any]:
    @wraps(function)
    def followed(*arguments: Any, **keywords: Any) -> Any:
        try:
            return function(*arguments, **keywords)
        finally:
            changed()

    return followed


def _call_after_threads(module: Any, ended: Callable[[], None]) -> None:
    """Have `ended` called after a module's threads: they enter outputs after the last status."""
    start = module.start_worker_thread

    def start_worker_thread(work: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        # A function that took keywords would be given the thread, which `work` does not take.
        def run(*given: Any) -> Any:
            return _followed(work, ended)(*given)

        return start(run, *arguments, **keywords)

    module.start_worker_thread = start_worker_thread


def _call_around_ends(kind: type[Any], name: str, ended: Callable[[], None]) -> None:
    original = getattr(kind, name)

    @wraps(original)
    def method(self: Any, status: Any, *arguments: Any, **keywords: Any) -> Any:
        if not str(getattr(status, "value", status)).endswith(_ENDS):
            return original(self, status, *arguments, **keywords)
        ended()
        return _followed(original, ended)(self, status, *arguments, **keywords)

    setattr(kind, name, method)
