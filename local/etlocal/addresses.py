"""Which hosts are local: this machine, its containers, a private network; never AWS's."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

# Private networks of RFC 1918 and RFC 4193. Others that are called private hold what is no stack of
# anybody's, such as a cloud machine's metadata at 169.254.169.254.
_PRIVATE = tuple(
    map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
)
# It begins with a letter: 134744072 and 0x08080808 are other ways to write 8.8.8.8.
_NAME_WITHOUT_A_DOT = re.compile(r"[a-z]([a-z0-9_-]*[a-z0-9])?")


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine by the loopback interface."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_local(host: str) -> bool:
    """Say whether a host can only be local.

    It is when it is ``localhost``, a loopback address, a private address (a container's, or another
    machine's of the same network) or a name without a dot (a container's beside this one).
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return _NAME_WITHOUT_A_DOT.fullmatch(host) is not None
    return address.is_loopback or any(address in network for network in _PRIVATE)


def is_local_url(url: str) -> bool:
    """Say whether a URL is ``http(s)://host:port`` of a local host, and nothing more."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # is read, and checked, when it is asked for
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and parts.username is None
        and (parts.path.strip("/"), parts.query, parts.fragment) == ("", "", "")
        and is_local(parts.hostname or "")
    )
