"""What an operation is called with: who calls, and what the service may use."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from etlocal.aws.clock import Clock
from etlocal.aws.store import Store
from etlocal.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True)
class Acting:
    """A role that a service has assumed.

    Attributes
    ----------
    role_arn : str
    service : str
        Who assumes it, without ``.amazonaws.com``: the role's trust policy must name it.
    session_name : str
        What denials name the session by.
    source_arn : str or None
        For which resource: ``aws:SourceArn`` of the trust policy's conditions.
    """

    role_arn: str
    service: str
    session_name: str
    source_arn: str | None = None


class ClientFactory(Protocol):
    """Makes AWS clients that act as a named role; the adapter of an emulator provides it."""

    def __call__(
        self, service: str, *, account: str, region: str, acting: Acting | None = None
    ) -> Any:
        """Give a boto3 client of `service` that talks to the local endpoint.

        Parameters
        ----------
        service : str
            botocore's name (``s3``, ``redshift-data``).
        account, region : str
            Where the call belongs.
        acting : Acting or None
            The role whose permissions the calls are made with; None for the service itself.
        """
        ...


class Authorizer(Protocol):
    """Decides on what a service does as a role; the adapter of an emulator provides it."""

    def __call__(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, Any],
        *,
        account: str,
        region: str,
        acting: Acting,
    ) -> None:
        """Raise `etlocal.aws.errors.AccessDeniedError` unless the role may make the call."""
        ...


class Lender(Protocol):
    """Lends credentials of a role to a process that works as it."""

    def __call__(self, account: str, region: str, acting: Acting) -> Mapping[str, str]:
        """Give ``access_key``, ``secret_key`` and ``token`` of a session of the role."""
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
        self.authorizer: Authorizer | None = None
        """Who decides on calls within the process; None where permissions are not enforced."""
        self.lender: Lender | None = None
        """Who lends jobs their role's credentials; None where they call as the account."""
        self._clients = clients
        self._components: dict[type[Any], Any] = {}
        self._lock = threading.RLock()

    def client(
        self, service: str, *, account: str, region: str, acting: Acting | None = None
    ) -> Any:
        """Give an AWS client on the local endpoint; see `ClientFactory`."""
        return self._clients(service, account=account, region=region, acting=acting)

    def component(self, cls: type[T]) -> T:
        """Give this runtime's one instance of `cls`, made as ``cls(runtime)`` when first asked for.

        It is how a service keeps what lives in memory (threads, engines) without a global.
        """
        with self._lock:
            if cls not in self._components:
                self._components[cls] = cls(self)  # type: ignore[call-arg]  # any class that takes one
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
    acting : Acting or None
        The role as which a service of ours works, where it is no client's request.
    """

    account: str
    region: str
    principal: str
    request_id: str
    runtime: Runtime = field(repr=False)
    acting: Acting | None = None

    @property
    def store(self) -> Store:
        """The services' state."""
        return self.runtime.store

    @property
    def clock(self) -> Clock:
        """The clock."""
        return self.runtime.clock

    def client(self, service: str, *, acting: Acting | None = None) -> Any:
        """Give an AWS client in this call's account and region; see `ClientFactory`."""
        return self.runtime.client(service, account=self.account, region=self.region, acting=acting)

    def authorize(self, service: str, operation: str, **parameters: Any) -> None:
        """Make sure that the role as which a service of ours works may make a call.

        A client's request is evaluated before it arrives; what a service then does within the
        process for a role of its own has to ask here.

        Parameters
        ----------
        service, operation : str
            botocore's name of the service, and AWS's of the operation.
        **parameters
            In botocore's shape.

        Raises
        ------
        AccessDeniedError
            If permissions are enforced and the role has not got it.
        """
        if self.acting is not None and self.runtime.authorizer is not None:
            self.runtime.authorizer(
                service,
                operation,
                parameters,
                account=self.account,
                region=self.region,
                acting=self.acting,
            )
