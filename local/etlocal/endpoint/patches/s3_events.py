"""S3's events to EventBridge carry what AWS's carry.

LocalStack URL-encodes the object's key (``date%3D2024-01-01/…``): a rule with a prefix such as
``raw/date=`` never matched and a consumer read a wrong key. It also gives every event the same
sequencer and requester, and the whole event type as the reason of a multipart upload. In the
bucket's own notification filters the key is compared encoded, too.

Source: Amazon S3 User Guide, "EventBridge event message structure": keys are not URL-encoded there.
"""

from __future__ import annotations

import itertools
import json
import time
from typing import Any
from urllib.parse import unquote

from localstack.services.s3 import notifications

from etlocal.settings import Settings

_REASONS = {
    "CompleteMultipartUpload": "CompleteMultipartUpload",
    "Copy": "CopyObject",
    "Post": "POST Object",
    "Put": "PutObject",
}
_counter = itertools.count()


def apply(_: Settings) -> None:
    """Correct the event's details, and the key that a filter sees."""
    notifier = notifications.EventBridgeNotifier
    original = notifier._get_event_payload

    def payload(ctx: Any, config_id: Any = None) -> Any:
        entry = original(ctx, config_id)
        detail = json.loads(entry["Detail"])
        detail["object"]["key"] = unquote(ctx.key_name)
        if "sequencer" in detail["object"]:
            detail["object"]["sequencer"] = _sequencer()
        detail["requester"] = ctx.bucket_account_id
        if "ObjectCreated" in ctx.event_type:
            action = ctx.event_type.rpartition(":")[2]
            detail["reason"] = _REASONS.get(action, action)
        entry["Detail"] = json.dumps(detail)
        return entry

    notifier._get_event_payload = staticmethod(payload)
    matches = notifications._matching_filter

    def matching_filter(rules: Any, key_name: str) -> Any:
        return matches(rules, unquote(key_name))

    notifications._matching_filter = matching_filter


def _sequencer() -> str:
    """Give a hexadecimal number that grows from event to event, across restarts too."""
    return f"{time.time_ns() + next(_counter):018X}"
