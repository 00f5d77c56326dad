"""The worker's own AWS clients, one of each kind."""

from __future__ import annotations

import threading
from typing import Any

import boto3
from botocore.config import Config

from etlocal.worker.protocol import RunRequest
from etlocal.worker.spark_conf import Access

_MOST = 64


class Clients:
    """Makes clients on the endpoint that a run names, and keeps them: making one takes long."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[tuple[str, Access], Any] = {}

    def get(self, service: str, request: RunRequest) -> Any:
        """Give the client of a service as whom a run calls."""
        return self.make(service, Access.of_run(request))

    def make(self, service: str, access: Access) -> Any:
        """Give the client of a service on an endpoint."""
        token = access.credentials.token if access.credentials else None
        key = (service, access)
        with self._lock:
            client = self._made.get(key)
            if client is None:
                while len(self._made) >= _MOST:
                    # Credentials of a role come anew, and nobody asks with the old ones again.
                    del self._made[next(iter(self._made))]
                client = self._made[key] = boto3.session.Session().client(
                    service,  # type: ignore[call-overload]
                    endpoint_url=access.url,
                    region_name=access.region,
                    aws_access_key_id=access.access_key,
                    aws_secret_access_key=access.secret_key,
                    aws_session_token=token,
                    config=Config(
                        s3={"addressing_style": "path"},
                        retries={"mode": "standard", "total_max_attempts": 3},
                        connect_timeout=5,
                        max_pool_connections=32,
                        # A proxy of the environment must not be asked for a local address.
                        proxies={},
                    ),
                )
            return client
