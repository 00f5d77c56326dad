"""Changes written one by one, before they are acknowledged."""

from __future__ import annotations

import os
import re
import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

_FRAME = struct.Struct(">II")
_NAME = re.compile(r"[0-9]{10}")


def framed(record: bytes) -> bytes:
    """Give a record as `frames` finds it: behind its length and its checksum."""
    return _FRAME.pack(len(record), zlib.crc32(record)) + record


def frames(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the records of a file, up to the first that was cut off or damaged.

    Parameters
    ----------
    content : bytes
        The file's: what `framed` gave, one after the other.

    Yields
    ------
    int, bytes
        Where the record's frame ends, and the record.
    """
    position = 0
    while position + _FRAME.size <= len(content):
        length, checksum = _FRAME.unpack_from(content, position)
        begin = position + _FRAME.size
        record = content[begin : begin + length]
        if len(record) < length or zlib.crc32(record) != checksum:
            return
        position = begin + length
        yield position, record


class Journal:
    """Records in files of one folder, one after the other.

    A snapshot makes the records before it needless: `rotate` before it is taken, `drop` the files
    before once it is saved. Until then they are read too, so a record must say how things are, not
    what was done.

    Parameters
    ----------
    folder : Path
        Where the files are; made with the first record.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._number = max((int(path.name) for path in self._files()), default=0) + 1
        self._descriptor: int | None = None
        self._size = 0

    @property
    def size(self) -> int:
        """The bytes written since `rotate`."""
        return self._size

    def append(self, record: bytes) -> None:
        """Write a record; it survives the end of the process when this returns.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        frame = framed(record)
        with self._lock:
            if self._descriptor is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
                self._descriptor = os.open(self._path(self._number), flags, 0o600)
            view = memoryview(frame)
            while view:
                view = view[os.write(self._descriptor, view) :]
            self._size += len(frame)

    def rotate(self) -> int:
        """Go on in a new file; give its number."""
        with self._lock:
            self._close()
            self._size = 0
            self._number += 1
            return self._number

    def drop(self, number: int) -> None:
        """Delete the files before `number`, the oldest first."""
        for path in self._files():
            if int(path.name) < number:
                path.unlink(missing_ok=True)

    def records(self) -> Iterator[bytes]:
        """Give the records in order; one that was cut off by the end of its process is left out."""
        for path in self._files():
            for _, record in frames(path.read_bytes()):
                yield record

    def clear(self) -> None:
        """Delete every record."""
        with self._lock:
            self._close()
            self._size = 0
        self.drop(self._number + 1)

    def close(self) -> None:
        """Let go of the file; a later record opens it again."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _files(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return sorted(path for path in self._folder.iterdir() if _NAME.fullmatch(path.name))

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:010d}"
