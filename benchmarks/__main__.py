"""``python -m benchmarks``: takes the figures and writes them down."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback
from pathlib import Path

from benchmarks import containers, machine, report
from benchmarks.figures import Effort, Result
from benchmarks.ground import ROOT

# In the order of the page; each is a module here with a function `run`.
PARTS = (
    "latency",
    "volume",
    "burst",
    "crawl",
    "bookmarks",
    "demo",
    "first_up",
    "memory",
    "containers",
)
RESULTS = ROOT / "build" / "benchmarks"
PAGE = ROOT / "docs" / "benchmarks.md"


def main(arguments: list[str] | None = None) -> int:
    """Take the parts that are asked for; 1 when one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, metavar="PART", help=f"of {', '.join(PARTS)}"
    )
    parser.add_argument(
        "--missing", action="store_true", help="leave out the parts that have a result already"
    )
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes, to see that it runs; no page is written"
    )
    parser.add_argument("--results", type=Path, help="folder of the results [build/benchmarks]")
    options = parser.parse_args(arguments)
    effort = Effort(quick=options.quick)
    results = options.results or (RESULTS / "quick" if effort.quick else RESULTS)
    failed = []
    for name in options.only or PARTS:
        if options.missing and (results / f"{name}.json").exists():
            continue
        if name == "containers" and not containers.engine():
            print("\n▸ containers: left out, `docker compose version` does not answer here")
            continue
        if not take(name, effort, results):
            failed.append(name)
        if not effort.quick:
            # After each part, so that what was taken is kept whatever comes.
            PAGE.write_text(report.page(report.load(results, PARTS)))
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def take(name: str, effort: Effort, results: Path) -> bool:
    """Take one part and keep its result; False when it failed."""
    print(f"\n▸ {name}", flush=True)
    around = machine.describe()
    began = time.monotonic()
    try:
        result: Result = importlib.import_module(f"benchmarks.{name}").run(effort)
    except Exception:  # noqa: BLE001 - the other parts' figures are still wanted
        traceback.print_exc()
        return False
    took = time.monotonic() - began
    report.save(results, name, result, around, took)
    print(report.text(result))
    print(f"({took:.0f} s)", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
