"""Finds a deployed pipeline by asking CloudFormation, without the files that it was made from."""

from __future__ import annotations

from collections.abc import Iterator

from etlocal import templates
from etlocal.clients import LocalClients
from etlocal.deploy import Deployed, DeployError, find, stack_status, template_of
from etlocal.templates import Template, TemplateError


def discover(clients: LocalClients, stack: str | None = None) -> Deployed:
    """Give the pipeline that is deployed.

    A pipeline is a stack whose template has ``Metadata: etlocal``, which says where uploads go and
    where the warehouse is. CloudFormation keeps the template, and ``GetTemplate`` gives it back.

    Parameters
    ----------
    clients : LocalClients
    stack : str, optional
        The stack's name, where there are several.

    Raises
    ------
    DeployError
        If there is none, or no such stack; if there are several and none is named.
    """
    if stack is not None:
        if stack_status(clients.client("cloudformation"), stack) is None:
            raise DeployError(
                f"there is no stack {stack} at {clients.endpoint_url}; deploy it: etlocal deploy"
            )
        return find(clients, template_of(clients, stack), stack)
    found = list(_pipelines(clients))
    if len(found) > 1:
        names = ", ".join(sorted(name for name, _ in found))
        raise DeployError(f"several pipelines are deployed ({names}): name one with --stack")
    if not found:
        raise DeployError(
            f"nothing has been deployed yet at {clients.endpoint_url}; do it: etlocal deploy"
        )
    [(name, template)] = found
    return find(clients, template, name)


def _pipelines(clients: LocalClients) -> Iterator[tuple[str, Template]]:
    pages = clients.client("cloudformation").get_paginator("describe_stacks").paginate()
    for described in (each for page in pages for each in page["Stacks"]):
        if described["StackStatus"] in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE"):
            continue
        name = described["StackName"]
        try:
            template = template_of(clients, name)
        except TemplateError:
            continue  # a stack that other tools made, in ways that do not concern etlocal
        if template.metadata != templates.Metadata():
            yield name, template
