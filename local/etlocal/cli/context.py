"""What the commands share: options, the running stack, the deployed pipeline."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel

from etlocal import deploy, deployments, target, templates
from etlocal.flow import Flow
from etlocal.settings import Settings
from etlocal.stack import Stack
from etlocal.target import Target, TargetError

DEFAULT_TEMPLATE = Path("template.yaml")
DEFAULT_STACK = "etlocal"

StateDir = Annotated[
    Path | None,
    typer.Option("--state-dir", help="Folder of the stack's state [default: .etlocal]"),
]
Port = Annotated[
    int | None, typer.Option("--port", help="Port of the AWS endpoint [default: 4566]")
]
WorkerPort = Annotated[
    int | None, typer.Option("--worker-port", help="Port of the Glue worker [default: 4567]")
]
Endpoint = Annotated[
    str | None,
    typer.Option(
        "--endpoint",
        metavar="URL",
        help="A stack that runs elsewhere, such as containers: its AWS endpoint "
        "[default: ETLOCAL_ENDPOINT, else what runs on the state folder]",
    ),
]
StackName = Annotated[
    str | None,
    typer.Option(
        "--stack",
        help="The deployed pipeline's stack [default: the one deployed last from here; "
        "at an endpoint the only one]",
    ),
]


class Deployment(BaseModel):
    """What was deployed last on a state folder: ``run/deployment.json``."""

    stack: str
    template: Path


def settings(**given: object) -> Settings:
    """Read the settings: the environment's, under the options that were given."""
    return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]  # pydantic checks


def chosen_endpoint(endpoint: str | None, state_dir: Path | None) -> str | None:
    """Give the URL of the stack that a command is for; None for what runs on a state folder.

    Raises
    ------
    TargetError
        If both were given on the command line.
    """
    if endpoint is not None and state_dir is not None:
        raise TargetError(
            f"--endpoint {endpoint} and --state-dir {state_dir} name two stacks: give one of them"
        )
    return endpoint or (None if state_dir else os.environ.get("ETLOCAL_ENDPOINT")) or None


def running(endpoint: str | None, state_dir: Path | None) -> Target:
    """Give the stack that a command is for.

    Raises
    ------
    NotRunningError
        If nothing runs there.
    TargetError, NotLocalError
        If what is at the endpoint cannot be used.
    """
    url = chosen_endpoint(endpoint, state_dir)
    if url is not None:
        return target.find(url)
    return Target.of(Stack(settings(state_dir=state_dir)).require())


def remember(on: Target, deployment: Deployment) -> None:
    """Keep what was deployed, for the commands that follow.

    A stack known by its URL is asked instead, so that it is the same from every folder.
    """
    if on.record is not None:
        _deployment_file(on.record.settings).write_text(deployment.model_dump_json(indent=2))


def forget(on: Target, stack: str) -> None:
    """Keep a stack no longer that was deployed last and is gone."""
    if on.record is None:
        return
    file = _deployment_file(on.record.settings)
    if file.exists() and Deployment.model_validate_json(file.read_text()).stack == stack:
        file.unlink()


def pipeline(on: Target, stack: str | None = None) -> Flow:
    """Give the pipeline of a stack's name, else the one that was deployed last, or is alone.

    Raises
    ------
    DeployError
        If there is none, or it is not clear which.
    """
    made = on.clients()
    if stack is not None or on.record is None:
        return Flow(made, deployments.discover(made, stack))
    try:
        text = _deployment_file(on.record.settings).read_text()
    except FileNotFoundError:
        raise deploy.DeployError("nothing has been deployed yet; do it: etlocal deploy") from None
    deployment = Deployment.model_validate_json(text)
    template = templates.load(deployment.template)
    return Flow(made, deploy.find(made, template, deployment.stack))


def _deployment_file(settings: Settings) -> Path:
    return settings.state_dir.absolute() / "run" / "deployment.json"
