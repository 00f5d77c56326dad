"""AWS Step Functions and Amazon EventBridge.

Sources: Service Authorization Reference, "Actions, resources, and condition keys for AWS Step
Functions" and "... for Amazon EventBridge"; Step Functions Developer Guide, "Creating granular
permissions for non-admin users"; EventBridge User Guide, "Using IAM policy conditions".
"""

from __future__ import annotations

from collections.abc import Sequence

from etlocal.aws.arns import parse_arn
from etlocal.iam.actions.needs import ANY, ApiCall, Need, on_each, pass_role
from etlocal.iam.patterns import ContextValue

_STATES, _EVENTS = "states.amazonaws.com", "events.amazonaws.com"
# Operations without a resource, or whose resource is made by them.
_STATES_ANY = frozenset(
    [
        "ListActivities",
        "ListStateMachines",
        "SendTaskFailure",
        "SendTaskHeartbeat",
        "SendTaskSuccess",
        "ValidateStateMachineDefinition",
    ]
)
_STATES_ARNS = ("stateMachineArn", "executionArn", "activityArn", "mapRunArn", "resourceArn")
_EVENTS_ANY = frozenset(["ListArchives", "ListEventBuses", "ListReplays", "ListRules"])
_RULE_OPERATIONS = frozenset(
    [
        "PutRule",
        "DeleteRule",
        "DescribeRule",
        "DisableRule",
        "EnableRule",
        "PutTargets",
        "RemoveTargets",
        "ListTargetsByRule",
    ]
)
_BUS_OPERATIONS = frozenset(["CreateEventBus", "DeleteEventBus", "DescribeEventBus"])


def states_needs(call: ApiCall) -> Sequence[Need] | None:
    """Give what a call of Step Functions needs."""
    action = f"states:{call.operation}"
    passed = pass_role(call, call.parameters.get("roleArn"), _STATES)
    if call.operation in _STATES_ANY:
        return [Need(action)]
    if call.operation == "CreateStateMachine":
        return [Need(action, call.arn("states", f"stateMachine:{call.text('name')}")), *passed]
    if call.operation == "CreateActivity":
        return [Need(action, call.arn("states", f"activity:{call.text('name')}"))]
    if call.operation == "TestState":
        return [Need(action), *passed]
    for name in _STATES_ARNS:
        if call.text(name):
            return [Need(action, call.text(name)), *passed]
    return None


def events_needs(call: ApiCall) -> Sequence[Need] | None:
    """Give what a call of EventBridge needs."""
    action = f"events:{call.operation}"
    if call.operation in _EVENTS_ANY:
        return [Need(action)]
    if call.operation == "PutEvents":
        buses = [_bus(call, each.get("EventBusName")) for each in call.items("Entries")]
        keys = _entry_keys(call)
        return [Need(action, each, keys) for each in dict.fromkeys(buses)] or [Need(action)]
    if call.operation in _BUS_OPERATIONS:
        return [Need(action, _bus(call, call.parameters.get("Name")))]
    if call.operation in _RULE_OPERATIONS:
        return [*_on_rule(call, action), *_passed(call)]
    if call.text("ResourceARN"):
        return [Need(action, call.text("ResourceARN"))]
    return None


def _on_rule(call: ApiCall, action: str) -> list[Need]:
    name = call.text("Rule") or call.text("Name")
    bus = _bus_name(call.parameters.get("EventBusName"))
    rule = call.arn("events", f"rule/{name}" if bus == "default" else f"rule/{bus}/{name}")
    if call.operation != "PutTargets":
        return on_each(action, [rule])
    targets = tuple(str(each.get("Arn")) for each in call.items("Targets"))
    return [Need(action, rule, {"events:TargetArn": targets})]


def _passed(call: ApiCall) -> list[Need]:
    if call.operation == "PutRule":
        return pass_role(call, call.parameters.get("RoleArn"), _EVENTS)
    found = [
        need
        for each in (call.items("Targets") if call.operation == "PutTargets" else ())
        for need in pass_role(call, each.get("RoleArn"), _EVENTS)
    ]
    return list({need.resource: need for need in found}.values())


def _entry_keys(call: ApiCall) -> dict[str, ContextValue]:
    entries = call.items("Entries")
    keys: dict[str, ContextValue] = {}
    for key, member in (("events:source", "Source"), ("events:detail-type", "DetailType")):
        # The keys are of one entry; of several, what they have in common can be told.
        values = {str(each.get(member)) for each in entries if each.get(member)}
        if len(values) == 1:
            keys[key] = values.pop()
    return keys


def _bus_name(given: object) -> str:
    if not isinstance(given, str) or not given:
        return "default"
    return parse_arn(given).resource.partition("/")[2] if given.startswith("arn:") else given


def _bus(call: ApiCall, given: object) -> str:
    if isinstance(given, str) and given.startswith("arn:"):
        return given
    return call.arn("events", f"event-bus/{_bus_name(given)}") if given != ANY else ANY
