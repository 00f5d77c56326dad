"""A service's state as bytes, and back into the running service.

LocalStack's services hold what they know in stores (its own) and backends (moto's), and show both
to a visitor. What is saved is the content of these containers; the containers themselves stay where
they are when it is loaded, with their locks and whatever refers to them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Any

from localstack.services.plugins import Service
from localstack.services.stores import AccountRegionBundle
from localstack.state import AssetDirectory, StateVisitor
from moto.core.base_backend import BackendDict

from etlocal.endpoint.persistence import pickling

LOG = logging.getLogger(__name__)

# Other threads go on changing what is read, and a changed dictionary cannot be iterated further.
_ATTEMPTS = 20
_PAUSE_SECONDS = 0.02
_LINKS = frozenset({"_global", "_universal", "_service_name", "_account_id", "_region_name"})
# Step Functions' executions are written one by one, as they go.
_ELSEWHERE = frozenset({("stepfunctions", "attr_executions")})


class StateError(Exception):
    """A service's state cannot be saved or loaded."""


def capture(service: Service) -> bytes | None:
    """Give what a service knows.

    Parameters
    ----------
    service : localstack.services.plugins.Service
        A running service.

    Returns
    -------
    bytes or None
        The content of its containers; None when it has none.

    Raises
    ------
    StateError
        If the state changed again and again while it was read.
    """
    containers = _containers(service)
    if not containers:
        return None
    for _ in range(_ATTEMPTS):
        try:
            return _encode(containers)
        except RuntimeError as error:
            if "changed" not in str(error):
                raise
            threading.Event().wait(_PAUSE_SECONDS)
    raise StateError(f"{service.name()} changes faster than it can be read")


def restore(service: Service, payload: bytes) -> None:
    """Put what `capture` gave into a service's containers.

    Parameters
    ----------
    service : localstack.services.plugins.Service
        The service, not yet started.
    payload : bytes
        What `capture` gave.

    Raises
    ------
    StateError
        If the payload is of other containers than the service has.
    Exception
        What unpickling raises for a damaged payload; no container was touched then.
    """
    containers = _containers(service)
    loaded = _decode(containers, payload)
    if [content["kind"] for content in loaded] != [_kind(each) for each in containers]:
        raise StateError(f"the saved state is not that of {service.name()}")
    for container, content in zip(containers, loaded, strict=True):
        if isinstance(container, AccountRegionBundle):
            _fill_stores(container, content)
        else:
            _fill_backends(container, content)


class _Collector(StateVisitor):  # type: ignore[misc]
    def __init__(self) -> None:
        self.found: list[Any] = []

    def visit(self, state_container: Any) -> None:
        # A folder of a service keeps itself.
        if not isinstance(state_container, AssetDirectory):
            self.found.append(state_container)


def _containers(service: Service) -> list[Any]:
    collector = _Collector()
    service.accept_state_visitor(collector)
    return collector.found


def _kind(container: Any) -> str:
    return f"{type(container).__name__} {container.service_name}"


def _encode(containers: list[Any]) -> bytes:
    names = {id(item): name for name, item in _parts(containers)}

    content = [
        _stores(each) if isinstance(each, AccountRegionBundle) else _backends(each)
        for each in containers
    ]
    return pickling.encode(content, names)


def _decode(containers: list[Any], payload: bytes) -> list[dict[str, Any]]:
    def find(name: Any) -> Any:
        number, *keys = name
        item = containers[number]
        for key in keys:
            item = item[key]
        return item

    decoded: list[dict[str, Any]] = pickling.decode(payload, find)
    return decoded


def _parts(containers: list[Any]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Name every container and everything in it that is not saved as itself."""
    for number, container in enumerate(containers):
        yield (number,), container
        for account, regions in dict.copy(container).items():
            yield (number, account), regions
            for region, item in dict.copy(regions).items():
                yield (number, account, region), item


def _stores(bundle: Any) -> dict[str, Any]:
    return {
        "kind": _kind(bundle),
        "universal": dict(bundle._universal),
        "accounts": {
            account: {
                "global": dict(regions._global),
                "regions": {
                    region: {
                        name: value
                        for name, value in dict(store.__dict__).items()
                        if name not in _LINKS and (bundle.service_name, name) not in _ELSEWHERE
                    }
                    for region, store in dict.copy(regions).items()
                },
            }
            for account, regions in dict.copy(bundle).items()
        },
    }


def _fill_stores(bundle: Any, content: dict[str, Any]) -> None:
    bundle._universal.update(content["universal"])
    for account, saved in content["accounts"].items():
        regions = bundle[account]
        regions._global.update(saved["global"])
        for region, values in saved["regions"].items():
            regions[region].__dict__.update(values)


def _backends(container: BackendDict) -> dict[str, Any]:
    return {
        "kind": _kind(container),
        "accounts": {
            account: {region: _taken(backend) for region, backend in dict.copy(regions).items()}
            for account, regions in dict.copy(container).items()
        },
    }


def _fill_backends(container: BackendDict, content: dict[str, Any]) -> None:
    for account, regions in content["accounts"].items():
        for region, values in regions.items():
            _give(container[account][region], values)


def _taken(backend: Any) -> dict[str, Any]:
    take, _ = _SPECIAL.get(type(backend).__name__, (None, None))
    return take(backend) if take else dict(backend.__dict__)


def _give(backend: Any, values: dict[str, Any]) -> None:
    _, give = _SPECIAL.get(type(backend).__name__, (None, None))
    if give:
        give(backend, values)
    else:
        backend.__dict__.update(values)


def _take_iam(backend: Any) -> dict[str, Any]:
    """Leave out AWS's own policies, a thousand and more, which every process has anyway."""
    values = dict(backend.__dict__)
    aws = values.pop("aws_managed_policies")
    arns = {policy.arn for policy in aws}
    values["managed_policies"] = {
        arn: policy for arn, policy in values["managed_policies"].items() if arn not in arns
    }
    values["of_aws"] = {
        policy.arn: (policy.id, policy.attachment_count)
        for policy in aws
        if policy.attachment_count
    }
    return values


def _give_iam(backend: Any, values: dict[str, Any]) -> None:
    for arn, (identity, count) in values["of_aws"].items():
        if policy := backend.managed_policies.get(arn):
            policy.id, policy.attachment_count = identity, count
    own = backend.managed_policies | values["managed_policies"]
    rest = {name: value for name, value in values.items() if name != "of_aws"}
    backend.__dict__.update(rest | {"managed_policies": own})


# What of a backend is saved, and how it gets it back, where that is not simply all of it.
_SPECIAL = {"IAMBackend": (_take_iam, _give_iam)}
