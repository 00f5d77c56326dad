"""Amazon CloudWatch and CloudWatch Logs.

Sources: Service Authorization Reference, "Actions, resources, and condition keys for Amazon
CloudWatch" and "... for Amazon CloudWatch Logs".
"""

from __future__ import annotations

from collections.abc import Sequence

from etlocal.iam.actions.needs import ApiCall, Need

_STREAM_OPERATIONS = frozenset(
    ["CreateLogStream", "DeleteLogStream", "GetLogEvents", "PutLogEvents"]
)


def logs_needs(call: ApiCall) -> Sequence[Need] | None:
    """Give what a call of CloudWatch Logs needs."""
    action = f"logs:{call.operation}"
    group = call.text("logGroupName")
    if call.operation == "DescribeLogGroups":
        return [Need(action, call.arn("logs", "log-group:*"))]
    if not group:
        identifier = call.text("logGroupIdentifier") or call.text("resourceArn")
        if identifier.startswith("arn:"):
            return [Need(action, identifier)]
        return [Need(action)] if not identifier else None
    stream = call.text("logStreamName")
    if call.operation in _STREAM_OPERATIONS and stream:
        return [Need(action, call.arn("logs", f"log-group:{group}:log-stream:{stream}"))]
    # A permission on a group is written with the streams' part: log-group:NAME:*.
    return [Need(action, call.arn("logs", f"log-group:{group}:log-stream:"))]


def metrics_needs(call: ApiCall) -> Sequence[Need] | None:
    """Give what a call of CloudWatch needs."""
    action = f"cloudwatch:{call.operation}"
    if call.operation == "PutMetricData":
        return [Need(action, context={"cloudwatch:namespace": call.text("Namespace")})]
    alarms = [*call.texts("AlarmNames"), *filter(None, [call.text("AlarmName")])]
    if alarms:
        return [Need(action, call.arn("cloudwatch", f"alarm:{name}")) for name in alarms]
    return [Need(action)]
