"""A stack that is there, and how it is found."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from etlocal import templates
from etlocal.clients import Clients
from etlocal.templates import Template


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


def find(clients: Clients, template: Template, stack: str) -> Deployed:
    """Give a stack that was deployed.

    Raises
    ------
    DeployError
        If there is no such stack.
    """
    described = describe(clients.client("cloudformation"), stack)
    if described is None:
        raise DeployError(f"there is no stack {stack}; deploy it: etlocal deploy")
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])}
    return Deployed(stack, outputs, template)


def stack_status(cloudformation: Any, stack: str) -> str | None:
    """Give a stack's status; None when there is none (or one that only a change set names)."""
    described = describe(cloudformation, stack)
    status = str(described["StackStatus"]) if described else None
    return None if status in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE") else status


def describe(cloudformation: Any, stack: str) -> dict[str, Any] | None:
    """Describe a stack, one that only a change set names as well; None when there is none."""
    try:
        described: dict[str, Any] = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return described


def template_of(clients: Clients, stack: str) -> Template:
    """Give the template that a stack was made of, as CloudFormation keeps it.

    Raises
    ------
    TemplateError
        If its ``Metadata: etlocal`` breaks the rules.
    """
    body = clients.client("cloudformation").get_template(StackName=stack)["TemplateBody"]
    # boto3 parses a body that is JSON, and gives one that is YAML as it is.
    text = body if isinstance(body, str) else json.dumps(body)
    return templates.parse(text, Path(f"the template of the stack {stack}"))
