"""The only place where the library makes AWS clients."""

from __future__ import annotations

import functools
import os
from typing import Any

_USED = ("glue", "s3", "redshift-data", "secretsmanager")
# The Data API stands for Glue's JDBC connection, which is let in by its login: it asks nothing of
# the job's role, and goes as the account.
_BY_LOGIN = "redshift-data"
_clients: dict[str, Any] = {}


def client(service: str) -> Any:
    """Return this process's boto3 client of a service; its endpoint comes from the environment."""
    if service not in _clients:
        _clients[service] = _session().create_client(service, **_credentials(service))
    return _clients[service]


def goes_by_login() -> bool:
    """Tell whether Redshift is asked by the account, and all else by the job's role."""
    return bool(os.environ.get("ETLOCAL_ACCOUNT") and os.environ.get("AWS_SESSION_TOKEN"))


def _credentials(service: str) -> dict[str, str]:
    """Return a client's own credentials; without any it has the environment's."""
    if service != _BY_LOGIN or not goes_by_login():
        return {}
    return {"aws_access_key_id": os.environ["ETLOCAL_ACCOUNT"], "aws_secret_access_key": "-"}


def preload() -> None:
    """Load what making clients takes long for: the descriptions of the services.

    For a process that waits to be told its run. Nothing of the environment, which may change until
    then, is kept.
    """
    session = _new_session()
    for service in _USED:
        session.create_client(
            service,
            region_name="us-east-1",
            aws_access_key_id="-",
            aws_secret_access_key="-",  # noqa: S106 - no request is made with it
        )


@functools.cache
def _session() -> Any:
    return _new_session()


def _new_session() -> Any:
    import botocore.session

    session = botocore.session.Session()
    session.register_component("data_loader", _loader())
    return session


@functools.cache
def _loader() -> Any:
    import botocore.loaders

    return botocore.loaders.create_loader(os.environ.get("AWS_DATA_PATH"))


def use_client(service: str, replacement: Any) -> None:
    """Put another client in place; None makes the next call build a fresh one."""
    if replacement is None:
        _clients.pop(service, None)
    else:
        _clients[service] = replacement


def region() -> str:
    """Return the region the job runs in."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def catalog_args(catalog_id: str | None) -> dict[str, str]:
    """Return the CatalogId argument of a Glue call, absent when the caller's own is meant."""
    return {"CatalogId": str(catalog_id)} if catalog_id else {}
