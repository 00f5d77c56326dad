"""``deploy``, ``diff`` and ``destroy``, on either side."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from etlocal import deploy as deployment
from etlocal import templates
from etlocal.cli import plans
from etlocal.cli.context import (
    DEFAULT_STACK,
    DEFAULT_TEMPLATE,
    Deployment,
    Endpoint,
    StateDir,
    forget,
    remember,
    running,
)
from etlocal.cli.output import progress, say
from etlocal.clients import AwsClients, AwsError, Clients
from etlocal.deploy import DeployError
from etlocal.deploy.next_steps import next_steps
from etlocal.flow import FlowError
from etlocal.target import Target


class Side(StrEnum):
    """Where to."""

    LOCAL = "local"
    AWS = "aws"


On = Annotated[
    Side, typer.Option("--target", help="The local endpoint, or AWS with the account's costs")
]
TemplateFile = Annotated[Path, typer.Option("--template", "-t", help="The CloudFormation template")]
Stack = Annotated[str, typer.Option(help="The stack's name")]
Parameters = Annotated[
    list[str] | None, typer.Option("--parameter", "-p", help="KEY=VALUE, any number of times")
]
Profile = Annotated[
    str | None, typer.Option(help="With --target aws: profile of AWS's shared configuration")
]
Region = Annotated[
    str | None, typer.Option(help="With --target aws: region [default: the profile's]")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask")]


def deploy(
    *,
    target: On = Side.LOCAL,
    template: TemplateFile = DEFAULT_TEMPLATE,
    stack: Stack = DEFAULT_STACK,
    parameter: Parameters = None,
    profile: Profile = None,
    region: Region = None,
    yes: Yes = False,
    endpoint: Endpoint = None,
    state_dir: StateDir = None,
) -> None:
    """Deploy a template with its assets and warehouse scripts, by a CloudFormation change set.

    On AWS it names the account, shows what would change and what of it costs money, and asks.
    Cut off, it is taken up by running it again.
    """
    loaded = templates.load(template)
    clients, local = _side(target, endpoint, state_dir, profile, region)

    def confirm(plan: deployment.Plan) -> bool:
        if local is not None:
            return True
        plans.show(plan)
        return _agreed(f"Deploy {stack} to {clients.place}?", yes=yes)

    if local is None:
        say(f"{clients.place}, as {clients.caller}")
        with plans.lines() as tell:
            deployed = _deployment(clients, loaded, stack, parameter, tell, confirm).run()
    else:
        with progress() as tell:
            deployed = _deployment(clients, loaded, stack, parameter, tell, confirm).run()
        remember(local, Deployment(stack=stack, template=loaded.path))
    say(f"deployed {stack}", style="green")
    for name, value in sorted(deployed.outputs.items()):
        say(f"  {name} = {value}")
    if local is None:
        say("\nTo try next:")
        for step in next_steps(deployed, region=clients.region, profile=profile):
            say(f"  {step}")


def diff(
    *,
    target: On = Side.LOCAL,
    template: TemplateFile = DEFAULT_TEMPLATE,
    stack: Stack = DEFAULT_STACK,
    parameter: Parameters = None,
    profile: Profile = None,
    region: Region = None,
    endpoint: Endpoint = None,
    state_dir: StateDir = None,
) -> None:
    """Show what a deployment would change, and change nothing of the stack.

    What the template names is packaged into the asset bucket: CloudFormation reads it there.
    """
    loaded = templates.load(template)
    clients, local = _side(target, endpoint, state_dir, profile, region)
    if local is None:
        say(f"{clients.place}, as {clients.caller}")
    with progress() as tell:
        plan = _deployment(clients, loaded, stack, parameter, tell, lambda _plan: False).plan()
    plans.show(plan)


def destroy(
    *,
    target: On = Side.LOCAL,
    stack: Stack = DEFAULT_STACK,
    profile: Profile = None,
    region: Region = None,
    yes: Yes = False,
    endpoint: Endpoint = None,
    state_dir: StateDir = None,
) -> None:
    """Delete a stack with what is in its buckets and its warehouse, and say what stays."""
    clients, local = _side(target, endpoint, state_dir, profile, region)
    if local is None:
        say(f"{clients.place}, as {clients.caller}")

    def confirm(farewell: deployment.Farewell) -> bool:
        plans.show_farewell(farewell)
        return _agreed(f"Destroy {stack} at {clients.place}?", yes=yes)

    with plans.lines() as tell:
        gone = deployment.Destruction(clients, stack, progress=tell, confirm=confirm).run()
    if local is not None:
        forget(local, stack)
    if gone is None:
        say(f"there is no stack {stack} at {clients.place}: nothing was deleted")
        return
    say(f"destroyed {stack}", style="green")
    plans.show_kept(gone)


def _side(
    side: Side,
    endpoint: str | None,
    state_dir: Path | None,
    profile: str | None,
    region: str | None,
) -> tuple[Clients, Target | None]:
    """Give the clients, and the running stack where they are local."""
    if side is Side.AWS:
        if endpoint is not None or state_dir is not None:
            raise AwsError("--target aws is AWS itself: leave --endpoint and --state-dir out")
        return AwsClients(profile=profile, region=region), None
    if profile is not None or region is not None:
        raise AwsError(
            "--profile and --region are for --target aws: local calls take dummy credentials, and "
            "the region that ETLOCAL_REGION had when the endpoint was started"
        )
    found = running(endpoint, state_dir)
    return found.clients(), found


def _deployment(
    clients: Clients,
    template: templates.Template,
    stack: str,
    parameter: list[str] | None,
    tell: plans.Tell,
    confirm: plans.Confirm,
) -> deployment.Deployment:
    return deployment.Deployment(
        clients,
        template,
        stack=stack,
        parameters=_parameters(parameter or []),
        progress=tell,
        confirm=confirm,
    )


def _agreed(question: str, *, yes: bool) -> bool:
    if yes:
        return True
    if not is_terminal():
        raise DeployError(f"{question} It wants a yes, and nobody is there to ask: give --yes")
    return typer.confirm(question)


def is_terminal() -> bool:
    """Say whether somebody is there to be asked."""
    return sys.stdin.isatty()


def _parameters(given: list[str]) -> dict[str, str]:
    values = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise FlowError(f"--parameter takes KEY=VALUE, not {text!r}")
        values[name] = value
    return values
