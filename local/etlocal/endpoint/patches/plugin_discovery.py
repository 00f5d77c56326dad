"""LocalStack's plug-ins are looked up anew at every start.

plux, its plug-in loader, keeps the entry points it found in a file in the user's cache folder,
under a key made of modification times in single precision: two minutes apart look the same. A
changed overlay or environment was then started with the plug-ins of the former one. Looking them
up takes a few milliseconds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plux.runtime.cache import EntryPointsCache


def apply() -> None:
    """Have plux keep what it finds in memory only; to be called before LocalStack is imported."""

    def build_index(self: Any, cache_dir: Path) -> Any:
        del cache_dir
        return self._resolver.get_entry_points()

    EntryPointsCache._build_and_store_index = build_index
