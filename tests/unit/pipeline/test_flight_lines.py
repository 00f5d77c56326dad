"""What becomes of each line of a raw file, decided by the job's own functions on Spark."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.spark

COLUMNS = ["carrier", "originairportid", "destairportid", "depdelay", "arrdelay"]
HEADER = "Carrier,OriginAirportID,DestAirportID,DepDelay,ArrDelay"
AIRPORTS = [(10, "Newark", "New Jersey", "Newark Airport"), (20, "Miami", "Florida", "Miami")]


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    # A process has one Spark context: another test's is used, and left to it.
    others = SparkContext._active_spark_context is not None
    session = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    yield session
    if not others:
        session.stop()


@pytest.fixture(scope="module")
def job(root: Path) -> dict[str, Any]:
    """The job's constants and functions, without the run that the script is."""
    tree = ast.parse((root / "glue_job" / "flights_job.py").read_text(encoding="utf-8"))
    tree.body = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).isupper())
        or (isinstance(node, ast.ImportFrom) and node.module == "pyspark.sql")
    ]
    names: dict[str, Any] = {}
    exec(compile(tree, "flights_job.py", "exec"), names)
    return names


def _read(job: dict[str, Any], spark: SparkSession, path: Path, columns: list[str]) -> DataFrame:
    """Read files as the catalog's table has them: every line as data, a folder's day beside it."""
    from pyspark.sql import functions as sf

    read = spark.read.csv(str(path), schema=", ".join(f"{c} STRING" for c in columns))
    return read.select(
        "*", sf.lit("2024-01-01").alias("date"), job["file_of_line"]().alias("source_file")
    )


@pytest.fixture
def check(job: dict[str, Any], spark: SparkSession, tmp_path: Path) -> Callable[[str], Any]:
    def run(line: str) -> Any:
        path = tmp_path / "day.csv"
        path.write_text(line + "\n", encoding="utf-8")
        return job["checked"](_read(job, spark, path, COLUMNS)).collect()[0]

    return run


@pytest.fixture
def check_files(
    job: dict[str, Any], spark: SparkSession, tmp_path: Path
) -> Callable[[dict[str, str]], dict[str, list[Any]]]:
    """Checks files by their own headers; gives their lines, by the file's name."""

    def run(files: dict[str, str]) -> dict[str, list[Any]]:
        for name, text in files.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        flights = _read(job, spark, tmp_path, [*COLUMNS, "col5"])
        rows = job["checked_by_headers"](flights, job["headers_of"](flights)).collect()
        found: dict[str, list[Any]] = {name: [] for name in files}
        for row in rows:
            found[row.source_file.rsplit("/", 1)[1]].append(row)
        return found

    return run


def test_a_flight_keeps_its_values_and_knows_its_file(check: Callable[[str], Any]) -> None:
    row = check("DL,11433,13303,-3,1")
    assert row.asDict() | {"source_file": ""} == {
        "source_file": "",
        "reason": None,
        "line": None,
        "carrier": "DL",
        "originairportid": 11433,
        "destairportid": 13303,
        "depdelay": -3,
        "arrdelay": 1,
    }
    assert row.source_file.endswith("/day.csv")


@pytest.mark.parametrize(
    ("line", "delays"),
    [("DL,1,2,,", (None, None)), ("DL,1,2,5,", (5, None)), ("DL,1,2", (None, None))],
)
def test_a_cancelled_or_diverted_flight_is_a_flight(
    check: Callable[[str], Any], line: str, delays: tuple[int | None, int | None]
) -> None:
    row = check(line)
    assert row.reason is None
    assert (row.depdelay, row.arrdelay) == delays


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",1,2,3,4", "Carrier is missing"),
        ("CARRIERTOOLONG,1,2,3,4", "Carrier is over 10 bytes"),
        ("ÄÖÜÄÖÜ,1,2,3,4", "Carrier is over 10 bytes"),
        ("DL,,2,3,4", "OriginAirportID is missing"),
        ("DL,1", "DestAirportID is missing"),
        ("DL,JFK,2,3,4", "OriginAirportID is not a whole number"),
        ("DL,1,2.5,3,4", "DestAirportID is not a whole number"),
        ("DL,1,2,late,4", "DepDelay is not a whole number"),
        ("DL,1,2,3,99999999999999999999", "ArrDelay is not a whole number"),
        ("D\ufffd,1,2,3,4", "Carrier is not UTF-8"),
        ('L",1,2,3,4', "Carrier has a quote in it"),
        ("a,b,c,d,e", "OriginAirportID is not a whole number"),
    ],
)
def test_a_line_that_is_no_flight_is_kept_with_its_reason(
    check: Callable[[str], Any], line: str, reason: str
) -> None:
    row = check(line)
    assert row.reason == reason
    assert row.line.rstrip(",") == line.rstrip(",")
    assert row.carrier is None


@pytest.mark.parametrize(
    "line",
    [
        HEADER,
        "\ufeff" + HEADER,
        HEADER.lower(),
        HEADER.replace(",", " , "),
        '"Carrier","OriginAirportID","DestAirportID","DepDelay","ArrDelay"',
        HEADER + ",TailNumber",
    ],
)
def test_a_header_in_the_usual_order_is_known_as_one(
    check: Callable[[str], Any], line: str
) -> None:
    row = check(line)
    assert (row.reason, row.carrier, row.originairportid) == ("HEADER", None, None)


@pytest.mark.parametrize(
    "line",
    [
        "Carrier,DestAirportID,OriginAirportID,DepDelay,ArrDelay",
        "Carrier,OriginAirportID,DestAirportID,DepDelay",
        "TailNumber," + HEADER,
    ],
)
def test_a_header_in_another_order_stops_the_load(check: Callable[[str], Any], line: str) -> None:
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    with pytest.raises((Py4JJavaError, PySparkException), match=r"another order.*day\.csv"):
        check(line)


def test_every_file_is_read_by_its_own_header(
    check_files: Callable[[dict[str, str]], dict[str, list[Any]]],
) -> None:
    found = check_files(
        {
            "usual.csv": f"{HEADER}\nDL,1,2,3,4\n",
            "turned.csv": "ArrDelay,DepDelay,DestAirportID,OriginAirportID,Carrier\n4,3,2,1,DL\n",
            "first.csv": f"TailNumber,{HEADER}\nN1,DL,1,2,3,4\n",
            "last.csv": f"{HEADER},TailNumber\nDL,1,2,3,4,N1\n",
        }
    )
    for name, rows in found.items():
        assert [row.reason for row in rows] == ["HEADER", None], name
        flight = rows[1]
        assert (flight.carrier, flight.originairportid, flight.destairportid) == ("DL", 1, 2), name
        assert (flight.depdelay, flight.arrdelay) == (3, 4), name


def test_a_file_whose_header_cannot_be_followed_is_set_aside_whole(
    check_files: Callable[[dict[str, str]], dict[str, list[Any]]],
) -> None:
    twice = HEADER.replace("ArrDelay", "DepDelay")
    other = "Carrier,DestAirportID,OriginAirportID,DepDelay,ArrDelay"
    found = check_files(
        {
            "lacks.csv": "Carrier,OriginAirportID,DestAirportID,DepDelay\nDL,1,2,3\n",
            "twice.csv": f"{twice}\nDL,1,2,3,4\n",
            "two.csv": f"{HEADER}\nDL,1,2,3,4\n{other}\n",
        }
    )
    reasons = {name: {row.reason for row in rows} - {"HEADER"} for name, rows in found.items()}
    assert reasons == {
        "lacks.csv": {"ArrDelay is not in the file's header"},
        "twice.csv": {"DepDelay is twice in the file's header"},
        "two.csv": {"The file has headers that differ"},
    }
    [line] = [row.line for row in found["lacks.csv"] if row.reason != "HEADER"]
    assert line.rstrip(",") == "DL,1,2,3"


def test_a_very_long_line_is_cut(check: Callable[[str], Any]) -> None:
    assert len(check("DL,1,2,3," + "x" * 5000).line) == 1000


def _joined(spark: SparkSession, reason: str | None, origin: int, destination: int) -> DataFrame:
    airports = {row[0]: row for row in AIRPORTS}
    leaves, arrives = airports.get(origin), airports.get(destination)
    columns = {
        "source_file": "s3://raw/day.csv",
        "reason": reason,
        "line": "a line" if reason else None,
        "carrier": None if reason else "DL",
        "origin_airport_id": origin,
        "dest_airport_id": destination,
        "dep_airport_id": leaves and leaves[0],
        "arr_airport_id": arrives and arrives[0],
        "dep_airport": leaves and leaves[3],
        "arr_airport": arrives and arrives[3],
        "dep_city": leaves and leaves[1],
        "arr_city": arrives and arrives[1],
        "dep_state": leaves and leaves[2],
        "arr_state": arrives and arrives[2],
        "dep_delay": 1,
        "arr_delay": 2,
    }
    numbers = {name for name in columns if name.endswith(("_id", "_delay"))}
    schema = ", ".join(f"{n} {'BIGINT' if n in numbers else 'STRING'}" for n in columns)
    return spark.createDataFrame([tuple(columns.values())], schema)


@pytest.mark.parametrize(
    ("reason", "origin", "destination", "outcome"),
    [
        (None, 10, 20, ("LOADED", None)),
        (None, 99, 20, ("UNMATCHED", "OriginAirportID is unknown")),
        (None, 10, 99, ("UNMATCHED", "DestAirportID is unknown")),
        (None, 98, 99, ("UNMATCHED", "OriginAirportID and DestAirportID are unknown")),
        ("Carrier is missing", 10, 20, ("REJECTED", "Carrier is missing")),
        ("Carrier is missing", 99, 20, ("REJECTED", "Carrier is missing")),
        ("HEADER", 99, 98, ("HEADER", "HEADER")),
    ],
)
def test_every_line_has_one_outcome(
    job: dict[str, Any],
    spark: SparkSession,
    reason: str | None,
    origin: int,
    destination: int,
    outcome: tuple[str, str | None],
) -> None:
    [row] = job["staged"](_joined(spark, reason, origin, destination), "jr_1").collect()
    assert (row.outcome, row.reason) == outcome
    assert row.job_run_id == "jr_1"
    assert (row.origin_airport_id, row.dest_airport_id) == (origin, destination)


def test_a_row_without_its_file_stops_the_load(job: dict[str, Any], spark: SparkSession) -> None:
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    made = spark.createDataFrame([("DL", "1", "2", "3", "4")], COLUMNS)
    with pytest.raises((Py4JJavaError, PySparkException), match="does not know the file"):
        made.select("*", job["file_of_line"]().alias("source_file")).collect()
