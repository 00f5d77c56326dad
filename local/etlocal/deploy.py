"""Template, assets and warehouse scripts → a running stack.

The steps are those of a deployment to AWS: package the template's local files under their content's
hash, create or update the stack by a change set, upload the assets, run the warehouse scripts by
the Redshift Data API, run the crawlers that the template names.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlparse
from botocore.exceptions import ClientError

from etlocal import templates
from etlocal.clients import LocalClients
from etlocal.templates import Template
from etlocal.waiting import WaitTimeoutError, await_answer

Progress = Callable[[str], None]

_STACK_SECONDS = 600
_STATEMENT_SECONDS = 600
_CRAWL_SECONDS = 600


class DeployError(Exception):
    """The deployment failed; the message says at what, and why."""


@dataclass(frozen=True)
class Deployed:
    """A stack that is there."""

    stack: str
    outputs: dict[str, str]
    template: Template

    def output(self, name: str | None, purpose: str) -> str:
        """Give the value of an Output that the template's ``Metadata: etlocal`` names.

        Raises
        ------
        DeployError
            If the template names none for that purpose, or the stack does not have it.
        """
        if name is None:
            raise DeployError(
                f"{self.template.path} does not say {purpose}: its Metadata.etlocal lacks it"
            )
        if name not in self.outputs:
            raise DeployError(f"the stack {self.stack} has no output {name}; deploy it again")
        return self.outputs[name]


class Deployment:
    """Deploys one template as one stack.

    Parameters
    ----------
    clients : LocalClients
        Where to.
    template : Template
    stack : str
        The stack's name.
    parameters : dict
        Values of the template's parameters.
    progress : callable
        Is told what is being done.
    """

    def __init__(
        self,
        clients: LocalClients,
        template: Template,
        *,
        stack: str,
        parameters: dict[str, str] | None = None,
        progress: Progress = lambda _text: None,
    ) -> None:
        self._clients = clients
        self._template = template
        self._stack = stack
        self._parameters = dict(parameters or {})
        if template.metadata.ArtifactBucket is not None:
            self._parameters.setdefault(template.metadata.ArtifactBucket, self._artifact_bucket)
        self._progress = progress

    def run(self) -> Deployed:
        """Deploy.

        Returns
        -------
        Deployed
            The stack with its outputs.

        Raises
        ------
        DeployError
            At the first step that fails; what the steps before it did stays.
        """
        try:
            body = self._package()
            self._apply(body)
            deployed = find(self._clients, self._template, self._stack)
            self._upload_assets(deployed)
            self._run_scripts(deployed)
            self._run_crawlers(deployed)
        except (ClientError, WaitTimeoutError) as error:
            raise DeployError(f"deploying the stack {self._stack}: {error}") from error
        return deployed

    @property
    def _artifact_bucket(self) -> str:
        return f"etlocal-artifacts-{self._clients.account}-{self._clients.region}"

    def _package(self) -> str:
        bucket = self._artifact_bucket
        s3 = self._clients.client("s3")
        made = False

        def upload(file: Path, key: str) -> tuple[str, str]:
            nonlocal made
            if not made:
                self._make_bucket(s3, bucket)
                made = True
            self._progress(f"uploading {file.name}")
            s3.put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
            return bucket, key

        return templates.package(self._template, upload)

    def _make_bucket(self, s3: Any, bucket: str) -> None:
        try:
            if self._clients.region == "us-east-1":
                s3.create_bucket(Bucket=bucket)
            else:
                s3.create_bucket(
                    Bucket=bucket,
                    CreateBucketConfiguration={"LocationConstraint": self._clients.region},
                )
        except s3.exceptions.BucketAlreadyOwnedByYou:
            return

    def _apply(self, body: str) -> None:
        cloudformation = self._clients.client("cloudformation")
        status = stack_status(cloudformation, self._stack)
        if status == "ROLLBACK_COMPLETE":
            # Such a stack has no resources and takes no update: CloudFormation wants it deleted.
            self._delete(cloudformation)
        exists = status is not None and status != "ROLLBACK_COMPLETE"
        name = f"etlocal-{uuid.uuid4().hex[:12]}"
        cloudformation.create_change_set(
            StackName=self._stack,
            ChangeSetName=name,
            ChangeSetType="UPDATE" if exists else "CREATE",
            TemplateBody=body,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
            Parameters=self._parameter_list(exists=exists),
        )
        change_set = self._await_change_set(cloudformation, name)
        if change_set["Status"] == "FAILED":
            reason = change_set.get("StatusReason", "no reason was given")
            cloudformation.delete_change_set(StackName=self._stack, ChangeSetName=name)
            if _nothing_to_change(reason):
                self._progress(f"the stack {self._stack} is up to date")
                return
            raise DeployError(f"the change set of the stack {self._stack} failed: {reason}")
        self._progress(f"{'updating' if exists else 'creating'} the stack {self._stack}")
        began = dt.datetime.now(dt.UTC)
        cloudformation.execute_change_set(StackName=self._stack, ChangeSetName=name)
        status = self._await_stack(cloudformation)
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            reasons = "\n".join(f"  {line}" for line in self._failures(cloudformation, began))
            raise DeployError(f"the stack {self._stack} ended in {status}:\n{reasons}")

    def _delete(self, cloudformation: Any) -> None:
        self._progress(f"deleting the stack {self._stack}, which could not be created before")
        cloudformation.delete_stack(StackName=self._stack)
        self._await_stack(cloudformation)

    def _parameter_list(self, *, exists: bool) -> list[dict[str, Any]]:
        known = self._template.body.get("Parameters") or {}
        unknown = sorted(set(self._parameters) - set(known))
        if unknown:
            raise DeployError(
                f"{self._template.path} has no parameter {', '.join(unknown)}; "
                f"it has: {', '.join(sorted(known)) or 'none'}"
            )
        given = [
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in self._parameters.items()
        ]
        kept = [
            {"ParameterKey": key, "UsePreviousValue": True}
            for key in known
            if exists and key not in self._parameters
        ]
        return given + kept

    def _await_change_set(self, cloudformation: Any, name: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = cloudformation.describe_change_set(
                StackName=self._stack, ChangeSetName=name
            )
            return found if found["Status"] in ("CREATE_COMPLETE", "FAILED") else None

        return await_answer(
            look, seconds=_STACK_SECONDS, what=f"the change set of the stack {self._stack}"
        )

    def _await_stack(self, cloudformation: Any) -> str:
        def look() -> str | None:
            status = stack_status(cloudformation, self._stack) or "DELETE_COMPLETE"
            return None if status.endswith("_IN_PROGRESS") else status

        return await_answer(look, seconds=_STACK_SECONDS, what=f"the stack {self._stack}")

    def _failures(self, cloudformation: Any, since: dt.datetime) -> Iterator[str]:
        pages = cloudformation.get_paginator("describe_stack_events").paginate(
            StackName=self._stack
        )
        for event in (event for page in pages for event in page["StackEvents"]):
            status, reason = event["ResourceStatus"], event.get("ResourceStatusReason")
            begins_to_fail = status.endswith(("_FAILED", "ROLLBACK_IN_PROGRESS"))
            if event["Timestamp"] >= since and begins_to_fail and reason:
                yield f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}"

    def _upload_assets(self, deployed: Deployed) -> None:
        assets = self._template.metadata.Assets
        if assets is None:
            return
        s3 = self._clients.client("s3")
        bucket = deployed.output(assets.Bucket, "where assets go")
        for relative in assets.Files:
            self._progress(f"uploading {relative}")
            s3.put_object(
                Bucket=bucket, Key=relative, Body=self._template.file(relative).read_bytes()
            )

    def _run_scripts(self, deployed: Deployed) -> None:
        warehouse = self._template.metadata.Warehouse
        if warehouse is None:
            return
        data = self._clients.client("redshift-data")
        for script in sorted(self._template.file(warehouse.Scripts).glob("*.sql")):
            self._progress(f"running {warehouse.Scripts}/{script.name}")
            sqls = statements(fill_in(script.read_text(), deployed.outputs, script))
            if not sqls:
                continue
            target = {
                "WorkgroupName": deployed.output(warehouse.Workgroup, "the workgroup"),
                "Database": deployed.output(warehouse.Database, "the database"),
            }
            if len(sqls) == 1:
                started = data.execute_statement(Sql=sqls[0], **target)
            else:
                started = data.batch_execute_statement(Sqls=sqls, **target)
            ended = await_statement(data, started["Id"])
            if ended["Status"] != "FINISHED":
                raise DeployError(
                    f"{script} failed and was rolled back: {ended.get('Error', ended['Status'])}"
                )

    def _run_crawlers(self, deployed: Deployed) -> None:
        glue = self._clients.client("glue")
        for output in self._template.metadata.Crawlers:
            name = deployed.output(output, "its crawlers")
            self._progress(f"running the crawler {name}")
            try:
                glue.start_crawler(Name=name)
            except glue.exceptions.CrawlerRunningException:
                self._progress(f"the crawler {name} is running already")

            def look(name: str = name) -> dict[str, Any] | None:
                crawler: dict[str, Any] = glue.get_crawler(Name=name)["Crawler"]
                return crawler if crawler["State"] == "READY" else None

            last = await_answer(look, seconds=_CRAWL_SECONDS, what=f"the crawler {name}").get(
                "LastCrawl", {}
            )
            if last.get("Status") != "SUCCEEDED":
                raise DeployError(
                    f"the crawler {name} ended {last.get('Status')}: {last.get('ErrorMessage')}"
                )


def find(clients: LocalClients, template: Template, stack: str) -> Deployed:
    """Give a stack that was deployed.

    Raises
    ------
    DeployError
        If there is no such stack.
    """
    try:
        described = clients.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        raise DeployError(f"there is no stack {stack}; deploy it: etlocal deploy") from error
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}
    return Deployed(stack, outputs, template)


def stack_status(cloudformation: Any, stack: str) -> str | None:
    """Give a stack's status; None when there is none (or one that only a change set names)."""
    try:
        described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    status: str = described["StackStatus"]
    return None if status in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE") else status


def statements(script: str) -> list[str]:
    """Split a script into its statements, without the comments around them."""
    split = (sqlparse.format(sql, strip_comments=True) for sql in sqlparse.split(script))
    return [sql.strip().rstrip(";").strip() for sql in split if sql.strip(" \n\t;")]


def fill_in(script: str, outputs: dict[str, str], source: Path) -> str:
    """Replace ``${OutputName}`` by the output's value, in which quotes are not allowed.

    Raises
    ------
    DeployError
        If a name is no output, or a value could end the SQL literal that it stands in.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in outputs:
            raise DeployError(f"{source} names ${{{name}}}, which is no output of the stack")
        if not re.fullmatch(r"[\w:/.+=@-]*", outputs[name]):
            raise DeployError(
                f"the output {name} has characters that may not go into {source}: {outputs[name]!r}"
            )
        return outputs[name]

    return re.sub(r"\$\{(\w+)\}", value, script)


def await_statement(data: Any, statement_id: str) -> dict[str, Any]:
    """Wait for the end of a statement of the Redshift Data API and give its description."""

    def look() -> dict[str, Any] | None:
        described: dict[str, Any] = data.describe_statement(Id=statement_id)
        return described if described["Status"] in ("FINISHED", "FAILED", "ABORTED") else None

    return await_answer(
        look, seconds=_STATEMENT_SECONDS, what=f"the statement {statement_id}", first=0.005
    )


def _nothing_to_change(reason: str) -> bool:
    return "didn't contain changes" in reason or "No updates are to be performed" in reason
