"""The objects of an S3 target.

Source: AWS Glue Developer Guide, "Crawler properties" (include path, exclude patterns) and
"Crawler prerequisites"; archived objects cannot be read and are passed over.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from etlocal.glue.crawler.globs import matcher
from etlocal.glue.errors import InvalidInputError

_ARCHIVED = ("GLACIER", "DEEP_ARCHIVE")


class CrawlCancelledError(Exception):
    """The crawl was asked to stop."""


@dataclass(frozen=True)
class Location:
    """A bucket and the prefix of a folder in it: empty, or ending with a slash."""

    bucket: str
    prefix: str

    @property
    def url(self) -> str:
        """The folder as the catalog writes it."""
        return f"s3://{self.bucket}/{self.prefix}"


@dataclass(frozen=True)
class S3Object:
    """An object: its key, size and entity tag."""

    key: str
    size: int
    etag: str


def parse_location(path: str) -> Location:
    """Read an include path, ``s3://bucket/folder`` or ``bucket/folder``.

    Raises
    ------
    InvalidInputError
        If it names no bucket, or another scheme.
    """
    scheme, separator, rest = path.partition("://")
    if separator and scheme.lower() != "s3":
        raise InvalidInputError(f"S3 target path must begin with s3://: {path}")
    bucket, _, prefix = (rest if separator else path).partition("/")
    if not bucket:
        raise InvalidInputError(f"S3 target path names no bucket: {path}")
    prefix = prefix.strip("/")
    return Location(bucket, f"{prefix}/" if prefix else "")


def list_objects(
    client: Any, location: Location, exclusions: list[str], cancelled: threading.Event
) -> list[S3Object]:
    """List what a crawl looks at below a location.

    Empty objects (folder markers), hidden files (names that begin with a dot or an underscore, as
    Hive hides them) and archived objects are left out, and so is what an exclude pattern matches.

    Raises
    ------
    CrawlCancelledError
    botocore.exceptions.ClientError
        If the bucket cannot be listed.
    """
    excluded = matcher(exclusions)
    found: list[S3Object] = []
    for item in _items(client, location, cancelled):
        relative = item["Key"][len(location.prefix) :]
        name = relative.rpartition("/")[2]
        if item["Size"] == 0 or name.startswith(("_", ".")) or not name:
            continue
        if item.get("StorageClass") in _ARCHIVED:
            continue
        if excluded is not None and excluded.fullmatch(relative):
            continue
        found.append(S3Object(item["Key"], item["Size"], item.get("ETag", "").strip('"')))
    return found


def find_file(client: Any, location: Location) -> S3Object | None:
    """Give the object that an include path names itself, without its last slash, or None."""
    key = location.prefix.rstrip("/")
    if not key:
        return None
    answer = client.list_objects_v2(Bucket=location.bucket, Prefix=key, MaxKeys=1)
    for item in answer.get("Contents", []):
        if item["Key"] == key and item["Size"] > 0:
            return S3Object(key, item["Size"], item.get("ETag", "").strip('"'))
    return None


def _items(
    client: Any, location: Location, cancelled: threading.Event
) -> Iterator[Mapping[str, Any]]:
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=location.bucket, Prefix=location.prefix
    )
    for page in pages:
        if cancelled.is_set():
            raise CrawlCancelledError
        yield from page.get("Contents", [])
