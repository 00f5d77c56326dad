"""The files under a source's paths, listed in the driver.

AWS Glue Developer Guide: "Connection types and options for ETL in AWS Glue" (S3: paths, recurse,
exclusions, excludeStorageClasses).
"""

from __future__ import annotations

import json
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _globs
from ._bookmarks_s3 import FileEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_S3 = ("s3", "s3a", "s3n")
_S3_PATHS = tuple(f"{scheme}://" for scheme in _S3)


@dataclass(frozen=True)
class ListOptions:
    """Which of the files under a path count."""

    recurse: bool = False
    exclusions: tuple[str, ...] = ()
    exclude_storage_classes: frozenset[str] = frozenset({"GLACIER", "DEEP_ARCHIVE"})
    hidden: bool = False

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> ListOptions:
        """Read `recurse`, `exclusions` (a JSON list or a list) and `excludeStorageClasses`."""
        excluded = options.get("excludeStorageClasses")
        return cls(
            flag(options.get("recurse", False), "recurse"),
            tuple(_strings(options.get("exclusions"), "exclusions")),
            cls.exclude_storage_classes
            if excluded is None
            else frozenset(_strings(excluded, "excludeStorageClasses")),
        )


def flag(value: Any, name: str) -> bool:
    """Return an option that is a boolean or the text of one."""
    text = str(value).lower()
    if text not in ("true", "false"):
        raise ValueError(f"The option {name} must be true or false, not {value!r}")
    return text == "true"


def _strings(value: Any, name: str) -> list[str]:
    if value is None or value == "":
        return []
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise ValueError(f"The option {name} must be a JSON list of strings") from error
    if not isinstance(value, list | tuple | set | frozenset):
        raise ValueError(f"The option {name} must be a list of strings")  # noqa: TRY004
    return [str(item) for item in value]


def split_s3(path: str) -> tuple[str, str, str]:
    """Return scheme, bucket and key of an S3 path.

    Raises
    ------
    ValueError
        When the path is not one.
    """
    scheme, separator, rest = path.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme not in _S3 or not separator or not bucket:
        raise ValueError(f"{path!r} is not an S3 path of the form s3://bucket/prefix/")
    return scheme, bucket, key


def list_files(path: str, options: ListOptions, s3: Callable[[], Any]) -> Iterator[FileEntry]:
    """Yield the files under one path, which may hold glob patterns or name one file.

    Parameters
    ----------
    path
        `s3://bucket/prefix`, or `file:///folder` for the connection type `file`.
    options
        Which files count. Those whose own or folders' names start with `_` or `.` do when
        `hidden` is set.
    s3
        Gives the boto3 client, when one is needed.
    """
    listing = _local(path) if path.startswith(("file:", "/")) else _s3(path, s3())
    yield from _counting(path.rstrip("/"), listing, options)


def list_folders(
    folders: Sequence[str], root: str, options: ListOptions, s3: Callable[[], Any]
) -> list[list[FileEntry]]:
    """Return the files under each folder, by one listing of the root when all are below it.

    A thousand objects take one request; folders listed one by one take one each.
    """
    top = f"{root.rstrip('/')}/"
    below = root.startswith(_S3_PATHS) and all(folder.startswith(top) for folder in folders)
    if len(folders) < 2 or not below or any(_globs.literal_prefix(f) != f for f in folders):
        return [list(list_files(folder, options, s3)) for folder in folders]
    entries: dict[str, list[FileEntry]] = {folder.rstrip("/"): [] for folder in folders}
    for entry in _s3(top, s3()):
        end = entry.path.rfind("/")
        while end >= len(top):
            if (found := entries.get(entry.path[:end])) is not None:
                found.append(entry)
            end = entry.path.rfind("/", 0, end)
    return [
        list(_counting(base, entries[base], options))
        for base in (folder.rstrip("/") for folder in folders)
    ]


def _counting(base: str, listing: Iterable[FileEntry], options: ListOptions) -> Iterator[FileEntry]:
    """Yield those of the files below a path that count."""
    for entry in listing:
        below = _below(base, entry.path, options)
        if below is None or entry.storage_class in options.exclude_storage_classes:
            continue
        if any(
            _globs.matches(p, entry.path) or _globs.matches(p, below) for p in options.exclusions
        ):
            continue
        yield entry


def _below(base: str, path: str, options: ListOptions) -> str | None:
    """Return the path relative to the source's, None when it is not one of its files."""
    levels = path.split("/")
    depth = len(base.split("/"))
    if not _globs.matches(base, "/".join(levels[:depth])):
        return None
    rest = levels[depth:]
    if not rest:
        return levels[-1]
    if len(rest) > 1 and not options.recurse:
        return None
    if options.hidden:
        return "/".join(rest)
    hidden = (part[:1] in ("_", ".") and "=" not in part for part in rest)
    if any(hidden) or rest[-1] == "" or rest[-1].endswith("_$folder$"):
        return None
    return "/".join(rest)


def _s3(path: str, client: Any) -> Iterator[FileEntry]:
    scheme, bucket, key = split_s3(path)
    prefix = _globs.literal_prefix(key.rstrip("/"))
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for item in page.get("Contents", ()):
            yield FileEntry(
                f"{scheme}://{bucket}/{item['Key']}",
                int(item["LastModified"].timestamp() * 1000),
                int(item["Size"]),
                str(item.get("ETag", "")).strip('"'),
                str(item.get("StorageClass", "STANDARD")),
            )


def _local(path: str) -> Iterator[FileEntry]:
    text = urllib.parse.unquote(path.removeprefix("file://").removeprefix("file:"))
    prefix = path[: len(path) - len(path.removeprefix("file://").removeprefix("file:"))]
    root = Path(_globs.literal_prefix(text.rstrip("/")))
    while not root.exists() and root != root.parent:
        root = root.parent
    files = [root] if root.is_file() else sorted(root.rglob("*"))
    for file in files:
        if file.is_file():
            stat = file.stat()
            yield FileEntry(
                f"{prefix}{file}",
                stat.st_mtime_ns // 1_000_000,
                stat.st_size,
                str(stat.st_mtime_ns),
            )
