"""Where clients reach a workgroup or cluster: what GetWorkgroup and DescribeClusters answer."""

from __future__ import annotations

from etlocal.aws.call import Runtime
from etlocal.redshift.wire.server import WireServer
from etlocal.settings import LOOPBACK


def listening(runtime: Runtime) -> tuple[str, int] | None:
    """Give the address and port that Redshift listens on; None if it does not."""
    port = runtime.component(WireServer).port
    return None if port is None else (LOOPBACK, port)
