"""S3: objects, their versions and their listings."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from tests.unit.deploy.aws_stub.s3_state import Bucket, Buckets, Version
from tests.unit.deploy.aws_stub.service import (
    AwsError,
    Request,
    Response,
    Service,
    page,
    without_nones,
)
from tests.unit.deploy.aws_stub.world import World

_KEPT = ("ContentType", "ContentEncoding", "CacheControl", "Metadata", "ChecksumSHA256")


class Objects(Service):
    """Amazon S3 API Reference: ``PutObject`` and the other calls on objects."""

    name = "s3"
    documented = frozenset(
        {
            "403", "404", "412", "AccessDenied", "BadDigest", "BucketNotEmpty",
            "IllegalLocationConstraintException", "InvalidArgument", "InvalidLocationConstraint",
            "InvalidTag", "MalformedPolicy", "MalformedXML", "NoSuchBucket", "NoSuchBucketPolicy",
            "NoSuchKey", "NoSuchLifecycleConfiguration", "NoSuchPublicAccessBlockConfiguration",
            "NoSuchTagSet", "NoSuchVersion", "OwnershipControlsNotFoundError",
            "PreconditionFailed", "ServerSideEncryptionConfigurationNotFoundError",
        }
    )  # fmt: skip

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.buckets = Buckets(world)

    def foreign_bucket(
        self, name: str, *, account: str = "999999999999", region: str | None = None
    ) -> None:
        """Let a name be taken by another account, or by one's own in another region."""
        self.buckets.make(name, owner=account, region=region)

    def refuses(self, bucket: Bucket, asked: Request) -> bool:
        """Whether the bucket is another account's, or not of whom the caller expects."""
        expected = asked.get("ExpectedBucketOwner", bucket.owner)
        return bucket.owner != self.world.account or expected != bucket.owner

    def bucket(self, asked: Request) -> Bucket:
        """Give the bucket that a request names.

        Raises
        ------
        AwsError
            If there is none, or it is not the expected owner's.
        """
        found = self.buckets.get(asked["Bucket"])
        if found is None:
            raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404)
        if self.refuses(found, asked):
            raise AwsError("AccessDenied", "Access Denied", 403)
        return found

    def PutObject(self, asked: Request) -> Response:
        """Put an object; ``IfNoneMatch: *`` and ``IfMatch`` make it conditional."""
        bucket, key = self.bucket(asked), asked["Key"]
        current = bucket.current(key)
        if asked.get("IfNoneMatch") == "*" and current is not None:
            raise _precondition_failed("If-None-Match")
        if "IfMatch" in asked:
            if current is None:
                raise AwsError("NoSuchKey", "The specified key does not exist.", 404)
            if asked["IfMatch"].strip('"') != current.etag.strip('"'):
                raise _precondition_failed("If-Match")
        body = asked.get("Body", b"")
        body = body.encode() if isinstance(body, str) else body
        _check_digests(asked, body)
        version = Version(
            key, self._version_id(bucket, key), self.now(), body,
            headers={name: asked[name] for name in _KEPT if name in asked},
        )  # fmt: skip
        bucket.add(version)
        return without_nones({
            "ETag": version.etag,
            "ServerSideEncryption": "AES256",
            "ChecksumSHA256": version.headers.get("ChecksumSHA256"),
            "VersionId": version.version_id if bucket.versioning == "Enabled" else None,
        })  # fmt: skip

    def _version_id(self, bucket: Bucket, key: str) -> str:
        return self.world.uuid(f"version of {key}") if bucket.versioning == "Enabled" else "null"

    def GetObject(self, asked: Request) -> Response:
        """Give an object, or one of its versions."""
        bucket = self.bucket(asked)
        found = self._find(bucket, asked)
        if found is None:
            wanted = "NoSuchVersion" if "VersionId" in asked else "NoSuchKey"
            raise AwsError(wanted, "The specified key does not exist.", 404)
        return {**_described(bucket, found, asked), "Body": found.body}

    def HeadObject(self, asked: Request) -> Response:
        """Describe an object; 404 and 403 have no body that would say more."""
        found_bucket = self.buckets.get(asked["Bucket"])
        if found_bucket is not None and self.refuses(found_bucket, asked):
            raise AwsError("403", "Forbidden", 403)
        found = self._find(found_bucket, asked) if found_bucket is not None else None
        if found_bucket is None or found is None:
            raise AwsError("404", "Not Found", 404)
        if "IfMatch" in asked and asked["IfMatch"].strip('"') != found.etag.strip('"'):
            raise AwsError("412", "Precondition Failed", 412)
        return _described(found_bucket, found, asked)

    def _find(self, bucket: Bucket, asked: Request) -> Version | None:
        if "VersionId" not in asked:
            return bucket.current(asked["Key"])
        for version in bucket.versions.get(asked["Key"], []):
            if version.version_id == asked["VersionId"] and not version.delete_marker:
                return version
        return None

    def DeleteObject(self, asked: Request) -> Response:
        """Delete an object or a version; one that is not there is no error."""
        answer = self._delete(self.bucket(asked), asked["Key"], asked.get("VersionId"))
        marker = answer.get("DeleteMarkerVersionId")
        return without_nones({
            "DeleteMarker": answer.get("DeleteMarker"),
            "VersionId": marker or asked.get("VersionId"),
        })  # fmt: skip

    def DeleteObjects(self, asked: Request) -> Response:
        """Delete up to 1000 objects or versions; what is not there counts as deleted."""
        bucket, named = self.bucket(asked), asked["Delete"]["Objects"]
        if not 1 <= len(named) <= 1000:
            raise AwsError(
                "MalformedXML", "The XML you provided was not well-formed or did not validate "
                "against our published schema",
            )  # fmt: skip
        done = [self._delete(bucket, each["Key"], each.get("VersionId")) for each in named]
        return {} if asked["Delete"].get("Quiet") else {"Deleted": done}

    def _delete(self, bucket: Bucket, key: str, version_id: str | None) -> Response:
        if version_id is not None:
            versions = bucket.versions.get(key, [])
            gone = [each for each in versions if each.version_id == version_id]
            versions[:] = [each for each in versions if each.version_id != version_id]
            marker = {"DeleteMarker": True, "DeleteMarkerVersionId": version_id}
            was_marker = any(each.delete_marker for each in gone)
            return {"Key": key, "VersionId": version_id, **(marker if was_marker else {})}
        if bucket.versioning is None:
            bucket.versions.pop(key, None)
            return {"Key": key}
        made = Version(key, self._version_id(bucket, key), self.now(), delete_marker=True)
        bucket.add(made)
        return {"Key": key, "DeleteMarker": True, "DeleteMarkerVersionId": made.version_id}

    def ListObjectsV2(self, asked: Request) -> Response:
        """List objects by key, a page at a time."""
        bucket, prefix = self.bucket(asked), asked.get("Prefix", "")
        assert "Delimiter" not in asked, "the stub of AWS lists without a delimiter only"
        start = asked.get("StartAfter", "").encode()
        keys = [key for key in bucket.listed() if key.startswith(prefix) and key.encode() > start]
        size = min(asked.get("MaxKeys", 1000), self.world.page_size)
        shown, token = page(
            keys, asked.get("ContinuationToken"), size,
            lambda: AwsError("InvalidArgument", "The continuation token provided is incorrect"),
        )  # fmt: skip
        contents = [_listed(version) for key in shown if (version := bucket.current(key))]
        return without_nones({
            "IsTruncated": token is not None, "NextContinuationToken": token,
            "ContinuationToken": asked.get("ContinuationToken"), "Contents": contents or None,
            "Name": bucket.name, "Prefix": prefix, "MaxKeys": asked.get("MaxKeys", 1000),
            "KeyCount": len(contents),
        })  # fmt: skip

    def ListObjectVersions(self, asked: Request) -> Response:
        """List versions and delete markers by key, the newest of a key first."""
        bucket, prefix = self.bucket(asked), asked.get("Prefix", "")
        assert "Delimiter" not in asked, "the stub of AWS lists without a delimiter only"
        keys = sorted((key for key in bucket.versions if key.startswith(prefix)), key=str.encode)
        all_versions = [
            (version, index == 0)
            for key in keys
            for index, version in enumerate(reversed(bucket.versions[key]))
            if _is_after(bucket, version, asked.get("KeyMarker"), asked.get("VersionIdMarker"))
        ]
        size = min(asked.get("MaxKeys", 1000), self.world.page_size)
        shown, more = all_versions[:size], len(all_versions) > size
        versions = [
            {**_listed(version), "VersionId": version.version_id, "IsLatest": latest}
            for version, latest in shown if not version.delete_marker
        ]  # fmt: skip
        markers = [
            {"Key": version.key, "VersionId": version.version_id, "IsLatest": latest,
             "LastModified": version.modified}
            for version, latest in shown if version.delete_marker
        ]  # fmt: skip
        return without_nones({
            "IsTruncated": more, "Name": bucket.name, "Prefix": prefix,
            "MaxKeys": asked.get("MaxKeys", 1000),
            "Versions": versions or None, "DeleteMarkers": markers or None,
            "NextKeyMarker": shown[-1][0].key if more else None,
            "NextVersionIdMarker": shown[-1][0].version_id if more else None,
        })  # fmt: skip


def _is_after(bucket: Bucket, version: Version, key: str | None, version_id: str | None) -> bool:
    """Whether a version comes after the markers, of which the marked version may be gone."""
    if key is None or version.key.encode() > key.encode():
        return True
    moment = bucket.moments.get((key, version_id or ""))
    return version.key == key and moment is not None and version.modified < moment


def _check_digests(asked: Request, body: bytes) -> None:
    digests = {"ContentMD5": hashlib.md5, "ChecksumSHA256": hashlib.sha256}
    for name, algorithm in digests.items():
        if name in asked and asked[name] != base64.b64encode(algorithm(body).digest()).decode():
            raise AwsError("BadDigest", f"The {name} you specified did not match what we received.")


def _precondition_failed(condition: str) -> AwsError:
    return AwsError(
        "PreconditionFailed",
        f"At least one of the pre-conditions you specified did not hold ({condition})",
        412,
    )


def _listed(version: Version) -> dict[str, Any]:
    return {
        "Key": version.key,
        "LastModified": version.modified,
        "ETag": version.etag,
        "Size": len(version.body),
        "StorageClass": "STANDARD",
    }


def _described(bucket: Bucket, version: Version, asked: Request) -> Response:
    shown = {name: value for name, value in version.headers.items() if name != "ChecksumSHA256"}
    checksum = version.headers.get("ChecksumSHA256")
    return without_nones({
        "LastModified": version.modified,
        "ContentLength": len(version.body),
        "ETag": version.etag,
        "ContentType": "binary/octet-stream",
        "ServerSideEncryption": "AES256",
        "Metadata": {},
        "VersionId": version.version_id if bucket.versioning else None,
        "ChecksumSHA256": checksum if asked.get("ChecksumMode") == "ENABLED" else None,
        **shown,
    })  # fmt: skip
