"""The benchmarks' own code: figures, the page, and what the comparisons compute."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as command
from benchmarks import containers, flights, machine, report
from benchmarks.figures import Aim, Effort, Result, Samples, interleave, ratio, seconds, table
from benchmarks.volume import duck

MACHINE: dict[str, Any] = {
    "date": "2024-01-01",
    "cores": 2,
    "memory_gib": 8,
    "cpu": "a processor",
    "system": "Linux",
    "versions": {"etlocal": "1"},
    "load": 0.5,
}


def a_result(value: float = 3.0) -> Result:
    samples = Samples([value, 1.0, 2.0])
    result = Result("A part", notes=["How it is taken."], aims=[Aim("an aim", value, 2.0)])
    result.keep({"one": samples})
    result.tables.append(table("", [("one", samples)], of=Samples([1.0]), against="to another"))
    return result


def test_cases_are_measured_in_turn_and_warm_ups_are_not_counted() -> None:
    order: list[str] = []

    def case(name: str) -> float:
        order.append(name)
        return float(len(order))

    measured = interleave({n: lambda n=n: case(n) for n in "ab"}, repeats=2, warm_ups=1)  # type: ignore[misc]
    assert order == ["a", "b"] * 3
    assert measured["a"].values == [3.0, 5.0]
    assert measured["b"].median == 5.0


def test_seconds_and_ratios_are_written_with_the_digits_that_count() -> None:
    assert [seconds(value) for value in (0.0123, 1.234, 12.34)] == ["12 ms", "1.23 s", "12.3 s"]
    assert ratio(3, 2) == "1.50"
    assert ratio(3, 0) == "–"
    assert Samples([3.0, 1.0, 2.0]).cells() == ["2.00 s", "1.00 s", "3.00 s", "3"]


def test_a_result_is_the_same_after_it_was_kept(tmp_path: Path) -> None:
    report.save(tmp_path, "part", a_result(), MACHINE, 1.0)
    [document] = report.load(tmp_path, ["missing", "part"]).values()
    known = {name: document[name] for name in ("title", "notes", "tables", "aims", "samples")}
    assert Result.from_json(known) == a_result()


def test_page_names_machine_and_says_which_aims_were_missed(tmp_path: Path) -> None:
    report.save(tmp_path, "latency", a_result(3.0), MACHINE, 1.0)
    report.save(tmp_path, "memory", a_result(2.0), MACHINE, 1.0)
    page = report.page(report.load(tmp_path, command.PARTS))
    assert "2 cores (a processor), 8 GiB" in page
    assert "| an aim | 3.00 s | 2.00 s | **missed** |" in page
    assert "| an aim | 2.00 s | 2.00 s | reached |" in page
    assert page.index("--only latency`") < page.index("--only memory`")


def test_results_of_two_machines_make_no_page(tmp_path: Path) -> None:
    report.save(tmp_path, "latency", a_result(), MACHINE, 1.0)
    report.save(tmp_path, "memory", a_result(), {**MACHINE, "cores": 8}, 1.0)
    with pytest.raises(ValueError, match="different machines"):
        report.page(report.load(tmp_path, command.PARTS))


def test_containers_are_left_out_where_there_is_no_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(containers, "engine", lambda: False)

    assert command.main(["--quick", "--only", "containers", "--results", str(tmp_path)]) == 0

    assert "containers: left out" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_every_part_can_be_run_and_one_that_fails_keeps_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_effort: Effort) -> Result:
        raise RuntimeError("the moon is in the way")

    for name in command.PARTS:
        part = importlib.import_module(f"benchmarks.{name}")
        monkeypatch.setattr(part, "run", broken if name == "burst" else lambda _effort: a_result())
    monkeypatch.setattr(machine, "describe", lambda: MACHINE)
    monkeypatch.setattr(containers, "engine", lambda: True)

    assert command.main(["--quick", "--results", str(tmp_path)]) == 1

    assert "failed: burst" in capsys.readouterr().err
    assert {file.stem for file in tmp_path.glob("*.json")} == {*command.PARTS} - {"burst"}
    monkeypatch.setattr(importlib.import_module("benchmarks.burst"), "run", lambda _: a_result())
    assert command.main(["--quick", "--missing", "--results", str(tmp_path)]) == 0
    assert "▸ latency" not in capsys.readouterr().out


def test_duckdb_matches_the_flights_that_the_pipeline_would(tmp_path: Path) -> None:
    files = flights.make(500, 2, tmp_path)
    known = {line.partition(",")[0] for line in flights.AIRPORTS.read_text().splitlines()[1:]}
    lines = [line for file in files for line in file.read_text().splitlines()[1:]]
    matching = sum({*line.split(",")[1:3]} <= known for line in lines)
    assert 0 < matching < 500
    assert duck(files, flights.AIRPORTS, tmp_path / "duck.db") == matching
