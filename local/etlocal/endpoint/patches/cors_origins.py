"""Which web pages may call the endpoint: those it serves itself.

LocalStack lets its vendor's web application call any endpoint on a visitor's machine. Nothing here
needs that; a page from elsewhere may not read or change what is on a laptop.
"""

from __future__ import annotations

from localstack.aws.handlers import cors

from etlocal.settings import Settings


def apply(_: Settings) -> None:
    """Leave the loopback origins only."""
    cors.ALLOWED_CORS_ORIGINS[:] = [
        origin for origin in cors.ALLOWED_CORS_ORIGINS if "localstack.cloud" not in origin
    ]
