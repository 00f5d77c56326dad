"""Processes are killed while files arrive, and every flight is in the warehouse once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos import victims
from tests.chaos.run import Plan, run

pytestmark = [
    pytest.mark.spark,
    pytest.mark.stress,
    pytest.mark.xdist_group("etlocal"),
    pytest.mark.embedded_only("kills the processes of a stack of its own"),
]


def test_killed_processes_lose_no_flight_and_load_none_twice(tmp_path: Path) -> None:
    said: list[str] = []
    plan = Plan(seed=11, kills=len(victims.KINDS) + 1, calm=(0.5, 4.0))

    verdict = run(plan, tmp_path / "state", said.append)

    assert verdict.problems == [], "\n".join(said)
    assert all(verdict.counts[f"kills of {kind}"] for kind in victims.KINDS), "\n".join(said)
