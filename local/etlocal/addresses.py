"""Which hosts are local (this machine, its containers, a private network), and which are AWS's."""

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
# Of every partition in botocore's partitions.json and endpoints.json, and AWS's for Lambda's URLs.
AWS_DOMAINS = (
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "api.aws",
    "api.amazonwebservices.com.cn",
    "api.amazonwebservices.eu",
    "on.aws",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
    "api.aws.ic.gov",
    "api.aws.scloud",
    "api.aws.hci.ic.gov",
    "api.cloud-aws.adc-e.uk",
)
_AWS_ENDINGS = tuple(f".{domain}" for domain in AWS_DOMAINS)
# Where a machine, a container or a pod on AWS is given its role's credentials.
AWS_METADATA = frozenset(
    {
        "169.254.169.254",
        "fd00:ec2::254",
        "169.254.170.2",
        "169.254.170.23",
        "fd00:ec2::23",
    }
)


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
    if is_aws(str(address)):
        # One of them is in a private network.
        return False
    return address.is_loopback or any(address in network for network in _PRIVATE)


def is_aws(host: str) -> bool:
    """Say whether a host is AWS's by its name, or one that gives out AWS's credentials."""
    name = host.lower().rstrip(".")
    return name in AWS_METADATA or f".{name}".endswith(_AWS_ENDINGS)


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
