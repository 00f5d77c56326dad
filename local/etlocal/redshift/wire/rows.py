"""The rows of a result that is fetched in pieces."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator

from etlocal.redshift.engines.base import Row

_IN_MEMORY = 8 * 1024 * 1024


class Rows:
    """Rows that are read once, from first to last.

    Parameters
    ----------
    batches : iterator of lists of tuples
        Rows from an engine, which the engine gives up with the session's next statement.
    """

    def __init__(self, batches: Iterator[list[Row]]) -> None:
        self._batches = batches
        self._rest: list[Row] = []

    def take(self, count: int) -> list[Row]:
        """Read up to so many rows; fewer only at the end.

        Raises
        ------
        SqlError
            If the query fails here.
        """
        found = self._rest
        while len(found) < count:
            batch = next(self._batches, None)
            if batch is None:
                break
            found = found + batch if found else batch
        self._rest = found[count:]
        return found[:count]

    def batches(self) -> Iterator[list[Row]]:
        """Read what is left, in the engine's own pieces."""
        if self._rest:
            rest, self._rest = self._rest, []
            yield rest
        yield from self._batches

    @property
    def done(self) -> bool:
        """Whether nothing is left; may read ahead to tell."""
        if not self._rest:
            self._rest = next(self._batches, [])
        return not self._rest

    def keep(self) -> None:
        """Fetch what is left, so that the engine may go on; much of it goes to a file."""
        first = next(self._batches, None)
        if first is None:
            return
        file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  closed by _kept
        pickle.dump(first, file)
        for batch in self._batches:
            pickle.dump(batch, file)
        end = file.tell()
        file.seek(0)
        self._batches = _kept(file, end)


def _kept(file: tempfile.SpooledTemporaryFile[bytes], end: int) -> Iterator[list[Row]]:
    with file:
        while file.tell() < end:
            # Written by this process a moment ago, and nobody else has its name.
            batch: list[Row] = pickle.load(file)  # noqa: S301
            yield batch
