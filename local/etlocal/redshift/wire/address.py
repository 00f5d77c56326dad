"""Where clients reach a workgroup or cluster: what GetWorkgroup and DescribeClusters answer.

The name stays the one that tells a workgroup or cluster from others (a Glue connection is found by
it); it leads to the loopback interface where ``.localhost`` is resolved as RFC 6761 says. The port
is the one that is listened on, and the address of the one network interface is the one by which
Glue jobs reach the endpoint: the loopback's, or in containers the endpoint's in their network.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from etlocal.aws.call import Runtime
from etlocal.redshift.wire.server import WireServer
from etlocal.settings import LOOPBACK


def of_workgroup(runtime: Runtime, document: Mapping[str, Any]) -> dict[str, Any]:
    """Give a workgroup with the port and address that clients connect to."""
    port = runtime.component(WireServer).port
    if port is None:
        return dict(document)
    address = _private_address(runtime)
    interface = {"privateIpAddress": address, "networkInterfaceId": "eni-loopback"}
    endpoint = {
        **document["endpoint"],
        "port": port,
        "vpcEndpoints": [{"vpcEndpointId": "vpce-loopback", "networkInterfaces": [interface]}],
    }
    return {**document, "endpoint": endpoint}


def of_cluster(runtime: Runtime, document: Mapping[str, Any]) -> dict[str, Any]:
    """Give a cluster with the port and address that clients connect to."""
    port = runtime.component(WireServer).port
    if port is None:
        return dict(document)
    private = _private_address(runtime)
    node = {"NodeRole": "SHARED", "PrivateIPAddress": private, "PublicIPAddress": LOOPBACK}
    return {
        **document,
        "Endpoint": {**document["Endpoint"], "Port": port},
        "ClusterNodes": [node],
    }


def _private_address(runtime: Runtime) -> str:
    host = urlsplit(runtime.settings.job_endpoint).hostname or LOOPBACK
    try:
        return socket.gethostbyname(host)
    except OSError:
        # A name that only the jobs' network knows: the port is at least here.
        return LOOPBACK
