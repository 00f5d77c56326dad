"""Idle memory by process, with the worker warm."""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks import flights
from benchmarks.figures import Aim, Effort, Result, Table
from benchmarks.ground import Ground, ground

_ROWS = 10_000
_LIMIT_MB = 900
_QUIET_SHARE = 0.05
_NAMES = (
    (r"etlocal\.endpoint\.launch", "endpoint: LocalStack, Glue, Redshift on DuckDB"),
    (r"etlocal\.worker\.main", "worker"),
    (r"etlocal\.worker\.runner", "job process that waits for a run"),
    (r"PythonGatewayServer", "JVM with Spark"),
)


def run(effort: Effort) -> Result:
    """Measure."""
    uploads = effort.pick(3, 1)
    settle = effort.pick(75, 2)
    with tempfile.TemporaryDirectory(prefix="etlocal-benchmark-") as folder, ground() as place:
        fresh = _idle(place, settle)
        pipeline = place.deploy()
        [file] = flights.make(effort.pick(_ROWS, 200), 1, Path(folder))
        for _ in range(uploads):
            pipeline.put(file.read_bytes(), key=pipeline.new_key())
            pipeline.messages(1)
        used = _idle(place, settle)
    result = Result(
        "Idle memory",
        notes=[
            "PSS: a process's own memory and its share of what it has in common with others "
            "(`/proc/PID/smaps_rollup`), which adds up; RSS counts what is shared in each. Once "
            f"after `up`, and once after {uploads} files went through; each time the worker is "
            f"warm and nothing was done for {settle} s.",
        ],
    )
    for title, processes in (("after `up`", fresh), (f"after {uploads} files", used)):
        made = Table(f"MB, {title}", ["process", "PSS", "RSS"])
        made.rows = [[name, f"{pss:.0f}", f"{rss:.0f}"] for name, pss, rss in processes]
        whole = sum(pss for _, pss, _ in processes)
        made.rows.append(["**all**", f"{whole:.0f}", f"{sum(rss for _, _, rss in processes):.0f}"])
        result.tables.append(made)
        result.samples[title] = [whole]
        result.aims.append(Aim(f"everything idle, {title}", whole, _LIMIT_MB, "MB"))
    return result


def _idle(place: Ground, settle: float) -> list[tuple[str, float, float]]:
    """Give name, PSS and RSS in megabytes of each process when nothing is done any more."""
    place.await_worker()
    end = time.monotonic() + settle
    while time.monotonic() < end:
        # Settling is what is waited for: the JVM gives memory back by the clock.
        for process in place.processes():
            process.cpu_percent()
        time.sleep(min(1.0, settle))
    return [_measure(process) for process in place.processes()]


def _measure(process: psutil.Process) -> tuple[str, float, float]:
    line = " ".join(process.cmdline())
    name = next((name for pattern, name in _NAMES if re.search(pattern, line)), process.name())
    rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    sizes = dict(re.findall(r"^(Pss|Rss):\s+(\d+) kB$", rollup, re.MULTILINE))
    return name, int(sizes["Pss"]) / 1024, int(sizes["Rss"]) / 1024
