"""Takes a stack away, and says what stays.

CloudFormation deletes no bucket that holds anything, so the buckets that the template gives up are
emptied first. What it retains stays as it is.

Sources: CloudFormation User Guide, "DeletionPolicy attribute" and "Delete stack fails"; Amazon S3
API Reference, ``ListObjectVersions`` and ``DeleteObjects``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from etlocal.clients import Clients
from etlocal.deploy.artifacts import Artifacts
from etlocal.deploy.changes import HOLDS_DATA
from etlocal.deploy.deployed import DeployError, describe, template_of
from etlocal.deploy.stacks import ChangeSets, Progress
from etlocal.waiting import WaitTimeoutError

_BUCKET = "AWS::S3::Bucket"
# Something that was under way may write into a bucket after it was emptied.
_ATTEMPTS = 3


@dataclass(frozen=True)
class Held:
    """A resource of the stack that holds what people have put in.

    Attributes
    ----------
    name : str
        The logical id.
    kind : str
        The resource type.
    identity : str
        The physical id.
    """

    name: str
    kind: str
    identity: str


@dataclass(frozen=True)
class Farewell:
    """What a destruction takes and what it leaves.

    Attributes
    ----------
    stack : str
    place : str
        Where, for people to read.
    lost : tuple of Held
        What goes with all that is in it.
    kept : tuple of Held
        What the template retains.
    artifacts : str
        The asset bucket, which other stacks may use and which stays.
    """

    stack: str
    place: str
    lost: tuple[Held, ...]
    kept: tuple[Held, ...]
    artifacts: str


class Destruction:
    """Deletes one stack.

    Parameters
    ----------
    clients : Clients
    stack : str
        The stack's name.
    progress : callable
        Is told what is being done.
    confirm : callable
        Is shown the `Farewell` before anything is deleted, and says whether to go on.
    """

    def __init__(
        self,
        clients: Clients,
        stack: str,
        *,
        progress: Progress = lambda _text: None,
        confirm: Callable[[Farewell], bool] = lambda _farewell: True,
    ) -> None:
        self._clients = clients
        self._stack = stack
        self._change_sets = ChangeSets(clients, stack, progress)
        self._progress = progress
        self._confirm = confirm

    def run(self) -> Farewell | None:
        """Delete the stack.

        Returns
        -------
        Farewell or None
            What stays; None when there is no such stack.

        Raises
        ------
        DeployError
            If it was not confirmed, or something cannot be deleted.
        """
        try:
            return self._run()
        except (ClientError, WaitTimeoutError) as error:
            raise DeployError(f"destroying the stack {self._stack}: {error}") from error

    def _run(self) -> Farewell | None:
        status = self._change_sets.settle()
        if status is None:
            return None
        # Of such a stack there is a change set, and nothing else yet.
        farewell = self._farewell(empty=status == "REVIEW_IN_PROGRESS")
        if not self._confirm(farewell):
            raise DeployError(
                f"the stack {self._stack} at {self._clients.place} is as it was: not confirmed"
            )
        for attempt in range(1, _ATTEMPTS + 1):
            for held in farewell.lost:
                if held.kind == _BUCKET:
                    self._empty(held.identity)
            self._progress(f"deleting the stack {self._stack}")
            try:
                self._change_sets.delete()
            except DeployError as error:
                refilled = "BucketNotEmpty" in str(error) or "not empty" in str(error)
                if not refilled or attempt == _ATTEMPTS:
                    raise
            else:
                break
        return farewell

    def _farewell(self, *, empty: bool) -> Farewell:
        if empty:
            bucket = Artifacts(self._clients).bucket
            return Farewell(self._stack, self._clients.place, (), (), bucket)
        cloudformation = self._clients.client("cloudformation")
        retained = self._retained(cloudformation)
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=self._stack)
        held = [
            Held(each["LogicalResourceId"], each["ResourceType"], each["PhysicalResourceId"])
            for page in pages
            for each in page["StackResourceSummaries"]
            if each.get("PhysicalResourceId") and each["ResourceStatus"] != "DELETE_COMPLETE"
        ]
        return Farewell(
            self._stack,
            self._clients.place,
            tuple(e for e in held if e.kind in HOLDS_DATA and e.name not in retained),
            tuple(each for each in held if each.name in retained),
            Artifacts(self._clients).bucket,
        )

    def _retained(self, cloudformation: Any) -> set[str]:
        """Give the logical ids that the stack's own template retains."""
        if describe(cloudformation, self._stack) is None:
            return set()
        resources = template_of(self._clients, self._stack).body["Resources"]
        return {
            name
            for name, each in resources.items()
            if each.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate")
        }

    def _empty(self, bucket: str) -> None:
        """Delete every version of every object."""
        s3 = self._clients.client("s3")
        owner = {"Bucket": bucket, "ExpectedBucketOwner": self._clients.account}
        try:
            for page in s3.get_paginator("list_object_versions").paginate(**owner):
                found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                keys = [{"Key": e["Key"], "VersionId": e["VersionId"]} for e in found]
                if not keys:
                    continue
                self._progress(f"deleting {len(keys)} objects of {bucket}")
                said = s3.delete_objects(Delete={"Objects": keys, "Quiet": True}, **owner)
                for error in said.get("Errors", []):
                    raise DeployError(
                        f"s3://{bucket}/{error['Key']} cannot be deleted: "
                        f"{error['Code']} {error.get('Message', '')}".rstrip()
                    )
        except s3.exceptions.NoSuchBucket:
            return  # deleted by an attempt before this one
