"""The project's docker-compose.yml as one Compose project on ports of its own."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from etlocal.processes import free_port

ROOT = Path(__file__).resolve().parents[2]
# Building from nothing fetches Spark: a gigabyte, over whatever line there is.
_BUILD_SECONDS = 1800
_SECONDS = 900


class ComposeError(AssertionError):
    """A command of Compose failed; the message has the command and what it said."""


class Compose:
    """One Compose project.

    Attributes
    ----------
    project : str
        Its name, which its containers, volumes and network begin with.
    port, stepfunctions_port, redshift_port : int
        Where it is published on 127.0.0.1.
    """

    def __init__(self) -> None:
        self.project = f"etlocal-test-{uuid.uuid4().hex[:8]}"
        self.port, self.stepfunctions_port = free_port(), free_port()
        self.redshift_port = free_port()
        self._environment = _inherited(os.environ) | {
            "COMPOSE_PROJECT_NAME": self.project,
            "ETLOCAL_PORT": str(self.port),
            "ETLOCAL_STEPFUNCTIONS_PORT": str(self.stepfunctions_port),
            "ETLOCAL_REDSHIFT_PORT": str(self.redshift_port),
            "ETLOCAL_TIME_SCALE": "0.05",
            "ETLOCAL_ENFORCE_IAM": "true",
            # The tests' jobs are small.
            "ETLOCAL_DRIVER_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1",
        }

    @property
    def url(self) -> str:
        """The AWS endpoint's URL."""
        return f"http://127.0.0.1:{self.port}"

    def __call__(
        self,
        *arguments: str,
        seconds: float = _SECONDS,
        variables: Mapping[str, str] | None = None,
    ) -> str:
        """Run ``docker compose …`` and give what it printed.

        Parameters
        ----------
        arguments : str
        seconds : float
            How long it may take.
        variables : mapping, optional
            Of docker-compose.yml, beside the ports.

        Raises
        ------
        ComposeError
            If its exit code is not 0.
        """
        done = subprocess.run(
            ["docker", "compose", "--progress", "plain", *arguments],
            cwd=ROOT,
            env={**self._environment, **(variables or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        if done.returncode != 0:
            raise ComposeError(
                f"docker compose {' '.join(arguments)} ended with {done.returncode}:\n"
                f"{done.stdout[-3000:]}\n{done.stderr[-6000:]}\n{self._logs()}"
            )
        return done.stdout

    def build(self) -> None:
        """Build the images."""
        self("build", seconds=_BUILD_SECONDS)

    def up(self, *options: str, variables: Mapping[str, str] | None = None) -> None:
        """Start what does not run, deploy, and wait until all is well."""
        self("up", "--wait", *options, variables=variables)

    def containers(self, service: str) -> list[str]:
        """Give the ids of a service's containers that run."""
        return self("ps", "--quiet", service).split()

    def running(self) -> set[str]:
        """Give the services of which a container runs."""
        return set(self("ps", "--status", "running", "--services").split())

    def inspect(self, container: str) -> dict[str, Any]:
        """Give all that the engine knows of a container."""
        [found] = json.loads(docker("inspect", container))
        return dict(found)

    def clear(self) -> None:
        """End everything, and delete what it kept."""
        self("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "5")

    def _logs(self) -> str:
        done = subprocess.run(
            ["docker", "compose", "logs", "--no-color", "--tail", "25"],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout[-12000:]


def docker(*arguments: str) -> str:
    """Run ``docker …`` and give what it printed.

    Raises
    ------
    ComposeError
        If its exit code is not 0.
    """
    done = subprocess.run(
        ["docker", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise ComposeError(f"docker {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout


def _inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the environment without what a user has set for a project of their own."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(("ETLOCAL_", "COMPOSE_")) or name == "COMPOSE_BAKE"
    }
