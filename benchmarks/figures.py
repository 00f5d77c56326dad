"""What is measured: samples, tables of them, and the aims they are held against."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Effort:
    """How much is done.

    Attributes
    ----------
    quick : bool
        Tiny sizes and single samples: to see that everything runs, not to be quoted.
    """

    quick: bool = False

    def pick(self, full: int, quick: int) -> int:
        """Give a size or a number of repeats: of the full measurement, or of the quick one."""
        return quick if self.quick else full


@dataclass
class Samples:
    """Samples of one thing, in seconds."""

    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The middle one; 0 of none."""
        return statistics.median(self.values) if self.values else 0.0

    def cells(self) -> list[str]:
        """Give median, least, most and how many, for a table."""
        if not self.values:
            return ["–", "–", "–", "0"]
        ends = (self.median, min(self.values), max(self.values))
        return [*(seconds(value) for value in ends), str(len(self.values))]


SAMPLE_COLUMNS = ("median", "min", "max", "samples")


@dataclass
class Table:
    """A table of a part's results; cells are text."""

    title: str
    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)


@dataclass
class Aim:
    """What is aimed at, and whether it was reached."""

    text: str
    value: float
    limit: float
    unit: str = "s"

    @property
    def met(self) -> bool:
        """Whether the value is within its limit."""
        return self.value <= self.limit


@dataclass
class Result:
    """What one part gave."""

    title: str
    notes: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    aims: list[Aim] = field(default_factory=list)
    samples: dict[str, list[float]] = field(default_factory=dict)

    def keep(self, samples: Mapping[str, Samples]) -> None:
        """Keep the samples themselves, for whoever reads the JSON."""
        self.samples.update({name: list(each.values) for name, each in samples.items()})

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON's types."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Result:
        """Read what `to_json` gave."""
        return cls(
            title=document["title"],
            notes=list(document["notes"]),
            tables=[Table(**each) for each in document["tables"]],
            aims=[Aim(**each) for each in document["aims"]],
            samples=dict(document["samples"]),
        )


def timed(work: Callable[[], object]) -> float:
    """Give the seconds that `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def interleave(
    cases: Mapping[str, Callable[[], float]], *, repeats: int, warm_ups: int = 0
) -> dict[str, Samples]:
    """Measure several things in turn, so that whatever else the machine does meets all of them.

    Parameters
    ----------
    cases : mapping
        Name → what does it once and gives the seconds it took.
    repeats : int
        Samples of each.
    warm_ups : int
        Rounds before, which are not counted.
    """
    samples = {name: Samples() for name in cases}
    for number in range(warm_ups + repeats):
        for name, measure in cases.items():
            took = measure()
            if number >= warm_ups:
                samples[name].values.append(took)
    return samples


def table(
    title: str,
    lines: Sequence[tuple[str, Samples]],
    *,
    of: Samples | None = None,
    against: str = "",
) -> Table:
    """Make a table of samples, each with its ratio to `of`, which the header calls `against`."""
    made = Table(title, ["", *SAMPLE_COLUMNS])
    if of is not None:
        made.columns.append(against or "ratio")
    for name, samples in lines:
        row = [name, *samples.cells()]
        if of is not None:
            row.append(ratio(samples.median, of.median))
        made.rows.append(row)
    return made


def seconds(value: float) -> str:
    """Write seconds with three digits that count."""
    if value >= 10:
        return f"{value:.1f} s"
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.0f} ms"


def ratio(value: float, of: float) -> str:
    """Write a ratio."""
    return f"{value / of:.2f}" if of else "–"
