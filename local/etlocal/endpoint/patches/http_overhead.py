"""What Twisted does again for every request is done once, or not at all.

It makes an e-mail message to parse a content type, of which there are a handful, and formats a line
of an access log that nobody reads. Both together take as long as a small operation.
"""

from __future__ import annotations

import functools
from typing import Any

from rolo.serving.twisted import TwistedGateway
from twisted.web import http  # type: ignore[import-not-found]

from etlocal.settings import Settings

_CONTENT_TYPES = 256


def apply(_: Settings) -> None:
    """Keep what content types are parsed to, and leave out the access log."""
    http._parseContentType = functools.lru_cache(maxsize=_CONTENT_TYPES)(http._parseContentType)
    TwistedGateway.log = _log_nothing


def _log_nothing(_: Any, __: Any) -> None:
    """Take the place of `twisted.web.http.HTTPFactory.log`."""
