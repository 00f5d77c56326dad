"""Clears what LocalStack's services hold.

The free LocalStack has no route for it, but its services show their state to a visitor. What some
of them keep beside it is cleared by name: EventBridge's senders, S3's objects, executions that run.
"""

from __future__ import annotations

import datetime
import logging
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any

from localstack.services.plugins import SERVICE_PLUGINS
from localstack.services.stores import AccountRegionBundle
from localstack.state import AssetDirectory, StateVisitor
from moto.core.base_backend import BackendDict

LOG = logging.getLogger(__name__)

_ASK_SECONDS = 0.01
_END_SECONDS = 2.0


def reset_localstack() -> list[str]:
    """Clear every service of LocalStack that was used.

    Returns
    -------
    list of str
        The services' names.
    """
    names = SERVICE_PLUGINS.list_loaded_services()
    for name in names:
        service = SERVICE_PLUGINS.get_service(name)
        if service is None or service._provider is None:
            continue
        service.lifecycle_hook.on_before_state_reset()
        service.accept_state_visitor(_Clearing())
        _clear_memory(name, service._provider)
        service.lifecycle_hook.on_after_state_reset()
    return list(names)


class _Clearing(StateVisitor):  # type: ignore[misc]
    """Empties the containers it is shown; they themselves stay, as services refer to them."""

    def visit(self, state_container: Any) -> None:
        if isinstance(state_container, (AccountRegionBundle, BackendDict)):
            # moto's resets the backends of all services at once; doing so again changes nothing.
            state_container.reset()
        elif isinstance(state_container, AssetDirectory):
            _empty(Path(state_container.path))


def _empty(folder: Path) -> None:
    # Databases that are open are emptied by their service's own hook, not by deleting the file.
    for entry in folder.iterdir() if folder.is_dir() else ():
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        elif entry.suffix != ".db":
            entry.unlink(missing_ok=True)


def end_executions() -> None:
    """Stop every execution of Step Functions, and wait until they have ended.

    One that goes on would take the disappearance of what it works on for a failure, and act on it.
    """
    deadline = time.monotonic() + _END_SECONDS
    while running := _running_executions():
        now = datetime.datetime.now(tz=datetime.UTC)
        for execution in running:
            # One that has just been started has no environment that could be told to stop.
            if execution.exec_worker is not None and execution.exec_worker.env is not None:
                execution.stop(stop_date=now, error=None, cause="etlocal was reset")
        if time.monotonic() > deadline:
            LOG.warning("%s executions did not end in time", len(running))
            return
        threading.Event().wait(_ASK_SECONDS)


def forget_sessions() -> None:
    """Drop the sessions of roles that tasks have assumed: the credentials are gone."""
    module = sys.modules.get("etlocal.endpoint.patches.task_clients")
    if module is not None:
        module.forget()


def _running_executions() -> list[Any]:
    stores = sys.modules.get("localstack.services.stepfunctions.backend.store")
    if stores is None:
        return []
    return [
        execution
        for regions in list(stores.sfn_stores.values())
        for store in list(regions.values())
        for execution in list(store.executions.values())
        if execution.exec_status == "RUNNING"
    ]


def _clear_memory(name: str, provider: Any) -> None:
    if name == "events":
        _clear_events(provider)
    elif name == "s3":
        provider._storage_backend.reset()


def _clear_events(provider: Any) -> None:
    from localstack.services.events.scheduler import JobScheduler

    JobScheduler.instance().jobs = []
    for attribute, value in vars(provider).items():
        if attribute.endswith("_store") and isinstance(value, dict):
            value.clear()
