"""Flight files by seed, good ones and bad ones, and what the pipeline must make of their bytes.

The two halves do not know each other: what is expected is read from the bytes, in plain Python, by
the rules of docs/pipeline.md.
"""

from __future__ import annotations

import csv
import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

HEADER = ("Carrier", "OriginAirportID", "DestAirportID", "DepDelay", "ArrDelay")
KINDS = (
    "bad lines",
    "empty",
    "header only",
    "BOM",
    "other order",
    "extra column",
    "missing column",
)
_CARRIERS = ("AA", "B6", "DL", "EV", "UA", "WN")
_UNKNOWN_AIRPORT = "99999"
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")
_CARRIER_BYTES = 10

Fact = tuple[str, str, str, int | None, int | None]
"""Carrier, departure and arrival airport, and the two delays."""


@dataclass(frozen=True)
class FlightFile:
    """An object to upload.

    Attributes
    ----------
    key : str
    body : bytes
    kind : str
        ``good`` or one of `KINDS`.
    """

    key: str
    body: bytes
    kind: str


@dataclass
class Outcome:
    """What the warehouse must hold.

    Attributes
    ----------
    facts : Counter
        Rows of ``daily_flights_processed``.
    unmatched, rejected : Counter
        Key → rows of ``unmatched_flights`` and ``rejected_flights``.
    history : dict
        Key → rows loaded, unmatched and rejected, of ``load_history``.
    """

    facts: Counter[Fact] = field(default_factory=Counter)
    unmatched: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    history: dict[str, tuple[int, int, int]] = field(default_factory=dict)


def airports(file: Path) -> dict[str, str]:
    """Read the dimension's airports: id → name."""
    with file.open(newline="", encoding="utf-8") as lines:
        return {row["airport_id"]: row["name"] for row in csv.DictReader(lines)}


class FlightFiles:
    """Makes flight files; the same seed makes the same ones.

    Parameters
    ----------
    seed : int
    known : iterable of str
        The airports' ids.
    """

    def __init__(self, seed: int, known: Iterable[str]) -> None:
        self._random = random.Random(seed)
        self._airports = sorted(known)
        self._made = 0

    def make(self, kind: str = "good", *, rows: int = 20) -> FlightFile:
        """Make a file of `rows` flights, some of them to an airport that nobody knows.

        No two flights of all files are alike: the arrival delay numbers them.
        """
        number, self._made = self._made, self._made + 1
        lines = [self._flight(number * 10_000 + row) for row in range(rows)]
        header: tuple[str, ...] = HEADER
        if kind == "bad lines":
            lines[1::5] = [self._spoiled(line) for line in lines[1::5]]
        elif kind == "header only":
            lines = []
        elif kind == "other order":
            order = [4, 0, 3, 1, 2]
            header = tuple(HEADER[place] for place in order)
            lines = [tuple(line[place] for place in order) for line in lines]
        elif kind == "extra column":
            header = (*HEADER[:2], "Tail", *HEADER[2:])
            lines = [(*line[:2], f"N{row}", *line[2:]) for row, line in enumerate(lines)]
        elif kind == "missing column":
            header = HEADER[:2] + HEADER[3:]
            lines = [line[:2] + line[3:] for line in lines]
        text = "".join(",".join(line) + "\n" for line in (header, *lines))
        body = b"" if kind == "empty" else text.encode("utf-8-sig" if kind == "BOM" else "utf-8")
        date = f"2024-{1 + number % 12:02}-{1 + number // 12 % 28:02}"
        return FlightFile(f"raw/date={date}/{number:04}-{kind.replace(' ', '-')}.csv", body, kind)

    def _flight(self, identity: int) -> tuple[str, ...]:
        chance = self._random
        origin, destination = chance.sample(self._airports, 2)
        if chance.random() < 0.05:
            destination = _UNKNOWN_AIRPORT
        delay = "" if chance.random() < 0.05 else str(chance.randint(-20, 200))
        return (chance.choice(_CARRIERS), origin, destination, delay, str(identity))

    def _spoiled(self, line: tuple[str, ...]) -> tuple[str, ...]:
        carrier, origin, destination, departure, arrival = line
        return self._random.choice(
            [
                ("", origin, destination, departure, arrival),
                ("A carrier too long", origin, destination, departure, arrival),
                (carrier, "JFK", destination, departure, arrival),
                (carrier, origin, destination, "late", arrival),
                (carrier, origin),
            ]
        )


def expected(files: Iterable[FlightFile], names: Mapping[str, str]) -> Outcome:
    """Say what the warehouse must hold of files, each key counted once.

    Parameters
    ----------
    files : iterable of FlightFile
        All that was uploaded; of a key that comes again the first body counts.
    names : mapping
        Airport's id → name.
    """
    outcome = Outcome()
    for each in {each.key: each for each in reversed(list(files))}.values():
        _add(outcome, each, names)
    return outcome


def _add(outcome: Outcome, file: FlightFile, names: Mapping[str, str]) -> None:
    lines = [line for line in file.body.decode("utf-8-sig").splitlines() if line.strip()]
    if not lines:
        return
    header = [name.strip().lower() for name in lines[0].split(",")]
    whole = all(name.lower() in header for name in HEADER)
    counts = [0, 0, 0]
    for line in lines[1:]:
        values = dict(zip(header, line.split(","), strict=False))
        flight = [values.get(name.lower(), "").strip() for name in HEADER]
        if not whole or _is_no_flight(flight):
            outcome.rejected[file.key] += 1
            counts[2] += 1
        elif flight[1] in names and flight[2] in names:
            outcome.facts[_fact(flight, names)] += 1
            counts[0] += 1
        else:
            outcome.unmatched[file.key] += 1
            counts[1] += 1
    outcome.history[file.key] = (counts[0], counts[1], counts[2])


def _is_no_flight(flight: list[str]) -> bool:
    carrier, origin, destination, *delays = flight
    return (
        not 0 < len(carrier.encode()) <= _CARRIER_BYTES
        or not all(_WHOLE_NUMBER.fullmatch(number) for number in (origin, destination))
        or not all(_WHOLE_NUMBER.fullmatch(number) for number in delays if number)
    )


def _fact(flight: list[str], names: Mapping[str, str]) -> Fact:
    carrier, origin, destination, departure, arrival = flight
    return (
        carrier,
        names[origin],
        names[destination],
        int(departure) if departure else None,
        int(arrival) if arrival else None,
    )
