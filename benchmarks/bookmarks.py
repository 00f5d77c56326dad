"""A bookmark over a hundred thousand objects: listing, choice, commit."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from benchmarks.crawl import fill
from benchmarks.figures import Effort, Result, Samples, Table, ratio, seconds
from benchmarks.ground import Ground, ground
from etlocal.flow import run_log
from etlocal.waiting import await_answer

_BUCKET = "benchmark-bookmarks"
_JOB = "benchmark"
_SCRIPT = Path(__file__).with_name("bookmark_job.py")
_ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR")
# The step → what it is called on the page.
_STEPS = {
    "init": "`job.init`: the bookmark is fetched",
    "choice": "which objects are new",
    "commit": "`job.commit`: the bookmark is sent and stored",
    "state as JSON and back": "for comparison: the state to JSON and back, nothing else",
}


def run(effort: Effort) -> Result:
    """Measure."""
    objects, listed = effort.pick(100_000, 50), effort.pick(5_000, 10)
    more, repeats = effort.pick(100, 5), effort.pick(3, 1)
    with ground() as place:
        fill(place, _BUCKET, max(listed // 10, 1), 10)
        _make_job(place)
        since = int(time.time() * 1000) - 5000
        first = _run(place, objects, since, 0)
        if first["chosen"] != objects:
            raise RuntimeError(f"the first run chose {first['chosen']} of {objects} objects")
        if first["listed"] != first["plain"]:
            raise RuntimeError(f"{first['listed']} of {first['plain']} objects were listed")
        later = []
        for number in range(1, repeats + 1):
            said = _run(place, objects, since, number * more)
            if said["chosen"] != more:
                raise RuntimeError(f"a later run chose {said['chosen']} objects, not {more}")
            later.append(said)
    result = Result(
        f"A bookmark over {objects:,} objects",
        notes=[
            "Within a run of a Glue job on the worker: the first run meets all objects, the later "
            f"ones {more} new among them. The listing is of {first['listed']:,} objects that are "
            f"there; choice and commit are of {objects:,} entries of that shape, all of them "
            "younger than the fifteen minutes for which a bookmark remembers by name: its state "
            f"is then {first['bytes'] / 1e6:.1f} MB of JSON, the most it can be.",
        ],
    )
    table = Table("", ["step", "first run", "later runs", "to the JSON"])
    for step, called in _STEPS.items():
        samples = _samples(later, step)
        base = _samples(later, "state as JSON and back")
        result.samples[step] = samples.values
        cells = [_text(first["steps"][step]), _text(samples.median)]
        table.rows.append([called, *cells, ratio(samples.median, base.median)])
    listing, plain = _samples(later, "listing"), _samples(later, "plain listing")
    result.keep({"listing": listing, "plain listing": plain})
    table.rows.append(
        [
            f"listing of {first['listed']:,} objects, to boto3's alone",
            _text(first["steps"]["listing"]),
            _text(listing.median),
            ratio(listing.median, plain.median),
        ]
    )
    result.tables.append(table)
    return result


def _make_job(place: Ground) -> None:
    s3 = place.clients.client("s3")
    s3.put_object(Bucket=_BUCKET, Key="scripts/job.py", Body=_SCRIPT.read_bytes())
    place.clients.client("glue").create_job(
        Name=_JOB,
        Role="arn:aws:iam::000000000000:role/benchmark",
        Command={"Name": "glueetl", "ScriptLocation": f"s3://{_BUCKET}/scripts/job.py"},
        GlueVersion="5.1",
        Timeout=2880,
        DefaultArguments={"--job-bookmark-option": "job-bookmark-enable"},
    )


def _run(place: Ground, objects: int, since: int, more: int) -> dict[str, Any]:
    """Run the job; give what it printed."""
    place.await_worker()
    glue = place.clients.client("glue")
    arguments = {"OBJECTS": objects, "SINCE": since, "MORE": more, "BUCKET": _BUCKET}
    started = glue.start_job_run(
        JobName=_JOB, Arguments={f"--{name}": str(value) for name, value in arguments.items()}
    )["JobRunId"]

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = glue.get_job_run(JobName=_JOB, RunId=started)["JobRun"]
        return found if found["JobRunState"] in _ENDED else None

    ended = await_answer(look, seconds=600, what="the end of the job's run")
    if ended["JobRunState"] != "SUCCEEDED":
        raise RuntimeError(f"the run ended {ended['JobRunState']}: {ended.get('ErrorMessage')}")
    lines = list(run_log(place.clients, started, stream="output"))
    said: dict[str, Any] = json.loads(next(line for line in lines if line.startswith("{")))
    return said


def _samples(runs: list[dict[str, Any]], step: str) -> Samples:
    return Samples([each["steps"][step] for each in runs])


def _text(value: float) -> str:
    return seconds(value)
