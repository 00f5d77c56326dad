"""Reading a database's rows by bookmark keys.

AWS Glue Developer Guide: "Tracking processed data using job bookmarks" (JDBC sources).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _run
from ._bookmarks_jdbc import JdbcState, Keys, Value, condition, literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def tracked(ctx: str) -> bool:
    """Say whether the source with this `transformation_ctx` reads by a bookmark."""
    run = _run.current()
    return run is not None and run.tracks(ctx)


def restrict(
    source: str,
    ctx: str,
    keys: Keys | None,
    quote: Callable[[str], str],
    scalar: Callable[[str], Any],
    backslash_escapes: bool = False,
) -> str | None:
    """Return the SQL condition of the rows this run reads, None for every row.

    Parameters
    ----------
    source
        What stands after FROM.
    keys
        The bookmark keys; without them, or without a bookmark, the source is read whole.
    scalar
        Runs a query of one value.

    The state to commit is recorded: the highest key there is now, which the rows are read up to.
    """
    run = _run.current()
    if run is None or keys is None or not run.tracks(ctx):
        return None
    columns = [quote(name) for name in keys.names]
    state = JdbcState.from_json(run.state(ctx), keys)
    after = state.last if state else None
    fixed, end = run.range_end(ctx)
    if fixed:
        until = JdbcState.from_json(end, keys)
        if until is None:
            return "1 = 0"
        return condition(columns, keys, after, until.last, backslash_escapes) or None
    new = condition(columns, keys, after, None, backslash_escapes)
    last = _last(source, columns, keys, new, scalar, backslash_escapes)
    if last is None:
        if state is not None:
            run.advance(ctx, state.to_json())
        return "1 = 0"
    run.advance(ctx, JdbcState(keys, last).to_json())
    return condition(columns, keys, after, last, backslash_escapes) or None


def _last(
    source: str,
    columns: Sequence[str],
    keys: Keys,
    new: str,
    scalar: Callable[[str], Any],
    backslash_escapes: bool,
) -> tuple[Value, ...] | None:
    """Return the furthest compound key among the new rows, part by part."""
    function = "MIN" if keys.descending else "MAX"
    found: list[Value] = []
    for position, column in enumerate(columns):
        fixed = [f"{columns[i]} = {literal(found[i], backslash_escapes)}" for i in range(position)]
        conditions = " AND ".join([*([new] if new else []), *fixed])
        where = f" WHERE {conditions}" if conditions else ""
        # The names are the job's own and quoted; the values are literals made by `literal`.
        value = scalar(f"SELECT {function}({column}) AS v FROM {source}{where}")  # noqa: S608
        if value is None:
            return None
        found.append(value)
    return tuple(found)
