"""The end-to-end suite passes on the containers, as it does embedded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.containers.compose import ROOT, Compose

pytestmark = pytest.mark.containers

# Where the results go for the comparison with the embedded run.
RESULTS = "ETLOCAL_CONTAINERS_RESULTS"
_SECONDS = 1500


def test_end_to_end_suite_passes_on_the_containers(compose: Compose, tmp_path: Path) -> None:
    # Embedded, too, two runs go on at once; some stories are of two that meet.
    compose.up("--scale", "spark=2")
    results = Path(os.environ.get(RESULTS, tmp_path / "containers.xml"))

    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider"),
            *("-m", "not stress and not containers", "--junit-xml", str(results)),
            *("--etlocal-endpoint", compose.url, "--etlocal-clear", "tests/e2e"),
        ],
        cwd=ROOT,
        env={**os.environ, "ETLOCAL_REDSHIFT_PORT": str(compose.redshift_port)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-4000:]
    assert results.exists()
