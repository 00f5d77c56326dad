"""``python -m tests.chaos --seed 7 --kills 50``: exit code 0 when nothing was lost or doubled."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos.run import Plan, run
from tests.chaos.verdict import Verdict


def main() -> int:
    """Disturb the pipeline as the command line says; give the exit code."""
    plan = Plan()
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=plan.seed)
    parser.add_argument("--kills", type=int, default=plan.kills)
    parser.add_argument("--pause", type=float, default=plan.pause, help="mean seconds, two uploads")
    parser.add_argument("--rows", type=int, default=plan.rows, help="flights in a file")
    parser.add_argument("--settle", type=float, default=plan.settle, help="seconds for the end")
    parser.add_argument("--time-scale", type=float, default=plan.time_scale)
    parser.add_argument("--keep", action="store_true", help="keep the state folder, to look at")
    options = parser.parse_args()
    given = {name: value for name, value in vars(options).items() if name != "keep"}
    folder = Path(tempfile.mkdtemp(prefix="etlocal-chaos-"))
    say(f"seed {options.seed}, state in {folder}")
    try:
        verdict = run(Plan(**given), folder / "state", say)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    return conclude(verdict)


def conclude(verdict: Verdict) -> int:
    """Print the summary; give the exit code."""
    for name, count in verdict.counts.items():
        say(f"{count:7} {name}")
    for problem in verdict.problems:
        say(f"WRONG: {problem}")
    say("every flight is there once" if not verdict.problems else "this may not be")
    return 1 if verdict.problems else 0


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
