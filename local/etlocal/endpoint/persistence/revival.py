"""What a loaded service needs beside its state, and what becomes of work left in the middle.

A process that ends takes its threads with it. Whatever the loaded state says is running, is not.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

LOG = logging.getLogger(__name__)

_STACK_REASON = "The endpoint was restarted while the operation was in progress."


def revive(name: str, service: Any) -> bool:
    """Make a service work again that has just got its state.

    Parameters
    ----------
    name : str
        The service's name.
    service : localstack.services.plugins.Service
        The service, not yet started.

    Returns
    -------
    bool
        Whether its state is another now: work that was left in the middle has been ended.
    """
    function = _OF_SERVICE.get(name)
    changed = function(service._provider) if function else False
    # CloudWatch's own asks every region of AWS for its alarms.
    if name != "cloudwatch":
        service.lifecycle_hook.on_after_state_load()
    return changed


def _cloudwatch(provider: Any) -> bool:
    """Have the alarms evaluated again, as soon as the service answers."""
    from localstack.services.cloudwatch.models import cloudwatch_stores

    alarms = [
        arn
        for _account, _region, store in list(cloudwatch_stores.iter_stores())
        for arn, alarm in store.alarms.items()
        if "MetricName" in alarm.alarm
    ]
    if alarms:
        threading.Thread(
            target=_schedule, args=(provider, alarms), name="etlocal-alarms", daemon=True
        ).start()
    return False


def _schedule(provider: Any, alarms: list[str]) -> None:
    from localstack.services.plugins import SERVICE_PLUGINS

    # Waits for whoever is starting the service right now.
    SERVICE_PLUGINS.require("cloudwatch")
    for arn in alarms:
        try:
            provider.alarm_scheduler.schedule_metric_alarm(arn)
        except Exception:
            LOG.exception("alarm %s is not evaluated", arn)


def _events(provider: Any) -> bool:
    """Make again what EventBridge keeps beside its store, and by which it delivers."""
    from localstack.services.events.models import events_stores

    for account, region, store in list(events_stores.iter_stores()):
        _event_buses(provider, account, region, store)
        _archives(provider, store)
        _destinations(provider, store)
    return False


def _event_buses(provider: Any, account: str, region: str, store: Any) -> None:
    from localstack.services.events.event_bus import EventBusService
    from localstack.services.events.rule import RuleService

    for bus in store.event_buses.values():
        provider._event_bus_services_store[bus.arn] = EventBusService(bus)
        for rule in bus.rules.values():
            service = RuleService(rule)
            provider._rule_services_store[rule.arn] = service
            for target in rule.targets.values():
                provider.create_target_sender(target, rule.arn, rule.name, region, account)
            if service.schedule_cron and rule.targets:
                service.create_schedule_job(
                    provider._get_scheduled_rule_job_function(account, region, rule)
                )


def _archives(provider: Any, store: Any) -> None:
    from localstack.services.events.archive import ArchiveService
    from localstack.services.events.replay import ReplayService

    for archive in store.archives.values():
        created = archive.creation_time
        provider._archive_service_store[archive.arn] = ArchiveService(archive)
        archive.creation_time = created
    for replay in store.replays.values():
        service = ReplayService.__new__(ReplayService)
        service.replay = replay
        provider._replay_service_store[replay.arn] = service


def _destinations(provider: Any, store: Any) -> None:
    from localstack.services.events.api_destination import APIDestinationService
    from localstack.services.events.connection import ConnectionService

    connections = {each.arn: each for each in store.connections.values()}
    for connection in connections.values():
        provider._connection_service_store[connection.arn] = (
            ConnectionService.restore_from_connection(connection)
        )
    for destination in store.api_destinations.values():
        connection = connections.get(destination.connection_arn)
        provider._api_destination_service_store[destination.arn] = (
            APIDestinationService.restore_from_api_destination_and_connection(
                destination, connection
            )
        )


# CloudFormation User Guide, "Stack status codes": what an operation that goes no further ends as.
_STACK_ENDS = {
    "CREATE_IN_PROGRESS": "CREATE_FAILED",
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_FAILED",
    "DELETE_IN_PROGRESS": "DELETE_FAILED",
    "UPDATE_IN_PROGRESS": "UPDATE_FAILED",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_IN_PROGRESS": "UPDATE_ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_IN_PROGRESS": "IMPORT_ROLLBACK_FAILED",
    "IMPORT_ROLLBACK_IN_PROGRESS": "IMPORT_ROLLBACK_FAILED",
}


def _cloudformation(_: Any) -> bool:
    """End the stacks' operations that were in progress."""
    from localstack.services.cloudformation.stores import cloudformation_stores

    changed = False
    for _account, _region, store in list(cloudformation_stores.iter_stores()):
        for stack in store.stacks_v2.values():
            changed |= _end_stack(stack)
        for change_set in store.change_sets.values():
            changed |= _end_change_set(change_set)
    return changed


def _end_stack(stack: Any) -> bool:
    from localstack.aws.api.cloudformation import StackStatus

    end = _STACK_ENDS.get(str(getattr(stack.status, "value", stack.status)))
    if end is None:
        return False
    LOG.warning("stack %s was %s: now %s", stack.stack_name, stack.status, end)
    stack.set_stack_status(StackStatus(end), _STACK_REASON)
    return True


def _end_change_set(change_set: Any) -> bool:
    from localstack.aws.api.cloudformation import ChangeSetStatus, ExecutionStatus

    changed = False
    if change_set.status in ("CREATE_IN_PROGRESS", "CREATE_PENDING"):
        change_set.status = ChangeSetStatus.FAILED
        change_set.status_reason = _STACK_REASON
        change_set.execution_status = ExecutionStatus.UNAVAILABLE
        changed = True
    if change_set.execution_status == "EXECUTE_IN_PROGRESS":
        change_set.execution_status = ExecutionStatus.EXECUTE_FAILED
        changed = True
    return changed


_OF_SERVICE: dict[str, Callable[[Any], bool]] = {
    "cloudformation": _cloudformation,
    "cloudwatch": _cloudwatch,
    "events": _events,
}
