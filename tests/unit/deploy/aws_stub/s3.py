"""S3: buckets and their configuration. The objects are in `s3_objects`."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.deploy.aws_stub.s3_objects import Objects
from tests.unit.deploy.aws_stub.s3_state import Bucket
from tests.unit.deploy.aws_stub.service import AwsError, Request, Response


class S3(Objects):
    """Amazon S3 API Reference: ``CreateBucket``, ``HeadBucket`` and the configuration's calls.

    Each call honours ``ExpectedBucketOwner`` ("Verifying bucket ownership with bucket owner
    condition"). A bucket in another region answers as from its own: boto3 follows S3's redirect.
    """

    def HeadBucket(self, asked: Request) -> Response:
        """404 where there is none, 403 where it is another account's; no body says more."""
        found = self.buckets.get(asked["Bucket"])
        if found is None:
            raise AwsError("404", "Not Found", 404)
        if self.refuses(found, asked):
            raise AwsError("403", "Forbidden", 403)
        return {
            "BucketArn": f"arn:aws:s3:::{found.name}",
            "BucketRegion": found.region,
            "AccessPointAlias": False,
        }

    def CreateBucket(self, asked: Request) -> Response:
        """Make a bucket; in us-east-1 alone one's own bucket may be made again."""
        name = asked["Bucket"]
        region = self._location(asked)
        found = self.buckets.get(name)
        if found is None:
            self.buckets.make(name, region=region)
        elif found.owner != self.world.account:
            raise AwsError(
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all "
                "users of the system. Please select a different name and try again.",
                409,
            )
        elif self.world.region != "us-east-1" or found.region != "us-east-1":
            raise AwsError(
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you "
                "already own it.",
                409,
            )
        at_home = self.world.region == "us-east-1"
        location = f"/{name}" if at_home else f"http://{name}.s3.amazonaws.com/"
        return {"Location": location, "BucketArn": f"arn:aws:s3:::{name}"}

    def _location(self, asked: Request) -> str:
        """Give the bucket's region: a regional endpoint wants its own named, us-east-1 none."""
        wanted: str | None = asked.get("CreateBucketConfiguration", {}).get("LocationConstraint")
        if self.world.region == "us-east-1":
            if wanted == "us-east-1":
                raise AwsError(
                    "InvalidLocationConstraint", "The specified location-constraint is not valid"
                )
            return wanted or "us-east-1"
        if wanted != self.world.region:
            raise AwsError(
                "IllegalLocationConstraintException",
                f"The {wanted or 'unspecified'} location constraint is incompatible for the region "
                "specific endpoint this request was sent to.",
            )
        return self.world.region

    def DeleteBucket(self, asked: Request) -> Response:
        """Delete a bucket that has neither objects nor versions."""
        bucket = self.bucket(asked)
        if not bucket.is_empty:
            raise AwsError(
                "BucketNotEmpty", "The bucket you tried to delete is not empty. You must delete "
                "all versions in the bucket.", 409,
            )  # fmt: skip
        self.buckets.drop(bucket.name)
        return {}

    def GetBucketLocation(self, asked: Request) -> Response:
        """Name the region; us-east-1 is named by nothing."""
        region = self.bucket(asked).region
        return {"LocationConstraint": None if region == "us-east-1" else region}

    # ---- Configuration: what is put is what is got. ----

    def _put(self, asked: Request, part: str, member: str) -> Response:
        self.bucket(asked).configuration[part] = asked[member]
        return {}

    def _get(self, asked: Request, part: str, missing: str, message: str) -> Any:
        bucket = self.bucket(asked)
        if part not in bucket.configuration:
            raise AwsError(missing, message, 404)
        return bucket.configuration[part]

    def PutBucketEncryption(self, asked: Request) -> Response:
        """Set the default encryption."""
        return self._put(asked, "encryption", "ServerSideEncryptionConfiguration")

    def GetBucketEncryption(self, asked: Request) -> Response:
        """Give the default encryption, which each bucket has."""
        found = self._get(
            asked, "encryption", "ServerSideEncryptionConfigurationNotFoundError",
            "The server side encryption configuration was not found",
        )  # fmt: skip
        return {"ServerSideEncryptionConfiguration": found}

    def PutPublicAccessBlock(self, asked: Request) -> Response:
        """Set the block; what is not named is not blocked."""
        given = asked["PublicAccessBlockConfiguration"]
        block = self.bucket(asked).configuration["public access"]
        self.bucket(asked).configuration["public access"] = {
            name: given.get(name, False) for name in block
        }
        return {}

    def GetPublicAccessBlock(self, asked: Request) -> Response:
        """Give the block."""
        found = self._get(
            asked, "public access", "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found",
        )  # fmt: skip
        return {"PublicAccessBlockConfiguration": found}

    def PutBucketVersioning(self, asked: Request) -> Response:
        """Enable or suspend versioning."""
        return self._put(asked, "versioning", "VersioningConfiguration")

    def GetBucketVersioning(self, asked: Request) -> Response:
        """Give the state; nothing for a bucket that never had versioning."""
        return dict(self.bucket(asked).configuration.get("versioning", {}))

    def PutBucketPolicy(self, asked: Request) -> Response:
        """Set the policy."""
        try:
            policy = json.loads(asked["Policy"])
        except ValueError:
            policy = None
        if not isinstance(policy, dict) or "Statement" not in policy:
            raise AwsError(
                "MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'"
            )
        return self._put(asked, "policy", "Policy")

    def GetBucketPolicy(self, asked: Request) -> Response:
        """Give the policy."""
        found = self._get(asked, "policy", "NoSuchBucketPolicy", "The bucket policy does not exist")
        return {"Policy": found}

    def PutBucketOwnershipControls(self, asked: Request) -> Response:
        """Say who owns what others upload."""
        return self._put(asked, "ownership", "OwnershipControls")

    def GetBucketOwnershipControls(self, asked: Request) -> Response:
        """Give who owns what others upload."""
        found = self._get(
            asked, "ownership", "OwnershipControlsNotFoundError",
            "The bucket ownership controls were not found",
        )  # fmt: skip
        return {"OwnershipControls": found}

    def PutBucketLifecycleConfiguration(self, asked: Request) -> Response:
        """Set the rules; they replace those that were there."""
        return self._put(asked, "lifecycle", "LifecycleConfiguration")

    def GetBucketLifecycleConfiguration(self, asked: Request) -> Response:
        """Give the rules."""
        found = self._get(
            asked, "lifecycle", "NoSuchLifecycleConfiguration",
            "The lifecycle configuration does not exist",
        )  # fmt: skip
        return {"Rules": found["Rules"]}

    def PutBucketTagging(self, asked: Request) -> Response:
        """Set the tags, but for those that AWS set."""
        bucket, tags = self.bucket(asked), asked["Tagging"]["TagSet"]
        if any(tag["Key"].startswith("aws:") for tag in tags):
            raise AwsError("InvalidTag", "System tags cannot be added/updated by requester")
        bucket.configuration["tags"] = [*_system_tags(bucket), *tags]
        return {}

    def GetBucketTagging(self, asked: Request) -> Response:
        """Give the tags."""
        found = self._get(asked, "tags", "NoSuchTagSet", "The TagSet does not exist")
        return {"TagSet": found}

    def ListBuckets(self, asked: Request) -> Response:
        """List the account's buckets."""
        return {
            "Buckets": [{"Name": each.name, "CreationDate": each.created}
                        for each in self.buckets.own()]
        }  # fmt: skip


def _system_tags(bucket: Bucket) -> list[dict[str, str]]:
    tags: list[dict[str, str]] = bucket.configuration.get("tags", [])
    return [tag for tag in tags if tag["Key"].startswith("aws:")]
