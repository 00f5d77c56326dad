"""What the stub's services have in common: an account, a region, a clock and a source of ids."""

from __future__ import annotations

import datetime as dt
import random
import re
import string
import uuid
from typing import Any

_IDS = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<![a-zA-Z0-9])[a-zA-Z0-9]{12}(?![a-zA-Z0-9])"
)


class World:
    """An account in a region, with times and ids that are the same in each run of a test.

    Attributes
    ----------
    pace : int
        How many steps of what is under way a question makes.
    page_size : int
        The most items a page has. It is far below AWS's, which may give fewer than was asked for:
        whoever reads only a first page is to be seen.
    """

    def __init__(self, account: str, region: str) -> None:
        self.account = account
        self.region = region
        self.pace = 1
        self.page_size = 10
        self._random = random.Random(f"{account} {region}")
        self._now = dt.datetime.now(dt.UTC).replace(microsecond=0)
        self._labels: dict[str, str] = {}

    def now(self) -> dt.datetime:
        """Give a time: a millisecond after the one before it."""
        self._now = max(self._now + dt.timedelta(milliseconds=1), dt.datetime.now(dt.UTC))
        return self._now

    def uuid(self, label: str) -> str:
        """Make an id; `forget` puts the label in its place."""
        made = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        self._labels[made] = label
        return made

    def suffix(self, label: str, *, lower: bool = False, length: int = 12) -> str:
        """Make what CloudFormation puts after a name; `forget` puts the label in its place."""
        letters = (string.ascii_lowercase if lower else string.ascii_uppercase) + string.digits
        made = "".join(self._random.choices(letters, k=length))
        self._labels[made] = label
        return made

    def forget(self, value: Any) -> Any:
        """Give `value` with labels in the place of all ids that were made here."""
        if isinstance(value, str):
            return self._forget(value)
        if isinstance(value, bytes):
            return self._forget(value.decode("utf-8", "surrogateescape"))
        if isinstance(value, dict):
            return {self.forget(key): self.forget(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.forget(item) for item in value]
        return value

    def _forget(self, text: str) -> str:
        # Ids of either form; what is none of the stub's stays.
        return _IDS.sub(lambda match: self._labelled(match[0]), text)

    def _labelled(self, text: str) -> str:
        return f"<{self._labels[text]}>" if text in self._labels else text
