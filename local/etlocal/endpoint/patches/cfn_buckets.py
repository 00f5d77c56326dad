"""``AWS::S3::Bucket`` as CloudFormation makes it.

LocalStack drops encryption, lifecycle, public access block, ownership and logging; makes every
bucket public-read; takes over a bucket that exists; empties a bucket that it deletes; and updates
nothing. CloudFormation fails on a bucket that exists, and on deleting one that is not empty.

Source: CloudFormation User Guide, "AWS::S3::Bucket".
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError
from localstack.services.cloudformation.resource_provider import OperationStatus, ProgressEvent
from localstack.services.s3.resource_providers import aws_s3_bucket

from etlocal.settings import Settings

_NOT_EMULATED = (
    "AccelerateConfiguration",
    "AnalyticsConfigurations",
    "IntelligentTieringConfigurations",
    "InventoryConfigurations",
    "MetricsConfigurations",
    "ReplicationConfiguration",
)
_ENCRYPTION_NAMES = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}


def apply(_: Settings) -> None:
    """Replace what differs in LocalStack's provider."""
    provider = aws_s3_bucket.S3BucketProvider
    original = provider.create

    def create(self: Any, request: Any) -> Any:
        _refuse(request.desired_state)
        event = original(self, request)
        _configure(request.aws_client_factory.s3, event.resource_model, {})
        return event

    def update(self: Any, request: Any) -> Any:
        model, previous = request.desired_state, request.previous_state
        _refuse(model)
        model["BucketName"] = previous["BucketName"]
        self._setup_post_creation_attributes(model, request.region_name)
        s3 = request.aws_client_factory.s3
        _update_basics(self, s3, model, previous)
        _configure(s3, model, previous)
        return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model)

    provider.create = create
    provider.update = update
    provider._create_bucket_if_does_not_exist = _create_bucket
    aws_s3_bucket.delete_all_s3_objects = lambda *_: None


def _refuse(model: dict[str, Any]) -> None:
    if unsupported := [name for name in _NOT_EMULATED if model.get(name)]:
        raise ValueError(f"AWS::S3::Bucket: not emulated by etlocal: {', '.join(unsupported)}")


def _create_bucket(self: Any, model: dict[str, Any], region: str, s3: Any) -> None:
    name = model["BucketName"]
    try:
        s3.head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise ValueError(f"{name} already exists") from error
    else:
        raise ValueError(f"{name} already exists")
    options: dict[str, Any] = {}
    if acl := model.get("AccessControl"):
        options["ACL"] = self._convert_acl_cf_to_s3(acl)
    if model.get("ObjectLockEnabled"):
        options["ObjectLockEnabledForBucket"] = True
    if ownership := model.get("OwnershipControls"):
        options["ObjectOwnership"] = ownership["Rules"][0]["ObjectOwnership"]
    if region != "us-east-1":
        options["CreateBucketConfiguration"] = {"LocationConstraint": region}
    s3.create_bucket(Bucket=name, **options)


def _update_basics(provider: Any, s3: Any, model: dict[str, Any], previous: dict[str, Any]) -> None:
    """Update what LocalStack sets when it creates a bucket."""
    bucket = model["BucketName"]
    notifications = provider._get_s3_bucket_notification_config(model)
    s3.put_bucket_notification_configuration(
        **(notifications or {"Bucket": bucket, "NotificationConfiguration": {}})
    )
    versioning = model.get("VersioningConfiguration", {}).get("Status")
    if versioning or previous.get("VersioningConfiguration"):
        s3.put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": versioning or "Suspended"}
        )
    if cors := provider._transform_cfn_cors(model.get("CorsConfiguration")):
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=cors)
    elif previous.get("CorsConfiguration"):
        s3.delete_bucket_cors(Bucket=bucket)
    if tags := model.get("Tags"):
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    elif previous.get("Tags"):
        s3.delete_bucket_tagging(Bucket=bucket)


def _configure(s3: Any, model: dict[str, Any], previous: dict[str, Any]) -> None:
    """Set what LocalStack leaves out, and take back what the former template had."""
    bucket = {"Bucket": model["BucketName"]}
    if encryption := model.get("BucketEncryption"):
        rules = [
            {_ENCRYPTION_NAMES.get(name, name): value for name, value in rule.items()}
            for rule in encryption["ServerSideEncryptionConfiguration"]
        ]
        s3.put_bucket_encryption(**bucket, ServerSideEncryptionConfiguration={"Rules": rules})
    elif previous.get("BucketEncryption"):
        s3.delete_bucket_encryption(**bucket)
    if lifecycle := model.get("LifecycleConfiguration"):
        rules = [_lifecycle_rule(rule) for rule in lifecycle["Rules"]]
        s3.put_bucket_lifecycle_configuration(**bucket, LifecycleConfiguration={"Rules": rules})
    elif previous.get("LifecycleConfiguration"):
        s3.delete_bucket_lifecycle(**bucket)
    if block := model.get("PublicAccessBlockConfiguration"):
        s3.put_public_access_block(**bucket, PublicAccessBlockConfiguration=block)
    elif previous.get("PublicAccessBlockConfiguration"):
        s3.delete_public_access_block(**bucket)
    if ownership := model.get("OwnershipControls"):
        s3.put_bucket_ownership_controls(**bucket, OwnershipControls=ownership)
    if logging := model.get("LoggingConfiguration"):
        status = {
            "TargetBucket": logging.get("DestinationBucketName", model["BucketName"]),
            "TargetPrefix": logging.get("LogFilePrefix", ""),
        }
        s3.put_bucket_logging(**bucket, BucketLoggingStatus={"LoggingEnabled": status})
    elif previous.get("LoggingConfiguration"):
        s3.put_bucket_logging(**bucket, BucketLoggingStatus={})


def _lifecycle_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """CloudFormation's rule in the words of S3's API."""
    conditions: dict[str, Any] = {}
    if "Prefix" in rule:
        conditions["Prefix"] = rule["Prefix"]
    if tags := rule.get("TagFilters"):
        conditions["Tags"] = tags
    for bound in ("ObjectSizeGreaterThan", "ObjectSizeLessThan"):
        if bound in rule:
            conditions[bound] = int(rule[bound])
    expiration = {
        name: rule[key]
        for key, name in (
            ("ExpirationInDays", "Days"),
            ("ExpirationDate", "Date"),
            ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
        )
        if key in rule
    }
    transitions = [*rule.get("Transitions", []), *filter(None, [rule.get("Transition")])]
    later = [
        *rule.get("NoncurrentVersionTransitions", []),
        *filter(None, [rule.get("NoncurrentVersionTransition")]),
    ]
    noncurrent = rule.get("NoncurrentVersionExpiration")
    if days := rule.get("NoncurrentVersionExpirationInDays"):
        noncurrent = {"NoncurrentDays": days}
    written = {
        "ID": rule.get("Id"),
        "Status": rule["Status"],
        "Filter": _lifecycle_filter(conditions),
        "Expiration": expiration or None,
        "AbortIncompleteMultipartUpload": rule.get("AbortIncompleteMultipartUpload"),
        "NoncurrentVersionExpiration": noncurrent,
        "Transitions": [_transition(t, "Days", "TransitionInDays") for t in transitions] or None,
        "NoncurrentVersionTransitions": [
            _transition(t, "NoncurrentDays", "TransitionInDays") for t in later
        ]
        or None,
    }
    return {name: value for name, value in written.items() if value is not None}


def _lifecycle_filter(conditions: dict[str, Any]) -> dict[str, Any]:
    if not conditions:
        return {"Prefix": ""}
    if len(conditions) == 1:
        if "Tags" in conditions and len(conditions["Tags"]) == 1:
            return {"Tag": conditions["Tags"][0]}
        if "Tags" not in conditions:
            return conditions
    return {"And": conditions}


def _transition(transition: dict[str, Any], days: str, written_days: str) -> dict[str, Any]:
    names = {written_days: days, "TransitionDate": "Date", "StorageClass": "StorageClass"}
    return {names.get(name, name): value for name, value in transition.items()}
