"""KMS on Python 3.11: `uuid.uuid5` takes bytes as a name only since Python 3.12.

``CreateKey`` answers 500 without this.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from localstack.services.kms.models import KmsKey

from etlocal.settings import Settings


def apply(_: Settings) -> None:
    """Compute the name-based UUID (RFC 9562, version 5) from bytes."""

    def generate_key_material_id(self: Any, key_material: bytes) -> str:
        digest = hashlib.sha1(self._internal_key_id.bytes + key_material).digest()  # noqa: S324
        return uuid.UUID(bytes=digest[:16], version=5).hex * 2

    KmsKey.generate_key_material_id = generate_key_material_id
