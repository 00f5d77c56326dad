"""Where the time of one upload goes: its marks in the histories that AWS's own APIs give."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import urllib.request
from typing import Any

from benchmarks.ground import Ground, Pipeline

# Name of a part → the mark at which it ends; it begins at the end of the one before.
PARTS = (
    "event to execution",
    "crawl",
    "job start",
    "read: catalog, bookmark, listing, UNLOAD of the dimension",
    "join, write to S3",
    "COPY and what is in its transaction",
    "bookmark and end of the job",
    "asking what was loaded",
    "notification",
)


def trace(ground: Ground, pipeline: Pipeline, key: str, began: float, ended: float) -> list[float]:
    """Give the seconds of each of `PARTS` for an upload that is over.

    Parameters
    ----------
    ground : Ground
    pipeline : Pipeline
    key : str
        What was uploaded.
    began, ended : float
        When it was put, and when its message was there (seconds since the epoch).
    """
    history = pipeline.history(pipeline.execution_of(key))
    run = pipeline.job_runs()[0]
    unload, load = _statements(pipeline, run)
    marks = [
        began,
        history[0]["timestamp"].timestamp(),
        _entered(history, "StartJobRun"),
        _script_started(ground, run["Id"]),
        unload["UpdatedAt"].timestamp(),
        load["CreatedAt"].timestamp(),
        load["UpdatedAt"].timestamp(),
        run["CompletedOn"].timestamp(),
        _entered(history, "NotifySuccess"),
        ended,
    ]
    return [after - before for before, after in itertools.pairwise(marks)]


def statements_of_last_run(pipeline: Pipeline) -> tuple[list[str], list[str]]:
    """Give the SQL of the last run's UNLOAD and of its load's transaction."""
    run = pipeline.job_runs()[0]
    unload, load = _statements(pipeline, run)
    return [unload["QueryString"]], [each["QueryString"] for each in load["SubStatements"]]


def _entered(history: list[dict[str, Any]], state: str) -> float:
    """When a state was entered for the last time."""
    times = [
        event["timestamp"].timestamp()
        for event in history
        if event.get("stateEnteredEventDetails", {}).get("name") == state
    ]
    return float(times[-1])


def _script_started(ground: Ground, run_id: str) -> float:
    url = f"{ground.record.part('worker').url}/runs/{run_id}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        said = json.load(answer)
    return dt.datetime.fromisoformat(said["started_at"]).timestamp()


def _statements(pipeline: Pipeline, run: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the descriptions of the UNLOAD and of the load that a run asked for."""
    data = pipeline.clients.client("redshift-data")
    listed = data.list_statements(MaxResults=20)["Statements"]
    recent = [
        each for each in listed if run["StartedOn"] <= each["CreatedAt"] <= run["CompletedOn"]
    ]
    described = [data.describe_statement(Id=each["Id"]) for each in recent]
    [unload] = [each for each in described if _says(each, "UNLOAD")]
    [load] = [each for each in described if each.get("SubStatements")]
    return unload, load


def _says(described: dict[str, Any], word: str) -> bool:
    return str(described.get("QueryString", "")).lstrip().upper().startswith(word)
