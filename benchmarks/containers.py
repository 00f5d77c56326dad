"""The containers: how long building and starting take, what they weigh, and put → SNS on them."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from benchmarks import flights
from benchmarks.figures import Effort, Result, Samples, Table, interleave, table, timed
from benchmarks.ground import PATIENCE, ROOT, SCALED_OUT, Ground, Pipeline, ground
from etlocal import deploy, target, templates
from etlocal.waiting import await_answer
from tests.containers.compose import Compose, ComposeError, docker

_ROWS = 10_000
_PATIENT_SECONDS = 600.0
_VARIABLES = {"ETLOCAL_TIME_SCALE": str(SCALED_OUT)}
_IMAGES = ("etlocal-localstack", "etlocal-spark", "postgres:16")
_BASE = "python:3.11-slim-bookworm"
_SERVICES = ("localstack", "spark", "warehouse")
_HEALTH = (
    "import urllib.request as r; print(r.urlopen('http://127.0.0.1:4567/health').read().decode())"
)


def engine() -> bool:
    """Say whether there is an engine with Compose."""
    try:
        docker("compose", "version")
        docker("info")
    except (ComposeError, OSError):
        return False
    return True


def run(effort: Effort) -> Result:
    """Measure; the images are built anew, their base images are there."""
    compose = Compose()
    try:
        return _measure(compose, effort)
    finally:
        compose.clear()


def _measure(compose: Compose, effort: Effort) -> Result:
    rows = effort.pick(_ROWS, 200)
    steps = [
        (
            "build from nothing",
            Samples([timed(lambda: compose("build", "--no-cache", seconds=1800))]),
        ),
        ("build again, nothing changed", Samples([timed(compose.build)])),
        ("`up --wait` the first time", Samples([timed(lambda: compose.up(variables=_VARIABLES))])),
    ]
    again = Samples()
    for _ in range(effort.pick(3, 1)):
        compose("down")
        again.values.append(timed(lambda: compose.up(variables=_VARIABLES)))
    steps.append(("`up --wait` after `down`", again))
    with tempfile.TemporaryDirectory(prefix="etlocal-benchmark-") as folder, ground() as place:
        [file] = flights.make(rows, 1, Path(folder))
        latency = _latency(compose, place, file.read_bytes(), effort)
    result = Result(
        "The containers",
        notes=[
            "The engine is on the same machine, and the base images are there. `up --wait` waits "
            "for the deployed pipeline, the loaded dimension and every health check. Put → SNS is "
            "measured as above, warm, in turn with an embedded stack that runs beside the "
            "containers: each has less of the machine than it would have alone.",
        ],
    )
    result.keep(dict(steps) | latency)
    embedded, containers = latency["embedded"], latency["containers"]
    result.tables = [
        table("Times", steps),
        table(
            f"Put → SNS warm, {rows:,} rows",
            [("embedded", embedded), ("containers", containers)],
            of=embedded,
            against="to embedded",
        ),
        _memory(compose),
        _sizes(),
    ]
    return result


def _latency(compose: Compose, place: Ground, body: bytes, effort: Effort) -> dict[str, Samples]:
    clients = target.find(compose.url).clients()
    deployed = deploy.Deployment(
        clients,
        templates.load(ROOT / "template.yaml"),
        stack="etlocal",
        parameters=dict(PATIENCE),
    ).run()
    on_containers, embedded = Pipeline(clients, deployed), place.deploy()

    def flow(pipeline: Pipeline) -> float:
        began = time.time()
        pipeline.put(body, key=pipeline.new_key())
        pipeline.messages(1)
        return time.time() - began

    def measure_embedded() -> float:
        place.await_worker()
        return flow(embedded)

    def measure_containers() -> float:
        _await_worker(compose)
        return flow(on_containers)

    return interleave(
        {"embedded": measure_embedded, "containers": measure_containers},
        repeats=effort.pick(5, 1),
        warm_ups=effort.pick(2, 0),
    )


def _await_worker(compose: Compose) -> None:
    """Wait until the worker's container has a warm JVM for the next run."""

    def look() -> bool | None:
        said = json.loads(compose("exec", "-T", "spark", "python", "-c", _HEALTH))
        return bool(said["ready"]) or None

    await_answer(look, seconds=_PATIENT_SECONDS, what="a warm worker", first=0.5)


def _memory(compose: Compose) -> Table:
    """Give what each container holds after the files, the page cache not counted."""
    _await_worker(compose)
    made = Table("Memory, after the files", ["container", "used of its limit"])
    for service in _SERVICES:
        [container] = compose.containers(service)
        used = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", container).strip()
        made.rows.append([service, used])
    return made


def _sizes() -> Table:
    made = Table("Sizes", ["image", "MB", f"without `{_BASE}`"])
    base = _size(_BASE)
    for image in _IMAGES:
        size = _size(image)
        ours = image != "postgres:16"
        made.rows.append([f"`{image}`", f"{size:.0f}", f"{size - base:.0f}" if ours else "–"])
    return made


def _size(image: str) -> float:
    return int(docker("image", "inspect", "--format", "{{.Size}}", image)) / 1e6
