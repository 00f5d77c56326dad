"""What the warehouse holds, in the shape in which `tests.e2e.flight_files` expects it."""

from __future__ import annotations

from collections import Counter

from etlocal.flow import Flow
from tests.e2e.flight_files import Outcome


def held(flow: Flow, bucket: str) -> tuple[Outcome, list[str]]:
    """Read the pipeline's four tables.

    Parameters
    ----------
    flow : Flow
    bucket : str
        The raw bucket, whose keys name the files.

    Returns
    -------
    tuple of (Outcome, list of str)
        What they hold, and the keys that ``load_history`` has more than once.
    """

    def key(source: str) -> str:
        return source.removeprefix(f"s3://{bucket}/")

    facts = flow.query(
        "SELECT carrier, dep_airport, arr_airport, dep_delay, arr_delay"
        " FROM airlines.daily_flights_processed"
    ).rows
    history = flow.query(
        "SELECT source_file, rows_loaded, rows_unmatched, rows_rejected FROM airlines.load_history"
    ).rows
    outcome = Outcome(
        facts=Counter((row[0], row[1], row[2], row[3], row[4]) for row in facts),
        unmatched=_by_file(flow, "unmatched_flights", bucket),
        rejected=_by_file(flow, "rejected_flights", bucket),
        history={key(source): (int(a), int(b), int(c)) for source, a, b, c in history},
    )
    times = Counter(key(row[0]) for row in history)
    return outcome, sorted(name for name, count in times.items() if count > 1)


def _by_file(flow: Flow, table: str, bucket: str) -> Counter[str]:
    rows = flow.query(
        f"SELECT source_file, COUNT(*) FROM airlines.{table} GROUP BY source_file"
    ).rows
    return Counter({row[0].removeprefix(f"s3://{bucket}/"): int(row[1]) for row in rows})


def differences(expected: Outcome, found: Outcome) -> list[str]:
    """Say, a line each, where two outcomes differ."""
    said = []
    missing, extra = expected.facts - found.facts, found.facts - expected.facts
    if missing:
        said.append(f"{missing.total()} flights are missing, e.g. {next(iter(missing))}")
    if extra:
        said.append(f"{extra.total()} flights are there too often, e.g. {next(iter(extra))}")
    for table, wanted, have in (
        ("unmatched_flights", expected.unmatched, found.unmatched),
        ("rejected_flights", expected.rejected, found.rejected),
    ):
        said += [
            f"{table} has {have[file]} rows of {file}, not {wanted[file]}"
            for file in sorted({*wanted, *have})
            if wanted[file] != have[file]
        ]
    for file in sorted({*expected.history, *found.history}):
        want, has = expected.history.get(file), found.history.get(file)
        if want != has:
            said.append(
                f"load_history has {has} of {file}, not {want} (loaded, unmatched, rejected)"
            )
    return said
