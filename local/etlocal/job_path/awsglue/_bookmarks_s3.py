"""Which files of an S3 source a run reads, and what it remembers of them.

AWS Glue Developer Guide: "Tracking processed data using job bookmarks", "Tracking files using
modification timestamps". Pure: the listing comes in, the choice and the next state go out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_BAND_SECONDS = 900


@dataclass(frozen=True)
class FileEntry:
    """A listed file: its path, when it was last modified (epoch milliseconds), size and tag."""

    path: str
    modified: int
    size: int = 0
    etag: str = ""
    storage_class: str = "STANDARD"

    @property
    def mark(self) -> tuple[int, str]:
        """What tells this content of the path from an earlier one."""
        return self.modified, self.etag


@dataclass(frozen=True)
class Bounds:
    """The most that one bounded run reads; None means no limit."""

    files: int | None = None
    size: int | None = None
    files_in_band: int | None = None


@dataclass(frozen=True)
class S3State:
    """What one source has read: everything up to `high`, and the band's files by path."""

    high: int = -1
    seen: Mapping[str, tuple[int, str]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the state as the bookmark service stores it."""
        seen = {path: list(mark) for path, mark in sorted(self.seen.items())}
        return {"type": "s3", "high": self.high, "files": seen}

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None) -> S3State:
        """Read a stored state; None is a source that has read nothing.

        Raises
        ------
        ValueError
            When the state is another kind of source's: the `transformation_ctx` was reused.
        """
        if not value:
            return cls()
        if value.get("type") != "s3":
            raise ValueError(
                "The job bookmark of this transformation_ctx belongs to a "
                f"{value.get('type')!r} source, not to S3: give each source its own "
                "transformation_ctx or reset the bookmark"
            )
        seen = {path: (int(mark[0]), str(mark[1])) for path, mark in value["files"].items()}
        return cls(int(value["high"]), seen)


@dataclass(frozen=True)
class Selection:
    """The files to read now, oldest first, and the state to commit once they were."""

    files: tuple[FileEntry, ...]
    state: S3State


def select(
    listing: Iterable[FileEntry],
    state: S3State,
    now: int,
    band_seconds: int = MAX_BAND_SECONDS,
    bounds: Bounds | None = None,
) -> Selection:
    """Choose the files of (T_low, T_high] that were not read, and those that came late.

    Parameters
    ----------
    listing
        What the source's paths hold now.
    state
        What the last committed run left; its `high` is T_low.
    now
        T_high in epoch milliseconds, taken before the listing was made.
    band_seconds
        MaxBand: how long before T_low a listing may have missed files. What was read in it is
        remembered by path, so that a late file is read and no other twice.
    bounds
        Limits of a bounded run. It advances only over what it reads.
    """
    band = band_seconds * 1000
    new = sorted(
        (
            file
            for file in listing
            if state.high - band < file.modified <= now and state.seen.get(file.path) != file.mark
        ),
        key=lambda file: (file.modified, file.path),
    )
    chosen, high = _bounded(new, state, now, band, bounds or Bounds())
    # Never backwards: a late file chosen alone must not reopen what was read after it.
    high = max(high, state.high)
    seen = {**state.seen, **{file.path: file.mark for file in chosen}}
    kept = {path: mark for path, mark in seen.items() if mark[0] > high - band}
    return Selection(tuple(chosen), S3State(high, kept))


def _bounded(
    new: list[FileEntry], state: S3State, now: int, band: int, bounds: Bounds
) -> tuple[list[FileEntry], int]:
    chosen: list[FileEntry] = []
    total = 0
    in_band = sum(1 for modified, _ in state.seen.values() if modified > now - band)
    for file in new:
        over_files = bounds.files is not None and len(chosen) >= bounds.files
        # One file over the size is still read: a run that can read nothing never ends.
        over_size = bounds.size is not None and bool(chosen) and total + file.size > bounds.size
        recent = file.modified > now - band
        over_band = bounds.files_in_band is not None and recent and in_band >= bounds.files_in_band
        if over_files or over_size or over_band:
            # What is left out must stay inside the next run's window: T_high stops at the last
            # file read, and ties with it are told apart by path.
            return chosen, chosen[-1].modified if chosen else state.high
        chosen.append(file)
        total += file.size
        in_band += recent
    return chosen, now


def select_range(
    listing: Iterable[FileEntry],
    begin: S3State,
    end: S3State,
    band_seconds: int = MAX_BAND_SECONDS,
) -> tuple[FileEntry, ...]:
    """Choose what was read after `begin` up to and including `end` (`job-bookmark-pause`)."""
    return select(listing, begin, end.high, band_seconds).files
