"""What an operation is called with: who calls, and what the service may use."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from etlocal.aws.clock import Clock
from etlocal.aws.store import Store
from etlocal.settings import Settings

T = TypeVar("T")


class ClientFactory(Protocol):
    """Makes AWS clients that act as a named role; the adapter of an emulator provides it."""

    def __call__(
        self, service: str, *, account: str, region: str, role_arn: str | None = None
    ) -> Any:
        """Give a boto3 client of `service` that talks to the local endpoint.

        Parameters
        ----------
        service : str
            botocore's name (``s3``, ``redshift-data``).
        account, region : str
            Where the call belongs.
        role_arn : str or None
            The role whose permissions the calls are made with; None for the service itself.
        """
        ...


class Runtime:
    """What the services share in one process.

    Parameters
    ----------
    settings : Settings
    store : Store
    clients : ClientFactory
    """

    def __init__(self, settings: Settings, store: Store, clients: ClientFactory) -> None:
        self.settings = settings
        self.store = store
        self.clock = Clock(settings.time_scale)
        self._clients = clients
        self._components: dict[type[Any], Any] = {}
        self._lock = threading.RLock()

    def client(
        self, service: str, *, account: str, region: str, role_arn: str | None = None
    ) -> Any:
        """Give an AWS client on the local endpoint; see `ClientFactory`."""
        return self._clients(service, account=account, region=region, role_arn=role_arn)

    def component(self, cls: type[T]) -> T:
        """Give this runtime's one instance of `cls`, made as ``cls(runtime)`` when first asked for.

        It is how a service keeps what lives in memory (threads, engines) without a global.
        """
        with self._lock:
            if cls not in self._components:
                self._components[cls] = cls(self)  # type: ignore[call-arg]
            instance: T = self._components[cls]
            return instance

    def drop_component(self, cls: type[Any]) -> None:
        """Forget the instance of `cls`, so that the next `component` makes a new one."""
        with self._lock:
            self._components.pop(cls, None)


@dataclass(frozen=True)
class Call:
    """One request to a service.

    Attributes
    ----------
    account, region : str
        Where the request belongs.
    principal : str
        ARN of who makes it.
    request_id : str
        AWS's request id.
    runtime : Runtime
        What the service may use.
    """

    account: str
    region: str
    principal: str
    request_id: str
    runtime: Runtime = field(repr=False)

    @property
    def store(self) -> Store:
        """The services' state."""
        return self.runtime.store

    @property
    def clock(self) -> Clock:
        """The clock."""
        return self.runtime.clock

    def client(self, service: str, *, role_arn: str | None = None) -> Any:
        """Give an AWS client in this call's account and region; see `ClientFactory`."""
        return self.runtime.client(
            service, account=self.account, region=self.region, role_arn=role_arn
        )
