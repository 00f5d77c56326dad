"""EventBridge starts an execution whatever the input transformer makes of the event.

LocalStack names the execution by the ``id`` of what the transformer gave, so that a target with an
``InputTransformer`` or an ``InputPath`` never started anything. The name is the event's own id
here, with a part of the target's: delivering an event again names the same execution, which Step
Functions then does not start a second time.

Source: Step Functions API Reference, "StartExecution" (idempotency); EventBridge User Guide, "Event
bus targets".
"""

from __future__ import annotations

import threading
import uuid
from typing import Any

from localstack.services.events.target import StatesTargetSender, TargetSender
from localstack.services.events.utils import to_json_str

from etlocal.settings import Settings

_delivering = threading.local()


def apply(_: Settings) -> None:
    """Note which event is being delivered, and name its execution by it."""
    process = TargetSender.process_event

    def process_event(self: Any, event: Any, trace_header: Any) -> None:
        _delivering.event_id = event["id"]
        process(self, event, trace_header)

    def send_event(self: Any, event: Any, _: Any) -> None:
        self.service = "stepfunctions"
        target = uuid.uuid5(uuid.NAMESPACE_URL, self.unique_id)
        try:
            self.client.start_execution(
                stateMachineArn=self.target["Arn"],
                name=f"{_delivering.event_id}_{target}",
                input=to_json_str(event),
            )
        except self.client.exceptions.ExecutionAlreadyExists:
            # An earlier attempt did arrive; its answer got lost.
            return

    TargetSender.process_event = process_event
    StatesTargetSender.send_event = send_event
