"""In a job's process: a bucket of our own to warm S3A with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

# An account that is nobody's: its bucket shows in no one's list, and has no notifications.
_ACCOUNT = "999999999999"
_BUCKET = "etlocal-worker-warm-up"
_ALREADY = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists", "OperationAborted")
_GONE = ("NoSuchBucket", "BucketNotEmpty")


@contextmanager
def warming_bucket(hadoop: dict[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Make a bucket for a moment.

    Parameters
    ----------
    hadoop : dict
        The Hadoop settings by which S3A reaches the endpoint.

    Yields
    ------
    tuple
        The bucket's name, and the settings by which S3A reaches it.
    """
    s3 = boto3.session.Session().resource(
        "s3",
        endpoint_url=hadoop["fs.s3a.endpoint"],
        region_name="us-east-1",
        aws_access_key_id=_ACCOUNT,
        aws_secret_access_key=hadoop["fs.s3a.secret.key"],
        config=Config(s3={"addressing_style": "path"}),
    )
    bucket = s3.Bucket(_BUCKET)
    try:
        bucket.create()
    except ClientError as error:
        if error.response["Error"]["Code"] not in _ALREADY:
            raise
    try:
        yield _BUCKET, {**hadoop, "fs.s3a.access.key": _ACCOUNT}
    finally:
        try:
            bucket.objects.all().delete()
            bucket.delete()
        except ClientError as error:
            # Another worker may be using it, or have deleted it.
            if error.response["Error"]["Code"] not in _GONE:
                raise
