"""Puts the endpoint together, in the process that LocalStack is configured for."""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings

from etlocal.endpoint import patches

# Twisted misses a package for verifying TLS hosts; nothing here speaks TLS.
warnings.filterwarnings("ignore", message=".*service_identity.*")
patches.apply_before_import()

from localstack.logging.setup import setup_logging_from_config  # noqa: E402

from etlocal.endpoint import preload, routes  # noqa: E402
from etlocal.endpoint.configuration import localstack_root  # noqa: E402
from etlocal.endpoint.deliveries import Courier, set_courier  # noqa: E402
from etlocal.endpoint.enforcement import Enforcement  # noqa: E402
from etlocal.endpoint.faults import Faults  # noqa: E402
from etlocal.endpoint.hosting import Host, set_host  # noqa: E402
from etlocal.endpoint.persistence.outbox import Outbox  # noqa: E402
from etlocal.endpoint.persistence.service import Persistence  # noqa: E402
from etlocal.endpoint.server import EndpointRuntime, PortInUseError, make_runtime  # noqa: E402
from etlocal.settings import Settings  # noqa: E402

__all__ = ["PortInUseError", "run"]

LOG = logging.getLogger(__name__)

# An orderly end takes well under a second; what hangs is cut off before a supervisor kills it.
_END_SECONDS = 8.0


def run(settings: Settings, end: threading.Event) -> int:
    """Serve until `end` is set.

    Parameters
    ----------
    settings : Settings
        etlocal's settings.
    end : threading.Event
        Set by whoever wants the endpoint to end.

    Returns
    -------
    int
        The process's exit code.

    Raises
    ------
    PortInUseError
        If the port was taken in the meantime.
    """
    setup_logging_from_config()
    patches.apply(settings)
    host = Host(settings)
    set_host(host)
    outbox = Outbox(localstack_root(settings) / "state" / "outbox.sqlite3")
    courier = Courier(outbox, host.runtime.clock)
    set_courier(courier)
    persistence = Persistence(settings, courier, host.services)
    persistence.install()
    enforcement = Enforcement(host.runtime.store) if settings.enforce_iam else None
    if enforcement is not None:
        # Before the faults: what is denied never arrives where a fault could hit it.
        enforcement.install()
        host.runtime.authorizer = enforcement.authorize
        host.runtime.lender = host.clients.lend
    faults = Faults(host.runtime.clock)
    faults.install()
    routes.add_routes(host, courier, faults, persistence.forget, enforcement)

    def ready() -> None:
        host.start()
        sys.stdout.write(f"etlocal endpoint ready on {settings.endpoint_url}\n")
        sys.stdout.flush()
        preload.start(after_events=courier.resume)

    runtime = make_runtime(ready)
    ended = threading.Event()
    threading.Thread(
        target=_end_when_told,
        args=(runtime, courier, persistence, end, ended),
        name="etlocal-end",
        daemon=True,
    ).start()
    try:
        runtime.run()
    finally:
        host.stop()
        persistence.stop()
        ended.set()
    return int(runtime.exit_code)


def _end_when_told(
    runtime: EndpointRuntime,
    courier: Courier,
    persistence: Persistence,
    end: threading.Event,
    ended: threading.Event,
) -> None:
    end.wait()
    # An attempt that the end cuts off would count as a failed one.
    courier.suspend()
    persistence.freeze()
    runtime.shutdown()
    if not ended.wait(_END_SECONDS):
        LOG.error("the endpoint did not end within %s s and is cut off", _END_SECONDS)
        os._exit(1)
