"""Hundreds of files land within seconds, bad ones among them, and each is dealt with once."""

from __future__ import annotations

import dataclasses
import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from etlocal.testing.harness import Harness
from etlocal.waiting import await_answer
from tests.e2e.flight_files import KINDS, FlightFile, FlightFiles, airports, expected
from tests.e2e.warehouse import differences, held

pytestmark = [pytest.mark.spark, pytest.mark.stress]

# Two hundred, or fewer where there is little time: at least what the bad ones and the twice take.
UPLOADS = int(os.environ.get("ETLOCAL_TEST_BURST", "200"))
OF_EACH_KIND = UPLOADS // 25
AGAIN = UPLOADS // 33
# A machine that has other things to do needs longer; how long it takes is for the benchmarks.
SECONDS = 900.0


def burst(names: dict[str, str]) -> list[FlightFile]:
    """The uploads, in their order: good files, bad ones of each kind, and some of them twice."""
    made = FlightFiles(200, names)
    files = [made.make(kind, rows=25) for kind in KINDS for _ in range(OF_EACH_KIND)]
    files += [made.make(rows=25) for _ in range(UPLOADS - len(files) - 2 * AGAIN)]
    chance = random.Random(200)
    again = chance.sample([file for file in files if file.kind != "empty"], 2 * AGAIN)
    copies = [
        dataclasses.replace(file, key=file.key.replace(".csv", "-copy.csv"))
        for file in again[:AGAIN]
    ]
    files += again[AGAIN:] + copies
    chance.shuffle(files)
    return files


def test_burst_of_good_and_bad_files_is_loaded_once_and_every_execution_succeeds(
    etlocal: Harness, project: Path
) -> None:
    # Timeouts are scaled and work is not.
    parameters = {"JobTimeoutMinutes": "2880"}
    # Executions that wait for one another look as often as the waits of their state machine say:
    # with waits of next to nothing, two hundred of them would do nothing else.
    etlocal.clock.scale(0.2)
    pipeline = etlocal.deploy(project / "template.yaml", parameters=parameters)
    names = airports(project / "seed_data" / "airports.csv")
    files = burst(names)
    assert len(files) == UPLOADS

    with ThreadPoolExecutor(8) as uploads:
        list(uploads.map(lambda file: pipeline.put(file.body, key=file.key), files))

    def ended() -> list[str] | None:
        statuses = [each["status"] for each in pipeline.executions()]
        return statuses if len(statuses) >= UPLOADS and "RUNNING" not in statuses else None

    statuses = await_answer(ended, seconds=SECONDS, what="the end of every execution", first=1)
    assert Counter(statuses) == {"SUCCEEDED": UPLOADS}, pipeline.describe_standing()

    found, twice = held(pipeline, pipeline.upload_bucket)
    assert twice == []
    assert differences(expected(files, names), found) == []

    messages = pipeline.notifications(UPLOADS)
    assert Counter(message["Status"] for message in messages) == {"Success": UPLOADS}
    # Executions that one run has served tell the same counts.
    runs = {message["JobRunId"]: message for message in messages}.values()
    for member, counted in (
        ("Files", len(found.history)),
        ("RowsLoaded", found.facts.total()),
        ("RowsUnmatched", found.unmatched.total()),
        ("RowsRejected", found.rejected.total()),
    ):
        assert sum(run[member] for run in runs) == counted, member
