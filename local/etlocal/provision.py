"""``python -m etlocal.provision``: deploys one template to a running endpoint, and ends.

It is what a one-shot container runs. Deploying again what is there changes nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from etlocal import deploy, templates
from etlocal.clients import LocalClients, NotLocalError
from etlocal.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Deploy; give the exit code, 1 when it failed.

    Parameters
    ----------
    arguments : sequence of str or None
        The command line; None for the process's own.
    """
    parser = argparse.ArgumentParser(prog="python -m etlocal.provision")
    parser.add_argument("template", type=Path, help="the CloudFormation template")
    parser.add_argument("--stack", default="etlocal", help="the stack's name")
    asked = parser.parse_args(arguments)
    settings = Settings()
    try:
        deployed = deploy.Deployment(
            LocalClients(settings.job_endpoint, settings),
            templates.load(asked.template),
            stack=asked.stack,
            progress=_say,
        ).run()
    except (
        deploy.DeployError,
        templates.TemplateError,
        NotLocalError,
        ClientError,
        BotoCoreError,
    ) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    _say(f"deployed {deployed.stack}")
    for name, value in sorted(deployed.outputs.items()):
        _say(f"  {name} = {value}")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
