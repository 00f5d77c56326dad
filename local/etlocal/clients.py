"""AWS clients on the local endpoint, which can never reach real AWS.

Local runs use dummy credentials, never those of the user's environment or profile, and refuse an
endpoint that is not on the loopback interface, but for the one that a setting names, which has
rules of its own (`etlocal.addresses`).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from etlocal.addresses import is_loopback
from etlocal.settings import Settings


class NotLocalError(Exception):
    """The endpoint is not on this machine."""


class LocalClients:
    """Makes boto3 clients on a local endpoint.

    Parameters
    ----------
    endpoint_url : str
        E.g. ``http://127.0.0.1:4566``.
    settings : Settings
        The account and the region that calls belong to.

    Raises
    ------
    NotLocalError
        If the endpoint's host is not a loopback address or ``localhost``, and the endpoint is not
        the settings' ``job_endpoint_url``.
    """

    def __init__(self, endpoint_url: str, settings: Settings) -> None:
        if endpoint_url != settings.job_endpoint_url:
            require_loopback(endpoint_url)
        self.endpoint_url = endpoint_url
        self.account = settings.account
        self.region = settings.region
        self._session: Any = boto3.Session(
            # The emulator reads the account from the key.
            aws_access_key_id=settings.account,
            aws_secret_access_key="etlocal",  # noqa: S106 - a dummy: nothing checks it
            region_name=settings.region,
        )

    def client(self, service: str) -> Any:
        """Give a boto3 client of `service` (botocore's name)."""
        return self._session.client(
            service,
            endpoint_url=self.endpoint_url,
            config=Config(
                s3={"addressing_style": "path"},
                retries={"max_attempts": 2, "mode": "standard"},
                # A proxy of the environment must not be asked for a loopback address.
                proxies={},
            ),
        )


def require_loopback(endpoint_url: str) -> None:
    """Refuse an endpoint that is not on this machine.

    Raises
    ------
    NotLocalError
        The message names the endpoint and the rule.
    """
    parts = urlsplit(endpoint_url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not is_loopback(host):
        raise NotLocalError(
            f"{endpoint_url!r} is not a local endpoint: local runs use http://127.0.0.1:<port> "
            "(or localhost) only, so that they never reach real AWS"
        )
