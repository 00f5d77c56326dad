"""A CloudFormation stack as a test deploys it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

Clients = Callable[[str], Any]


class Stack:
    """The stack of one test."""

    def __init__(self, clients: Clients, name: str) -> None:
        self.clients = clients
        self.name = name
        self.cloudformation = clients("cloudformation")

    def deploy(
        self,
        resources: dict[str, Any],
        expect: str,
        given: dict[str, str] | None = None,
        **template: Any,
    ) -> dict[str, str]:
        """Create or update the stack through a change set; give its outputs."""
        body = json.dumps({"Resources": resources, **template})
        kind = "UPDATE" if self.exists() else "CREATE"
        name = f"c{time.monotonic_ns()}"
        self.cloudformation.create_change_set(
            StackName=self.name,
            ChangeSetName=name,
            ChangeSetType=kind,
            TemplateBody=body,
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in (given or {}).items()
            ],
        )
        made = self._settled(lambda: self._change_set(name), "_PENDING", "_IN_PROGRESS")
        assert made["Status"] == "CREATE_COMPLETE", made
        self.cloudformation.execute_change_set(StackName=self.name, ChangeSetName=name)
        stack = self.settled()
        assert stack["StackStatus"] == expect, self.reasons()
        return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", ())}

    def settled(self) -> dict[str, Any]:
        """Wait until no operation goes on; give the stack."""
        return self._settled(self.describe, "_IN_PROGRESS", "CREATE_FAILED", "UPDATE_FAILED")

    def describe(self) -> dict[str, Any]:
        """Give the stack."""
        stack: dict[str, Any] = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][
            0
        ]
        return stack

    def exists(self) -> bool:
        """Say whether there is such a stack."""
        try:
            return bool(self.describe())
        except ClientError:
            return False

    def reasons(self) -> str:
        """Give what the events tell of failures."""
        events = self.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        return "\n".join(event.get("ResourceStatusReason") or "" for event in events)

    def statuses(self) -> list[str]:
        """Give the statuses that the stack and its resources went through."""
        events = self.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        return [event["ResourceStatus"] for event in events]

    def _change_set(self, name: str) -> dict[str, Any]:
        described: dict[str, Any] = self.cloudformation.describe_change_set(
            StackName=self.name, ChangeSetName=name
        )
        return described

    @staticmethod
    def _settled(ask: Callable[[], dict[str, Any]], *going_on: str) -> dict[str, Any]:
        end = time.monotonic() + 60
        while True:
            answer = ask()
            status = answer.get("StackStatus") or answer["Status"]
            if not status.endswith(going_on):
                return answer
            assert time.monotonic() < end, f"still {status}"
            time.sleep(0.05)
