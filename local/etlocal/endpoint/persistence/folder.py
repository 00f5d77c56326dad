"""The files that hold what the services know, one a service."""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

LOG = logging.getLogger(__name__)

_SUFFIX = ".pickle"
_SERVICE = re.compile(r"[a-z0-9-]+")


class SnapshotFolder:
    """Snapshots of services, replaced as a whole and read only by the version that wrote them.

    Parameters
    ----------
    folder : Path
        Where the files are; made with the first of them.
    versions : mapping
        What a snapshot depends on → its version. A snapshot is a pickle, so it means something to
        exactly the code that wrote it.
    """

    def __init__(self, folder: Path, versions: Mapping[str, str]) -> None:
        self._folder = folder
        self._versions = dict(versions)

    def has(self, service: str) -> bool:
        """Tell whether there is a snapshot of `service`."""
        return self._path(service).is_file()

    def read(self, service: str) -> bytes | None:
        """Give a service's snapshot.

        Parameters
        ----------
        service : str
            The service's name.

        Returns
        -------
        bytes or None
            What was written; None when there is nothing, or nothing of these versions. A file of
            other versions is set aside, where it is never overwritten nor loaded.
        """
        path = self._path(service)
        try:
            header, _, payload = path.read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        found = _parse(header)
        if found == self._versions:
            return payload
        kept = self.set_aside(service, _label(found))
        LOG.warning(
            "the saved state of %s was written by %s and this is %s: it is not loaded; the file "
            "is kept as %s",
            service,
            _describe(found) if found else "something else",
            _describe(self._versions),
            kept,
        )
        return None

    def write(self, service: str, payload: bytes) -> None:
        """Replace a service's snapshot in one step.

        Raises
        ------
        OSError
            If the folder cannot be written; the snapshot before is untouched then.
        """
        path = self._path(service)
        self._folder.mkdir(parents=True, exist_ok=True)
        number, draft = tempfile.mkstemp(prefix=f".{service}-", dir=self._folder)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(json.dumps(self._versions, sort_keys=True).encode() + b"\n")
                file.write(payload)
            Path(draft).replace(path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise

    def set_aside(self, service: str, label: str) -> Path:
        """Rename a service's snapshot, so that it is kept and not read again; give its new path."""
        path = self._path(service)
        kept = path.with_name(f"{service}.{label}{_SUFFIX}")
        number = 1
        while kept.exists():
            number += 1
            kept = path.with_name(f"{service}.{label}-{number}{_SUFFIX}")
        path.rename(kept)
        return kept

    def remove(self, service: str) -> None:
        """Delete a service's snapshot, if there is one."""
        self._path(service).unlink(missing_ok=True)

    def services(self) -> list[str]:
        """Name the services that have a snapshot."""
        return sorted(
            path.stem for path in self._folder.glob(f"*{_SUFFIX}") if _SERVICE.fullmatch(path.stem)
        )

    def _path(self, service: str) -> Path:
        if not _SERVICE.fullmatch(service):
            raise ValueError(f"not a service's name: {service!r}")
        return self._folder / f"{service}{_SUFFIX}"


def _parse(header: bytes) -> dict[str, str]:
    try:
        found = json.loads(header)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _describe(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))


def _label(versions: Mapping[str, str]) -> str:
    text = "-".join(f"{name}-{version}" for name, version in sorted(versions.items()))
    return re.sub(r"[^A-Za-z0-9.-]+", "_", text)[:100] or "unreadable"
