"""The files that benchmarks upload: `seed_data/generate_flights.py`'s, and what is in them."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from benchmarks.ground import ROOT
from seed_data.generate_flights import generate

AIRPORTS = ROOT / "seed_data" / "airports.csv"


def make(rows: int, files: int, folder: Path) -> list[Path]:
    """Write `rows` flights over `files` files."""
    # It prints each path, which is of no interest here.
    with contextlib.redirect_stdout(io.StringIO()):
        return generate(rows, files, folder)
