"""The eight points that a first version of such a pipeline gets wrong.

Each test fails when its remedy is taken out of the pipeline's files: ``python -m tests.remedies``
takes them out, one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from etlocal.testing.harness import Execution
from tests.e2e.points import HEADER, SECONDS, Points, errors, text

pytestmark = pytest.mark.spark

# Longer than any test: what it holds up goes on when the test lets it.
HELD = 1_000_000.0


# ---- 1. A busy crawler and a busy job lose no file and fail no execution. ----


def test_file_that_meets_a_running_crawler_and_a_busy_job_is_loaded(points: Points) -> None:
    carrier, key = points.carrier(), points.key()
    faults = points.harness.faults
    with (
        faults.fail("glue", "StartCrawler", "CrawlerRunningException", times=2),
        faults.fail("glue", "StartJobRun", "ConcurrentRunsExceededException", times=2),
    ):
        execution = points.run(points.file(carrier), key)

    assert execution.status == "SUCCEEDED", execution.cause
    met = errors(execution)
    assert met.count("Glue.CrawlerRunningException") == 2
    assert met.count("Glue.ConcurrentRunsExceededException") == 2
    assert len(points.loaded(carrier)) == 3


# ---- 2. A crawl is waited for to its real end, whoever started it, and its result is checked. ----


def test_crawl_that_is_stopping_has_not_ended_and_covers_no_later_file(points: Points) -> None:
    carrier, key = points.carrier(), points.key()
    glue = points.harness.client("glue")
    crawler = points.pipeline.deployed.outputs["CrawlerName"]
    where = {"Bucket": points.pipeline.upload_bucket}
    with points.harness.faults.delay("s3", "ListObjectsV2", HELD, where=where) as held:
        glue.start_crawler(Name=crawler)
        held.wait_until_hit(seconds=SECONDS)
        points.pipeline.put(points.file(carrier), key=key)
        points.await_event(key, "the execution to meet the crawler", _fails_with("CrawlerRunning"))
        glue.stop_crawler(Name=crawler)
        assert glue.get_crawler(Name=crawler)["Crawler"]["State"] == "STOPPING"
        points.await_event(key, "the execution to see it STOPPING", _tells('"State":"STOPPING"'))
    execution = points.pipeline.wait_for(key, seconds=SECONDS)

    assert execution.status == "SUCCEEDED", execution.cause
    assert execution.states.count("StartCrawler") == 2, "the crawl of this file is its own"
    assert len(points.loaded(carrier)) == 3


def test_earlier_crawl_does_not_stand_for_the_one_under_way(points: Points) -> None:
    points.run(points.file(points.carrier()), points.key())
    carrier, key = points.carrier(), points.key()
    where = {"Bucket": points.pipeline.upload_bucket}
    with points.harness.faults.delay("s3", "ListObjectsV2", HELD, where=where):
        points.pipeline.put(points.file(carrier), key=key)
        # One that took the earlier crawl for its own would run the job, and be told what it loaded.
        points.await_event(key, "the execution to look again, or to go on", _looks_again_or_goes_on)
    execution = points.pipeline.wait_for(key, seconds=SECONDS)

    assert execution.status == "SUCCEEDED", execution.cause
    assert len(points.loaded(carrier)) == 3


def _looks_again_or_goes_on(event: dict[str, Any]) -> bool:
    if event.get("stateEnteredEventDetails", {}).get("name") == "AskWhatWasLoaded":
        return True
    left = event.get("stateExitedEventDetails", {})
    looks = int(left.get("assignedVariables", {}).get("looks", 0))
    return left.get("name") == "GetCrawler" and looks >= 3


def test_crawl_that_failed_fails_the_execution(points: Points) -> None:
    glue = points.harness.client("glue")
    crawler = points.pipeline.deployed.outputs["CrawlerName"]
    targets = {"S3Targets": glue.get_crawler(Name=crawler)["Crawler"]["Targets"]["S3Targets"]}
    glue.update_crawler(Name=crawler, Targets={"S3Targets": [{"Path": "s3://no-bucket/raw/"}]})
    try:
        execution = points.run_without_a_file()
    finally:
        glue.update_crawler(Name=crawler, Targets=targets)

    assert execution.status == "FAILED"
    assert "StartJobRun" not in execution.states
    assert "CrawlNotSucceeded" in str(execution.cause)
    assert points.message_of(execution)["Error"] == "CrawlNotSucceeded"


def _fails_with(error: str) -> Any:
    return lambda event: error in event.get("taskFailedEventDetails", {}).get("error", "")


def _tells(words: str) -> Any:
    def holds(event: dict[str, Any]) -> bool:
        output = str(event.get("taskSucceededEventDetails", {}).get("output", ""))
        return words in output.replace(" ", "")

    return holds


# ---- 3. Each failure reaches SNS, and the execution itself ends FAILED. ----

FAILING = {
    "StartCrawler": [("glue", "StartCrawler", "AccessDeniedException")],
    "GetCrawler": [("glue", "GetCrawler", "EntityNotFoundException")],
    "StartJobRun": [("glue", "StartJobRun", "InvalidInputException")],
    "GetJobRuns": [
        ("glue", "StartJobRun", "ConcurrentRunsExceededException"),
        ("glue", "GetJobRuns", "EntityNotFoundException"),
    ],
    "AskWhatWasLoaded": [("redshift-data", "ExecuteStatement", "ValidationException")],
    "GetStatement": [("redshift-data", "DescribeStatement", "ResourceNotFoundException")],
    "GetWhatWasLoaded": [("redshift-data", "GetStatementResult", "ResourceNotFoundException")],
}


@pytest.mark.parametrize("state", FAILING)
def test_state_that_fails_is_told_of_and_fails_the_execution(points: Points, state: str) -> None:
    faults = points.harness.faults
    placed = [faults.fail(*fault, times=None) for fault in FAILING[state]]
    try:
        execution = points.run_without_a_file()
    finally:
        for fault in placed:
            fault.remove()

    assert (execution.status, execution.error) == ("FAILED", "PipelineFailed")
    message = points.message_of(execution)
    assert (message["Status"], message["State"]) == ("Failed", state)
    assert FAILING[state][-1][2] in message["Error"]


def test_success_that_cannot_be_told_is_a_failure_and_told_as_one(points: Points) -> None:
    with points.harness.faults.fail("sns", "Publish", "NotFoundException"):
        execution = points.run_without_a_file()

    assert (execution.status, execution.error) == ("FAILED", "PipelineFailed")
    assert points.message_of(execution)["State"] == "NotifySuccess"


def test_failure_that_cannot_be_told_is_a_failure_all_the_same(points: Points) -> None:
    with points.harness.faults.fail("sns", "Publish", "NotFoundException", times=None):
        execution = points.run_without_a_file()

    assert (execution.status, execution.error) == ("FAILED", "PipelineFailed")
    assert "NotifySuccess failed" in str(execution.cause)


# ---- 4. A run that dies loads nothing twice and loses nothing. ----


def test_run_that_dies_between_load_and_bookmark_loads_once(points: Points) -> None:
    carrier, key = points.carrier(), points.key()
    with points.harness.faults.fail("awsglue", "Job.commit", "InternalServiceException") as died:
        execution = points.run(points.file(carrier), key)
        assert died.hits == [1]

    assert execution.status == "SUCCEEDED", execution.cause
    assert points.loaded(carrier) == [(1, -1), (2, -2), (3, -3)]
    assert points.recorded(key) == [(3, 0, 0)]


def test_run_that_dies_before_the_load_loses_nothing(points: Points) -> None:
    carrier, key = points.carrier(), points.key()
    faults = points.harness.faults
    with faults.fail("redshift-data", "BatchExecuteStatement", "ValidationException") as died:
        execution = points.run(points.file(carrier), key)
        assert died.hits == [1]

    assert execution.status == "SUCCEEDED", execution.cause
    assert points.loaded(carrier) == [(1, -1), (2, -2), (3, -3)]
    assert points.recorded(key) == [(3, 0, 0)]


def test_load_whose_answer_is_lost_loads_once(points: Points) -> None:
    carrier, key = points.carrier(), points.key()
    with points.harness.faults.cut_off("redshift-data", "BatchExecuteStatement") as cut:
        execution = points.run(points.file(carrier), key)
        assert cut.hits == [1]

    assert execution.status == "SUCCEEDED", execution.cause
    assert points.loaded(carrier) == [(1, -1), (2, -2), (3, -3)]
    assert points.recorded(key) == [(3, 0, 0)]


# ---- 5. The rule matches raw files only. ----


def test_other_prefixes_and_suffixes_start_nothing(points: Points) -> None:
    body = points.file(points.carrier())
    others = ["elsewhere/flights.csv", "rawer/flights.csv", "raw/notes.txt"]
    for other in others:
        points.pipeline.put(body, key=other)
    key = points.key()
    execution = points.run(points.file(points.carrier()), key)
    for other in others:
        points.harness.client("s3").delete_object(Bucket=points.pipeline.upload_bucket, Key=other)

    assert execution.status == "SUCCEEDED", execution.cause
    inputs = [
        str(points.pipeline.execution(each["executionArn"]).get("input"))
        for each in points.pipeline.executions()
    ]
    assert any(key in given for given in inputs)
    for other in others:
        assert not any(f'"{other}"' in given for given in inputs), other


def test_what_the_pipeline_writes_starts_nothing(points: Points) -> None:
    points.run(points.file(points.carrier()), points.key())
    outputs = points.pipeline.deployed.outputs
    s3 = points.harness.client("s3")
    written = s3.list_objects_v2(Bucket=outputs["TempBucketName"])
    assert written["KeyCount"] > 0, "the load went through files"

    for each in points.pipeline.executions():
        given = str(points.pipeline.execution(each["executionArn"]).get("input"))
        assert outputs["TempBucketName"] not in given
        assert outputs["AssetsBucketName"] not in given


# ---- 6. A flight of an unknown airport is set aside, and counted in the message. ----


def test_flights_of_unknown_airports_are_set_aside_and_counted(points: Points) -> None:
    carrier, key = points.carrier(), points.key()
    known = points.airports[0]
    body = text(
        HEADER,
        *points.flights(carrier),
        f"{carrier},{known},999999991,4,5",
        f"{carrier},999999992,{known},6,",
        f"{carrier},999999993,999999994,,",
    )

    execution = points.run(body, key)

    assert execution.status == "SUCCEEDED", execution.cause
    rows = points.pipeline.query(
        "SELECT reason, origin_airport_id, dest_airport_id, dep_delay, arr_delay"
        f" FROM airlines.unmatched_flights WHERE carrier = '{carrier}' ORDER BY reason"
    ).rows
    assert rows == [
        ("DestAirportID is unknown", known, 999999991, 4, 5),
        ("OriginAirportID and DestAirportID are unknown", 999999993, 999999994, None, None),
        ("OriginAirportID is unknown", 999999992, known, 6, None),
    ]
    assert points.recorded(key) == [(3, 3, 0)]
    message = points.message_of(execution)
    assert message["DurationSeconds"] > 0
    counts = ("Status", "Files", "RowsLoaded", "RowsUnmatched", "RowsRejected")
    assert [message[name] for name in counts] == ["Success", 1, 3, 3, 0]


# ---- 7. Bad lines and bad files have a stated outcome. ----


@dataclass(frozen=True)
class Kind:
    """A kind of file: what it holds, given a carrier's lines, and what becomes of it.

    `recorded` is what `load_history` has of it; `reasons` are those of its rejected lines.
    """

    body: Any
    recorded: list[tuple[int, int, int]]
    reasons: frozenset[str] = frozenset()


def _turned(line: str) -> str:
    carrier, origin, destination, dep, arr = line.split(",")
    return ",".join([arr, destination, carrier, dep, origin])


NO_HEADER = frozenset({"The file has no header of these columns"})
ALL = [(3, 0, 0)]
KINDS = {
    "empty": Kind(lambda lines: b"", []),
    "header_only": Kind(lambda lines: text(HEADER), [(0, 0, 0)]),
    "header_without_line_end": Kind(lambda lines: HEADER.encode(), [(0, 0, 0)]),
    "bom": Kind(lambda lines: b"\xef\xbb\xbf" + text(HEADER, *lines), ALL),
    "crlf": Kind(lambda lines: text(HEADER, *lines, end="\r\n"), ALL),
    "blank_lines": Kind(lambda lines: text("", HEADER, "", *lines, "", ""), ALL),
    "other_case": Kind(lambda lines: text(HEADER.upper().replace(",", " , "), *lines), ALL),
    "quoted": Kind(
        lambda lines: text(
            '"Carrier","OriginAirportID","DestAirportID","DepDelay","ArrDelay"',
            *(",".join(f'"{value}"' for value in line.split(",")) for line in lines),
        ),
        ALL,
    ),
    "turned_columns": Kind(lambda lines: text(_turned(HEADER), *map(_turned, lines)), ALL),
    "more_columns_first": Kind(
        lambda lines: text(f"Tail,{HEADER}", *(f"N1,{line}" for line in lines)), ALL
    ),
    "more_columns_last": Kind(
        lambda lines: text(f"{HEADER},Tail", *(f"{line},N1" for line in lines)), ALL
    ),
    "missing_column": Kind(
        lambda lines: text(*(line.rpartition(",")[0] for line in (HEADER, *lines))),
        [(0, 0, 3)],
        frozenset({"ArrDelay is not in the file's header"}),
    ),
    "column_twice": Kind(
        lambda lines: text(HEADER.replace("ArrDelay", "DepDelay"), *lines),
        [(0, 0, 3)],
        frozenset({"DepDelay is twice in the file's header"}),
    ),
    "other_names": Kind(lambda lines: text("a,b,c,d,e", *lines), [(0, 0, 4)], NO_HEADER),
    "no_header": Kind(lambda lines: text(*lines), [(0, 0, 3)], NO_HEADER),
    "semicolons": Kind(
        lambda lines: text(*(line.replace(",", ";") for line in (HEADER, *lines))),
        [(0, 0, 4)],
        NO_HEADER,
    ),
    "json": Kind(lambda lines: text('{"a": 1}', '{"a": 2}'), [(0, 0, 2)], NO_HEADER),
    "bad_lines": Kind(
        lambda lines: text(
            HEADER,
            *lines,
            "ZZ,JFK,2,3,4",
            "ZZ,1,2.5,3,4",
            "ZZ,1,2,late,4",
            "ZZ,1,2,3,99999999999999999999",
            ",1,2,3,4",
            "CARRIERTOOLONG,1,2,3,4",
            "ZZ",
        ),
        [(3, 0, 7)],
        frozenset(
            {
                "OriginAirportID is not a whole number",
                "DestAirportID is not a whole number",
                "DepDelay is not a whole number",
                "ArrDelay is not a whole number",
                "Carrier is missing",
                "Carrier is over 10 bytes",
                "OriginAirportID is missing",
            }
        ),
    ),
    "line_break_in_quotes": Kind(
        lambda lines: text(HEADER, *lines, '"ZZ', 'L",1,2,3,4'),
        [(3, 0, 2)],
        frozenset({"OriginAirportID is missing", "Carrier has a quote in it"}),
    ),
}


@dataclass(frozen=True)
class Uploaded:
    """A kind of file after it was uploaded: its carrier, key, lines and ended execution."""

    carrier: str
    key: str
    lines: list[str]
    execution: Execution


@pytest.fixture(scope="module")
def kinds(points: Points) -> dict[str, Uploaded]:
    """Every kind of file, uploaded in one burst."""
    uploads = {name: (points.carrier(), points.key(name)) for name in KINDS}
    for name, (carrier, key) in uploads.items():
        points.pipeline.put(KINDS[name].body(points.flights(carrier)), key=key)
    return {
        name: Uploaded(
            carrier,
            key,
            points.flights(carrier),
            points.pipeline.wait_for(key, seconds=SECONDS),
        )
        for name, (carrier, key) in uploads.items()
    }


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_file_has_its_stated_outcome(
    points: Points, kinds: dict[str, Uploaded], kind: str
) -> None:
    expected, uploaded = KINDS[kind], kinds[kind]

    assert uploaded.execution.status == "SUCCEEDED", uploaded.execution.cause
    assert points.recorded(uploaded.key) == expected.recorded
    rows = [(1, -1), (2, -2), (3, -3)] if expected.recorded[:1] and expected.recorded[0][0] else []
    assert points.loaded(uploaded.carrier) == rows
    rejected = points.rejected(uploaded.key)
    assert len(rejected) == sum(each[2] for each in expected.recorded)
    assert {reason for _, reason in rejected} == expected.reasons


def test_rejected_lines_are_kept_as_they_were(points: Points, kinds: dict[str, Uploaded]) -> None:
    wrong = kinds["other_names"]
    assert [line for line, _ in points.rejected(wrong.key)] == sorted(["a,b,c,d,e", *wrong.lines])


def test_first_files_ever_may_have_no_rows(untouched: Points) -> None:
    keys = {kind: untouched.key(kind) for kind in ("empty", "header_only")}
    empty = untouched.run(b"", keys["empty"])
    header_only = untouched.run(text(HEADER), keys["header_only"])

    assert empty.status == "SUCCEEDED", empty.cause
    assert (empty.output["Files"], empty.output["RowsLoaded"]) == (0, 0)
    assert header_only.status == "SUCCEEDED", header_only.cause
    assert (header_only.output["Files"], header_only.output["RowsLoaded"]) == (1, 0)


def test_file_that_lands_twice_under_its_key_is_loaded_once(points: Points) -> None:
    carrier, key = points.carrier(), points.key()
    first = points.run(points.file(carrier), key)
    again = points.run(points.file(carrier), key)

    assert (first.status, again.status) == ("SUCCEEDED", "SUCCEEDED"), again.cause
    assert len(points.loaded(carrier)) == 3
    assert points.recorded(key) == [(3, 0, 0)]
    assert points.message_of(again)["Files"] == 0


def test_file_that_is_no_csv_fails_its_execution_and_no_other(points: Points) -> None:
    carrier, key, binary = points.carrier(), points.key(), points.key("binary")
    points.pipeline.put(bytes(range(256)) * 8, key=binary)
    points.pipeline.put(points.file(carrier), key=key)
    failed = points.pipeline.wait_for(binary, seconds=SECONDS)
    other = points.pipeline.wait_for(key, seconds=SECONDS)
    points.harness.client("s3").delete_object(Bucket=points.pipeline.upload_bucket, Key=binary)

    assert other.status == "SUCCEEDED", other.cause
    assert len(points.loaded(carrier)) == 3
    assert failed.status == "FAILED"
    assert points.message_of(failed)["Error"] == "FileNotLoaded"
    assert binary in points.message_of(failed)["Cause"]


def test_first_file_ever_may_be_no_csv(untouched: Points) -> None:
    binary, carrier, key = untouched.key("binary"), untouched.carrier(), untouched.key()
    failed = untouched.run(bytes(range(256)) * 8, binary)
    other = untouched.run(untouched.file(carrier), key)

    assert failed.status == "FAILED"
    assert other.status == "SUCCEEDED", other.cause
    assert len(untouched.loaded(carrier)) == 3


# ---- 8. The dimension is read whole on every run. ----


def test_later_run_still_knows_every_airport(points: Points) -> None:
    for _ in range(2):
        carrier, key = points.carrier(), points.key()
        execution = points.run(points.file(carrier), key)

        assert execution.status == "SUCCEEDED", execution.cause
        assert points.recorded(key) == [(3, 0, 0)], "no airport is unknown"
        assert len(points.loaded(carrier)) == 3
