"""A million and ten million rows end to end, against Spark and DuckDB on local files."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import duckdb

from benchmarks import flights
from benchmarks.figures import Aim, Effort, Result, Samples, interleave, table, timed
from benchmarks.ground import Ground, Pipeline, ground
from benchmarks.spark_session import SparkSession

_FILES = 10


def run(effort: Effort) -> Result:
    """Measure."""
    sizes = [(1_000_000, 3), (10_000_000, 2)] if not effort.quick else [(2_000, 1)]
    result = Result(
        "Many rows",
        notes=[
            f"{_FILES} files. *End to end*: from the first PutObject until the message is "
            "received; all files but the last are put under keys that start nothing, so that one "
            "crawl, one run and one transaction load them all. *Spark*: the same transform "
            "(lines checked, both joins, written as CSV) from and to this machine's disk, by a JVM "
            "with the worker's settings; *cold* includes the JVM's start. *DuckDB*: the same into "
            "a table of a database file.",
        ],
    )
    # Waits are scaled less than elsewhere: timeouts are scaled with them.
    with (
        tempfile.TemporaryDirectory(prefix="etlocal-benchmark-") as folder,
        ground(time_scale=0.005) as place,
    ):
        pipeline = place.deploy()
        _upload(place, pipeline, flights.make(1000, 1, Path(folder) / "first"))
        for rows, repeats in sizes:
            _measure(place, pipeline, Path(folder) / str(rows), rows, repeats, result)
    return result


def _measure(
    place: Ground, pipeline: Pipeline, folder: Path, rows: int, repeats: int, result: Result
) -> None:
    files = flights.make(rows, _FILES, folder)
    counted: dict[str, int] = {}

    def end_to_end() -> float:
        took, message = _upload(place, pipeline, files)
        counted["LOADED"], counted["UNMATCHED"] = message["RowsLoaded"], message["RowsUnmatched"]
        return took

    def spark_cold() -> float:
        began = time.perf_counter()
        session = SparkSession(place.record.settings)
        try:
            session.transform(files, flights.AIRPORTS)
            return time.perf_counter() - began
        finally:
            session.close()

    session = SparkSession(place.record.settings)
    try:

        def spark_warm() -> float:
            took, outcomes = session.transform(files, flights.AIRPORTS)
            if counted and outcomes != counted:
                raise RuntimeError(f"Spark counts {outcomes}, the pipeline {counted}")
            return took

        spark_warm()
        measured = interleave(
            {
                "end to end": end_to_end,
                "Spark, warm": spark_warm,
                "DuckDB": lambda: timed(lambda: duck(files, flights.AIRPORTS, folder / "duck.db")),
            },
            repeats=repeats,
        )
    finally:
        session.close()
    measured["Spark, cold"] = Samples([spark_cold()])
    result.keep({f"{rows}: {name}": each for name, each in measured.items()})
    spark = measured["Spark, warm"]
    result.tables.append(
        table(f"{rows:,} rows", list(measured.items()), of=spark, against="to Spark, warm")
    )
    if rows >= 10_000_000:
        times = measured["end to end"].median / spark.median
        result.aims.append(Aim(f"{rows:,} rows against Spark on local files", times, 1.5, "times"))
    shutil.rmtree(folder)


def _upload(place: Ground, pipeline: Pipeline, files: list[Path]) -> tuple[float, dict[str, int]]:
    """Put files and wait for the message; give the seconds and what it says."""
    place.await_worker()
    began = time.perf_counter()
    for number, file in enumerate(files, start=1):
        key = pipeline.new_key(heard=number == len(files))
        pipeline.put(file.read_bytes(), key=key)
    [message] = pipeline.messages(1)
    took = time.perf_counter() - began
    if message["Files"] != len(files):
        raise RuntimeError(f"{message['Files']} of {len(files)} files were loaded: {message}")
    return took, message


def duck(files: list[Path], airports: Path, database: Path) -> int:
    """Do the pipeline's transform with DuckDB; give the number of rows that matched."""
    database.unlink(missing_ok=True)
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "CREATE TABLE flights AS SELECT f.*, d.* EXCLUDE (airport_id), a.name AS arr_name, "
            "a.city AS arr_city, a.state AS arr_state, d.airport_id IS NOT NULL AND "
            "a.airport_id IS NOT NULL AS matched "
            "FROM read_csv(?, header = true, columns = {'Carrier': 'VARCHAR', 'OriginAirportID': "
            "'BIGINT', 'DestAirportID': 'BIGINT', 'DepDelay': 'BIGINT', 'ArrDelay': 'BIGINT'}) f "
            "LEFT JOIN read_csv(?) d ON f.OriginAirportID = d.airport_id "
            "LEFT JOIN read_csv(?) a ON f.DestAirportID = a.airport_id",
            [[str(file) for file in files], str(airports), str(airports)],
        )
        found = connection.execute("SELECT count(*) FROM flights WHERE matched").fetchone()
    return int(found[0]) if found else 0
