"""The first ``up`` after installation, and the ones after it."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.figures import Effort, Result, Samples, table
from etlocal.processes import free_port
from etlocal.settings import Settings
from etlocal.stack import Stack


def run(effort: Effort) -> Result:
    """Measure."""
    first, second = Samples(), Samples()
    for _ in range(effort.pick(2, 1)):
        with tempfile.TemporaryDirectory(prefix="etlocal-benchmark-") as folder:
            first.values.append(_up(Path(folder)))
            second.values.append(_up(Path(folder)))
    result = Result(
        "The first `up` after installation",
        notes=[
            "With an empty cache of etlocal's: both environments are made, Spark's jars resolved "
            "from Maven Central, the index of AWS's services made. uv's own cache is warm, so no "
            "Python package is downloaded. Beside it the next `up`, from an empty state too.",
        ],
    )
    result.keep({"first": first, "next": second})
    result.tables.append(
        table("", [("first", first), ("next", second)], of=second, against="to the next")
    )
    return result


def _up(folder: Path) -> float:
    """Start a stack on a cache folder, until endpoint and worker answer; stop it again."""
    with tempfile.TemporaryDirectory(prefix="state-", dir=folder) as state:
        stack = Stack(
            Settings(
                cache_dir=folder / "cache",
                state_dir=Path(state) / "state",
                port=free_port(),
                worker_port=free_port(),
            )
        )
        began = time.perf_counter()
        try:
            stack.start(lambda _text: None, tied=True)
            return time.perf_counter() - began
        finally:
            stack.stop()
