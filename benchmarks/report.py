"""Results on disk, one JSON file a part, and the page that is made of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.figures import Aim, Result, Table, seconds

# Written by hand: what no figure says.
_LIMITS = Path(__file__).with_name("limits.md")
_INTRODUCTION = """\
# Benchmarks

`make bench` takes every figure on this page and writes it anew; `python -m benchmarks --only
latency` takes one part. What is compared is taken in turn within one run, so the ratios say more
than the seconds: another machine has other seconds. Medians, with the least and the most beside
them.

"Waits scaled out" means that a Wait state's 10 s take 10 ms: what is measured is work, not waiting.
"""


def save(folder: Path, name: str, result: Result, machine: dict[str, Any], took: float) -> Path:
    """Write a part's result."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.json"
    document = {"part": name, "took": round(took, 1), "machine": machine, **result.to_json()}
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    draft.replace(file)
    return file


def load(folder: Path, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Read the results that are there, in the order of `names`."""
    files = ((name, folder / f"{name}.json") for name in names)
    return {name: json.loads(file.read_text()) for name, file in files if file.exists()}


def page(documents: dict[str, dict[str, Any]]) -> str:
    """Make the page of parts' results; empty of none.

    Raises
    ------
    ValueError
        If the results are of different machines: their figures do not belong on one page.
    """
    if not documents:
        return ""
    machines = [document["machine"] for document in documents.values()]
    fixed = {(m["cpu"], m["cores"], m["memory_gib"]) for m in machines}
    if len(fixed) > 1:
        raise ValueError(f"the results are of different machines, take them again: {sorted(fixed)}")
    parts = {name: Result.from_json(_known(document)) for name, document in documents.items()}
    lines = [_INTRODUCTION, *_machine(machines), *_aims(parts.values())]
    for name, result in parts.items():
        lines += ["", f"## {result.title}", "", f"`--only {name}`"]
        for note in result.notes:
            lines += ["", note]
        for each in result.tables:
            lines += ["", *_table(each)]
    return "\n".join([*lines, "", _LIMITS.read_text()])


def text(result: Result) -> str:
    """Write a part's result for the terminal."""
    lines = [result.title]
    for each in result.tables:
        lines += ["", *_table(each)]
    lines += [f"{'reached' if aim.met else 'MISSED '}  {_aim(aim)}" for aim in result.aims]
    return "\n".join(lines)


def _known(document: dict[str, Any]) -> dict[str, Any]:
    return {name: document[name] for name in ("title", "notes", "tables", "aims", "samples")}


def _machine(machines: list[dict[str, Any]]) -> list[str]:
    latest = max(machines, key=lambda machine: str(machine["date"]))
    dates = sorted({str(machine["date"]) for machine in machines})
    versions = ", ".join(f"{name} {number}" for name, number in latest["versions"].items())
    busiest = max(float(machine["load"]) for machine in machines)
    return [
        f"**Machine**: {latest['cores']} cores ({latest['cpu']}), {latest['memory_gib']} GiB, "
        f"{latest['system']}. {versions}. Taken {' and '.join([dates[0], *dates[1:][-1:]])}; load "
        f"average when a part began at most {busiest:g}.",
    ]


def _aims(parts: Iterable[Result]) -> list[str]:
    aims = [aim for part in parts for aim in part.aims]
    if not aims:
        return []
    rows = [
        [aim.text, _amount(aim.value, aim.unit), _amount(aim.limit, aim.unit), _verdict(aim)]
        for aim in aims
    ]
    return ["", *_table(Table("", ["aim", "measured", "at most", ""], rows))]


def _verdict(aim: Aim) -> str:
    return "reached" if aim.met else "**missed**"


def _aim(aim: Aim) -> str:
    return f"{aim.text}: {_amount(aim.value, aim.unit)} of {_amount(aim.limit, aim.unit)}"


def _amount(value: float, unit: str) -> str:
    if unit == "s":
        return seconds(value)
    return f"{value:.2f}" if unit == "times" else f"{value:.0f} {unit}"


def _table(made: Table) -> list[str]:
    head = f"**{made.title}**" if made.title else None
    align = ["---", *("---:" for _ in made.columns[1:])]
    rows = [made.columns, align, *made.rows]
    body = ["| " + " | ".join(row) + " |" for row in rows]
    return [head, "", *body] if head else body
