"""What the warehouse must hold, computed from the CSV files by Polars, without the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl


@dataclass(frozen=True)
class Expected:
    """Counts and sums over some flight files.

    Attributes
    ----------
    rows : int
        Flights whose airports are both known.
    unmatched : int
        Flights of which one airport is not.
    dep_delay, arr_delay : int
        Sums of the known delays of the matched flights.
    dep_missing : int
        Matched flights without a departure delay.
    by_carrier : dict
        Carrier → matched flights.
    """

    rows: int
    unmatched: int
    dep_delay: int
    arr_delay: int
    dep_missing: int
    by_carrier: dict[str, int]


def expected(files: Sequence[Path], airports: Path) -> Expected:
    """Compute what the pipeline must have made of `files`."""
    known = pl.read_csv(airports)["airport_id"].to_list()
    flights = pl.concat([pl.read_csv(file) for file in files])
    matches = pl.col("OriginAirportID").is_in(known) & pl.col("DestAirportID").is_in(known)
    matched = flights.filter(matches)
    carriers = matched.group_by("Carrier").len().rows()
    return Expected(
        rows=matched.height,
        unmatched=flights.height - matched.height,
        dep_delay=int(matched["DepDelay"].sum()),
        arr_delay=int(matched["ArrDelay"].sum()),
        dep_missing=matched["DepDelay"].null_count(),
        by_carrier={str(carrier): int(count) for carrier, count in carriers},
    )
