"""Which operations change a service, and which of those write their change down themselves."""

from __future__ import annotations

_READING = (
    "BatchGet",
    "Decode",
    "Describe",
    "Estimate",
    "Filter",
    "Get",
    "Head",
    "List",
    "Lookup",
    "Search",
    "Select",
    "Simulate",
    "Validate",
)
# Named like a reader, and changes something all the same: takes a task from an activity's queue.
_CHANGING = frozenset({"GetActivityTask"})


def is_read_only(operation: str) -> bool:
    """Tell whether an operation only reads, by AWS's convention for its name.

    Unsure means no: a needless save costs little, a missed one costs the change.
    """
    return operation.startswith(_READING) and operation not in _CHANGING


# What a snapshot need not be waited for: the change is on disk before the operation is answered, or
# is one that a crash may take back.
_KEPT_OTHERWISE = {
    # In the database of metrics.
    "cloudwatch": {"PutMetricData"},
    # In the outbox.
    "events": {"PutEvents"},
    # In the journal of logs.
    "logs": {"PutLogEvents"},
    # In the queues that subscribe.
    "sns": {"Publish", "PublishBatch"},
    # In the journal of queues; what was received is to be received again after a crash.
    "sqs": {
        "ChangeMessageVisibility",
        "ChangeMessageVisibilityBatch",
        "DeleteMessage",
        "DeleteMessageBatch",
        "ReceiveMessage",
        "SendMessage",
        "SendMessageBatch",
    },
}


def is_kept_otherwise(service: str, operation: str) -> bool:
    """Tell whether a mutating operation's change survives without a snapshot of its service."""
    return operation in _KEPT_OTHERWISE.get(service, ())
