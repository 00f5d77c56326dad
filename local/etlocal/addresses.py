"""Which hosts are near: this machine, its containers, the network they share; never AWS."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine by the loopback interface."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_near(host: str) -> bool:
    """Say whether a host can only be near: loopback, a private address, a name without a dot.

    Container engines give services such names; a name that public DNS resolves has a dot.
    """
    if is_loopback(host):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return bool(host) and "." not in host
    return address.is_private and not address.is_unspecified and not address.is_link_local


def require_near(url: str) -> str:
    """Give back a URL whose host is near.

    Raises
    ------
    ValueError
        The message names the URL and the rule.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or not is_near(parts.hostname or ""):
        raise ValueError(
            f"{url!r} is not a local endpoint: it must be http:// and a loopback or private "
            "address, or a container's name without a dot, so that it never leads to real AWS"
        )
    return url
