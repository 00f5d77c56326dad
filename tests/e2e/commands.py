"""Commands as a person types them, in an environment that has nothing but the endpoint."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from etlocal.stack import Record


def etlocal_command(
    *arguments: str, record: Record | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``etlocal …``, on the state folder of `record` when there is one."""
    where = ["--state-dir", str(record.settings.state_dir)] if record else []
    return run([sys.executable, "-m", "etlocal", *arguments, *where], cwd=cwd)


def aws_command(
    *arguments: str, record: Record, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``aws …`` with nothing but ``AWS_ENDPOINT_URL`` and credentials that nobody checks."""
    program = Path(sys.executable).with_name("aws")
    return run(
        [sys.executable, str(program), *arguments],
        cwd=cwd,
        AWS_ENDPOINT_URL=record.part("endpoint").url,
        AWS_ACCESS_KEY_ID=record.settings.account,
        AWS_SECRET_ACCESS_KEY="anything",
        AWS_DEFAULT_REGION=record.settings.region,
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
