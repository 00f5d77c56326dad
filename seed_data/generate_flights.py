"""Writes as many raw flights as a benchmark wants: real ones, drawn again and again.

    python seed_data/generate_flights.py --rows 1000000 --days 10 --out DIR

Each row is drawn from the seeded days with a seeded generator, so carriers, routes, delays,
cancelled flights and unknown airports keep their real shares. A day's file depends on the seed, the
day and its number of rows alone; rows are written in blocks, so memory stays the same however many
there are. It prints the path of each file as it is done.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
from pathlib import Path

SEEDED_DAYS = Path(__file__).resolve().parent / "flights"
HEADER = "Carrier,OriginAirportID,DestAirportID,DepDelay,ArrDelay"
FIRST_DAY = dt.date(2024, 1, 1)
BLOCK = 50_000


def real_lines() -> list[str]:
    """Return every flight of the seeded days as its line."""
    lines: list[str] = []
    for path in sorted(SEEDED_DAYS.glob("*.csv")):
        header, *flights = path.read_text(encoding="utf-8").splitlines()
        if header != HEADER:
            raise ValueError(f"{path} starts with {header!r}, not {HEADER!r}")
        lines.extend(flights)
    return lines


def write_day(path: Path, rows: int, lines: list[str], seed: str) -> None:
    """Write one file of `rows` flights drawn from `lines`."""
    draw = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER + "\n")
        while rows > 0:
            size = min(rows, BLOCK)
            file.write("\n".join(draw.choices(lines, k=size)) + "\n")
            rows -= size


def generate(rows: int, days: int, out: Path, seed: int = 0) -> list[Path]:
    """Write `rows` flights over `days` files in `out`, one a day from 2024-01-01; return them.

    Raises
    ------
    ValueError
        If there is no day, or a negative number of rows.
    """
    if days < 1 or rows < 0:
        raise ValueError(f"{rows} rows cannot be spread over {days} days")
    out.mkdir(parents=True, exist_ok=True)
    lines = real_lines()
    each, more = divmod(rows, days)
    paths = []
    for index in range(days):
        day = FIRST_DAY + dt.timedelta(days=index)
        path = out / f"{day:%Y-%m-%d}.csv"
        write_day(path, each + (index < more), lines, f"{seed}:{day}")
        print(path)
        paths.append(path)
    return paths


def main() -> None:
    """Read the command line and write the files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, required=True, help="flights in all")
    parser.add_argument("--days", type=int, required=True, help="files, one a day")
    parser.add_argument("--out", type=Path, required=True, help="folder to write them in")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other draws")
    options = parser.parse_args()
    try:
        generate(options.rows, options.days, options.out, options.seed)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
