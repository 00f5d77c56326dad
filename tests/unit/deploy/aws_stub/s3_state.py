"""Buckets and their objects, whoever made them: an API call or a stack."""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
from dataclasses import dataclass, field
from typing import Any

from tests.unit.deploy.aws_stub.world import World

DIRECT = "a direct call"
_BLOCKED = (
    "BlockPublicAcls",
    "IgnorePublicAcls",
    "BlockPublicPolicy",
    "RestrictPublicBuckets",
)


@dataclass
class Version:
    """A version of an object, or a delete marker.

    A bucket without versioning has versions too: one an object, whose id is ``null``.
    """

    key: str
    version_id: str
    modified: dt.datetime
    body: bytes = b""
    delete_marker: bool = False
    headers: dict[str, Any] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """What S3 gives for an object uploaded in one part: its MD5, in quotes."""
        return f'"{hashlib.md5(self.body).hexdigest()}"'


def first_configuration() -> dict[str, Any]:
    """Give what a bucket has when it is made, since 2023.

    Source: Amazon S3 User Guide, "Default encryption FAQ", "Blocking public access to your Amazon
    S3 storage" and "Controlling ownership of objects".
    """
    encryption = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BucketKeyEnabled": False,
    }
    return {
        "encryption": {"Rules": [encryption]},
        "public access": dict.fromkeys(_BLOCKED, True),
        "ownership": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    }


@dataclass
class Bucket:
    """A bucket with its configuration."""

    name: str
    owner: str
    region: str
    created: dt.datetime
    origin: str = DIRECT
    configuration: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, list[Version]] = field(default_factory=dict)
    moments: dict[tuple[str, str], dt.datetime] = field(default_factory=dict)
    """When each version was made, also of those that are gone: a listing goes on behind them."""

    def __post_init__(self) -> None:
        self.configuration = {**first_configuration(), **self.configuration}

    @property
    def versioning(self) -> str | None:
        """``Enabled``, ``Suspended``, or None when it never was either."""
        status: str | None = self.configuration.get("versioning", {}).get("Status")
        return status

    @property
    def is_empty(self) -> bool:
        """Whether it has no object, no version and no delete marker."""
        return not any(self.versions.values())

    def current(self, key: str) -> Version | None:
        """Give the latest version of an object; None when there is none or it is deleted."""
        found = self.versions.get(key) or []
        return None if not found or found[-1].delete_marker else found[-1]

    def listed(self) -> list[str]:
        """The keys of the objects that are there, in S3's order: that of UTF-8."""
        return sorted(filter(self.current, self.versions), key=str.encode)

    def add(self, version: Version) -> None:
        """Put a version on top; one of id ``null`` takes the place of the one that had it."""
        others = self.versions.setdefault(version.key, [])
        others[:] = [each for each in others if each.version_id != version.version_id]
        others.append(version)
        self.moments[version.key, version.version_id] = version.modified


class Buckets:
    """All buckets: names are the world's, whoever owns them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._buckets: dict[str, Bucket] = {}

    def __getitem__(self, name: str) -> Bucket:
        return self._buckets[name]

    def get(self, name: str) -> Bucket | None:
        """Give a bucket, also one of another account."""
        return self._buckets.get(name)

    def make(
        self,
        name: str,
        *,
        owner: str | None = None,
        region: str | None = None,
        origin: str = DIRECT,
        configuration: dict[str, Any] | None = None,
    ) -> Bucket:
        """Make a bucket."""
        made = Bucket(
            name,
            owner or self._world.account,
            region or self._world.region,
            self._world.now(),
            origin,
            copy.deepcopy(configuration or {}),
        )
        self._buckets[name] = made
        return made

    def drop(self, name: str) -> None:
        """Delete a bucket."""
        del self._buckets[name]

    def own(self) -> list[Bucket]:
        """The account's buckets, by name."""
        found = sorted(self._buckets.values(), key=lambda bucket: bucket.name)
        return [bucket for bucket in found if bucket.owner == self._world.account]

    def snapshot(self) -> dict[str, Any]:
        """Give the account's buckets without what differs between two equal deployments.

        An object's content counts without the ids in it, as do names of buckets.
        """
        return {
            self._world.forget(bucket.name): {
                "region": bucket.region,
                "origin": bucket.origin,
                "configuration": self._world.forget(bucket.configuration),
                "objects": {
                    self._world.forget(key): _content(self._world, bucket, key)
                    for key in bucket.listed()
                },
            }
            for bucket in self.own()
        }


def _content(world: World, bucket: Bucket, key: str) -> dict[str, Any]:
    version = bucket.current(key)
    assert version is not None
    body = world.forget(version.body).encode("utf-8", "surrogateescape")
    metadata = world.forget(version.headers.get("Metadata", {}))
    return {"sha256": hashlib.sha256(body).hexdigest(), "metadata": metadata}
