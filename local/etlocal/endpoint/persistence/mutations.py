"""Which operations leave a service as it was."""

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
