"""The only place where the library makes AWS clients."""

from __future__ import annotations

import os
from typing import Any

_clients: dict[str, Any] = {}


def client(service: str) -> Any:
    """Return this process's boto3 client of a service; its endpoint comes from the environment."""
    if service not in _clients:
        import boto3

        make: Any = boto3.client
        _clients[service] = make(service)
    return _clients[service]


def use_client(service: str, replacement: Any) -> None:
    """Put another client in place; None makes the next call build a fresh one."""
    if replacement is None:
        _clients.pop(service, None)
    else:
        _clients[service] = replacement


def region() -> str:
    """Return the region the job runs in."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def catalog_args(catalog_id: str | None) -> dict[str, str]:
    """Return the CatalogId argument of a Glue call, absent when the caller's own is meant."""
    return {"CatalogId": str(catalog_id)} if catalog_id else {}
