"""What S3 tells of a change is kept with the change: there is neither one without the other.

LocalStack hands a notification to a thread while the request is still going on: an event could be
on its way of an object that a crash took back, and one of an object that stays could be lost. Here
the request's events are held until its change is on disk, and with it which events are of it. Then
EventBridge's are delivered from the outbox, and those for queues and topics are sent before the
request is answered.

Source: Amazon S3 User Guide, "Amazon S3 Event Notifications": they are delivered at least once.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from localstack.services.plugins import SERVICE_PLUGINS
from localstack.services.s3.notifications import (
    EventBridgeNotifier,
    NotificationDispatcher,
    SnsNotifier,
    SqsNotifier,
)

from etlocal.endpoint.deliveries import get_courier
from etlocal.settings import Settings


def apply(_: Settings) -> None:
    """Hold what a request tells of until it has taken effect."""
    submit = NotificationDispatcher._submit_notification

    def submit_notification(self: Any, notifier: Any, context: Any, config: Any) -> None:
        hold = get_courier().hold(context.request_id)
        if isinstance(notifier, EventBridgeNotifier):
            SERVICE_PLUGINS.require("events")
            # Not before: it patches what it imports.
            from etlocal.endpoint.patches import event_routing

            event_routing.accept(
                notifier._get_event_payload(context),
                region=context.bucket_location,
                account=context.bucket_account_id,
                hold=hold,
            )
        elif isinstance(notifier, (SnsNotifier, SqsNotifier)):
            hold.calls.append(partial(notifier.notify, context, config))
        else:
            hold.calls.append(partial(submit, self, notifier, context, config))

    NotificationDispatcher._submit_notification = submit_notification
