"""The worker's own AWS clients, one of each kind."""

from __future__ import annotations

import threading
from typing import Any

import boto3
from botocore.config import Config

from etlocal.worker.protocol import RunRequest
from etlocal.worker.spark_conf import SECRET_KEY


class Clients:
    """Makes clients on the endpoint that a run names, and keeps them: making one takes long."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str, str, str], Any] = {}

    def get(self, service: str, request: RunRequest) -> Any:
        """Give the client of a service as a run's account and region."""
        return self.make(service, request.endpoint_url, request.account, request.region)

    def make(self, service: str, endpoint_url: str, account: str, region: str) -> Any:
        """Give the client of a service on an endpoint."""
        key = (service, endpoint_url, account, region)
        with self._lock:
            client = self._made.get(key)
            if client is None:
                client = self._made[key] = boto3.session.Session().client(
                    service,  # type: ignore[call-overload]
                    endpoint_url=endpoint_url,
                    region_name=region,
                    aws_access_key_id=account,
                    aws_secret_access_key=SECRET_KEY,
                    config=Config(
                        s3={"addressing_style": "path"},
                        retries={"mode": "standard", "total_max_attempts": 3},
                        connect_timeout=5,
                        max_pool_connections=32,
                    ),
                )
            return client
