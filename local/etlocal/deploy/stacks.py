"""A stack's way from one template to the next: change sets, what they are for, how they end.

Sources: CloudFormation API Reference, ``CreateChangeSet``, ``DescribeChangeSet``,
``ExecuteChangeSet``, ``DescribeStackEvents``, ``DeleteStack``; CloudFormation User Guide, "Stack
status codes".
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from etlocal.clients import Clients
from etlocal.deploy.deployed import DeployError, describe
from etlocal.waiting import await_answer

Progress = Callable[[str], None]
T = TypeVar("T")

_PREFIX = "etlocal-"
# Its creation was rolled back: it has nothing and takes no update; CloudFormation wants it deleted.
_STILLBORN = "ROLLBACK_COMPLETE"
_REMEDIES = {
    "UPDATE_ROLLBACK_FAILED": "see what hinders it and go on with "
    "`aws cloudformation continue-update-rollback`, then deploy again",
}
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]


class ChangeSets:
    """Takes one stack from template to template.

    Parameters
    ----------
    clients : Clients
    stack : str
        The stack's name.
    progress : callable
        Is told what happens.
    """

    def __init__(self, clients: Clients, stack: str, progress: Progress) -> None:
        self._clients = clients
        self._cloudformation = clients.client("cloudformation")
        self._stack = stack
        self._progress = progress
        self._seen: set[str] = set()
        self._failures: list[str] = []

    def prepare(self, *, looking: bool) -> bool:
        """Bring the stack to where it takes a change set, whatever was cut off before.

        Parameters
        ----------
        looking : bool
            Whether nothing may be deleted for it, not even a stack that has nothing.

        Returns
        -------
        bool
            Whether it exists.

        Raises
        ------
        DeployError
            If it is in a state that only a person can take it out of.
        """
        status = self.settle()
        if status == _STILLBORN and looking:
            raise DeployError(
                f"the stack {self._stack} could not be created and has nothing: deploying deletes "
                "it and begins anew, and until then nothing can be compared with it"
            )
        if status == _STILLBORN:
            self._progress(f"deleting the stack {self._stack}, which could not be created before")
            self.delete()
            return False
        if status is None or status == "REVIEW_IN_PROGRESS":
            return False
        if not status.endswith("_COMPLETE"):
            raise DeployError(
                f"the stack {self._stack} is in {status}, which takes no change: "
                + _REMEDIES.get(status, "delete it (etlocal destroy) and deploy again")
            )
        return True

    def settle(self) -> str | None:
        """Wait for the end of what is under way; give the status then, None without a stack."""
        found = self._status()
        if found is not None and _under_way(found):
            self._progress(f"waiting for the stack {self._stack}, which is in {found}")
            found = self._await_end()
        return found

    def create(
        self, template: dict[str, str], parameters: list[dict[str, Any]], *, exists: bool
    ) -> tuple[str, list[dict[str, Any]]] | None:
        """Make a change set.

        Parameters
        ----------
        template : dict
            ``TemplateBody`` or ``TemplateURL``.
        parameters : list of dict
            In CloudFormation's shape.
        exists : bool
            What `prepare` said.

        Returns
        -------
        tuple or None
            The change set's name and its ``Changes``; None when there is nothing to change.

        Raises
        ------
        DeployError
            With CloudFormation's reason, if it cannot be made.
        """
        self._clear()
        name = f"{_PREFIX}{uuid.uuid4().hex[:12]}"
        self._cloudformation.create_change_set(
            StackName=self._stack,
            ChangeSetName=name,
            ChangeSetType="UPDATE" if exists else "CREATE",
            Capabilities=_CAPABILITIES,
            Parameters=parameters,
            **template,
        )
        described = self._await_made(name)
        if described["Status"] == "FAILED":
            reason = described.get("StatusReason", "no reason was given")
            self.discard(name, exists=exists)
            if _nothing_to_change(reason):
                return None
            raise DeployError(f"the change set of the stack {self._stack} failed: {reason}")
        return name, list(self._changes(name, described))

    def _await_made(self, name: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self._cloudformation.describe_change_set(
                StackName=self._stack, ChangeSetName=name
            )
            under_way = found["Status"].endswith(("_PENDING", "_IN_PROGRESS"))
            return None if under_way else found

        return self._await(look, f"the change set {name} of the stack {self._stack}")

    def discard(self, name: str, *, exists: bool) -> None:
        """Delete a change set, and the stack where the change set alone has made it."""
        self._cloudformation.delete_change_set(StackName=self._stack, ChangeSetName=name)
        if not exists:
            self._cloudformation.delete_stack(StackName=self._stack)

    def execute(self, name: str, *, exists: bool) -> None:
        """Execute a change set and wait for the end.

        Raises
        ------
        DeployError
            With what failed, if the stack does not end as it was to.
        """
        self._progress(f"{'updating' if exists else 'creating'} the stack {self._stack}")
        self._mark()
        self._cloudformation.execute_change_set(
            StackName=self._stack,
            ChangeSetName=name,
            # What a failed attempt has made holds nothing yet: kept, it would be in nobody's stack.
            RetainExceptOnCreate=True,
        )
        self._require(self._await_end(), ("CREATE_COMPLETE", "UPDATE_COMPLETE"))

    def delete(self) -> None:
        """Delete the stack and wait for the end.

        Raises
        ------
        DeployError
            With what could not be deleted.
        """
        found = describe(self._cloudformation, self._stack)
        if found is None:
            return
        self._mark()
        # Its id, for a stack that is gone has no name any more.
        identity = found["StackId"]
        self._cloudformation.delete_stack(StackName=identity)
        self._require(self._await_end(identity), ("DELETE_COMPLETE",))

    def _require(self, status: str, wanted: tuple[str, ...]) -> None:
        if status not in wanted:
            told = "\n".join(f"  {line}" for line in self._failures)
            raise DeployError(f"the stack {self._stack} ended in {status}:\n{told}")

    def _clear(self) -> None:
        """Delete change sets that were left when an earlier deployment was cut off."""
        if describe(self._cloudformation, self._stack) is None:
            return
        pages = self._cloudformation.get_paginator("list_change_sets").paginate(
            StackName=self._stack
        )
        for each in [each for page in pages for each in page["Summaries"]]:
            if each["ChangeSetName"].startswith(_PREFIX):
                # One that is still being made cannot be deleted.
                self._await_made(each["ChangeSetName"])
                self._cloudformation.delete_change_set(
                    StackName=self._stack, ChangeSetName=each["ChangeSetName"]
                )

    def _changes(self, name: str, described: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield from described.get("Changes", [])
        while token := described.get("NextToken"):
            described = self._cloudformation.describe_change_set(
                StackName=self._stack, ChangeSetName=name, NextToken=token
            )
            yield from described.get("Changes", [])

    def _status(self) -> str | None:
        found = describe(self._cloudformation, self._stack)
        status = str(found["StackStatus"]) if found else None
        return None if status == "DELETE_COMPLETE" else status

    def _mark(self) -> None:
        """Take note of the events that there are, so that later ones are told from them."""
        self._failures = []
        self._seen = {event["EventId"] for event in self._events(self._stack)}

    def _await_end(self, identity: str | None = None) -> str:
        name = identity or self._stack

        def look() -> str | None:
            # The events after the status, so that the last ones are told as well.
            found = describe(self._cloudformation, name)
            status = str(found["StackStatus"]) if found else "DELETE_COMPLETE"
            self._tell(name)
            return None if _under_way(status) else status

        return self._await(look, f"the stack {self._stack}")

    def _await(self, look: Callable[[], T | None], what: str) -> T:
        return await_answer(
            look, seconds=self._clients.patience, what=what, longest=self._clients.pause
        )

    def _tell(self, name: str) -> None:
        new = []
        for event in self._events(name):
            # The newest come first: what follows a known one is known.
            if event["EventId"] in self._seen:
                break
            new.append(event)
        for event in reversed(new):
            self._seen.add(event["EventId"])
            if not event["ResourceStatus"].endswith("_IN_PROGRESS"):
                self._progress(_line(event))
            status, reason = event["ResourceStatus"], event.get("ResourceStatusReason")
            if status.endswith(("_FAILED", "ROLLBACK_IN_PROGRESS")) and reason:
                self._failures.append(
                    f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}"
                )

    def _events(self, name: str) -> Iterator[dict[str, Any]]:
        pages = self._cloudformation.get_paginator("describe_stack_events").paginate(StackName=name)
        try:
            for page in pages:
                yield from page["StackEvents"]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise


def _under_way(status: str) -> bool:
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"


def _line(event: dict[str, Any]) -> str:
    reason = event.get("ResourceStatusReason")
    told = f"{event['ResourceStatus']} {event['LogicalResourceId']} ({event['ResourceType']})"
    return f"{told}: {reason}" if reason else told


def _nothing_to_change(reason: str) -> bool:
    return "didn't contain changes" in reason or "No updates are to be performed" in reason
