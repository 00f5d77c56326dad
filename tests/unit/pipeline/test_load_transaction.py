"""The statements around the job's COPY load each file once; run on DuckDB, rows made by Polars."""

from __future__ import annotations

import ast
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pytest
import sqlglot
from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = "2013-01-01"


def _duckdb_sql(statement: str) -> str:
    return sqlglot.transpile(statement, read="redshift", write="duckdb")[0]


@pytest.fixture(scope="module")
def load(root: Path) -> dict[str, list[str]]:
    tree = ast.parse((root / "glue_job" / "flights_job.py").read_text(encoding="utf-8"))
    return {
        ast.unparse(node.targets[0]): [_duckdb_sql(s) for s in ast.literal_eval(node.value)]
        for node in tree.body
        if isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) in ("PREACTIONS", "POSTACTIONS")
    }


@pytest.fixture
def warehouse(root: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for script in sorted((root / "warehouse" / "ddl").glob("*.sql")):
            text = script.read_text(encoding="utf-8")
            for statement in sqlglot.parse(text, dialect="redshift"):
                if isinstance(statement, exp.Create):
                    # Where rows lie is Redshift's affair alone.
                    statement.set("properties", None)
                    connection.execute(statement.sql(dialect="duckdb"))
        yield connection


@pytest.fixture(scope="module")
def staging(root: Path) -> pl.DataFrame:
    """One real day as the job stages it, and one line of it that is no flight."""
    airports = pl.read_csv(root / "seed_data" / "airports.csv")

    def named(side: str) -> pl.DataFrame:
        return airports.select(
            pl.col("airport_id").alias(f"{side}_id"),
            pl.col("name").alias(f"{side}_airport"),
            pl.col("city").alias(f"{side}_city"),
            pl.col("state").alias(f"{side}_state"),
        )

    day = pl.read_csv(root / "seed_data" / "flights" / f"{DAY}.csv")
    rows = (
        day.rename(
            {
                "Carrier": "carrier",
                "OriginAirportID": "origin_airport_id",
                "DestAirportID": "dest_airport_id",
                "DepDelay": "dep_delay",
                "ArrDelay": "arr_delay",
            }
        )
        .join(named("dep"), left_on="origin_airport_id", right_on="dep_id", how="left")
        .join(named("arr"), left_on="dest_airport_id", right_on="arr_id", how="left")
        .with_columns(
            outcome=pl.when(pl.col("arr_airport").is_null())
            .then(pl.lit("UNMATCHED"))
            .otherwise(pl.lit("LOADED")),
            line=pl.lit(None, pl.String),
        )
        .with_columns(reason=pl.when(outcome="UNMATCHED").then(pl.lit("DestAirportID is unknown")))
    )
    broken = pl.DataFrame(
        {
            "outcome": ["HEADER", "REJECTED"],
            "reason": ["HEADER", "Carrier is missing"],
            "line": ["Carrier,OriginAirportID,DestAirportID,DepDelay,ArrDelay", ",1,2,3,4"],
        }
    )
    return pl.concat([rows, broken], how="diagonal")


def _run(
    warehouse: duckdb.DuckDBPyConnection,
    load: dict[str, list[str]],
    rows: pl.DataFrame,
    *,
    file: str | None = None,
    job_run_id: str,
    dies: bool = False,
) -> None:
    """Load rows, of `file` where they do not name their files themselves."""
    staged = rows.with_columns(job_run_id=pl.lit(job_run_id))
    if file is not None:
        staged = staged.with_columns(source_file=pl.lit(file))
    columns = ", ".join(staged.columns)
    warehouse.begin()
    for statement in load["PREACTIONS"]:
        warehouse.execute(statement)
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / "part-0.parquet"
        staged.write_parquet(copied)
        warehouse.execute(
            f"INSERT INTO airlines.flights_staging ({columns}) SELECT {columns}"
            " FROM read_parquet($1)",
            [str(copied)],
        )
    for statement in load["POSTACTIONS"]:
        warehouse.execute(statement)
    if dies:
        warehouse.rollback()
    else:
        warehouse.commit()


def _counts(warehouse: duckdb.DuckDBPyConnection) -> dict[str, int]:
    tables = ("daily_flights_processed", "unmatched_flights", "rejected_flights", "load_history")
    found = {}
    for table in (*tables, "flights_staging"):
        row = warehouse.execute(f"SELECT COUNT(*) FROM airlines.{table}").fetchone()
        assert row is not None
        found[table] = row[0]
    assert found.pop("flights_staging") == 0, "staging is empty when no load is under way"
    return found


ONCE = {
    "daily_flights_processed": 816,
    "unmatched_flights": 26,
    "rejected_flights": 1,
    "load_history": 1,
}


def test_a_days_rows_go_where_they_belong(
    warehouse: duckdb.DuckDBPyConnection, load: dict[str, list[str]], staging: pl.DataFrame
) -> None:
    _run(warehouse, load, staging, file="a", job_run_id="jr_1")
    assert _counts(warehouse) == ONCE
    history = warehouse.execute(
        "SELECT source_file, job_run_id, rows_loaded, rows_unmatched, rows_rejected"
        " FROM airlines.load_history"
    ).fetchall()
    assert history == [("a", "jr_1", 816, 26, 1)]


def test_delays_that_are_missing_stay_missing(
    warehouse: duckdb.DuckDBPyConnection, load: dict[str, list[str]], staging: pl.DataFrame
) -> None:
    _run(warehouse, load, staging, file="a", job_run_id="jr_1")
    loaded = staging.filter(outcome="LOADED")
    row = warehouse.execute(
        "SELECT COUNT(*) FILTER (dep_delay IS NULL), COUNT(*) FILTER (arr_delay IS NULL),"
        " SUM(dep_delay), SUM(arr_delay) FROM airlines.daily_flights_processed"
    ).fetchone()
    assert row == (
        loaded["dep_delay"].null_count(),
        loaded["arr_delay"].null_count(),
        loaded["dep_delay"].sum(),
        loaded["arr_delay"].sum(),
    )
    assert row[0] > 0


def test_a_run_that_died_before_its_bookmark_moved_loads_nothing_twice(
    warehouse: duckdb.DuckDBPyConnection, load: dict[str, list[str]], staging: pl.DataFrame
) -> None:
    _run(warehouse, load, staging, file="a", job_run_id="jr_1")
    _run(warehouse, load, staging, file="a", job_run_id="jr_2")
    assert _counts(warehouse) == ONCE


def test_a_run_that_died_in_the_load_has_loaded_nothing(
    warehouse: duckdb.DuckDBPyConnection, load: dict[str, list[str]], staging: pl.DataFrame
) -> None:
    _run(warehouse, load, staging, file="a", job_run_id="jr_1", dies=True)
    assert set(_counts(warehouse).values()) == {0}
    _run(warehouse, load, staging, file="a", job_run_id="jr_2")
    assert _counts(warehouse) == ONCE


def test_a_file_of_a_header_alone_is_recorded(
    warehouse: duckdb.DuckDBPyConnection, load: dict[str, list[str]], staging: pl.DataFrame
) -> None:
    _run(warehouse, load, staging.filter(outcome="HEADER"), file="a", job_run_id="jr_1")
    assert _counts(warehouse) == dict.fromkeys(ONCE, 0) | {"load_history": 1}


def test_lines_of_a_file_without_a_header_are_all_set_aside(
    warehouse: duckdb.DuckDBPyConnection, load: dict[str, list[str]], staging: pl.DataFrame
) -> None:
    both = pl.concat(
        [
            staging.filter(pl.col("outcome") != "HEADER").with_columns(source_file=pl.lit("none")),
            staging.with_columns(source_file=pl.lit("with")),
        ]
    )
    _run(warehouse, load, both, job_run_id="jr_1")
    assert _counts(warehouse) == ONCE | {"rejected_flights": 844, "load_history": 2}
    lines = warehouse.execute(
        "SELECT line FROM airlines.rejected_flights WHERE source_file = 'none'"
        " AND reason = 'The file has no header of these columns'"
    ).fetchall()
    assert len(lines) == 843
    flights = staging.filter(pl.col("outcome") != "HEADER")
    [first] = flights.head(1).select(
        pl.concat_str(
            pl.col("carrier", "origin_airport_id", "dest_airport_id", "dep_delay", "arr_delay"),
            separator=",",
        )
    )["carrier"]
    assert (first,) in lines


def test_another_file_with_the_same_rows_is_loaded(
    warehouse: duckdb.DuckDBPyConnection, load: dict[str, list[str]], staging: pl.DataFrame
) -> None:
    _run(warehouse, load, staging, file="a", job_run_id="jr_1")
    _run(warehouse, load, staging, file="b", job_run_id="jr_2")
    assert _counts(warehouse) == {table: 2 * count for table, count in ONCE.items()}


def test_delay_by_city_agrees_with_the_files(
    warehouse: duckdb.DuckDBPyConnection,
    load: dict[str, list[str]],
    staging: pl.DataFrame,
    root: Path,
) -> None:
    _run(warehouse, load, staging, file="a", job_run_id="jr_1")
    query = (root / "warehouse" / "queries" / "delay_by_city.sql").read_text(encoding="utf-8")
    answer = warehouse.execute(_duckdb_sql(query)).fetchall()
    expected: dict[Any, tuple[int, float]] = {
        (city, state): (flights, mean)
        for city, state, flights, mean in staging.filter(outcome="LOADED")
        .group_by("dep_city", "dep_state")
        .agg(pl.len(), pl.col("dep_delay").mean().round(2).alias("mean"))
        .iter_rows()
    }
    assert {(row[0], row[1]): (row[2], row[4]) for row in answer} == expected
    assert [row[4] for row in answer] == sorted((row[4] for row in answer), reverse=True)
