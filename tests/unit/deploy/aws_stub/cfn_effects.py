"""What a stack's resources do in the other services of the stub."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.deploy.aws_stub.glue import Crawler, Glue
from tests.unit.deploy.aws_stub.redshift_serverless import RedshiftServerless
from tests.unit.deploy.aws_stub.s3_state import Buckets, first_configuration

Properties = dict[str, Any]
Tags = list[dict[str, str]]


class EffectError(Exception):
    """The resource's service refused; the message is the event's reason."""


class Effects:
    """Makes, changes and deletes resources of the types that another service of the stub shows."""

    def __init__(self, buckets: Buckets, serverless: RedshiftServerless, glue: Glue) -> None:
        self._buckets = buckets
        self._serverless = serverless
        self._glue = glue

    def create(
        self, origin: str, kind: str, physical: str, given: Properties, attributes: Properties,
        tags: Tags,
    ) -> None:  # fmt: skip
        """Make a resource.

        Raises
        ------
        EffectError
            If its name is taken.
        """
        taken = {
            "AWS::S3::Bucket": self._buckets.get(physical) is not None,
            "AWS::Glue::Crawler": physical in self._glue.crawlers,
            "AWS::RedshiftServerless::Workgroup": physical in self._serverless.workgroups,
            "AWS::RedshiftServerless::Namespace": physical in self._serverless.namespaces,
        }
        if taken.get(kind):
            raise EffectError(f"{physical} already exists")
        if kind == "AWS::S3::Bucket":
            self._buckets.make(physical, origin=origin)
        self.update(kind, physical, given, attributes, tags)

    def update(
        self, kind: str, physical: str, given: Properties, attributes: Properties, tags: Tags
    ) -> None:
        """Give a resource its properties."""
        if kind == "AWS::S3::Bucket":
            bucket = self._buckets[physical]
            policy = bucket.configuration.get("policy")
            bucket.configuration = {**first_configuration(), **configuration(given)}
            bucket.configuration["tags"] = [*tags, *given.get("Tags", [])]
            if policy is not None:
                bucket.configuration["policy"] = policy
        elif kind == "AWS::S3::BucketPolicy":
            policy = given["PolicyDocument"]
            self._buckets[given["Bucket"]].configuration["policy"] = json.dumps(policy)
        elif kind == "AWS::RedshiftServerless::Workgroup":
            self._serverless.put_workgroup(given, attributes)
        elif kind == "AWS::RedshiftServerless::Namespace":
            self._serverless.put_namespace(given, attributes)
        elif kind == "AWS::Glue::Crawler":
            self._glue.crawlers.setdefault(physical, Crawler(physical, given)).properties = given

    def delete(self, kind: str, physical: str, given: Properties) -> None:
        """Delete a resource; one that is not there any more is no error.

        Raises
        ------
        EffectError
            If it is a bucket with something in it.
        """
        bucket = self._buckets.get(given["Bucket"] if kind == "AWS::S3::BucketPolicy" else physical)
        if kind == "AWS::S3::Bucket" and bucket is not None:
            if not bucket.is_empty:
                raise EffectError(
                    'Resource handler returned message: "The bucket you tried to delete is not '
                    'empty (Service: S3, Status Code: 409)" (HandlerErrorCode: '
                    "GeneralServiceException)"
                )
            self._buckets.drop(physical)
        elif kind == "AWS::S3::BucketPolicy" and bucket is not None:
            bucket.configuration.pop("policy", None)
        elif kind == "AWS::RedshiftServerless::Workgroup":
            self._serverless.drop_workgroup(physical)
        elif kind == "AWS::RedshiftServerless::Namespace":
            self._serverless.drop_namespace(physical)
        elif kind == "AWS::Glue::Crawler":
            self._glue.crawlers.pop(physical, None)


def configuration(given: Properties) -> dict[str, Any]:
    """Give a bucket's configuration in the API's form.

    Source: AWS CloudFormation Template Reference, ``AWS::S3::Bucket``.
    """
    made: dict[str, Any] = {}
    if "BucketEncryption" in given:
        made["encryption"] = {
            "Rules": [_encryption(rule)
                      for rule in given["BucketEncryption"]["ServerSideEncryptionConfiguration"]]
        }  # fmt: skip
    if "PublicAccessBlockConfiguration" in given:
        made["public access"] = dict(given["PublicAccessBlockConfiguration"])
    if "OwnershipControls" in given:
        made["ownership"] = dict(given["OwnershipControls"])
    if "VersioningConfiguration" in given:
        made["versioning"] = {"Status": given["VersioningConfiguration"]["Status"]}
    if "LifecycleConfiguration" in given:
        made["lifecycle"] = {"Rules": list(map(_rule, given["LifecycleConfiguration"]["Rules"]))}
    return made


def _encryption(rule: dict[str, Any]) -> dict[str, Any]:
    default = rule["ServerSideEncryptionByDefault"]
    return {
        "ApplyServerSideEncryptionByDefault": dict(default),
        "BucketKeyEnabled": bool(rule.get("BucketKeyEnabled", False)),
    }


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    kept = ("Status", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload")
    made = {key: rule[key] for key in kept if key in rule}
    made["Filter"] = {"Prefix": rule.get("Prefix", "")}
    if "Id" in rule:
        made["ID"] = rule["Id"]
    if "ExpirationInDays" in rule:
        made["Expiration"] = {"Days": rule["ExpirationInDays"]}
    return made
