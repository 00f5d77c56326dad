"""Names of catalog tables.

Source: AWS Glue Developer Guide, "Crawler properties" (table prefix; names are lower-cased, other
characters become underscores) and "Parameters set on Data Catalog tables by crawler".
"""

from __future__ import annotations

import hashlib
import re

_LONGEST = 255
_HASH_LENGTH = 32


def table_name(source: str, prefix: str = "") -> str:
    """Give the name a table gets from a folder's, file's or database table's name."""
    return re.sub(r"[^a-z0-9_]", "_", f"{prefix}{source}".lower())[:_LONGEST]


def distinguished(name: str, location: str) -> str:
    """Give a table whose name is taken another one: the name and a hash of its location."""
    suffix = hashlib.md5(location.encode(), usedforsecurity=False).hexdigest()
    return f"{name[: _LONGEST - _HASH_LENGTH - 1]}_{suffix}"
