"""What the terminal prints: plain without a terminal, coloured with one."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

from rich.console import Console
from rich.table import Table

from etlocal.flow import Rows

console = Console(highlight=False, emoji=False)
errors = Console(stderr=True, highlight=False, emoji=False)


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def say(text: str, style: str | None = None) -> None:
    """Print a line."""
    console.print(text, style=style, markup=False, soft_wrap=True)


def fail(text: str) -> None:
    """Print an error on stderr."""
    errors.print(f"error: {text}", style="red", markup=False, soft_wrap=True)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show what is being done: one changing line in a terminal, a line each without one."""
    if console.is_terminal:
        with console.status("…") as status:
            yield status.update
    else:
        yield lambda text: say(f"… {text}")


def print_rows(rows: Rows, form: Format) -> None:
    """Print the rows of a query."""
    if form is Format.JSON:
        records = [dict(zip(rows.columns, row, strict=True)) for row in rows.rows]
        sys.stdout.write(json.dumps(records, indent=2) + "\n")
    elif form is Format.CSV:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(rows.columns)
        writer.writerows(rows.rows)
        sys.stdout.write(text.getvalue())
    else:
        console.print(table(rows))


def table(rows: Rows, *, limit: int | None = None) -> Table:
    """Lay rows out as a table, with the first `limit` of them."""
    numeric = [
        all(isinstance(row[index], int | float | None) for row in rows.rows)
        for index in range(len(rows.columns))
    ]
    laid = Table()
    for name, right in zip(rows.columns, numeric, strict=True):
        laid.add_column(name, justify="right" if right else "left")
    for row in rows.rows[:limit]:
        laid.add_row(*("" if value is None else str(value) for value in row))
    if limit is not None and len(rows.rows) > limit:
        laid.caption = f"the first {limit} of {len(rows.rows)} rows"
    return laid
