"""``make demo`` on a machine that has everything."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Aim, Effort, Result, Samples, table
from benchmarks.ground import ROOT


def run(effort: Effort) -> Result:
    """Measure."""
    whole, up = Samples(), Samples()
    for _ in range(effort.pick(3, 1)):
        whole.values.append(_command("demo"))
        up.values.append(_up_and_down())
    result = Result(
        "`make demo` on a warm machine",
        notes=[
            "The whole command, from an empty state: everything started, the stack deployed, two "
            "files on their way, everything stopped. Beside it `up` alone, until endpoint and "
            "worker answer.",
        ],
    )
    result.keep({"demo": whole, "up": up})
    result.tables.append(table("", [("demo", whole), ("up", up)], of=up, against="to `up`"))
    result.aims.append(Aim("`make demo` on a warm machine", whole.median, 25))
    return result


def _command(*arguments: str, folder: Path | None = None) -> float:
    """Run etlocal; give the seconds it took."""
    began = time.perf_counter()
    environment = {name: text for name, text in os.environ.items() if name != "ETLOCAL_STATE_DIR"}
    if folder is not None:
        environment["ETLOCAL_STATE_DIR"] = str(folder)
    subprocess.run(
        [sys.executable, "-m", "etlocal", *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began


def _up_and_down() -> float:
    with tempfile.TemporaryDirectory(prefix="etlocal-benchmark-") as folder:
        try:
            return _command("up", "--detach", folder=Path(folder) / "state")
        finally:
            _command("down", folder=Path(folder) / "state")
