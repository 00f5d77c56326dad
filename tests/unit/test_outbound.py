"""The last line: connections that are refused in the process, whatever opens them."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from typing import Any

import pytest

from etlocal import outbound
from etlocal.addresses import AWS_DOMAINS, is_aws

Hook = Callable[[str, tuple[Any, ...]], None]
AWS = [
    "s3.amazonaws.com",
    "S3.US-EAST-1.AMAZONAWS.COM.",
    "amazonaws.com",
    "sts.cn-north-1.amazonaws.com.cn",
    "glue.eusc-de-east-1.amazonaws.eu",
    "s3.dualstack.us-east-1.api.aws",
    "abc.lambda-url.us-east-1.on.aws",
    "shop.abc.us-east-1.redshift.amazonaws.com",
    "169.254.169.254",
    "169.254.170.2",
    "fd00:ec2::254",
]
OUTSIDE = ["example.com", "8.8.8.8", "2600::1", "127.0.0.1.nip.io", "134744072"]
LOCAL = ["127.0.0.1", "localhost", "::1", "spark", "172.18.0.4", "shop.localhost", "", "0.0.0.0"]


def hook(monkeypatch: pytest.MonkeyPatch, install: Callable[[], None]) -> Hook:
    """What `install` installs, which nothing could take out of this process again."""
    installed: list[Hook] = []
    with monkeypatch.context() as patch:
        patch.setattr(sys, "addaudithook", installed.append)
        install()
    [found] = installed
    return found


@pytest.mark.parametrize("host", AWS)
def test_hosts_of_aws_are_refused_to_a_job(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    asked = hook(monkeypatch, outbound.refuse_aws)

    for event, arguments in (
        ("socket.getaddrinfo", (host, 443, 0, 0, 0)),
        ("socket.gethostbyname", (host,)),
        ("socket.connect", (None, (host, 443))),
        ("socket.sendto", (None, (host.encode(), 53))),
    ):
        with pytest.raises(outbound.OutboundError, match="a local run does not reach AWS"):
            asked(event, arguments)


@pytest.mark.parametrize("host", [*LOCAL, *OUTSIDE, "notamazonaws.com", "amazonaws.com.example"])
def test_a_job_may_ask_all_others(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    asked = hook(monkeypatch, outbound.refuse_aws)

    asked("socket.getaddrinfo", (host, 443, 0, 0, 0))
    asked("socket.connect", (None, (host, 443)))


@pytest.mark.parametrize("host", [*AWS, *OUTSIDE])
def test_the_endpoint_asks_nobody_outside(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    asked = hook(monkeypatch, outbound.refuse_outside)

    with pytest.raises(OSError, match="connects to nothing but this machine"):
        asked("socket.getaddrinfo", (host, 443, 0, 0, 0))
    with pytest.raises(OSError, match="connects to nothing but this machine"):
        asked("socket.connect", (None, (host, 443)))


@pytest.mark.parametrize("host", [*LOCAL, "host.docker.internal", socket.gethostname()])
def test_the_endpoint_reaches_what_is_local(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    asked = hook(monkeypatch, outbound.refuse_outside)

    asked("socket.getaddrinfo", (host, 443, 0, 0, 0))
    asked("socket.connect", (None, (host, 443, 0, 0)))


def test_what_names_no_host_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = hook(monkeypatch, outbound.refuse_outside)

    asked("socket.connect", (None, "/run/server.sock"))
    asked("socket.sendto", (None, None))
    asked("socket.getaddrinfo", (None, 80, 0, 0, 0))
    asked("open", ("example.com", "r", 0))


def test_every_domain_that_botocore_knows_is_awss() -> None:
    from botocore.session import Session

    partitions = Session().get_component("data_loader").load_data("partitions")["partitions"]
    named = {
        domain
        for partition in partitions
        for domain in (
            partition["outputs"]["dnsSuffix"],
            partition["outputs"]["dualStackDnsSuffix"],
        )
    }

    assert named <= set(AWS_DOMAINS)
    assert all(is_aws(f"s3.somewhere.{domain}") for domain in named)
