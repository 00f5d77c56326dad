"""A listing goes on where its page before ended, whatever is in the keys.

With ``EncodingType=url``, which boto3 always asks for, LocalStack compares the quoted key with an
unquoted continuation token: from the second page on, keys that hold a ``=`` (``date=2024-01-01/…``)
were left out without an error. Keys are compared as they are here, and quoted in the answer.

Source: Amazon S3 API Reference, ListObjectsV2: "encoding-type" encodes the keys of the response.
"""

from __future__ import annotations

import functools
from typing import Any
from urllib.parse import quote

from localstack.services.s3.provider import S3Provider

from etlocal.settings import Settings

_OPERATIONS = ("list_objects", "list_objects_v2", "list_object_versions")
_QUOTED = (
    *("Prefix", "Delimiter", "StartAfter", "Marker", "NextMarker"),
    *("KeyMarker", "NextKeyMarker"),
)
_LISTS = ("Contents", "Versions", "DeleteMarkers", "CommonPrefixes")


def apply(_: Settings) -> None:
    """Quote keys in the answer, not before they are compared."""
    for name in _OPERATIONS:
        setattr(S3Provider, name, _unquoted_inside(getattr(S3Provider, name)))


def _unquoted_inside(operation: Any) -> Any:
    @functools.wraps(operation)
    def listing(self: Any, context: Any, *, encoding_type: Any = None, **request: Any) -> Any:
        answer = operation(self, context, **request)
        return _quoted(answer, encoding_type) if encoding_type else answer

    return listing


def _quoted(answer: dict[str, Any], encoding_type: str) -> dict[str, Any]:
    for name in _QUOTED:
        if answer.get(name):
            answer[name] = quote(answer[name])
    for name in _LISTS:
        for item in answer.get(name) or []:
            member = "Prefix" if name == "CommonPrefixes" else "Key"
            item[member] = quote(item[member])
    return answer | {"EncodingType": encoding_type}
