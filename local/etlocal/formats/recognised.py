"""What a look at a file's beginning gives: the sample that is read and what was recognised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from etlocal.formats.hive_types import Column, from_json, to_json

UNKNOWN = "UNKNOWN"
EMPTY = "the file is empty"


@dataclass(frozen=True)
class Sample:
    """The beginning of a file.

    Attributes
    ----------
    data : bytes
        The first bytes, decompressed.
    whole : bool
        Whether they are the whole file.
    raw : bytes
        The first bytes as they are stored.
    size : int
        The size of the stored file.
    codec : str
        As `compression.detect` names it.
    read : callable or None
        Reads ``(start, end)`` of the stored file (end exclusive), for formats whose description
        is at the end.
    """

    data: bytes
    whole: bool
    raw: bytes = b""
    size: int = 0
    codec: str = "none"
    read: Callable[[int, int], bytes] | None = None


@dataclass(frozen=True)
class Recognised:
    """A file's format and schema.

    Attributes
    ----------
    classification : str
        ``csv``, ``json``, ``parquet``, ``avro`` or ``UNKNOWN``.
    columns : tuple of Column
    compression : str
        The codec the file is stored with, or ``none``.
    records, record_size : int
        Records in the file (estimated where it was not read whole) and bytes of one.
    certain : bool
        False where there is too little to tell (a header without rows): such a file may join
        others of its shape, and is not a table alone.
    details : mapping
        What the format's SerDe and the table's parameters need (``delimiter``, ``quoted``, …).
    reason : str
        Why it is UNKNOWN, or not certain.
    """

    classification: str
    columns: tuple[Column, ...] = ()
    compression: str = "none"
    records: int = 0
    record_size: int = 0
    certain: bool = True
    details: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""

    @property
    def tells(self) -> bool:
        """Whether it says something of the data's format, if only that nothing recognises it."""
        return self.certain or (self.classification == UNKNOWN and self.reason != EMPTY)

    def counted(self, sample: Sample, records: int) -> Recognised:
        """Fill in `records` counted in `sample`, extrapolated to the file's size."""
        if records == 0:
            return self
        record_size = max(1, len(sample.data) // records)
        if not sample.whole:
            # A compressed file's size counts compressed bytes: scale by what the sample gave.
            ratio = len(sample.data) / max(1, min(len(sample.raw), sample.size) or 1)
            records = int(sample.size * (ratio if sample.codec != "none" else 1) // record_size)
        return replace(self, records=records, record_size=record_size)

    def to_json(self) -> dict[str, Any]:
        """Write it as plain JSON values, to keep it."""
        return {
            "classification": self.classification,
            "columns": [[column.name, to_json(column.type)] for column in self.columns],
            "compression": self.compression,
            "records": self.records,
            "record_size": self.record_size,
            "certain": self.certain,
            "details": dict(self.details),
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Recognised:
        """Read what `to_json` wrote."""
        columns = tuple(Column(name, from_json(kind)) for name, kind in kept["columns"])
        return cls(**{**kept, "columns": columns})


def unknown(reason: str, codec: str = "none") -> Recognised:
    """A file that no classifier recognises, and why."""
    return Recognised(UNKNOWN, compression=codec, certain=False, reason=reason)
