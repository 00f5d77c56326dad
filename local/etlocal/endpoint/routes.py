"""Stub."""

from __future__ import annotations

from etlocal.endpoint.hosting import Host


def add_routes(host: Host) -> None:
    pass
