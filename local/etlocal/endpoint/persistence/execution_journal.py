"""Executions on disk: each event of one that runs when it happens, one that ended as a whole.

One that runs has a file of its own, which begins with what it was started with and grows by a
record an event. When it ends it moves to the archive of those that ended, and the file goes. What
is written is therefore as large as what happened, however many executions there are and however
long they are. A record is handed to the operating system before the writer goes on: it survives
the end of the process.

Source: Step Functions Developer Guide, "Choosing workflow type" (a standard execution is durable
and kept for 90 days), "Quotas".
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import os
import re
import struct
import threading
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from etlocal.endpoint.persistence.journal import framed, frames

LOG = logging.getLogger(__name__)

# What these change is here before they are answered; no snapshot needs to be taken for them.
DURABLE_OPERATIONS = frozenset(
    {
        "SendTaskFailure",
        "SendTaskHeartbeat",
        "SendTaskSuccess",
        "StartExecution",
        "StartSyncExecution",
        "StopExecution",
    }
)
RETENTION = dt.timedelta(days=90)

_NAME = re.compile(r"[0-9]{12}")
_HEADER = struct.Struct(">I")
_FASTEST = 1


class FrozenError(Exception):
    """The process is ending; nothing is written any more."""


class Record:
    """The file of an execution that runs.

    Parameters
    ----------
    journal : ExecutionJournal
        Whose it is.
    number : int
        The execution's: those that were started later have higher ones.
    size : int
        Bytes in the file so far.
    """

    def __init__(self, journal: ExecutionJournal, number: int, size: int = 0) -> None:
        self.number = number
        self._journal = journal
        self._size = size
        self._lock = threading.Lock()
        self._late: list[bytes] = []
        self._is_open = True

    @property
    def is_open(self) -> bool:
        """Whether the execution has neither ended nor been forgotten."""
        return self._is_open

    def write(self, kind: str, content: Mapping[str, Any]) -> None:
        """Write what must be there before somebody is told of it.

        Raises
        ------
        OSError
            If it cannot be written; the file is as before then.
        FrozenError
            If the process is ending.
        """
        record = _encode(kind, content)
        with self._lock:
            self._append([record])

    def note(self, kind: str, content: Mapping[str, Any]) -> None:
        """Write what has happened, whether it can be written or not.

        What cannot be is kept and written with the next. If the process ends before, the execution
        is taken up from an earlier point.

        Raises
        ------
        FrozenError
            If the process is ending.
        """
        record = _encode(kind, content)
        with self._lock:
            self._late.append(record)
            try:
                self._append(self._late)
            except OSError as error:
                LOG.error(  # noqa: TRY400
                    "execution %s goes on, but its state cannot be written: %s", self.number, error
                )
            else:
                self._late = []

    def close(self) -> None:
        """Delete the file; what is written later goes nowhere."""
        with self._lock:
            self._is_open = False
            self._journal.running_path(self.number).unlink(missing_ok=True)

    def _append(self, records: Sequence[bytes]) -> None:
        if self._journal.is_frozen:
            raise FrozenError
        if not self._is_open:
            return
        content = b"".join(framed(record) for record in records)
        path = self._journal.running_path(self.number)
        self._size = _append(path, content, self._size)


@dataclass
class CutOff:
    """An execution that was running when its process ended."""

    record: Record
    begun: dict[str, Any]
    # What was written, in order: the kind of a record and its content.
    records: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


@dataclass(frozen=True)
class Ended:
    """An execution that has ended."""

    number: int
    begun: dict[str, Any]
    end: dict[str, Any]
    # Where its history is in the archive.
    position: tuple[int, int]
    is_announced: bool


class ExecutionJournal:
    """The executions under one folder.

    Parameters
    ----------
    folder : Path
        The folder; made with the first execution.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._archive = folder / "ended"
        self._lock = threading.Lock()
        self._frozen = threading.Event()
        self._size = 0
        self._machines: set[str] = set()
        self._ended: set[int] = set()
        self._open: dict[int, Record] = {}
        self._number = 0

    @property
    def is_frozen(self) -> bool:
        """Whether the process is ending."""
        return self._frozen.is_set()

    def freeze(self) -> None:
        """Write nothing any more: what happens from now on happens because the process ends."""
        self._frozen.set()

    def begin(self, begun: Mapping[str, Any]) -> Record:
        """Write that an execution has been started.

        Parameters
        ----------
        begun : mapping
            What it was started with, as JSON has it; ``machine`` is its state machine.

        Raises
        ------
        OSError
            If it cannot be written.
        FrozenError
            If the process is ending.
        """
        with self._lock:
            self._number += 1
            record = self._open[self._number] = Record(self, self._number)
        try:
            self.running_path(record.number).parent.mkdir(parents=True, exist_ok=True)
            record.write("begin", begun)
        except BaseException:
            with self._lock:
                del self._open[record.number]
            raise
        return record

    def end(
        self,
        record: Record,
        begun: Mapping[str, Any],
        end: Mapping[str, Any],
        history: Sequence[Mapping[str, Any]],
    ) -> tuple[int, int]:
        """Move an execution that has ended to the archive.

        Parameters
        ----------
        record : Record
            What `begin` gave.
        begun, end : mapping
            What it was started with, and how it ended, as JSON has it.
        history : sequence of mapping
            Its events, as `encode_event` gives them.

        Returns
        -------
        (int, int)
            Where `history` finds them.

        Raises
        ------
        OSError
            If it cannot be written.
        FrozenError
            If the process is ending.
        """
        packed = zlib.compress(json.dumps(history).encode(), _FASTEST)
        with self._lock:
            if not record.is_open:
                return (0, 0)
            position = self._add_ended(record.number, begun, end, packed)
            self._open.pop(record.number, None)
        record.close()
        return position

    def announced(self, number: int) -> None:
        """Write that the end of an execution has been told to who listens.

        Raises
        ------
        OSError
            If it cannot be written.
        FrozenError
            If the process is ending.
        """
        with self._lock:
            if number in self._ended:
                self._add(_encode("announced", {"number": number}))

    def history(self, position: tuple[int, int]) -> list[dict[str, Any]]:
        """Give the events of an execution that has ended.

        Parameters
        ----------
        position : (int, int)
            Where: what `end` gave, or `Ended.position`.

        Returns
        -------
        list of dict
            As `decode_event` gives them; none if it was deleted in the meantime.
        """
        begin, length = position
        try:
            with self._archive.open("rb") as file:
                file.seek(begin)
                packed = file.read(length)
            found = json.loads(zlib.decompress(packed))
        except (FileNotFoundError, zlib.error):
            return []
        return [decode_event(event) for event in found]

    def load(self, now: dt.datetime) -> tuple[list[Ended], list[CutOff]]:
        """Read what a process before left.

        Parameters
        ----------
        now : datetime
            The time; what ended longer than `RETENTION` ago is deleted.

        Returns
        -------
        list of Ended, list of CutOff
            The executions, each list in the order of their start.
        """
        with self._lock:
            ended = self._load_archive()
            kept = [each for each in ended if _is_kept(each, now)]
            if len(kept) < len(ended):
                kept = self._rewrite(kept)
            cut_off = list(self._load_running({each.number for each in kept}))
            numbers = [each.number for each in kept] + [each.record.number for each in cut_off]
            self._number = max([self._number, *numbers])
            self._open.update({each.record.number: each.record for each in cut_off})
        return sorted(kept, key=lambda each: each.number), cut_off

    def set_aside(self, record: Record) -> Path:
        """Keep the file of an execution where it is not read again; give its new path."""
        path = self.running_path(record.number)
        kept = path.with_name(f"{path.name}.unreadable")
        with self._lock:
            path.replace(kept)
            self._open.pop(record.number, None)
        return kept

    def clear(self) -> None:
        """Delete every execution; those that run still write nothing any more."""
        with self._lock:
            for record in self._open.values():
                record.close()
            self._open.clear()
            for path in self._folder.rglob("*"):
                if path.is_file():
                    path.unlink(missing_ok=True)
            self._size = 0
            self._machines.clear()
            self._ended.clear()

    def running_path(self, number: int) -> Path:
        """Give the path of the file of an execution that runs."""
        return self._folder / "running" / f"{number:012d}"

    def _running(self) -> list[Path]:
        folder = self._folder / "running"
        if not folder.is_dir():
            return []
        return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))

    def _load_running(self, ended: set[int]) -> Iterator[CutOff]:
        for path in self._running():
            number = int(path.name)
            content = path.read_bytes()
            found = list(frames(content))
            # Killed between the archive and the deletion; or before the start was acknowledged.
            if number in ended or not found:
                path.unlink()
                continue
            size = found[-1][0]
            os.truncate(path, size)
            (_, begun), *records = [_decode(record) for _, record in found]
            yield CutOff(Record(self, number, size), begun, records)

    def _load_archive(self) -> list[Ended]:
        try:
            content = self._archive.read_bytes()
        except FileNotFoundError:
            return []
        machines: dict[str, Any] = {}
        found: dict[int, Ended] = {}
        announced = set()
        self._size = 0
        for self._size, record in frames(content):
            kind, what = _decode(record)
            if kind == "machine":
                machines[what["digest"]] = what["machine"]
            elif kind == "announced":
                announced.add(what["number"])
            else:
                length = _packed_length(record)
                begun = {**what["begun"], "machine": machines[what["machine"]]}
                position = (self._size - length, length)
                found[what["number"]] = Ended(what["number"], begun, what["end"], position, False)
        self._machines = set(machines)
        if self._size < len(content):
            os.truncate(self._archive, self._size)
        self._ended = set(found)
        return [replace(each, is_announced=each.number in announced) for each in found.values()]

    def _rewrite(self, kept: Sequence[Ended]) -> list[Ended]:
        """Write the archive anew with these only; the old one stays until the new one is whole."""
        old, draft = self._archive, self._archive.with_name("ended.new")
        draft.unlink(missing_ok=True)
        self._archive, self._size, self._machines, self._ended = draft, 0, set(), set()
        moved = []
        try:
            with old.open("rb") as file:
                for each in kept:
                    file.seek(each.position[0])
                    packed = file.read(each.position[1])
                    position = self._add_ended(each.number, each.begun, each.end, packed)
                    if each.is_announced:
                        self._add(_encode("announced", {"number": each.number}))
                    moved.append(replace(each, position=position))
            if kept:
                draft.replace(old)
            else:
                old.unlink()
        finally:
            self._archive = old
        return moved

    def _add_ended(
        self, number: int, begun: Mapping[str, Any], end: Mapping[str, Any], packed: bytes
    ) -> tuple[int, int]:
        machine = begun["machine"]
        digest = hashlib.sha256(json.dumps(machine, sort_keys=True).encode()).hexdigest()
        if digest not in self._machines:
            self._add(_encode("machine", {"digest": digest, "machine": machine}))
            self._machines.add(digest)
        what = {name: value for name, value in begun.items() if name != "machine"}
        content = {"number": number, "begun": what, "machine": digest, "end": end}
        self._add(_encode("ended", content, packed))
        self._ended.add(number)
        return self._size - len(packed), len(packed)

    def _add(self, record: bytes) -> None:
        if self.is_frozen:
            raise FrozenError
        self._archive.parent.mkdir(parents=True, exist_ok=True)
        self._size = _append(self._archive, framed(record), self._size)


def encode_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """Give a history event as JSON has it."""
    return {**event, "timestamp": event["timestamp"].isoformat()}


def decode_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """Give a history event as `encode_event` got it."""
    return {**event, "timestamp": dt.datetime.fromisoformat(event["timestamp"])}


def _is_kept(ended: Ended, now: dt.datetime) -> bool:
    stopped = dt.datetime.fromisoformat(ended.end["stop_date"])
    return now - stopped < RETENTION or not ended.is_announced


def _append(path: Path, content: bytes, size: int) -> int:
    """Append to a file of so many bytes, whole or not at all; give its new size."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        view = memoryview(content)
        try:
            while view:
                view = view[os.write(descriptor, view) :]
        except OSError:
            # Half a record would hide those after it.
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)
    return size + len(content)


def _encode(kind: str, content: Mapping[str, Any], packed: bytes = b"") -> bytes:
    text = json.dumps([kind, content], default=str).encode()
    return _HEADER.pack(len(text)) + text + packed


def _decode(record: bytes) -> tuple[str, dict[str, Any]]:
    (length,) = _HEADER.unpack_from(record)
    kind, content = json.loads(record[_HEADER.size : _HEADER.size + length])
    return kind, content


def _packed_length(record: bytes) -> int:
    (length,) = _HEADER.unpack_from(record)
    return len(record) - _HEADER.size - int(length)
