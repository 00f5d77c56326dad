"""Reading the beginnings of files: new ones only, many at a time, and each folder in part.

A crawler reads the first megabyte of a new file and remembers what it recognised; a file with the
entity tag it had is not read again. Where a crawl meets more new files than `MOST_FILES`, it
reads some of each folder.

Source: AWS Glue Developer Guide, "Defining and managing classifiers" and "Crawler properties"
(sample size).
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from botocore.exceptions import ClientError

from etlocal.aws.call import Call, Runtime
from etlocal.formats.recognise import SAMPLE_SIZE, Classifier, recognise
from etlocal.formats.recognised import Recognised
from etlocal.glue.crawler import rows
from etlocal.glue.crawler.listing import CrawlCancelledError, S3Object

MOST_FILES = 1_000
_READERS = 8
# Kept with what was recognised, so that a later way of reading reads files anew.
_REVISION = 1
_GONE = ("NoSuchKey", "404")


class Readers:
    """The threads that read beginnings of files, shared by all crawls."""

    def __init__(self, _runtime: Runtime) -> None:
        self.pool = ThreadPoolExecutor(_READERS, thread_name_prefix="crawler-read")


@dataclass(frozen=True)
class Reader:
    """Reads a target's files for one crawl.

    Attributes
    ----------
    call : Call
    client : boto3 client of S3
    crawler, bucket : str
    classifiers : sequence
        The crawler's custom classifiers.
    sample_size : int or None
        How many files of a folder are read at most.
    cancelled : threading.Event
    """

    call: Call
    client: Any
    crawler: str
    bucket: str
    classifiers: Sequence[Classifier]
    sample_size: int | None
    cancelled: threading.Event

    def recognise(
        self, objects: Sequence[S3Object], seen: Mapping[str, sqlite3.Row]
    ) -> dict[str, Recognised | None]:
        """Recognise `objects`, by key; None for those that were not sampled.

        An object that is gone by the time it is read is not in the answer.

        Raises
        ------
        CrawlCancelledError
        botocore.exceptions.ClientError
            If a file cannot be read.
        """
        known: dict[str, Recognised | None] = {}
        new: list[S3Object] = []
        for item in objects:
            row = seen.get(item.key)
            if row is not None and row["etag"] == _tag(item):
                known[item.key] = _kept(row)
            else:
                new.append(item)
        chosen = set(_chosen(new, self.sample_size))
        read = self._read([item for item in new if item.key in chosen])
        for item in new:
            if item.key not in chosen:
                known[item.key] = None
            elif item.key in read:
                known[item.key] = read[item.key]
        self._keep(new, known)
        return known

    def _read(self, items: Sequence[S3Object]) -> dict[str, Recognised]:
        pool = self.call.runtime.component(Readers).pool
        found: dict[str, Recognised] = {}
        for item, recognised in zip(items, pool.map(self._one, items), strict=True):
            if recognised is not None:
                found[item.key] = recognised
        return found

    def _one(self, item: S3Object) -> Recognised | None:
        if self.cancelled.is_set():
            raise CrawlCancelledError
        read = partial(self._range, item.key)
        try:
            beginning = read(0, min(SAMPLE_SIZE, item.size))
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return None
            raise
        return recognise(beginning, item.size, self.classifiers, read)

    def _range(self, key: str, start: int, end: int) -> bytes:
        answer = self.client.get_object(
            Bucket=self.bucket, Key=key, Range=f"bytes={start}-{end - 1}"
        )
        body: bytes = answer["Body"].read()
        return body

    def _keep(self, new: Iterable[S3Object], known: Mapping[str, Recognised | None]) -> None:
        rows.keep_files(
            self.call,
            self.crawler,
            self.bucket,
            (
                (item.key, _tag(item), *_numbers(known[item.key]))
                for item in new
                if item.key in known
            ),
        )


def _tag(item: S3Object) -> str:
    return f"{_REVISION}:{item.etag}"


def _numbers(recognised: Recognised | None) -> tuple[str | None, int, int]:
    if recognised is None:
        return None, 0, 0
    shape = recognised.to_json()
    records, record_size = shape.pop("records"), shape.pop("record_size")
    return json.dumps(shape, sort_keys=True), records, record_size


def _kept(row: sqlite3.Row) -> Recognised | None:
    if row["shape"] is None:
        return None
    return _shaped(row["shape"], row["records"], row["record_size"])


@lru_cache(maxsize=4096)
def _shaped(shape: str, records: int, record_size: int) -> Recognised:
    return Recognised.from_json({**_loaded(shape), "records": records, "record_size": record_size})


@lru_cache(maxsize=1024)
def _loaded(shape: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(shape)
    return loaded


def _chosen(items: Sequence[S3Object], sample_size: int | None) -> list[str]:
    """Choose the files to read: of each folder the first, the last, and some between."""
    if sample_size is None and len(items) <= MOST_FILES:
        return [item.key for item in items]
    folders: dict[str, list[str]] = defaultdict(list)
    for item in items:
        folders[item.key.rpartition("/")[0]].append(item.key)
    quota = sample_size or max(1, MOST_FILES // len(folders))
    return [key for keys in folders.values() for key in _spread(keys, quota)]


def _spread(keys: Sequence[str], quota: int) -> list[str]:
    if len(keys) <= quota:
        return list(keys)
    if quota == 1:
        return [keys[-1]]
    return [keys[round(index * (len(keys) - 1) / (quota - 1))] for index in range(quota)]
