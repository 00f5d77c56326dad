"""Bytes on disk: files that are written once, and never changed.

Every write makes a new file; its generation is part of its name, so that whoever holds an older
generation keeps reading it, and a process that is killed leaves either the whole file or none. A
file that was replaced stays until those who know of it (the services' metadata) have been saved
without it: metadata that is read back after a crash always finds its bytes.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO
from weakref import WeakValueDictionary

Identity = tuple[str, ...]

_DRAFTS = "drafts"


class BlobFolder:
    """The files under one folder.

    Parameters
    ----------
    root : Path
        The folder. Names in it are digests and numbers only: no identity, whatever is in it, can
        name a file elsewhere.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._latest: dict[Identity, int] = {}
        self._doomed: set[tuple[Identity, int]] = set()
        self._last_generation = 0
        self._writers: WeakValueDictionary[Identity, threading.Lock] = WeakValueDictionary()

    @property
    def root(self) -> Path:
        """The folder."""
        return self._root

    def writer_lock(self, identity: Identity) -> threading.Lock:
        """Give the lock that those who write one identity take turns by."""
        with self._lock:
            lock = self._writers.get(identity)
            if lock is None:
                lock = self._writers[identity] = threading.Lock()
            return lock

    def draft(self) -> Draft:
        """Begin a file that nobody sees before it is published."""
        folder = self._root / _DRAFTS
        folder.mkdir(parents=True, exist_ok=True)
        return Draft(folder / uuid.uuid4().hex)

    def publish(self, identity: Identity, draft: Draft) -> int:
        """Make a draft a file.

        Returns
        -------
        int
            Its generation, higher than any before.
        """
        with self._lock:
            generation = self._last_generation = max(time.time_ns(), self._last_generation + 1)
        path = self.path(identity, generation)
        path.parent.mkdir(exist_ok=True)
        draft.file.close()
        draft.path.rename(path)
        return generation

    def open(self, identity: Identity, generation: int) -> tuple[BinaryIO, int]:
        """Open a file for reading.

        Returns
        -------
        file, int
            The file and the generation it is: the latest when the wanted one has been replaced and
            deleted in the meantime.

        Raises
        ------
        FileNotFoundError
            If there is neither.
        """
        try:
            return self.path(identity, generation).open("rb"), generation
        except FileNotFoundError:
            latest = self._latest.get(identity)
            if latest is None or latest == generation:
                raise
            return self.path(identity, latest).open("rb"), latest

    def supersede(self, identity: Identity, generation: int) -> None:
        """Take `generation` for the latest; the one before may go."""
        with self._lock:
            previous = self._latest.get(identity)
            self._latest[identity] = generation
            if previous is not None and previous != generation:
                self._doomed.add((identity, previous))

    def discard(self, identity: Identity, generation: int) -> None:
        """Say that a generation may go."""
        with self._lock:
            if self._latest.get(identity) == generation:
                del self._latest[identity]
            self._doomed.add((identity, generation))

    def doomed(self) -> set[tuple[Identity, int]]:
        """Give what may go as soon as nobody's saved metadata knows of it."""
        with self._lock:
            return set(self._doomed)

    def delete(self, doomed: Iterable[tuple[Identity, int]]) -> None:
        """Delete files that were given by `doomed`."""
        for identity, generation in doomed:
            self.path(identity, generation).unlink(missing_ok=True)
            with self._lock:
                self._doomed.discard((identity, generation))

    def restore(self, known: Iterable[tuple[Identity, int]]) -> None:
        """Take over what the loaded metadata knows of, and delete every other file."""
        wanted = set()
        with self._lock:
            for identity, generation in known:
                self._latest[identity] = generation
                self._last_generation = max(self._last_generation, generation)
                wanted.add(self.path(identity, generation))
        for path in self._root.glob("*/*"):
            if path not in wanted:
                path.unlink()

    def clear(self) -> None:
        """Delete every file."""
        with self._lock:
            self._latest.clear()
            self._doomed.clear()
        for path in self._root.glob("*/*"):
            path.unlink(missing_ok=True)

    def path(self, identity: Identity, generation: int) -> Path:
        """Give the path of a file."""
        digest = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
        return self._root / digest[:2] / f"{digest[2:]}-{int(generation)}"


class Draft:
    """A file being written.

    Parameters
    ----------
    path : Path
        Where.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.open("xb")

    def abandon(self) -> None:
        """Delete it."""
        self.file.close()
        self.path.unlink(missing_ok=True)
