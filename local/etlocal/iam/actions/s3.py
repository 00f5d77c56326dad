"""Amazon S3.

Sources: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3";
Amazon S3 User Guide, "Required permissions for Amazon S3 API operations" and "Policy condition
keys for Amazon S3".
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

from etlocal.iam.actions.needs import ApiCall, Need
from etlocal.iam.patterns import ContextValue

# Operations on a bucket whose action has another name than the operation.
_BUCKET_ACTIONS = {
    "DeleteBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "DeleteBucketInventoryConfiguration": "PutInventoryConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketMetricsConfiguration": "PutMetricsConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketAnalyticsConfiguration": "GetAnalyticsConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketIntelligentTieringConfiguration": "GetIntelligentTieringConfiguration",
    "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketMetricsConfiguration": "GetMetricsConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "ListBucketAnalyticsConfigurations": "GetAnalyticsConfiguration",
    "ListBucketIntelligentTieringConfigurations": "GetIntelligentTieringConfiguration",
    "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
    "ListBucketMetricsConfigurations": "GetMetricsConfiguration",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketIntelligentTieringConfiguration": "PutIntelligentTieringConfiguration",
    "PutBucketInventoryConfiguration": "PutInventoryConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketMetricsConfiguration": "PutMetricsConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
# Operations on an object, with the action, and the one for a version that the request names.
_OBJECT_ACTIONS = {
    "AbortMultipartUpload": ("AbortMultipartUpload", ""),
    "CompleteMultipartUpload": ("PutObject", ""),
    "CreateMultipartUpload": ("PutObject", ""),
    "DeleteObject": ("DeleteObject", "DeleteObjectVersion"),
    "DeleteObjectTagging": ("DeleteObjectTagging", "DeleteObjectVersionTagging"),
    "GetObject": ("GetObject", "GetObjectVersion"),
    "GetObjectAcl": ("GetObjectAcl", "GetObjectVersionAcl"),
    "GetObjectAttributes": ("GetObjectAttributes", "GetObjectVersionAttributes"),
    "GetObjectTagging": ("GetObjectTagging", "GetObjectVersionTagging"),
    "GetObjectTorrent": ("GetObject", "GetObjectVersion"),
    "HeadObject": ("GetObject", "GetObjectVersion"),
    "ListParts": ("ListMultipartUploadParts", ""),
    "PutObject": ("PutObject", ""),
    "PutObjectAcl": ("PutObjectAcl", "PutObjectVersionAcl"),
    "PutObjectTagging": ("PutObjectTagging", "PutObjectVersionTagging"),
    "SelectObjectContent": ("GetObject", ""),
    "UploadPart": ("PutObject", ""),
}
_COPIES = ("CopyObject", "UploadPartCopy")
_CREATES = ("PutObject", "CopyObject", "CreateMultipartUpload")
# Parameter → condition key.
_KEYS = {
    "ACL": "s3:x-amz-acl",
    "CopySource": "s3:x-amz-copy-source",
    "Delimiter": "s3:delimiter",
    "MaxKeys": "s3:max-keys",
    "Prefix": "s3:prefix",
    "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "StorageClass": "s3:x-amz-storage-class",
    "VersionId": "s3:VersionId",
}


def needs(call: ApiCall) -> Sequence[Need] | None:
    """Give what a call of S3 needs."""
    operation = call.operation
    if operation in ("ListBuckets", "ListDirectoryBuckets"):
        return [Need("s3:ListAllMyBuckets")]
    if operation == "DeleteObjects":
        return _deletes(call)
    if operation in _COPIES:
        return [*_copied(call), *_written(call)]
    if operation in _OBJECT_ACTIONS:
        return _on_object(call)
    if call.text("Key"):
        return [Need(f"s3:{operation}", object_arn(call, call.text("Key")), _keys(call))]
    if call.text("Bucket"):
        action = _BUCKET_ACTIONS.get(operation, operation)
        return [Need(f"s3:{action}", bucket_arn(call), _keys(call))]
    return None


def hidden_need(call: ApiCall) -> Need | None:
    """Give what a call that reads an object needs to be told that it is not there.

    Without it the answer is 403 instead of 404, see Amazon S3 API Reference, "GetObject"
    (*Permissions*). Which prefix is asked for is not documented; here it is the key.
    """
    if call.operation not in ("GetObject", "HeadObject") or not call.text("Key"):
        return None
    return Need("s3:ListBucket", bucket_arn(call), {"s3:prefix": call.text("Key")})


def bucket_arn(call: ApiCall, bucket: str | None = None) -> str:
    """Give the ARN of the call's bucket, or of another one."""
    return call.global_arn("s3", bucket or call.text("Bucket"), account="")


def object_arn(call: ApiCall, key: str, bucket: str | None = None) -> str:
    """Give the ARN of an object."""
    return f"{bucket_arn(call, bucket)}/{key}"


def _on_object(call: ApiCall) -> list[Need]:
    plain, of_version = _OBJECT_ACTIONS[call.operation]
    action = of_version if of_version and call.text("VersionId") else plain
    if call.operation in _CREATES:
        return _written(call)
    arn = object_arn(call, call.text("Key"))
    found = [Need(f"s3:{action}", arn, _keys(call))]
    if call.operation == "GetObjectAttributes":
        read = "GetObjectVersion" if call.text("VersionId") else "GetObject"
        found.append(Need(f"s3:{read}", arn, _keys(call)))
    return found


def _written(call: ApiCall) -> list[Need]:
    arn, keys = object_arn(call, call.text("Key")), _keys(call)
    found = [Need("s3:PutObject", arn, keys)]
    if call.operation in _CREATES and call.text("ACL"):
        found.append(Need("s3:PutObjectAcl", arn, keys))
    if call.operation in _CREATES and call.text("Tagging"):
        found.append(Need("s3:PutObjectTagging", arn, keys))
    return found


def _copied(call: ApiCall) -> list[Need]:
    source = call.parameters.get("CopySource")
    if not isinstance(source, str):
        return []
    path, _, version = source.partition("?versionId=")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    keys = {"s3:VersionId": version} if version else {}
    return [Need(action, object_arn(call, key, bucket), keys)]


def _deletes(call: ApiCall) -> list[Need]:
    found = []
    for each in (call.parameters.get("Delete") or {}).get("Objects") or ():
        version = each.get("VersionId")
        action = "s3:DeleteObjectVersion" if version else "s3:DeleteObject"
        keys: dict[str, ContextValue] = {"s3:VersionId": version} if version else {}
        found.append(Need(action, object_arn(call, str(each.get("Key", ""))), keys))
    return found


def _keys(call: ApiCall) -> dict[str, ContextValue]:
    found: dict[str, ContextValue] = {
        key: str(call.parameters[name])
        for name, key in _KEYS.items()
        if call.parameters.get(name) is not None
    }
    return found
