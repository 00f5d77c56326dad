"""Put → SNS for one file, warm and cold, part by part, against the same parts called directly."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import flights
from benchmarks.direct import Direct
from benchmarks.figures import (
    SAMPLE_COLUMNS,
    Aim,
    Effort,
    Result,
    Samples,
    Table,
    interleave,
    ratio,
    seconds,
    table,
)
from benchmarks.ground import Ground, Pipeline, ground
from benchmarks.spark_session import SparkSession
from benchmarks.trace import PARTS, trace

_ROWS = 10_000


def run(effort: Effort) -> Result:
    """Measure."""
    rows = effort.pick(_ROWS, 200)
    with tempfile.TemporaryDirectory(prefix="etlocal-benchmark-") as folder:
        [file] = flights.make(rows, 1, Path(folder))
        with ground() as place:
            pipeline = place.deploy()
            session = SparkSession(place.record.settings)
            try:
                return _measure(place, pipeline, session, file, effort)
            finally:
                session.close()


def _measure(
    place: Ground,
    pipeline: Pipeline,
    session: SparkSession,
    file: Path,
    effort: Effort,
) -> Result:
    body = file.read_bytes()
    parts: list[list[float]] = []

    def flow() -> float:
        place.await_worker()
        key = pipeline.new_key()
        began = time.time()
        pipeline.put(body, key=key)
        pipeline.messages(1)
        ended = time.time()
        parts.append(trace(place, pipeline, key, began, ended))
        return ended - began

    def spark() -> float:
        return session.transform([file], flights.AIRPORTS)[0]

    direct = Direct(place, pipeline, body)
    warm_ups = effort.pick(1, 0)
    flow()  # the first run of all makes the tables that the direct calls need
    parts.clear()
    measured = interleave(
        {
            "flow": flow,
            "put": direct.put,
            "crawl": direct.crawl,
            "job": direct.job,
            "ask": direct.ask,
            "notify": direct.notify,
            "unload": direct.unload,
            "copy": direct.copy,
            "spark": spark,
        },
        repeats=effort.pick(5, 1),
        warm_ups=warm_ups,
    )
    parts = parts[warm_ups:]
    cold = Samples()
    for _ in range(effort.pick(3, 1)):
        place.restart()
        began = time.time()
        pipeline.put(body, key=pipeline.new_key())
        pipeline.messages(1)
        cold.values.append(time.time() - began)
    return _result(measured, parts, cold, len(body.splitlines()) - 1)


def _result(
    measured: dict[str, Samples], parts: list[list[float]], cold: Samples, rows: int
) -> Result:
    called = ("put", "crawl", "job", "ask", "notify")
    by_part = {name: Samples([each[i] for each in parts]) for i, name in enumerate(PARTS)}
    total = Samples(
        [sum(values) for values in zip(*(measured[name].values for name in called), strict=True)]
    )
    result = Result(
        f"Put → SNS, {rows:,} rows",
        notes=[
            "From the call of PutObject until the message is received from the queue that is "
            "subscribed to the topic; waits are scaled out. *Warm*: the worker has a JVM waiting. "
            "*Cold*: the first upload as soon as `up` has returned, on a state that was left by "
            "`down`.",
        ],
    )
    result.keep(measured | by_part | {"cold": cold})
    result.tables = [
        table("", [("warm", measured["flow"]), ("cold", cold)], of=total, against="to the parts"),
        _where(by_part, measured["flow"]),
        _floor(measured, total),
    ]
    share = measured["flow"].median / total.median if total.median else 0
    result.aims = [
        Aim(f"warm put → SNS, {rows:,} rows", measured["flow"].median, 2.0),
        Aim("… against the sum of its parts called directly", share, 1.5, "times"),
    ]
    return result


def _where(by_part: dict[str, Samples], whole: Samples) -> Table:
    made = Table("Where the time goes, warm", ["part", *SAMPLE_COLUMNS[:3], "share"])
    for name, samples in by_part.items():
        share = f"{samples.median / whole.median:.0%}"
        made.rows.append([name, *samples.cells()[:3], share])
    return made


def _floor(measured: dict[str, Samples], total: Samples) -> Table:
    lines: list[tuple[str, Any]] = [
        ("PutObject", measured["put"]),
        ("StartCrawler until READY", measured["crawl"]),
        ("StartJobRun until SUCCEEDED", measured["job"]),
        ("ExecuteStatement until its result is there", measured["ask"]),
        ("Publish until received", measured["notify"]),
        ("**sum of these**", total),
        ("within the job: UNLOAD of the dimension alone", measured["unload"]),
        ("within the job: the load's transaction alone, COPY in it", measured["copy"]),
        ("within the job: the transform alone, Spark on a local file, warm", measured["spark"]),
    ]
    made = Table("The parts called directly", ["call", *SAMPLE_COLUMNS, "of the sum"])
    for name, samples in lines:
        made.rows.append([name, *samples.cells(), ratio(samples.median, total.median)])
    made.rows.append(["put → SNS", seconds(measured["flow"].median), "", "", "",
                      ratio(measured["flow"].median, total.median)])  # fmt: skip
    return made
