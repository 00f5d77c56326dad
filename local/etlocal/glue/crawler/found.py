"""What is seen in an S3 target, and the tables that grouping finds in it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from etlocal.formats.recognised import Recognised

Path = tuple[str, ...]


@dataclass(frozen=True)
class SeenFile:
    """An object under the include path.

    Attributes
    ----------
    path : tuple of str
        Its folders below the include path and its name.
    size : int
    recognised : Recognised or None
        None where the file was not sampled: it counts as the others of its folder.
    """

    path: Path
    size: int
    recognised: Recognised | None


@dataclass(frozen=True)
class Folder:
    """The files of one folder that belong to one table.

    Attributes
    ----------
    path : tuple of str
        Below the include path.
    shape : Recognised
        Format and schema of the folder's files.
    objects, size, records : int
    left_out : tuple of (Path, str)
        The files of the folder that are not counted, and why.
    """

    path: Path
    shape: Recognised
    objects: int
    size: int
    records: int
    left_out: tuple[tuple[Path, str], ...] = ()


@dataclass(frozen=True)
class FoundTable:
    """A table that was found.

    Attributes
    ----------
    path : tuple of str
        Its root below the include path: a folder, or a file if `is_file`.
    shape : Recognised
        Format and schema of the table.
    keys : tuple of str
        The partition keys, one for each level below the root.
    folders : tuple of Folder
        One for each partition, or the only one.
    is_file : bool
    """

    path: Path
    shape: Recognised
    keys: tuple[str, ...]
    folders: tuple[Folder, ...]
    is_file: bool = False

    def values(self, folder: Folder) -> list[str]:
        """Give the partition values of a folder."""
        names = folder.path[len(self.path) :]
        return [_value(name, key) for name, key in zip(names, self.keys, strict=True)]


def partition_key(name: str) -> str | None:
    """Give the key of a folder named ``key=value``, or None."""
    key, equals, value = name.partition("=")
    return key.lower() if key and equals and value else None


def _value(name: str, key: str) -> str:
    if partition_key(name) == key:
        return unquote(name.partition("=")[2])
    return name
