"""What the catalog's rows hold, as text: JSON that keeps times, and times as ISO 8601."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

# A time is kept as {"$time": [text]}. No structure has a member of that name and a map's values are
# texts, so that a parameter called $time is not taken for one.
_TIME = "$time"


def to_text(body: Mapping[str, Any]) -> str:
    """Give `body`, a structure of botocore's shape, as JSON text."""
    return json.dumps(body, default=_encode, separators=(",", ":"), ensure_ascii=False)


def from_text(text: str) -> dict[str, Any]:
    """Give back what `to_text` was given."""
    loaded: dict[str, Any] = json.loads(text, object_hook=_decode)
    return loaded


def time_text(moment: datetime) -> str:
    """Give an aware time as text."""
    return moment.isoformat()


def time_value(text: str) -> datetime:
    """Give back the time that `time_text` was given."""
    return datetime.fromisoformat(text)


def _encode(value: object) -> dict[str, list[str]]:
    if isinstance(value, datetime):
        return {_TIME: [value.isoformat()]}
    raise TypeError(f"not part of a catalog structure: {type(value).__name__}")


def _decode(value: dict[str, Any]) -> Any:
    kept = value.get(_TIME)
    return datetime.fromisoformat(kept[0]) if isinstance(kept, list) else value
