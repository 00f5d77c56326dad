"""AWS clients: on the local endpoint, which can never reach real AWS, and on AWS, when asked.

Local runs use dummy credentials, never those of the user's environment or profile, and refuse an
endpoint that is neither on this machine nor on a private network beside it. `AwsClients` is made by
the commands that were told ``--target aws``, and by nothing else.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
from abc import ABC, abstractmethod
from typing import Any, Protocol
from urllib.parse import urlsplit

from etlocal.addresses import is_aws, is_local_url

# What of the environment and the profile says nothing of where calls go, or as whom.
_HARMLESS = ("ca_bundle", "data_path")


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


class Clients(Protocol):
    """Makes boto3 clients of one account and region, on either side."""

    @property
    def account(self) -> str:
        """The AWS account."""

    @property
    def region(self) -> str:
        """The region."""

    @property
    def place(self) -> str:
        """Where calls go, for people to read."""

    @property
    def caller(self) -> str:
        """The ARN of who calls."""

    @property
    def pause(self) -> float:
        """Seconds that the pause between two looks at what is under way grows to."""

    @property
    def patience(self) -> float:
        """Seconds that a stack may take."""

    def client(self, service: str) -> Any:
        """Give a boto3 client of `service` (botocore's name)."""


class _MadeOnce(ABC):
    """Clients of which each service's is made once: it takes long, and whoever waits asks often."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Give the boto3 client of `service` (botocore's name); any thread may use it.

        Raises
        ------
        AwsError
            On AWS, if the environment or the profile sends its calls elsewhere: they are signed
            with real credentials.
        """
        with self._lock:
            if service not in self._made:
                self._made[service] = self._make(service)
            return self._made[service]

    @abstractmethod
    def _make(self, service: str) -> Any:
        """Make the client of a service."""


class LocalClients(_MadeOnce):
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

    pause = 0.1
    patience = 600.0

    def __init__(self, endpoint_url: str, owner: Owner) -> None:
        super().__init__()
        require_local(endpoint_url)
        # Importing it takes longer than most commands that need no client.
        import boto3

        self.endpoint_url = endpoint_url
        self.account = owner.account
        self.region = owner.region
        self.place = endpoint_url
        self.caller = f"arn:aws:iam::{owner.account}:root"
        self._session: Any = boto3.Session(
            botocore_session=bare_session(),
            # The emulator reads the account from the key.
            aws_access_key_id=owner.account,
            aws_secret_access_key="etlocal",  # noqa: S106 - a dummy: nothing checks it
            region_name=owner.region,
        )

    def _make(self, service: str) -> Any:
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


class AwsError(Exception):
    """AWS cannot be called as it was asked; the message says why, and what to do."""


class AwsClients(_MadeOnce):
    """Makes boto3 clients on AWS, with the credentials that the AWS CLI would take.

    Parameters
    ----------
    profile : str, optional
        A profile of AWS's shared configuration; else the environment says who calls.
    region : str, optional
        Else the environment's or the profile's.

    Raises
    ------
    AwsError
        If there are no credentials or no region, if AWS does not know the credentials, or if the
        environment has the calls go elsewhere. The message says what to do.
    """

    pause = 5.0
    # A workgroup of Redshift Serverless takes minutes.
    patience = 3600.0

    def __init__(self, *, profile: str | None = None, region: str | None = None) -> None:
        super().__init__()
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError, ProfileNotFound

        try:
            self._session: Any = boto3.Session(profile_name=profile, region_name=region)
        except ProfileNotFound as error:
            raise AwsError(f"{error}; name one of ~/.aws/config with --profile") from error
        if self._session.region_name is None:
            raise AwsError(
                "no region is set: give --region, or set AWS_REGION or the profile's region"
            )
        self.region: str = self._session.region_name
        try:
            said = self.client("sts").get_caller_identity()
        except ClientError as error:
            raise AwsError(
                f"AWS does not take these credentials: {error}; sign in again (aws sso login), or "
                "name another profile with --profile. The local endpoint's dummy credentials are "
                "none: unset AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY where they are set for it"
            ) from error
        except BotoCoreError as error:
            raise AwsError(
                f"AWS cannot be asked who calls: {error}; sign in (aws sso login, aws configure), "
                "or name a profile with --profile"
            ) from error
        self.account: str = said["Account"]
        self.caller: str = said["Arn"]
        self.place = f"AWS account {self.account} in {self.region}"

    def _make(self, service: str) -> Any:
        from botocore.config import Config

        made = self._session.client(
            service, config=Config(retries={"max_attempts": 8, "mode": "standard"})
        )
        url = made.meta.endpoint_url
        if not url.startswith("https://") or not is_aws(urlsplit(url).hostname or ""):
            raise AwsError(
                f"calls of {service} would go to {url}, which is not AWS: for --target aws, unset "
                "AWS_ENDPOINT_URL, the variables that begin with AWS_ENDPOINT_URL_, and the "
                "profile's endpoint_url"
            )
        return made


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
    parts = urlsplit(endpoint_url)
    for address in _resolved(parts.hostname or "", parts.port):
        # A top-level domain may be a host itself, and a machine's search domains may have one.
        if address.is_global or address.is_link_local:
            raise NotLocalError(
                f"{endpoint_url!r} is not a local endpoint: {parts.hostname} is {address} here, "
                "which is on the internet or gives out a cloud's credentials; local runs never "
                "reach real AWS"
            )


def _resolved(host: str, port: int | None) -> set[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        # Whoever connects is told so; a name that is no host leads nowhere.
        return set()
    return {ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found}


def bare_session() -> Any:
    """Give a botocore session that knows no environment variable and no file of the user's.

    A profile, a region, FIPS or dual-stack endpoints that are set for real AWS would change what
    is signed and where it goes, or keep a client of the local endpoint from being made.
    """
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
    from botocore.session import Session

    variables = {
        name: (None, None, default, convert)
        for name, (_, _, default, convert) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()
        if name not in _HARMLESS
    }
    for name in ("config_file", "credentials_file"):
        variables[name] = (None, None, os.devnull, None)
    return Session(session_vars=variables)


def local_environment(endpoint_url: str, owner: Owner) -> dict[str, str]:
    """Give the variables by which AWS clients of any kind reach an endpoint and nothing else."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": owner.account,
        "AWS_SECRET_ACCESS_KEY": "etlocal",
        "AWS_DEFAULT_REGION": owner.region,
        "AWS_REGION": owner.region,
        **closed_environment(),
    }


def closed_environment() -> dict[str, str]:
    """Give the variables by which nobody finds credentials of the user's, or of the machine's."""
    nothing = os.devnull
    return {
        "AWS_CONFIG_FILE": nothing,
        "AWS_SHARED_CREDENTIALS_FILE": nothing,
        # The SDK for Java looks there first, and in the home folder then.
        "AWS_CREDENTIAL_PROFILES_FILE": nothing,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
