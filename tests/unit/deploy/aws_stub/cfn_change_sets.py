"""CloudFormation: change sets."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from tests.unit.deploy.aws_stub import cfn_parameters, cfn_templates
from tests.unit.deploy.aws_stub.cfn_changes import Comparison, shown
from tests.unit.deploy.aws_stub.cfn_sources import template_text, with_includes
from tests.unit.deploy.aws_stub.cfn_stack import Plan, Stack
from tests.unit.deploy.aws_stub.cfn_state import CloudFormationState
from tests.unit.deploy.aws_stub.cfn_templates import invalid
from tests.unit.deploy.aws_stub.service import AwsError, Request, Response, page, without_nones

NO_CHANGES = (
    "The submitted information didn't contain changes. Submit different information to create a "
    "change set."
)
_UPDATABLE = frozenset(
    {"CREATE_COMPLETE", "CREATE_FAILED", "UPDATE_COMPLETE", "UPDATE_FAILED",
     "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
)  # fmt: skip


_CREATE = frozenset(
    {"StackName", "ChangeSetName", "ChangeSetType", "TemplateBody", "TemplateURL", "Parameters",
     "UsePreviousTemplate", "Capabilities", "ClientToken", "Description", "Tags", "RoleARN",
     "OnStackFailure", "IncludeNestedStacks"}
)  # fmt: skip
_EXECUTE = frozenset(
    {"StackName", "ChangeSetName", "ClientRequestToken", "DisableRollback", "RetainExceptOnCreate"}
)


@dataclass
class ChangeSet:
    """A change set."""

    id: str
    name: str
    stack: Stack
    kind: str
    plan: Plan
    created: dt.datetime
    description: str | None
    token: str | None
    changes: list[dict[str, Any]]
    is_empty: bool
    status: str = "CREATE_PENDING"
    execution: str = "UNAVAILABLE"
    reason: str | None = None
    execution_token: str | None = None

    def advance(self) -> None:
        """Let its making go on."""
        if self.status == "CREATE_PENDING":
            self.status = "CREATE_IN_PROGRESS"
        elif self.status == "CREATE_IN_PROGRESS" and self.is_empty:
            self.status, self.reason = "FAILED", NO_CHANGES
        elif self.status == "CREATE_IN_PROGRESS":
            self.status, self.execution = "CREATE_COMPLETE", "AVAILABLE"


class ChangeSets(CloudFormationState):
    """AWS CloudFormation API Reference: ``CreateChangeSet`` and the other calls on change sets.

    The first DescribeChangeSet answers CREATE_IN_PROGRESS, the next CREATE_COMPLETE or FAILED.

    Undocumented: an executed change set can be described and is not listed, and its name may be
    used again.
    """

    change_sets: list[ChangeSet]

    def CreateChangeSet(self, asked: Request) -> Response:
        """Make a change set: of a new stack, which is in REVIEW_IN_PROGRESS then, or a stack's."""
        known(asked, _CREATE)
        kind = asked.get("ChangeSetType", "UPDATE")
        stack = self.find(asked["StackName"])
        self._check_kind(kind, stack, asked)
        again = self._named(stack, asked["ChangeSetName"])
        if again is not None:
            if asked.get("ClientToken") is not None and again.token == asked["ClientToken"]:
                return {"Id": again.id, "StackId": again.stack.id}
            raise AwsError(
                "AlreadyExistsException", f"ChangeSet {asked['ChangeSetName']} already exists"
            )
        plan = self._plan(asked, stack)
        if stack is None:
            stack = self.add(asked["StackName"])
            stack.set_status("REVIEW_IN_PROGRESS", "User Initiated")
        comparison = Comparison(stack, plan)
        arn = f"arn:aws:cloudformation:{self.world.region}:{self.world.account}:changeSet"
        made = ChangeSet(
            f"{arn}/{asked['ChangeSetName']}/{self.world.uuid('change set')}",
            asked["ChangeSetName"], stack, kind, plan, self.now(), asked.get("Description"),
            asked.get("ClientToken"), comparison.changes, comparison.is_empty,
        )  # fmt: skip
        self.change_sets.append(made)
        return {"Id": made.id, "StackId": stack.id}

    def _check_kind(self, kind: str, stack: Stack | None, asked: Request) -> None:
        assert kind in ("CREATE", "UPDATE"), f"the stub of AWS does not know change sets to {kind}"
        new = stack is None or stack.status == "REVIEW_IN_PROGRESS"
        if kind == "CREATE" and stack is not None and not new:
            raise invalid(
                f"Stack [{stack.name}] already exists and cannot be created again with the "
                f"changeSet [{asked['ChangeSetName']}]."
            )
        if kind == "UPDATE" and stack is None:
            raise invalid(f"Stack [{asked['StackName']}] does not exist")
        if kind == "UPDATE" and stack is not None and stack.status not in _UPDATABLE:
            raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")

    def _plan(self, asked: Request, stack: Stack | None) -> Plan:
        text = template_text(asked, stack, self.buckets, self.world)
        template = with_includes(cfn_templates.parse(text), self.buckets, self.world)
        cfn_templates.check(template, self.world.region)
        previous = stack.plan.parameters if stack is not None and stack.plan is not None else None
        parameters = cfn_parameters.resolve(template, asked.get("Parameters", []), previous)
        given = asked.get("Capabilities", [])
        missing = [
            each for each in cfn_templates.capabilities(template)
            if each not in given and "CAPABILITY_NAMED_IAM" not in given
        ]  # fmt: skip
        if missing:
            raise AwsError(
                "InsufficientCapabilitiesException",
                f"Requires capabilities : [{', '.join(missing)}]",
            )
        kept = stack.plan.tags if stack is not None and stack.plan is not None else []
        return Plan(
            text, template, parameters, asked.get("Tags", kept), given, asked.get("RoleARN"),
            asked.get("OnStackFailure", "ROLLBACK"),
        )  # fmt: skip

    def DescribeChangeSet(self, asked: Request) -> Response:
        """Describe a change set, whose making goes on meanwhile; its changes come in pages."""
        found = self._change_set(asked)
        if "NextToken" not in asked:
            for _ in range(self.world.pace):
                found.advance()
        ready = found.changes if found.status == "CREATE_COMPLETE" else []
        changes, token = page(
            ready,
            asked.get("NextToken"),
            self.world.page_size,
            lambda: invalid("Invalid NextToken"),
        )
        return without_nones({
            **self._summary(found),
            "Parameters": cfn_parameters.described(found.plan.template, found.plan.parameters),
            "Capabilities": found.plan.capabilities,
            "Tags": found.plan.tags,
            "NotificationARNs": [],
            "Changes": [
                shown(each, values=asked.get("IncludePropertyValues", False)) for each in changes
            ],
            "OnStackFailure": found.plan.on_failure if found.kind == "CREATE" else None,
            "NextToken": token,
        })  # fmt: skip

    def ListChangeSets(self, asked: Request) -> Response:
        """List a stack's change sets that could still be executed, or are being made."""
        stack = self.existing(asked["StackName"])
        found = [each for each in self.change_sets if each.stack is stack and not is_done(each)]
        listed, token = page(
            found,
            asked.get("NextToken"),
            self.world.page_size,
            lambda: invalid("Invalid NextToken"),
        )
        summaries = [without_nones(self._summary(each)) for each in listed]
        return without_nones({"Summaries": summaries, "NextToken": token})

    def DeleteChangeSet(self, asked: Request) -> Response:
        """Delete a change set; one that is not there is no error. Its stack stays."""
        try:
            found = self._change_set(asked)
        except AwsError as error:
            if error.code != "ChangeSetNotFound":
                raise
            return {}
        if found.status in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
            raise _wrong_status(
                found, f"cannot be deleted in its current status of [{found.status}]"
            )
        self.change_sets.remove(found)
        return {}

    def ExecuteChangeSet(self, asked: Request) -> Response:
        """Begin what a change set says; the stack's others are deleted."""
        known(asked, _EXECUTE)
        found = self._change_set(asked)
        stack = found.stack
        token = asked.get("ClientRequestToken")
        if token is not None and found.execution_token == token:
            return {}
        if found.status != "CREATE_COMPLETE":
            raise _wrong_status(
                found, f"cannot be executed in its current status of [{found.status}]"
            )
        if found.execution != "AVAILABLE" or stack.in_progress:
            raise _wrong_status(
                found, f"cannot be executed in its current execution status of [{found.execution}]"
            )
        plan = replace(
            found.plan,
            retain_except_on_create=asked.get("RetainExceptOnCreate", False),
            token=token,
        )
        if asked.get("DisableRollback"):
            plan.on_failure = "DO_NOTHING"
        self.change_sets = [
            each for each in self.change_sets if each.stack is not stack or each is found
        ]
        found.execution, found.execution_token = "EXECUTE_IN_PROGRESS", token
        stack.change_set_id = found.id
        operation = self.progress.create if found.kind == "CREATE" else self.progress.update
        stack.begin(operation(stack, plan))
        return {}

    def _summary(self, found: ChangeSet) -> dict[str, Any]:
        if found.execution == "EXECUTE_IN_PROGRESS" and not found.stack.in_progress:
            ended_well = found.stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
            found.execution = "EXECUTE_COMPLETE" if ended_well else "EXECUTE_FAILED"
        return {
            "ChangeSetId": found.id, "ChangeSetName": found.name, "StackId": found.stack.id,
            "StackName": found.stack.name, "Description": found.description,
            "CreationTime": found.created, "ExecutionStatus": found.execution,
            "Status": found.status, "StatusReason": found.reason, "IncludeNestedStacks": False,
        }  # fmt: skip

    def _named(self, stack: Stack | None, name: str) -> ChangeSet | None:
        found = [
            each for each in self.change_sets
            if each.stack is stack and each.name == name and not is_done(each)
        ]  # fmt: skip
        return found[0] if found else None

    def _change_set(self, asked: Request) -> ChangeSet:
        name = asked["ChangeSetName"]
        if name.startswith("arn:"):
            found = [each for each in self.change_sets if each.id == name]
        else:
            if "StackName" not in asked:
                raise invalid("StackName must be specified if ChangeSetName is not an ARN")
            stack = self.existing(asked["StackName"])
            found = [e for e in self.change_sets if e.stack is stack and e.name == name]
        if not found:
            raise AwsError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)
        return found[-1]


def known(asked: Request, members: frozenset[str]) -> None:
    """Say loudly what a request asks for and the stub does not do."""
    unknown = sorted(set(asked) - members)
    assert not unknown, f"the stub of AWS does not know {', '.join(unknown)} of CloudFormation"


def is_done(change_set: ChangeSet) -> bool:
    """Whether a change set was executed, or is being executed."""
    return change_set.execution.startswith("EXECUTE")


def _wrong_status(change_set: ChangeSet, what: str) -> AwsError:
    return AwsError("InvalidChangeSetStatus", f"ChangeSet [{change_set.id}] {what}")
