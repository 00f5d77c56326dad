"""Proxies that the environment names: the machine's own, for what is on the internet."""

from __future__ import annotations

from collections.abc import Mapping

from etlocal.addresses import AWS_DOMAINS
from etlocal.settings import LOOPBACK

PROXY_VARIABLES = tuple(
    variable
    for name in ("http_proxy", "https_proxy", "all_proxy")
    for variable in (name, name.upper())
)


def without_proxy(environment: Mapping[str, str], *hosts: str) -> dict[str, str]:
    """Give the variables by which no proxy is asked for this machine, nor for AWS.

    Not for this machine, as what is asked there is nobody else's; not for AWS, so that a connection
    to it goes where `etlocal.outbound` refuses it.

    Parameters
    ----------
    environment : mapping
        What the variables say so far is kept.
    hosts : str
        More hosts to ask without a proxy.
    """
    said = ",".join(environment.get(name, "") for name in ("no_proxy", "NO_PROXY"))
    ours = (LOOPBACK, "localhost", "::1", *hosts, *(f".{domain}" for domain in AWS_DOMAINS))
    whole = dict.fromkeys(each.strip() for each in (*said.split(","), *ours) if each.strip())
    text = "*" if "*" in whole else ",".join(whole)
    return {"no_proxy": text, "NO_PROXY": text}
