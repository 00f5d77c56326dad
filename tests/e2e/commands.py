"""Commands as a person types them, in an environment that has nothing but the endpoint."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from etlocal.target import Target


def etlocal_command(
    *arguments: str, on: Target | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``etlocal …`` on a stack: on its state folder if it was started here, else by its URL."""
    where: list[str] = []
    if on is not None and on.record is not None:
        where = ["--state-dir", str(on.record.settings.state_dir)]
    elif on is not None:
        where = ["--endpoint", on.endpoint_url]
    return run([sys.executable, "-m", "etlocal", *arguments, *where], cwd=cwd)


def aws_command(
    *arguments: str, on: Target, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``aws …`` with nothing but ``AWS_ENDPOINT_URL`` and credentials that nobody checks."""
    program = Path(sys.executable).with_name("aws")
    return run(
        [sys.executable, str(program), *arguments],
        cwd=cwd,
        AWS_ENDPOINT_URL=on.endpoint_url,
        AWS_ACCESS_KEY_ID=on.account,
        AWS_SECRET_ACCESS_KEY="anything",
        AWS_DEFAULT_REGION=on.region,
        AWS_CONFIG_FILE=os.devnull,
        AWS_PAGER="",
    )


def run(
    command: list[str], *, cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command without a terminal and give what it printed."""
    return subprocess.run(
        command,
        cwd=cwd,
        env={**_clean(os.environ), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
    )


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    dropped = ("AWS_", "ETLOCAL_", "PYTEST_", "COLUMNS")
    kept = ("AWS_CA_BUNDLE", "ETLOCAL_CACHE_DIR")
    return {
        name: value
        for name, value in environment.items()
        if name in kept or not name.startswith(dropped)
    }
