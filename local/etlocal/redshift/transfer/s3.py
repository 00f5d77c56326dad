"""S3 as COPY and UNLOAD see it: addresses, prefixes, and S3's refusals in Redshift's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from etlocal.redshift.errors import SqlError


def split(uri: str) -> tuple[str, str]:
    """Take ``s3://bucket/key`` apart.

    Raises
    ------
    SqlError
        If it is no such address.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise SqlError(f"The S3 path {uri!r} is not valid", sqlstate="22023")
    return bucket, key


def list_keys(client: Any, bucket: str, prefix: str) -> list[dict[str, Any]]:
    """List the objects whose keys begin with a prefix, in order."""
    found: list[dict[str, Any]] = []
    arguments = {"Bucket": bucket, "Prefix": prefix}
    while True:
        with refusals():
            answer = client.list_objects_v2(**arguments)
        found += answer.get("Contents", [])
        if not answer.get("IsTruncated"):
            return found
        arguments["ContinuationToken"] = answer["NextContinuationToken"]


@contextmanager
def refusals() -> Iterator[None]:
    """Tell S3's errors as Redshift does.

    Raises
    ------
    SqlError
        For what S3 refuses.
    """
    try:
        yield
    except ClientError as error:
        answer = error.response
        code = answer.get("Error", {}).get("Code", "")
        message = answer.get("Error", {}).get("Message", "")
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
        request = answer.get("ResponseMetadata", {}).get("RequestId", "")
        raise SqlError(
            f"S3ServiceException:{message},Status {status},Error {code},Rid {request}"
        ) from error
    except BotoCoreError as error:
        raise SqlError(f"S3ServiceException:{error}") from error
