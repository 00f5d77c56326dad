"""Where S3 keeps objects' bytes: in files of the state folder.

LocalStack's own store keeps them in temporary files that it forgets when it ends.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from io import BytesIO, UnsupportedOperation
from types import TracebackType
from typing import IO, Any, Literal

from localstack.services.s3.constants import S3_CHUNK_SIZE
from localstack.services.s3.storage.core import (
    LimitedStream,
    S3ObjectStore,
    S3StoredMultipart,
    S3StoredObject,
    should_copy_in_place,
)
from localstack.services.s3.utils import get_s3_checksum

from etlocal.endpoint.persistence.blobs import BlobFolder, Draft, Identity

Mode = Literal["r", "w"]


def object_identity(bucket: str, s3_object: Any) -> Identity:
    """Name the bytes of a version of an object."""
    return ("object", bucket, s3_object.key, s3_object.version_id or "null")


def part_identity(bucket: str, upload_id: str, part_number: int) -> Identity:
    """Name the bytes of a part of a multipart upload."""
    return ("part", bucket, upload_id, str(part_number))


def generation_of(holder: Any) -> int:
    """Give the generation that an object or a part was written as; 0 for a delete marker."""
    return int(getattr(holder, "internal_last_modified", 0))


class StoredObject(S3StoredObject):  # type: ignore[misc]
    """The bytes of one object or part, open for reading or for writing.

    Parameters
    ----------
    blobs : BlobFolder
        The files.
    identity : tuple of str
        Which bytes.
    s3_object : localstack.services.s3.models.S3Object or S3Part
        What LocalStack knows of them; writing enters the size, the ETag and the generation.
    mode : str
        ``r`` or ``w``; one writer at a time.
    """

    def __init__(
        self, blobs: BlobFolder, identity: Identity, s3_object: Any, mode: Mode = "r"
    ) -> None:
        super().__init__(s3_object=s3_object, mode=mode)
        self.closed: bool = False
        self._blobs = blobs
        self._identity = identity
        self._file: IO[bytes] | None = None
        self._generation = generation_of(s3_object)
        self._draft: Draft | None = None
        self._written: int | None = None
        self._etag: str | None = None
        self._checksum_hash: Any = None
        self._writer = blobs.writer_lock(identity) if mode == "w" else None
        if self._writer is not None:
            self._writer.acquire()
        else:
            self._file, self._generation = blobs.open(identity, self._generation)

    def read(self, s: int | None = -1) -> bytes:
        """Read at most `s` bytes."""
        return self._opened().read(-1 if s is None else s)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a position; give it."""
        return self._opened().seek(offset, whence)

    def truncate(self, size: int | None = None) -> int:  # noqa: ARG002  (LocalStack's signature)
        """Refuse: bytes that were written are not changed."""
        raise UnsupportedOperation("truncate")

    def write(self, s: Any) -> int:
        """Take all of a stream for the new bytes; give how many there were."""
        stream = s if s is not None else BytesIO()
        etag = hashlib.md5(usedforsecurity=False)
        algorithm = self.s3_object.checksum_algorithm
        self._checksum_hash = get_s3_checksum(algorithm) if algorithm else None
        draft = self._drafted()
        size = 0
        while data := stream.read(S3_CHUNK_SIZE):
            draft.file.write(data)
            etag.update(data)
            if self._checksum_hash:
                self._checksum_hash.update(data)
            size += len(data)
        self._etag = self.s3_object.etag = etag.hexdigest()
        self.s3_object.size = size
        self.publish()
        return size

    def append(self, part: Any) -> int:
        """Add a part's bytes; give how many there were. Nothing is to be seen before `publish`."""
        draft = self._drafted()
        size = 0
        while data := part.read(S3_CHUNK_SIZE):
            size += draft.file.write(data)
        return size

    def publish(self) -> None:
        """Make what was written the object's bytes."""
        draft = self._drafted()
        size = draft.file.tell()
        generation = self._blobs.publish(self._identity, draft)
        self._draft = None
        self._close_file()
        self._generation = self._written = generation
        self.s3_object.size = size
        self.s3_object.internal_last_modified = generation

    def close(self) -> None:
        """Let go of the bytes; a published write takes the place of the one before."""
        self._end(keep=True)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end(keep=error is None)

    def _end(self, *, keep: bool) -> None:
        if self.closed:
            return
        self.closed = True
        self._close_file()
        if self._draft is not None:
            self._draft.abandon()
        if self._written is not None:
            if keep:
                self._blobs.supersede(self._identity, self._written)
            else:
                # The object was refused: the one before stays.
                self._blobs.discard(self._identity, self._written)
        if self._writer is not None:
            self._writer.release()

    @property
    def last_modified(self) -> int:
        """The generation that is open."""
        return self._generation

    @property
    def checksum(self) -> str | None:
        """The checksum in base64, if the object has an algorithm for one."""
        if not self.s3_object.checksum_algorithm:
            return None
        if self._checksum_hash is None:
            self._checksum_hash = get_s3_checksum(self.s3_object.checksum_algorithm)
            for data in self._again():
                self._checksum_hash.update(data)
        return base64.b64encode(self._checksum_hash.digest()).decode()

    @property
    def etag(self) -> str:
        """The MD5 digest of the bytes."""
        if self._etag is None:
            digest = hashlib.md5(usedforsecurity=False)
            for data in self._again():
                digest.update(data)
            self._etag = digest.hexdigest()
        return self._etag

    def __iter__(self) -> Iterator[bytes]:
        while data := self.read(S3_CHUNK_SIZE):
            yield data

    def _again(self) -> Iterator[bytes]:
        file = self._opened()
        position = file.tell()
        file.seek(0)
        while data := file.read(S3_CHUNK_SIZE):
            yield data
        file.seek(position)

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            self._file, self._generation = self._blobs.open(self._identity, self._generation)
        return self._file

    def _drafted(self) -> Draft:
        if self._mode != "w":
            raise UnsupportedOperation("S3 object is not in write mode")
        if self._draft is None:
            self._draft = self._blobs.draft()
        return self._draft

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class StoredMultipart(S3StoredMultipart):  # type: ignore[misc]
    """The parts of one multipart upload.

    Parameters
    ----------
    store : FileObjectStore
        The store it belongs to.
    bucket : str
        The bucket's name.
    s3_multipart : localstack.services.s3.models.S3Multipart
        What LocalStack knows of the upload.
    """

    def __init__(self, store: FileObjectStore, bucket: str, s3_multipart: Any) -> None:
        super().__init__(s3_store=store, bucket=bucket, s3_multipart=s3_multipart)
        self._blobs = store.blobs

    def open(self, s3_part: Any, mode: Mode = "r") -> StoredObject:
        """Open a part."""
        return StoredObject(self._blobs, self._identity(s3_part), s3_part, mode)

    def remove_part(self, s3_part: Any) -> None:
        """Let a part's bytes go."""
        if generation := generation_of(s3_part):
            self._blobs.discard(self._identity(s3_part), generation)

    def complete_multipart(self, parts: list[Any]) -> None:
        """Put the parts together as the object's bytes."""
        whole = self._s3_store.open(self.bucket, self.s3_multipart.object, mode="w")
        with whole:
            for s3_part in parts:
                with self.open(s3_part) as part:
                    whole.append(part)
            whole.publish()

    def close(self) -> None:
        """Let every part's bytes go."""
        for s3_part in self.s3_multipart.parts.values():
            self.remove_part(s3_part)

    def copy_from_object(
        self, s3_part: Any, src_bucket: str, src_s3_object: Any, range_data: Any
    ) -> None:
        """Make a part of an object's bytes, or of a range of them."""
        with (
            self._s3_store.open(src_bucket, src_s3_object) as source,
            self.open(s3_part, mode="w") as part,
        ):
            part.write(LimitedStream(source, range_data=range_data) if range_data else source)
            if s3_part.checksum_algorithm:
                s3_part.checksum_value = part.checksum

    def _identity(self, s3_part: Any) -> Identity:
        return part_identity(self.bucket, self.s3_multipart.id, s3_part.part_number)


class FileObjectStore(S3ObjectStore):  # type: ignore[misc]
    """S3's bytes in a folder.

    Parameters
    ----------
    blobs : BlobFolder
        The files.
    """

    def __init__(self, blobs: BlobFolder) -> None:
        self.blobs = blobs
        self.root_directory = str(blobs.root)

    def open(self, bucket: str, s3_object: Any, mode: Mode = "r") -> StoredObject:
        """Open an object."""
        return StoredObject(self.blobs, object_identity(bucket, s3_object), s3_object, mode)

    def remove(self, bucket: str, s3_object: Any) -> None:
        """Let the bytes of an object, or of each of a list, go."""
        for each in s3_object if isinstance(s3_object, list) else [s3_object]:
            if generation := generation_of(each):
                self.blobs.discard(object_identity(bucket, each), generation)

    def copy(
        self, src_bucket: str, src_object: Any, dest_bucket: str, dest_object: Any
    ) -> StoredObject:
        """Copy an object; give the copy, open."""
        if should_copy_in_place(src_bucket, src_object, dest_bucket, dest_object):
            dest_object.internal_last_modified = src_object.internal_last_modified
            return self.open(dest_bucket, dest_object)
        with self.open(src_bucket, src_object) as source:
            copied = self.open(dest_bucket, dest_object, mode="w")
            try:
                copied.write(source)
            except BaseException:
                copied.__exit__(OSError, OSError(), None)
                raise
        return copied

    def get_multipart(self, bucket: str, upload_id: Any) -> StoredMultipart:
        """Give the parts of an upload."""
        return StoredMultipart(self, bucket, upload_id)

    def remove_multipart(self, bucket: str, s3_multipart: Any) -> None:
        """Let the parts of an upload go."""
        self.get_multipart(bucket, s3_multipart).close()

    def reset(self) -> None:
        """Delete everything."""
        self.blobs.clear()
