"""What the commands share: options, the running stack, the deployed pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel

from etlocal import deploy, templates
from etlocal.clients import LocalClients
from etlocal.flow import Flow
from etlocal.settings import Settings
from etlocal.stack import Record, Stack

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


class Deployment(BaseModel):
    """What was deployed last on a state folder: ``run/deployment.json``."""

    stack: str
    template: Path


def settings(**given: object) -> Settings:
    """Read the settings: the environment's, under the options that were given."""
    return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]


def running(state_dir: Path | None) -> Record:
    """Give what runs on a state folder.

    Raises
    ------
    NotRunningError
        If nothing does.
    """
    return Stack(settings(state_dir=state_dir)).require()


def clients(record: Record) -> LocalClients:
    """Make clients on a running stack."""
    return LocalClients(record.part("endpoint").url, record.settings)


def remember(record: Record, deployment: Deployment) -> None:
    """Keep what was deployed, for the commands that follow."""
    _deployment_file(record.settings).write_text(deployment.model_dump_json(indent=2))


def pipeline(record: Record) -> Flow:
    """Give the pipeline that was deployed last.

    Raises
    ------
    DeployError
        If none was.
    """
    try:
        text = _deployment_file(record.settings).read_text()
    except FileNotFoundError:
        raise deploy.DeployError("nothing has been deployed yet; do it: etlocal deploy") from None
    deployment = Deployment.model_validate_json(text)
    made = clients(record)
    template = templates.load(deployment.template)
    return Flow(made, deploy.find(made, template, deployment.stack))


def _deployment_file(settings: Settings) -> Path:
    return settings.state_dir.absolute() / "run" / "deployment.json"
