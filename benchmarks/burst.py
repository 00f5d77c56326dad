"""Two hundred files in a few seconds, until the last message."""

from __future__ import annotations

import time

from benchmarks import flights
from benchmarks.figures import Aim, Effort, Result, Samples, seconds, table
from benchmarks.ground import ROOT, Pipeline, ground

_FILES = 200
_ROWS = 50


def run(effort: Effort) -> Result:
    """Measure."""
    count = effort.pick(_FILES, 3)
    header, *lines = (ROOT / "seed_data/flights/2013-01-01.csv").read_text().splitlines()
    body = "\n".join([header, *lines[:_ROWS]]).encode() + b"\n"
    known = {line.partition(",")[0] for line in flights.AIRPORTS.read_text().splitlines()}
    matching = sum(set(line.split(",")[1:3]) <= known for line in lines[:_ROWS])
    puts, whole = Samples(), Samples()
    with ground(time_scale=0.2) as place:
        pipeline = place.deploy()
        pipeline.put(body, key=pipeline.new_key())
        pipeline.messages(1)
        place.await_worker()
        began = time.perf_counter()
        for _ in range(count):
            pipeline.put(body, key=pipeline.new_key())
        puts.values.append(time.perf_counter() - began)
        pipeline.messages(count)
        whole.values.append(time.perf_counter() - began)
        runs = len(pipeline.job_runs()) - 1
        _check(pipeline, (count + 1) * matching)
    result = Result(
        f"A burst of {count} files",
        notes=[
            f"{count} files of {_ROWS} rows, put one after the other ({seconds(puts.median)}); "
            "each starts an execution of its own. Waits take a fifth of their time here: "
            "shorter ones would have executions ask faster than they can be answered. From the "
            "first PutObject until the last message: "
            f"{count} messages, {runs} runs of the job, every row in the warehouse once.",
        ],
    )
    result.keep({"puts": puts, "whole": whole})
    result.tables.append(
        table("", [("puts", puts), ("until the last message", whole)], of=puts, against="to puts")
    )
    result.aims.append(Aim(f"a burst of {count} files", whole.median, 60))
    return result


def _check(pipeline: Pipeline, rows: int) -> None:
    found = pipeline.query("SELECT COUNT(*) FROM airlines.daily_flights_processed").rows[0][0]
    if int(found) != rows:
        raise RuntimeError(f"{found} rows are in the warehouse, not {rows}")
