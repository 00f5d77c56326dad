"""The seed data keeps its promises; the counts are computed from the files by Polars."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

if TYPE_CHECKING:
    from types import ModuleType

FLIGHT_COLUMNS = ["Carrier", "OriginAirportID", "DestAirportID", "DepDelay", "ArrDelay"]
NEVER_LISTED = ("BQN", "PSE", "SJU", "STT")
SEED_DATA = Path(__file__).resolve().parents[3] / "seed_data"


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SEED_DATA / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def make_seed_data() -> ModuleType:
    return _script("make_seed_data")


@pytest.fixture(scope="module")
def generate_flights() -> ModuleType:
    return _script("generate_flights")


@pytest.fixture(scope="module")
def airports() -> pl.DataFrame:
    return pl.read_csv(SEED_DATA / "airports.csv")


@pytest.fixture(scope="module")
def flights() -> pl.DataFrame:
    return pl.concat(
        pl.read_csv(path).with_columns(day=pl.lit(path.stem))
        for path in sorted((SEED_DATA / "flights").glob("*.csv"))
    )


def test_each_seeded_day_is_there_whole(flights: pl.DataFrame, make_seed_data: ModuleType) -> None:
    counts = dict(flights.group_by("day").len().iter_rows())
    assert set(counts) == set(make_seed_data.DAYS)
    # What the package has for these days.
    assert counts == {
        "2013-01-01": 842,
        "2013-01-02": 943,
        "2013-01-03": 914,
        "2013-01-04": 915,
        "2013-01-05": 720,
        "2013-01-06": 832,
        "2013-01-07": 933,
    }


def test_flights_have_the_raw_files_header_and_whole_numbers(flights: pl.DataFrame) -> None:
    for path in (SEED_DATA / "flights").glob("*.csv"):
        assert path.read_text(encoding="utf-8").split("\n", 1)[0] == ",".join(FLIGHT_COLUMNS)
        assert b"\r" not in path.read_bytes()
    assert flights.select(FLIGHT_COLUMNS).dtypes == [pl.String, *[pl.Int64] * 4]


def test_cancelled_flights_have_no_delay(flights: pl.DataFrame) -> None:
    cancelled = flights.filter(pl.col("DepDelay").is_null())
    assert len(cancelled) == 35
    assert cancelled["ArrDelay"].null_count() == len(cancelled)
    assert flights["ArrDelay"].null_count() > len(cancelled), "diverted flights"


def test_airports_are_unique_and_whole(airports: pl.DataFrame) -> None:
    assert airports.columns == ["airport_id", "city", "state", "name"]
    assert airports["airport_id"].n_unique() == len(airports) == 1342
    assert airports.null_count().sum_horizontal().item() == 0
    for column, limit in (("city", 100), ("state", 100), ("name", 200)):
        assert airports[column].str.len_bytes().max() <= limit, column  # type: ignore[operator]


def test_ids_are_no_sequence_that_a_bookmark_could_follow(airports: pl.DataFrame) -> None:
    steps = airports["airport_id"].sort().diff().drop_nulls()
    assert steps.max() > 1  # type: ignore[operator]


def test_flights_to_airports_that_are_not_listed_stay_unmatched(
    airports: pl.DataFrame, flights: pl.DataFrame, make_seed_data: ModuleType
) -> None:
    known = airports["airport_id"].implode()
    unmatched = flights.filter(
        ~pl.col("OriginAirportID").is_in(known) | ~pl.col("DestAirportID").is_in(known)
    )
    never_listed = {make_seed_data.airport_id(code) for code in NEVER_LISTED}
    assert set(unmatched["DestAirportID"]) == never_listed
    assert len(unmatched) == 181
    assert flights["OriginAirportID"].is_in(known).all()
    by_day = dict(unmatched.group_by("day").len().iter_rows())
    assert min(by_day.values()) > 0
    assert len(by_day) == 7


def test_an_id_depends_on_its_code_alone(make_seed_data: ModuleType) -> None:
    assert make_seed_data.airport_id("JFK") == 35184
    assert make_seed_data.airport_id("000") == 10_000
    assert make_seed_data.airport_id("ZZZ") == 56_655


@pytest.mark.parametrize("code", ["", "JF", "KJFK", "J-K", "JFÉ"])
def test_an_id_is_refused_to_what_is_no_code(make_seed_data: ModuleType, code: str) -> None:
    with pytest.raises(ValueError, match="not an airport code"):
        make_seed_data.airport_id(code)


def test_seed_data_stays_under_five_megabytes() -> None:
    assert sum(path.stat().st_size for path in SEED_DATA.rglob("*") if path.is_file()) < 5_000_000


def test_generator_writes_the_rows_asked_for(
    generate_flights: ModuleType, tmp_path: Path, flights: pl.DataFrame
) -> None:
    paths = generate_flights.generate(rows=120_001, days=2, out=tmp_path)
    made = [pl.read_csv(path) for path in paths]
    assert [path.name for path in paths] == ["2024-01-01.csv", "2024-01-02.csv"]
    assert [len(day) for day in made] == [60_001, 60_000]
    assert made[0].columns == FLIGHT_COLUMNS
    real = flights.select(FLIGHT_COLUMNS).unique()
    assert made[0].unique().join(real, on=FLIGHT_COLUMNS, how="anti", nulls_equal=True).is_empty()


def test_generator_repeats_itself_by_seed(generate_flights: ModuleType, tmp_path: Path) -> None:
    def day(folder: str, seed: int, days: int) -> bytes:
        [first, *_] = generate_flights.generate(
            rows=100 * days, days=days, out=tmp_path / folder, seed=seed
        )
        content: bytes = first.read_bytes()
        return content

    assert day("a", seed=1, days=1) == day("b", seed=1, days=3)
    assert day("a", seed=1, days=1) != day("c", seed=2, days=1)


def test_generator_refuses_rows_without_a_day(generate_flights: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be spread"):
        generate_flights.generate(rows=1, days=0, out=tmp_path)
