"""S3's metadata in a journal: an acknowledged object is there after the process was killed.

Source: Amazon S3 User Guide, "What is Amazon S3?", on its data consistency model: a successful
response means that the data are safely stored, and every read from then on sees them.
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from localstack.constants import AWS_REGION_US_EAST_1
from localstack.services.s3.models import S3Bucket, S3Object, s3_stores

from etlocal.endpoint.persistence.blobs import Identity
from etlocal.endpoint.persistence.journal import Journal
from etlocal.endpoint.persistence.objects import generation_of, object_identity, part_identity

_T = TypeVar("_T")
_ATTEMPTS = 20
# What these change is one object, or several of one request.
_OBJECT_OPERATIONS = frozenset(
    {
        "CompleteMultipartUpload",
        "CopyObject",
        "DeleteObject",
        "DeleteObjectTagging",
        "DeleteObjects",
        "PutObject",
        "PutObjectAcl",
        "PutObjectLegalHold",
        "PutObjectRetention",
        "PutObjectTagging",
        "RestoreObject",
    }
)
_UPLOAD_OPERATIONS = frozenset(
    {
        "AbortMultipartUpload",
        "CompleteMultipartUpload",
        "CreateMultipartUpload",
        "UploadPart",
        "UploadPartCopy",
    }
)


class BucketJournal:
    """Writes down how a bucket, an object or an upload is after a request changed it.

    Parameters
    ----------
    journal : Journal
        Where to.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        # Two requests for one key: whoever writes last writes what is true last.
        self._lock = threading.Lock()
        # The requests whose events are held, by the records of the process before.
        self.told: list[str] = []

    def record(self, operation: str, request: Any, response: Any, hold: str | None = None) -> None:
        """Write down what an operation changed.

        Parameters
        ----------
        operation : str
            A mutating operation of S3 that succeeded.
        request, response : mapping
            Its parameters and its answer.
        hold : str or None
            Under which name the outbox holds what the operation tells of; with the change it is
            written that the operation took effect.
        """
        name = request.get("Bucket")
        if not name:
            return
        with self._lock:
            bucket = _find(name)
            if bucket is None or operation not in _OBJECT_OPERATIONS | _UPLOAD_OPERATIONS:
                self._append("bucket", name, (bucket, _tags_of_bucket(name)), hold)
                return
            if operation in _OBJECT_OPERATIONS:
                keys = _keys(operation, request, response)
                entries = {key: bucket.objects._store.get(key) for key in keys}
                self._append("objects", name, (entries, _tags_of_objects(name, entries)), hold)
            if operation in _UPLOAD_OPERATIONS:
                upload = (response or {}).get("UploadId") or request.get("UploadId")
                self._append("upload", name, (upload, bucket.multiparts.get(upload)))

    def replay(self) -> int:
        """Bring the loaded stores to what the records say; give how many there were."""
        count = 0
        for record in self.journal.records():
            # The records of an earlier version hold nothing.
            kind, name, content, *held = pickle.loads(record)  # noqa: S301  (written by this class)
            _APPLY[kind](name, *content)
            self.told += [hold for hold in held if hold]
            count += 1
        return count

    def _append(self, kind: str, name: str, content: Any, hold: str | None = None) -> None:
        self.journal.append(_steadily(lambda: pickle.dumps((kind, name, content, hold))))


def known_blobs() -> Iterator[tuple[Identity, int]]:
    """Name every file of bytes that S3's metadata knows of."""
    for bucket in _buckets():
        for each in bucket.objects.values(with_versions=True):
            if isinstance(each, S3Object):
                yield object_identity(bucket.name, each), generation_of(each)
        for upload in list(bucket.multiparts.values()):
            for part in list(upload.parts.values()):
                identity = part_identity(bucket.name, upload.id, part.part_number)
                yield identity, generation_of(part)


def _steadily(function: Callable[[], _T]) -> _T:
    """Call a function until no other thread changes what it reads."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return function()
        except RuntimeError:
            continue
    return function()


def _keys(operation: str, request: Any, response: Any) -> Iterable[str]:
    if operation == "DeleteObjects":
        return [each["Key"] for each in request.get("Delete", {}).get("Objects", [])]
    key = request.get("Key") or (response or {}).get("Key")
    return [key] if key else []


def _buckets() -> list[S3Bucket]:
    return [
        bucket
        for account in dict.copy(s3_stores)
        for bucket in list(s3_stores[account][AWS_REGION_US_EAST_1].buckets.values())
    ]


def _find(name: str) -> S3Bucket | None:
    return next((bucket for bucket in _buckets() if bucket.name == name), None)


def _all_tags() -> dict[str, Any]:
    tags = s3_stores._universal.get("TAGS")
    return tags.tags if tags is not None else {}


def _tags_of_bucket(name: str) -> dict[str, Any]:
    bucket = _find(name)
    return {} if bucket is None else {bucket.bucket_arn: _all_tags().get(bucket.bucket_arn)}


def _tags_of_objects(name: str, entries: dict[str, Any]) -> dict[str, Any]:
    tags = _all_tags()
    found = {}
    for key, entry in entries.items():
        versions = entry if isinstance(entry, dict) else {"null": entry}
        for version in {*versions, "null"}:
            identity = f"{name}/{key}/{version or 'null'}"
            found[identity] = tags.get(identity)
    return found


def _enter_tags(store: Any, tags: dict[str, Any]) -> None:
    for identity, values in tags.items():
        if values is None:
            store.TAGS.tags.pop(identity, None)
        else:
            store.TAGS.tags[identity] = values


def _apply_bucket(name: str, bucket: Any, tags: dict[str, Any]) -> None:
    known = _find(name)
    if known is not None:
        store = s3_stores[known.bucket_account_id][AWS_REGION_US_EAST_1]
        del store.buckets[name]
        store.global_bucket_map.pop(name, None)
    if bucket is not None:
        store = s3_stores[bucket.bucket_account_id][AWS_REGION_US_EAST_1]
        store.buckets[name] = bucket
        store.global_bucket_map[name] = bucket.bucket_account_id
        _enter_tags(store, tags)


def _apply_objects(name: str, entries: dict[str, Any], tags: dict[str, Any]) -> None:
    bucket = _find(name)
    if bucket is None:
        return
    for key, entry in entries.items():
        if entry is None:
            bucket.objects._store.pop(key, None)
        else:
            bucket.objects._store[key] = entry
    _enter_tags(s3_stores[bucket.bucket_account_id][AWS_REGION_US_EAST_1], tags)


def _apply_upload(name: str, upload_id: str, upload: Any) -> None:
    bucket = _find(name)
    if bucket is None:
        return
    if upload is None:
        bucket.multiparts.pop(upload_id, None)
    else:
        bucket.multiparts[upload_id] = upload


_APPLY: dict[str, Callable[..., None]] = {
    "bucket": _apply_bucket,
    "objects": _apply_objects,
    "upload": _apply_upload,
}
