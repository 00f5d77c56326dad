"""An event that EventBridge has accepted is on disk, for each target of each rule it matches.

LocalStack answers PutEvents first and looks for rules afterwards, in a thread: what ends the
process in between ends the event. It also sends events to the targets of disabled rules, gives the
same scheduled event another id for each target, and starts no execution by a scheduled rule whose
target has an ``Input``.

Source: EventBridge API Reference, "PutEvents" and "DisableRule"; EventBridge User Guide, "Events in
Amazon EventBridge" and "Creating a rule that runs on a schedule".
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from localstack.aws.api.events import RuleState
from localstack.services.events import provider as events
from localstack.services.events.provider import EventsProvider
from localstack.services.events.utils import format_event, is_archive_arn
from localstack.services.plugins import SERVICE_PLUGINS
from localstack.utils.event_matcher import matches_event
from localstack.utils.strings import long_uid
from localstack.utils.time import TIMESTAMP_FORMAT_TZ, timestamp
from localstack.utils.xray.trace_header import TraceHeader

from etlocal.endpoint.deliveries import Era, Hold, get_courier
from etlocal.endpoint.persistence.outbox import Delivery
from etlocal.settings import Settings

LOG = logging.getLogger(__name__)
_DEFAULT_BUS = "default"
# The era in which the rules of the event in this thread were looked up.
_accepting = threading.local()


def apply(_: Settings) -> None:
    """Post an event's deliveries before PutEvents is answered, and a schedule's as it fires."""
    events.start_worker_thread = _call
    EventsProvider._process_rules_async = _process_rules
    EventsProvider._process_entry = _guarded(EventsProvider._process_entry)
    EventsProvider._get_scheduled_rule_job_function = _scheduled


def accept(entry: Any, *, region: str, account: str, hold: Hold) -> None:
    """Take an event of an AWS service for the default bus.

    Parameters
    ----------
    entry : mapping
        The event, as for PutEvents.
    region, account : str
        Whose bus.
    hold : etlocal.endpoint.deliveries.Hold
        What its deliveries wait for.

    Raises
    ------
    sqlite3.Error
        If they cannot be written down.
    """
    provider = SERVICE_PLUGINS.require("events")._provider
    bus = provider.get_event_bus(_DEFAULT_BUS, provider.get_store(region, account))
    event = format_event(entry, region, account, _DEFAULT_BUS)
    trace = TraceHeader.from_header_str(entry.get("TraceHeader")).ensure_root_exists()
    _route(provider, list(bus.rules.values()), event, trace, hold.era, hold)


def _call(function: Callable[[Any], None], params: Any, **_: Any) -> None:
    function(params)


def _process_rules(self: Any, params: dict[str, Any]) -> None:
    event, trace = params["event_formatted"], params["trace_header"]
    _route(self, params["rules"], event, trace, _accepting.era, None)


def _guarded(original: Callable[..., None]) -> Callable[..., None]:
    """Report an event that cannot be written down as failed, the others as they are."""

    def process_entry(
        self: Any, entry: Any, processed: list[Any], failed: dict[str, int], context: Any
    ) -> None:
        _accepting.era = get_courier().era
        try:
            original(self, entry, processed, failed, context)
        except sqlite3.Error:
            LOG.exception("an event cannot be written to the state folder")
            processed[-1] = {
                "ErrorCode": "InternalFailure",
                "ErrorMessage": "The event could not be saved; the endpoint's log has the details.",
            }
            failed["count"] += 1

    return process_entry


def _scheduled(_: Any, account: str, region: str, rule: Any) -> Callable[..., None]:
    def fire(*_: Any, **__: Any) -> None:
        event = {
            "version": "0",
            "id": long_uid(),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": account,
            "time": timestamp(format=TIMESTAMP_FORMAT_TZ),
            "region": region,
            "resources": [rule.arn],
            "detail": {},
        }
        era, trace = get_courier().era, TraceHeader().ensure_root_exists()
        targets = list(rule.targets.values())
        get_courier().post(_deliveries([(rule, each) for each in targets], event, trace), era)

    return fire


def _route(
    provider: Any, rules: Iterable[Any], event: Any, trace: Any, era: Era, hold: Hold | None
) -> None:
    matched = list(_matched(rules, event))
    sent = []
    for rule, target in matched:
        if is_archive_arn(target["Arn"]):
            where = (rule.region, rule.account_id)
            provider._put_to_archive(*where, archive_target_id=target["Id"], event=event)
        else:
            sent.append((rule, target))
    get_courier().post(_deliveries(sent, event, trace), era, hold)


def _matched(rules: Iterable[Any], event: Any) -> Iterator[tuple[Any, Any]]:
    for rule in rules:
        if rule.schedule_expression or rule.state == RuleState.DISABLED:
            continue
        if matches_event(rule.event_pattern, event):
            for target in list(rule.targets.values()):
                yield rule, target


def _deliveries(matched: list[tuple[Any, Any]], event: Any, trace: Any) -> Iterator[Delivery]:
    for rule, target in matched:
        yield Delivery(
            event=event,
            target=dict(target),
            rule_arn=rule.arn,
            rule_name=rule.name,
            region=rule.region,
            account=rule.account_id,
            trace=trace.to_header_str(),
            accepted=time.time(),
        )
