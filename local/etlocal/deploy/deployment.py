"""Puts a stack there: package, change set, assets, usage limit, warehouse scripts, crawlers.

Each step can be done again: one that was cut off is taken up by running the deployment once more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from etlocal import templates
from etlocal.clients import Clients
from etlocal.deploy.artifacts import Artifacts
from etlocal.deploy.changes import Plan, read_changes
from etlocal.deploy.crawlers import run_crawlers
from etlocal.deploy.deployed import Deployed, DeployError, find
from etlocal.deploy.migrations import Migrations, Script, pending, scripts
from etlocal.deploy.stacks import ChangeSets, Progress
from etlocal.deploy.usage_limit import apply_usage_limit
from etlocal.templates import Template
from etlocal.waiting import WaitTimeoutError

T = TypeVar("T")


class DeclinedError(DeployError):
    """Who was asked said no; nothing was changed."""


class Deployment:
    """Deploys one template as one stack.

    Parameters
    ----------
    clients : Clients
        Where to.
    template : Template
    stack : str
        The stack's name.
    parameters : dict
        Values of the template's parameters.
    progress : callable
        Is told what is being done.
    confirm : callable
        Is shown the `Plan` before anything is changed, and says whether to go on. What was
        packaged by then is in the asset bucket, under its content's hash.
    """

    def __init__(
        self,
        clients: Clients,
        template: Template,
        *,
        stack: str,
        parameters: dict[str, str] | None = None,
        progress: Progress = lambda _text: None,
        confirm: Callable[[Plan], bool] = lambda _plan: True,
    ) -> None:
        self._clients = clients
        self._template = template
        self._stack = stack
        self._artifacts = Artifacts(clients)
        self._change_sets = ChangeSets(clients, stack, progress)
        self._parameters = dict(parameters or {})
        if template.metadata.ArtifactBucket is not None:
            self._parameters.setdefault(template.metadata.ArtifactBucket, self._artifacts.bucket)
        self._progress = progress
        self._confirm = confirm

    def run(self) -> Deployed:
        """Deploy.

        Returns
        -------
        Deployed
            The stack with its outputs.

        Raises
        ------
        DeclinedError
            If the plan was declined.
        DeployError
            At the first step that fails; what the steps before it did stays.
        """
        return self._telling(self._run)

    def plan(self) -> Plan:
        """Say what `run` would change, and change nothing.

        What the template names is packaged, as the change set is made of it.

        Raises
        ------
        DeployError
            If that cannot be said.
        """
        return self._telling(self._plan_only)

    def _telling(self, step: Callable[[], T]) -> T:
        try:
            return step()
        except (ClientError, WaitTimeoutError) as error:
            raise DeployError(f"deploying the stack {self._stack}: {error}") from error

    def _run(self) -> Deployed:
        exists, made, plan = self._prepare(looking=False)
        if not plan.is_empty and not self._confirm(plan):
            if made:
                self._change_sets.discard(made, exists=exists)
            raise DeclinedError(
                f"the stack {self._stack} at {self._clients.place} is as it was: not confirmed"
            )
        if made:
            self._change_sets.execute(made, exists=exists)
        else:
            self._progress(f"the stack {self._stack} is up to date")
        deployed = find(self._clients, self._template, self._stack)
        self._upload_assets(deployed)
        apply_usage_limit(self._clients, deployed, self._progress)
        Migrations(self._clients, deployed, self._scripts, self._progress).run()
        run_crawlers(self._clients, deployed, self._progress)
        return deployed

    def _plan_only(self) -> Plan:
        exists, made, plan = self._prepare(looking=True)
        if made:
            self._change_sets.discard(made, exists=exists)
        return plan

    def _prepare(self, *, looking: bool) -> tuple[bool, str | None, Plan]:
        """Make the change set; give whether the stack exists, the change set's name, the plan."""
        self._check_parameters()
        known = self._scripts
        exists = self._change_sets.prepare(looking=looking)
        before = find(self._clients, self._template, self._stack) if exists else None
        # Before the stack is touched: a script that may not run is told while all is as it was.
        waiting = self._waiting(before) if before else pending(known, {})
        body = self._package()
        made = self._change_sets.create(
            self._artifacts.template(body), self._parameter_list(exists=exists), exists=exists
        )
        name, changes = made or (None, [])
        plan = Plan(
            self._stack,
            self._clients.place,
            not exists,
            name is not None,
            read_changes(changes, self._template),
            tuple(self._stale_assets(before)),
            tuple(script.name for script in waiting),
        )
        return exists, name, plan

    @cached_property
    def _scripts(self) -> list[Script]:
        return scripts(self._template)

    def _waiting(self, deployed: Deployed) -> list[Script]:
        warehouse = self._template.metadata.Warehouse
        named = [warehouse.Workgroup, warehouse.Database] if warehouse else []
        if not all(name in deployed.outputs for name in named):
            return pending(self._scripts, {})  # the warehouse is new to the stack
        return Migrations(self._clients, deployed, self._scripts, self._progress).pending()

    def _package(self) -> str:
        def upload(file: Path, key: str) -> tuple[str, str]:
            if self._artifacts.upload(file, key):
                self._progress(f"uploaded {file.name}")
            return self._artifacts.bucket, key

        body = templates.package(self._template, upload)
        for script in self._scripts:
            # So that what a hash in the warehouse's record stands for can be read later.
            self._artifacts.upload(script.file, templates.content_key(script.file))
        return body

    def _check_parameters(self) -> None:
        known = self._template.body.get("Parameters") or {}
        unknown = sorted(set(self._parameters) - set(known))
        if unknown:
            raise DeployError(
                f"{self._template.path} has no parameter {', '.join(unknown)}; "
                f"it has: {', '.join(sorted(known)) or 'none'}"
            )

    def _parameter_list(self, *, exists: bool) -> list[dict[str, Any]]:
        known = self._template.body.get("Parameters") or {}
        given = [
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in self._parameters.items()
        ]
        before = self._parameters_before() if exists else set()
        kept = [
            {"ParameterKey": key, "UsePreviousValue": True}
            for key in known
            if key in before and key not in self._parameters
        ]
        return given + kept

    def _parameters_before(self) -> set[str]:
        """Give the names of the parameters that the stack has: a new one has no previous value."""
        described = self._clients.client("cloudformation").describe_stacks(StackName=self._stack)
        return {each["ParameterKey"] for each in described["Stacks"][0].get("Parameters", [])}

    def _stale_assets(self, deployed: Deployed | None) -> list[str]:
        """Give the assets that the stack's bucket has not as they are; all, without a stack."""
        assets = self._template.metadata.Assets
        if assets is None:
            return []
        if deployed is None or assets.Bucket not in deployed.outputs:
            return assets.Files
        s3 = self._clients.client("s3")
        return [
            relative
            for relative in assets.Files
            if _digest(s3, self._asset(deployed, relative)) != self._hash(relative)
        ]

    def _upload_assets(self, deployed: Deployed) -> None:
        s3 = self._clients.client("s3")
        for relative in self._stale_assets(deployed):
            self._progress(f"uploading {relative}")
            s3.put_object(
                Body=self._template.file(relative).read_bytes(),
                Metadata={"sha256": self._hash(relative)},
                ChecksumAlgorithm="SHA256",
                **self._asset(deployed, relative),
            )

    def _asset(self, deployed: Deployed, relative: str) -> dict[str, str]:
        """Give the parameters that name an asset's object, as S3's operations take them."""
        assets = self._template.metadata.Assets
        return {
            "Bucket": deployed.output(assets.Bucket if assets else None, "where assets go"),
            "Key": relative,
            "ExpectedBucketOwner": self._clients.account,
        }

    def _hash(self, relative: str) -> str:
        return hashlib.sha256(self._template.file(relative).read_bytes()).hexdigest()


def _digest(s3: Any, where: dict[str, str]) -> str | None:
    try:
        found = s3.head_object(**where)
    except ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
        return None
    return str(found["Metadata"].get("sha256"))
