"""What the role of a state machine with a log needs, which Step Functions looks at.

Source: Step Functions Developer Guide, "Using CloudWatch Logs to log execution history in Step
Functions" (*IAM policies for logging to CloudWatch Logs*).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from etlocal.iam.actions import Need

LOGGING_OPERATIONS = frozenset({"CreateStateMachine", "UpdateStateMachine"})
LOGGING_NEEDS = tuple(
    Need(f"logs:{action}")
    for action in (
        "CreateLogDelivery",
        "GetLogDelivery",
        "UpdateLogDelivery",
        "DeleteLogDelivery",
        "ListLogDeliveries",
        "PutResourcePolicy",
        "DescribeResourcePolicies",
        "DescribeLogGroups",
    )
)
NO_LOG = "The state machine IAM Role is not authorized to access the Log Destination."


def wants_log(parameters: Mapping[str, Any]) -> bool:
    """Tell whether a state machine is to have a log."""
    logging = parameters.get("loggingConfiguration") or {}
    return bool(logging.get("destinations")) and logging.get("level", "OFF") != "OFF"
