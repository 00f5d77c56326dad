"""The story: files are uploaded, and what they hold is in the warehouse, once, with a message."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from etlocal.target import Target
from etlocal.testing.harness import Harness, Pipeline
from tests.e2e.expected import Expected, expected

pytestmark = pytest.mark.spark

FACT = "airlines.daily_flights_processed"


def days(project: Path, count: int) -> list[Path]:
    return sorted((project / "seed_data" / "flights").glob("*.csv"))[:count]


def loaded(pipeline: Pipeline) -> Expected:
    """What is in the warehouse, in the shape that it is expected in."""
    sums = pipeline.query(
        f"SELECT COUNT(*), SUM(dep_delay), SUM(arr_delay), COUNT(*) - COUNT(dep_delay) FROM {FACT}"
    ).rows[0]
    unmatched = pipeline.query("SELECT COUNT(*) FROM airlines.unmatched_flights").rows[0][0]
    carriers = pipeline.query(f"SELECT carrier, COUNT(*) FROM {FACT} GROUP BY carrier").rows
    return Expected(
        rows=int(sums[0]),
        unmatched=int(unmatched),
        dep_delay=int(sums[1]),
        arr_delay=int(sums[2]),
        dep_missing=int(sums[3]),
        by_carrier={carrier: int(count) for carrier, count in carriers},
    )


def test_uploaded_days_become_the_warehouse_rows_that_their_files_hold(
    pipeline: Pipeline, project: Path
) -> None:
    files = days(project, 3)
    airports = project / "seed_data" / "airports.csv"

    first = pipeline.run(files[0])

    assert first.status == "SUCCEEDED", first.cause
    assert {"StartCrawler", "GetCrawler", "StartJobRun", "NotifySuccess"} <= set(first.states)
    assert loaded(pipeline) == expected(files[:1], airports)
    [message] = pipeline.notifications(1)
    assert message["Status"] == "Success"
    assert message["RowsLoaded"] == expected(files[:1], airports).rows

    raw = pipeline.tables("airlines")["flights_raw"]
    assert [(c["Name"], c["Type"]) for c in raw["StorageDescriptor"]["Columns"]] == [
        ("carrier", "string"),
        ("originairportid", "string"),
        ("destairportid", "string"),
        ("depdelay", "string"),
        ("arrdelay", "string"),
    ]
    assert [key["Name"] for key in raw["PartitionKeys"]] == ["date"]
    assert "dev_airlines_dim_airport_codes" in pipeline.tables("airlines")

    for file in files[1:]:
        assert pipeline.run(file).status == "SUCCEEDED"

    total = expected(files, airports)
    assert loaded(pipeline) == total
    assert total.unmatched > 0, (
        "the seed data has flights to airports that are not in the dimension"
    )
    assert [m["Status"] for m in pipeline.notifications(3)] == ["Success"] * 3
    job = pipeline.deployed.outputs["JobName"]
    bookmark = pipeline.bookmark(job)
    assert bookmark["Run"] == 3
    assert bookmark["RunId"] == pipeline.job_runs()[0]["Id"]


def test_second_upload_reads_only_the_new_file(pipeline: Pipeline, project: Path) -> None:
    first, second = days(project, 2)
    airports = project / "seed_data" / "airports.csv"
    pipeline.run(first)

    pipeline.run(second)

    history = pipeline.query(
        "SELECT job_run_id, source_file FROM airlines.load_history ORDER BY loaded_at"
    ).rows
    newest = pipeline.job_runs()[0]["Id"]
    assert [file.rsplit("/", 1)[-1] for run, file in history if run == newest] == [second.name]
    assert len(history) == 2
    assert loaded(pipeline) == expected([first, second], airports)


def test_analysts_query_answers_from_the_loaded_rows(pipeline: Pipeline, project: Path) -> None:
    pipeline.run(days(project, 1)[0])

    answer = pipeline.query((project / "warehouse/queries/delay_by_city.sql").read_text())

    by_hand = pipeline.query(
        f"SELECT dep_city, dep_state, COUNT(*) FROM {FACT} GROUP BY dep_city, dep_state"
    )
    assert len(answer.rows) == len(by_hand.rows) > 0


def test_redshifts_clients_see_what_was_loaded(
    pipeline: Pipeline, project: Path, etlocal_stack: Target
) -> None:
    pipeline.run(days(project, 1)[0])
    credentials = pipeline.clients.client("redshift-serverless").get_credentials(
        workgroupName=pipeline.deployed.outputs["WorkgroupName"], dbName="dev"
    )
    host, port = etlocal_stack.redshift()

    with psycopg.connect(
        host=host,
        port=port,
        dbname="dev",
        user=credentials["dbUser"],
        password=credentials["dbPassword"],
    ) as connection:
        seen = connection.execute(f"SELECT COUNT(*), SUM(NVL(dep_delay, 0)) FROM {FACT}").fetchone()

    held = expected(days(project, 1), project / "seed_data" / "airports.csv")
    assert seen == (held.rows, held.dep_delay)


def test_script_that_raises_fails_the_execution_and_is_notified(
    etlocal: Harness, project: Path, tmp_path: Path
) -> None:
    for name in ("template.yaml", "statemachine.asl.json"):
        (tmp_path / name).write_bytes((project / name).read_bytes())
    for name in ("warehouse", "seed_data"):
        (tmp_path / name).symlink_to(project / name)
    (tmp_path / "glue_job").mkdir()
    for script in (project / "glue_job").glob("*.py"):
        (tmp_path / "glue_job" / script.name).write_text(
            "raise ValueError('the moon is in the way')"
        )
    pipeline = etlocal.deploy(tmp_path / "template.yaml")

    execution = pipeline.run(days(project, 1)[0])

    assert execution.status == "FAILED"
    assert execution.states[-2:] == ["NotifyFailure", "Failed"]
    assert len(pipeline.job_runs()) == 4, "a run that failed is begun again, three times"
    [message] = pipeline.notifications(1)
    assert message["Status"] == "Failed"
    assert "ValueError: the moon is in the way" in message["Cause"]
    assert "the moon is in the way" in pipeline.log(pipeline.job_runs()[0]["Id"], stream="error")
    assert loaded_count(pipeline) == 0


def loaded_count(pipeline: Pipeline) -> int:
    return int(pipeline.query(f"SELECT COUNT(*) FROM {FACT}").rows[0][0])


def test_csv_that_the_pipeline_did_not_ask_for_starts_nothing(
    pipeline: Pipeline, project: Path
) -> None:
    pipeline.put(b"a,b\n1,2\n3,4\n", key="elsewhere/other.csv")
    pipeline.put(b"not a csv", key="elsewhere/raw/notes.txt")

    execution = pipeline.run(days(project, 1)[0])

    assert execution.status == "SUCCEEDED"
    assert len(pipeline.executions()) == 1


def test_lines_that_are_no_flights_are_set_aside_with_their_file_and_reason(
    pipeline: Pipeline, project: Path
) -> None:
    good = days(project, 1)[0].read_text().splitlines()
    broken = [*good[:50], "XX,not-a-number,13303,1,1", ",11433,13303,-3,1"]
    key = "raw/date=2013-02-01/broken.csv"

    execution = pipeline.run_bytes("\n".join(broken).encode() + b"\n", key=key)

    assert execution.status == "SUCCEEDED", execution.cause
    rejected = pipeline.query(
        "SELECT source_file, reason, line FROM airlines.rejected_flights"
    ).rows
    assert len(rejected) == 2
    assert all(row[0].endswith(key.rsplit("/", 1)[-1]) for row in rejected)
    unmatched = pipeline.query("SELECT COUNT(*) FROM airlines.unmatched_flights").rows[0][0]
    assert loaded_count(pipeline) + unmatched == 49
