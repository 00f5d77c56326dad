"""Every benchmark that needs a stack runs, with tiny sizes: its figures are of no interest here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import main

pytestmark = [
    pytest.mark.spark,
    pytest.mark.stress,
    pytest.mark.embedded_only("measures stacks of its own"),
]


@pytest.mark.parametrize("part", ["latency", "volume", "burst", "crawl", "bookmarks", "memory"])
def test_benchmark_runs(part: str, tmp_path: Path) -> None:
    assert main(["--quick", "--only", part, "--results", str(tmp_path)]) == 0

    result = json.loads((tmp_path / f"{part}.json").read_text())
    assert result["tables"]
    assert all(len(row) == len(t["columns"]) for t in result["tables"] for row in t["rows"])
    assert all(value > 0 for samples in result["samples"].values() for value in samples)
