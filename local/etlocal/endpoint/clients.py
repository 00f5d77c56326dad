"""AWS clients for our services, on the endpoint they are part of."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.session import get_session

from etlocal.aws.call import Acting
from etlocal.settings import Settings

# Only the endpoint's own services are called, over the loopback interface.
_CONFIG = Config(
    connect_timeout=5,
    read_timeout=300,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=64,
    s3={"addressing_style": "path"},
    # A proxy of the environment must not be asked for what is on this machine.
    proxies={},
)
# By which LocalStack's own calls say for which service they are made.
_INTERNAL_HEADER = "x-localstack-data"
_LENT_SECONDS = 900.0


class Clients:
    """Makes clients and keeps them: making one costs far more than a call.

    Parameters
    ----------
    settings : Settings
        Names the endpoint.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = settings.endpoint_url
        self._clients: dict[tuple[str, str, str, Acting | None], Any] = {}
        self._lent: dict[tuple[str, str, Acting], tuple[float, dict[str, str]]] = {}
        self._lock = threading.RLock()

    def __call__(
        self, service: str, *, account: str, region: str, acting: Acting | None = None
    ) -> Any:
        """Give a client; see `etlocal.aws.call.ClientFactory`.

        With a role, the calls are made with credentials from ``sts:AssumeRole``, as a service's
        are on AWS, so that the callee sees the role's principal.
        """
        key = (service, account, region, acting)
        with self._lock:
            if key not in self._clients:
                session = self._session(account, region, acting)
                make: Any = session.client
                self._clients[key] = make(service, endpoint_url=self._url, config=_CONFIG)
            return self._clients[key]

    def forget(self) -> None:
        """Drop the kept clients: the sessions of their roles are gone after a reset."""
        with self._lock:
            self._clients.clear()
            self._lent.clear()

    def lend(self, account: str, region: str, acting: Acting) -> dict[str, str]:
        """Give a role's credentials to a process that works as it; see `credentials`.

        They are the same for a while, so that clients made with them can be kept.
        """
        key = (account, region, acting)
        with self._lock:
            until, lent = self._lent.get(key, (0.0, {}))
            if time.monotonic() >= until:
                lent = self.credentials(account, region, acting)
                self._lent[key] = time.monotonic() + _LENT_SECONDS, lent
            return lent

    def credentials(self, account: str, region: str, acting: Acting) -> dict[str, str]:
        """Assume a role and give its session's credentials.

        Returns
        -------
        dict
            ``access_key``, ``secret_key``, ``token`` and ``expiry_time``.

        Raises
        ------
        botocore.exceptions.ClientError
            If the role's trust policy does not let the service assume it.
        """
        sts = self._assuming(account, region, acting)
        answer = sts.assume_role(RoleArn=acting.role_arn, RoleSessionName=acting.session_name)
        credentials = answer["Credentials"]
        return {
            "access_key": credentials["AccessKeyId"],
            "secret_key": credentials["SecretAccessKey"],
            "token": credentials["SessionToken"],
            "expiry_time": credentials["Expiration"].isoformat(),
        }

    def _session(self, account: str, region: str, acting: Acting | None) -> boto3.Session:
        if acting is None:
            # LocalStack takes an access key of twelve digits for the account it names.
            return boto3.Session(
                aws_access_key_id=account,
                aws_secret_access_key="test",  # noqa: S106  (no secret: nothing is signed with it)
                region_name=region,
            )
        core = get_session()
        core._credentials = RefreshableCredentials.create_from_metadata(  # type: ignore[attr-defined]
            metadata=self.credentials(account, region, acting),
            refresh_using=lambda: self.credentials(account, region, acting),
            method="sts-assume-role",
        )
        return boto3.Session(botocore_session=core, region_name=region)

    def _assuming(self, account: str, region: str, acting: Acting) -> Any:
        """Give a client of STS whose calls are made by the service that assumes the role."""
        key = ("sts", account, region, acting)
        with self._lock:
            if key not in self._clients:
                make: Any = self._session(account, region, None).client
                client = make("sts", endpoint_url=self._url, config=_CONFIG)
                data = {"service_principal": acting.service, "source_arn": acting.source_arn}

                def say_who(params: dict[str, Any], **_: Any) -> None:
                    params["headers"][_INTERNAL_HEADER] = json.dumps(data)

                client.meta.events.register("before-call.sts.AssumeRole", say_who)
                self._clients[key] = client
            return self._clients[key]
