"""Where a request's template is: its body, a URL of S3, or the stack's previous one."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.unit.deploy.aws_stub.cfn_stack import Stack
from tests.unit.deploy.aws_stub.cfn_templates import BODY_BYTES, URL_BYTES, invalid
from tests.unit.deploy.aws_stub.s3_state import Buckets
from tests.unit.deploy.aws_stub.world import World

# Virtual-hosted and path style, with a region or without.
_URLS = (
    re.compile(
        r"https://(?P<bucket>[a-z0-9.-]+)\.s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com/(?P<key>.+)"
    ),
    re.compile(
        r"https://s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com/(?P<bucket>[a-z0-9.-]+)/(?P<key>.+)"
    ),
)


def template_text(
    asked: dict[str, Any], stack: Stack | None, buckets: Buckets, world: World
) -> str:
    """Give the template that a request names, one way only.

    Source: AWS CloudFormation API Reference, ``CreateChangeSet``; User Guide, "CloudFormation
    quotas": 51,200 bytes in the request, 1 MB in S3.

    Raises
    ------
    AwsError
        If it names none, too many, or one that is too long or not to be read.
    """
    body, url, previous = (
        asked.get("TemplateBody"), asked.get("TemplateURL"), asked.get("UsePreviousTemplate"),
    )  # fmt: skip
    if sum(map(bool, (body, url, previous))) != 1:
        raise invalid("Either Template URL or Template Body must be specified.")
    if previous:
        if stack is None or stack.plan is None:
            raise invalid("UsePreviousTemplate cannot be true for a stack that has no template")
        return stack.plan.text
    if body is not None:
        if len(body.encode()) > BODY_BYTES:
            raise invalid(
                f"1 validation error detected: Value '{body[:40]}…' at 'templateBody' failed to "
                f"satisfy constraint: Member must have length less than or equal to {BODY_BYTES}"
            )
        return str(body)
    return _from_s3(str(url), buckets, world)


def with_includes(node: Any, buckets: Buckets, world: World) -> Any:
    """Put in what each ``AWS::Include`` names, in a template or a part of it.

    Source: AWS CloudFormation User Guide, "AWS::Include transform".

    Raises
    ------
    AwsError
        If what it names is not there.
    """
    if isinstance(node, list):
        return [with_includes(each, buckets, world) for each in node]
    if not isinstance(node, dict):
        return node
    found = {name: with_includes(each, buckets, world) for name, each in node.items()}
    transform = found.pop("Fn::Transform", None)
    if transform is None:
        return found
    assert transform["Name"] == "AWS::Include", "the stub of AWS knows no other transform"
    location = transform["Parameters"]["Location"]
    bucket, _, key = location.removeprefix("s3://").partition("/")
    held = buckets.get(bucket)
    included = held.current(key) if held is not None and held.owner == world.account else None
    if included is None:
        raise invalid(
            "Transform AWS::Include failed with: The specified S3 object's content cannot be "
            f"read: {location}"
        )
    return {**found, **json.loads(included.body)}


def _from_s3(url: str, buckets: Buckets, world: World) -> str:
    match = next(filter(None, (form.fullmatch(url) for form in _URLS)), None)
    if match is None:
        raise invalid("TemplateURL must be a supported URL.")
    bucket = buckets.get(match["bucket"])
    if bucket is None:
        raise invalid("S3 error: The specified bucket does not exist")
    if bucket.owner != world.account:
        raise invalid("S3 error: Access Denied")
    found = bucket.current(match["key"])
    if found is None:
        raise invalid("S3 error: The specified key does not exist.")
    if len(found.body) > URL_BYTES:
        raise invalid(f"Template may not exceed {URL_BYTES} bytes in size.")
    return found.body.decode()
