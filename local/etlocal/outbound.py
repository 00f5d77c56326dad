"""Refuses connections of this process before a packet is sent, whatever opens them.

Settings say where calls go; this holds when a setting is missing, wrong or overruled. It is an
audit hook of Python's, which every name that is looked up and every address that is connected to
passes, and which nothing in the process can take out again.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from typing import Any

from etlocal.addresses import is_aws, is_local

_LOOKUPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
_SENDS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
# What a server listens on, and what a client that names it connects to: this machine.
_ANY = ("", "0.0.0.0", "::")  # noqa: S104 - nothing is bound here
# How a container calls the machine that it runs on.
_HOST_OF_CONTAINERS = ("host.docker.internal", "gateway.docker.internal")


class OutboundError(OSError):
    """A connection was refused before anything was sent; the message names the host and the rule.

    It is an `OSError` so that whoever connects takes it for what it is: no connection.
    """


def refuse_aws() -> None:
    """Refuse AWS's hosts by name, and the addresses at which AWS gives out credentials.

    For processes that run a user's code, which may have other things to ask on the internet.
    """
    _install(is_aws, "a local run does not reach AWS")


def refuse_outside() -> None:
    """Refuse every host that is not local: not this machine, a private address, a plain name."""
    own = socket.gethostname().lower()

    def outside(host: str) -> bool:
        return not (
            host in (own, *_ANY, *_HOST_OF_CONTAINERS)
            or host.endswith(".localhost")
            or is_local(host)
        )

    _install(
        outside,
        "the local endpoint connects to nothing but this machine, private addresses and names "
        "without a dot",
    )


def _install(refused: Callable[[str], bool], rule: str) -> None:
    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _LOOKUPS:
            host = arguments[0]
        elif event in _SENDS:
            address = arguments[1]
            # Of a Unix socket it is a path; None where the socket is connected already.
            host = address[0] if isinstance(address, tuple) else None
        else:
            return
        if isinstance(host, bytes):
            host = host.decode("ascii", "replace")
        # An address of IPv6 may name its network interface.
        if isinstance(host, str) and refused(host.lower().partition("%")[0]):
            raise OutboundError(f"{host} was not connected to: {rule}")

    sys.addaudithook(hook)
