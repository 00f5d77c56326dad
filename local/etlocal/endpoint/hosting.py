"""Our services as the endpoint holds them: found, started once, stopped, reset."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import threading

from etlocal.aws.call import Runtime
from etlocal.aws.operations import Operations, Service
from etlocal.aws.store import Store
from etlocal.endpoint.clients import Clients
from etlocal.redshift.wire.server import WireServer
from etlocal.settings import Settings

LOG = logging.getLogger(__name__)

# Each exports SERVICES, in the order they are started.
PACKAGES = ("etlocal.redshift", "etlocal.glue")
_START_SECONDS = 30.0


class Host:
    """The services of one endpoint.

    Parameters
    ----------
    settings : Settings
        etlocal's settings; the state file is made in its state folder.

    Raises
    ------
    etlocal.aws.store.StoreError
        If the state file cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clients = Clients(settings)
        self.runtime = Runtime(settings, Store(settings.state_file), self.clients)
        self.wire = self.runtime.component(WireServer)
        self.services = {service.name: service for service in _find_services()}
        self._running: list[Service] = []
        self._started = threading.Event()
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start every service, and the port of Redshift.

        A service makes its schema, then takes up what a previous process left in the middle.

        Raises
        ------
        Exception
            What a service raised; the endpoint is not ready then.
        """
        with self._lock:
            for service in self.services.values():
                service.start(self.runtime)
                self._running.append(service)
            # Clients come in when everything that they may use is there.
            self.wire.start()
        self._started.set()

    def stop(self) -> None:
        """Stop the started services, the last one first; one that fails is logged."""
        with self._lock:
            self._started.clear()
            self.wire.stop()
            while self._running:
                service = self._running.pop()
                try:
                    service.stop(self.runtime)
                except Exception:
                    LOG.exception("%s did not stop cleanly", service.name)

    def reset(self) -> None:
        """Clear the state of every service."""
        with self._lock:
            self.wire.disconnect()
            for service in self._running:
                service.reset(self.runtime)

    @property
    def is_started(self) -> bool:
        """Whether the services answer."""
        return self._started.is_set()

    def wait_until_started(self) -> bool:
        """Wait for `start` to have ended; False if it takes too long."""
        return self._started.wait(_START_SECONDS)

    def operations(self, name: str) -> Operations:
        """Give a service's table of operations; an empty one for a service that is not there."""
        service = self.services.get(name)
        return service.operations if service else Operations(name)


_current: list[Host] = []


def set_host(host: Host) -> None:
    """Enter the process's host, for LocalStack's plug-ins, which are made without arguments."""
    _current[:] = [host]


def get_host() -> Host:
    """Give the process's host.

    Raises
    ------
    RuntimeError
        If LocalStack was started by other means than `etlocal.endpoint.launch`.
    """
    if not _current:
        raise RuntimeError("etlocal's services need `python -m etlocal.endpoint.launch`")
    return _current[0]


def _find_services() -> list[Service]:
    found: list[Service] = []
    for package in PACKAGES:
        if importlib.util.find_spec(package) is not None:
            found += getattr(importlib.import_module(package), "SERVICES", [])
    return found
