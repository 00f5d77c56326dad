"""The asset bucket: what CloudFormation and Glue read, under its content's hash.

It is one bucket an account and region, beside the stacks: a stack is made of what is in it already.
It is the only thing that a deployment makes outside of the stack.

Sources: Amazon S3 API Reference, ``HeadBucket``, ``CreateBucket``, ``HeadObject``; AWS CLI Command
Reference, "cloudformation package".
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from etlocal.clients import Clients
from etlocal.deploy.deployed import DeployError
from etlocal.templates import content_key

# Longer ones are read from S3. Source: CloudFormation API Reference, CreateChangeSet.
_LONGEST_BODY = 51_200


class Artifacts:
    """The asset bucket of the clients' account and region, made when something goes into it.

    Parameters
    ----------
    clients : Clients
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._s3 = clients.client("s3")
        self._ready = False

    @property
    def bucket(self) -> str:
        """Its name."""
        return f"etlocal-artifacts-{self._clients.account}-{self._clients.region}"

    def upload(self, file: Path, key: str) -> bool:
        """Have a file in the bucket, under a key of its content's; say whether it is new there."""
        return self._put(key, file.read_bytes())

    def template(self, body: str) -> dict[str, str]:
        """Give the parameters by which CloudFormation takes a template."""
        if len(body.encode()) <= _LONGEST_BODY:
            return {"TemplateBody": body}
        key = content_key(Path("template.json"), body.encode())
        self._put(key, body.encode())
        url = urlsplit(self._s3.meta.endpoint_url)
        if url.scheme != "https":  # the local endpoint's, which has no name for each bucket
            return {"TemplateURL": f"{url.geturl()}/{self.bucket}/{key}"}
        return {"TemplateURL": f"https://{self.bucket}.{url.netloc}/{key}"}

    def _put(self, key: str, body: bytes) -> bool:
        self._ensure()
        owner = {"Bucket": self.bucket, "ExpectedBucketOwner": self._clients.account}
        try:
            self._s3.head_object(Key=key, **owner)
        except ClientError as error:
            if _code(error) != "404":
                raise
        else:
            return False
        self._s3.put_object(Key=key, Body=body, ChecksumAlgorithm="SHA256", **owner)
        return True

    def _ensure(self) -> None:
        """Make the bucket if it is not there; close it in any case, as that may have been cut off.

        Raises
        ------
        DeployError
            If the name is another account's.
        """
        if self._ready:
            return
        owner = {"Bucket": self.bucket, "ExpectedBucketOwner": self._clients.account}
        try:
            self._s3.head_bucket(**owner)
        except ClientError as error:
            if _code(error) == "403":
                raise DeployError(
                    f"the bucket {self.bucket} is not ours to use: it belongs to another account, "
                    "or these credentials may not list it (s3:ListBucket)"
                ) from error
            if _code(error) != "404":
                raise
            self._create()
        self._s3.put_public_access_block(
            **owner,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )
        self._s3.put_bucket_policy(**owner, Policy=json.dumps(self._policy()))
        self._ready = True

    def _create(self) -> None:
        region = self._clients.region
        # us-east-1 is the default, and is refused when it is named.
        where: dict[str, Any] = (
            {}
            if region == "us-east-1"
            else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        )
        try:
            self._s3.create_bucket(
                Bucket=self.bucket, ObjectOwnership="BucketOwnerEnforced", **where
            )
        except self._s3.exceptions.BucketAlreadyOwnedByYou:
            return
        except self._s3.exceptions.BucketAlreadyExists as error:
            raise DeployError(
                f"the bucket {self.bucket} belongs to another account: nothing can be packaged"
            ) from error

    def _policy(self) -> dict[str, Any]:
        """Refuse plain HTTP. Source: Amazon S3 User Guide, "Security best practices"."""
        partition = self._s3.meta.partition
        arn = f"arn:{partition}:s3:::{self.bucket}"
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "TlsOnly",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [arn, f"{arn}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        }


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
