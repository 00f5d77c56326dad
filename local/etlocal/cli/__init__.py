"""The terminal: ``etlocal COMMAND``.

Exit codes: 0 done, 1 failed (the message says what, where and what to do), 2 wrong usage,
3 nothing is running, 130 interrupted.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from etlocal import __version__
from etlocal.cli import demo, deploying, doctor, lifecycle, permissions, pipeline
from etlocal.cli.output import fail, say
from etlocal.clients import AwsError, NotLocalError
from etlocal.control import ControlError
from etlocal.deploy import DeployError
from etlocal.flow import FlowError
from etlocal.stack import NotRunningError, StackError
from etlocal.templates import TemplateError
from etlocal.waiting import WaitTimeoutError

app = typer.Typer(
    name="etlocal",
    help="Run an event-driven AWS ETL pipeline on a laptop for real, and test it end to end.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version", is_eager=True)
    ] = False,
) -> None:
    if version:
        say(f"etlocal {__version__}")
        raise typer.Exit


for _command in (
    lifecycle.up,
    lifecycle.down,
    lifecycle.status,
    demo.demo,
    deploying.deploy,
    deploying.diff,
    deploying.destroy,
    pipeline.upload,
    pipeline.watch,
    pipeline.logs,
    pipeline.query,
    permissions.permissions,
    lifecycle.reset,
    doctor.doctor,
):
    app.command()(_command)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except NotRunningError as error:
        fail(str(error))
        sys.exit(lifecycle.EXIT_NOT_RUNNING)
    except (
        StackError,
        DeployError,
        TemplateError,
        FlowError,
        WaitTimeoutError,
        NotLocalError,
        AwsError,
        ControlError,
        ClientError,
        BotoCoreError,
    ) as error:
        fail(str(error))
        sys.exit(1)
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(map(str, problem["loc"])).upper()
            # A URL with a password is not repeated.
            given = "" if name == "WAREHOUSE_URL" else f"={problem['input']!r}"
            fail(f"ETLOCAL_{name}{given}: {problem['msg']}")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
