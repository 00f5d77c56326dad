"""AWS clients on the local endpoint, which can never reach real AWS.

Local runs use dummy credentials, never those of the user's environment or profile, and refuse an
endpoint that is neither on this machine nor on a private network beside it.
"""

from __future__ import annotations

from typing import Any, Protocol

from etlocal.addresses import is_local_url


class NotLocalError(Exception):
    """The endpoint is not a local one."""


class Owner(Protocol):
    """Whom calls belong to: `etlocal.settings.Settings`, or a stack that runs."""

    @property
    def account(self) -> str:
        """The AWS account."""

    @property
    def region(self) -> str:
        """The region."""


class LocalClients:
    """Makes boto3 clients on a local endpoint.

    Parameters
    ----------
    endpoint_url : str
        E.g. ``http://127.0.0.1:4566``.
    owner : Owner
        The account and the region that calls belong to.

    Raises
    ------
    NotLocalError
        If the endpoint is not a local one; see `require_local`.
    """

    def __init__(self, endpoint_url: str, owner: Owner) -> None:
        require_local(endpoint_url)
        # Importing it takes longer than most commands that need no client.
        import boto3

        self.endpoint_url = endpoint_url
        self.account = owner.account
        self.region = owner.region
        self._session: Any = boto3.Session(
            # The emulator reads the account from the key.
            aws_access_key_id=owner.account,
            aws_secret_access_key="etlocal",  # noqa: S106 - a dummy: nothing checks it
            region_name=owner.region,
        )

    def client(self, service: str) -> Any:
        """Give a boto3 client of `service` (botocore's name)."""
        from botocore.config import Config

        return self._session.client(
            service,
            endpoint_url=self.endpoint_url,
            config=Config(
                s3={"addressing_style": "path"},
                retries={"max_attempts": 2, "mode": "standard"},
                # A proxy of the environment must not be asked for a local address.
                proxies={},
            ),
        )


def require_local(endpoint_url: str) -> None:
    """Refuse an endpoint that could be AWS's, or anybody's on the internet.

    Taken are ``localhost``, loopback addresses, private addresses (a container's, or another
    machine's of the same network) and names without a dot (a container's beside this one).

    Raises
    ------
    NotLocalError
        The message names the endpoint and the rule.
    """
    if not is_local_url(endpoint_url):
        raise NotLocalError(
            f"{endpoint_url!r} is not a local endpoint: local runs use http://<host>:<port>, the "
            "host 127.0.0.1 or localhost, a private address, or a name without a dot, so that "
            "they never reach real AWS"
        )
