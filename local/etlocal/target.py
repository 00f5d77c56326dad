"""A stack that runs: one that this program started, or one that answers at a URL.

All that is known of a stack by its URL alone, be it another process's or containers, is what its
endpoint says of itself; nothing is looked up in its files or among its processes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from etlocal import __version__
from etlocal.clients import LocalClients, require_local
from etlocal.control import Control, ControlError
from etlocal.stack import ENDPOINT, NotRunningError, Record, StackError

_HOW_TO_START = "start one (etlocal up, or docker compose up), or give another URL"
_NAMES_TOLD = 5


class TargetError(StackError):
    """What answers cannot be used as it is; the message says why, and what to do."""


@dataclass(frozen=True)
class Target:
    """A running stack.

    Attributes
    ----------
    endpoint_url : str
    account, region : str
        What calls belong to where nothing else is said.
    time_scale : float
        By which scale its clock is to pass: real seconds for one emulated second.
    record : Record or None
        What was started on a state folder of this machine; None for a stack known by its URL.
    """

    endpoint_url: str
    account: str
    region: str
    time_scale: float
    record: Record | None = None

    @classmethod
    def of(cls, record: Record) -> Target:
        """Give a stack that was started on a state folder."""
        settings = record.settings
        return cls(
            record.part(ENDPOINT).url,
            settings.account,
            settings.region,
            settings.time_scale,
            record,
        )

    def clients(self) -> LocalClients:
        """Make AWS clients on it."""
        return LocalClients(self.endpoint_url, self)

    def control(self) -> Control:
        """Reach its private routes."""
        return Control(self.endpoint_url)

    def redshift(self) -> tuple[str, int]:
        """Say where Redshift's clients connect.

        Returns
        -------
        tuple of (str, int)
            The endpoint's host, and the port that is listened on there. A container does not know
            under which port it is published: for a stack known by its URL ``ETLOCAL_REDSHIFT_PORT``
            says it where it is another one.

        Raises
        ------
        TargetError
            If nothing listens, or the variable is no port.
        ControlError
            If the endpoint does not answer.
        """
        published = os.environ.get("ETLOCAL_REDSHIFT_PORT") if self.record is None else None
        said = self.control().call("GET", "health")["settings"].get("redshift")
        port = published or str(said or "").rpartition(":")[2]
        if not port:
            raise TargetError(f"the stack at {self.endpoint_url} does not listen for Redshift")
        if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
            raise TargetError(f"ETLOCAL_REDSHIFT_PORT={published!r} is not a port: 1 to 65535")
        return urlsplit(self.endpoint_url).hostname or "", int(port)


def find(endpoint_url: str) -> Target:
    """Give the stack that answers at a URL.

    Parameters
    ----------
    endpoint_url : str
        E.g. ``http://127.0.0.1:4566``.

    Raises
    ------
    NotLocalError
        If it could be AWS's; nothing is asked then.
    NotRunningError
        If nothing answers, or not every service does.
    TargetError
        If what answers is not an endpoint of this version of etlocal.
    """
    return described(endpoint_url)[0]


def described(endpoint_url: str) -> tuple[Target, dict[str, Any]]:
    """Give the stack that answers at a URL, and all that its endpoint says of itself.

    Raises as `find` does.
    """
    require_local(endpoint_url)
    url = endpoint_url.rstrip("/")
    said = _health(url)
    try:
        version, settings = said["version"], said["settings"]
        target = Target(url, settings["account"], settings["region"], float(settings["time_scale"]))
    except (KeyError, TypeError, ValueError):
        raise _not_ours(url, "its health page says nothing of a stack") from None
    if version != __version__:
        raise TargetError(
            f"the stack at {url} is etlocal {version} and this is etlocal {__version__}: "
            "use the same version on both sides"
        )
    return target, said


def _health(url: str) -> Any:
    try:
        return Control(url).call("GET", "health")
    except ControlError as error:
        if error.status is None:
            raise NotRunningError(f"{error}; {_HOW_TO_START}") from None
        services = error.document.get("services") if isinstance(error.document, dict) else None
        if not isinstance(services, dict):
            raise _not_ours(url, f"GET /_etlocal/health: {error}") from None
        states = ", ".join(f"{name}: {state}" for name, state in services.items())
        raise NotRunningError(f"the stack at {url} is not ready ({states})") from None


def _not_ours(url: str, reason: str) -> TargetError:
    return TargetError(
        f"what answers at {url} is not an etlocal endpoint ({reason}); {_HOW_TO_START}"
    )


# What a person or a program makes on a stack: how it is called, boto3's service and operation, and
# where the answer has the names.
_LISTS = (
    ("stacks", "cloudformation", "describe_stacks", "Stacks", "StackName"),
    ("buckets", "s3", "list_buckets", "Buckets", "Name"),
    ("state machines", "stepfunctions", "list_state_machines", "stateMachines", "name"),
    ("rules", "events", "list_rules", "Rules", "Name"),
    ("Glue databases", "glue", "get_databases", "DatabaseList", "Name"),
    ("Glue connections", "glue", "get_connections", "ConnectionList", "Name"),
    ("Glue jobs", "glue", "get_jobs", "Jobs", "Name"),
    ("crawlers", "glue", "get_crawlers", "Crawlers", "Name"),
    ("namespaces", "redshift-serverless", "list_namespaces", "namespaces", "namespaceName"),
    ("clusters", "redshift", "describe_clusters", "Clusters", "ClusterIdentifier"),
    ("topics", "sns", "list_topics", "Topics", "TopicArn"),
    ("queues", "sqs", "list_queues", "QueueUrls", None),
    ("secrets", "secretsmanager", "list_secrets", "SecretList", "Name"),
    ("roles", "iam", "list_roles", "Roles", "RoleName"),
)


def holdings(clients: LocalClients) -> dict[str, list[str]]:
    """Say what a stack holds in the clients' account and region, and which buckets.

    Returns
    -------
    dict
        Kind → names; of a long list the first page. Kinds of which there is nothing are left out.

    Raises
    ------
    botocore.exceptions.ClientError
        If a service refuses to tell.
    """
    found = {}
    for kind, service, operation, member, name in _LISTS:
        listed = getattr(clients.client(service), operation)().get(member, [])
        if listed:
            found[kind] = [_short(str(each[name] if name else each)) for each in listed]
    return found


def require_empty(target: Target, *, remedy: str) -> None:
    """Refuse a stack that holds anything.

    Parameters
    ----------
    target : Target
    remedy : str
        What to do when it does, for the error.

    Raises
    ------
    TargetError
        The message names what it holds.
    """
    held = holdings(target.clients())
    if held:
        named = "; ".join(f"{kind}: {_some(names)}" for kind, names in held.items())
        raise TargetError(f"the stack at {target.endpoint_url} is not empty ({named}). {remedy}")


def _short(name: str) -> str:
    """Give an ARN's or a queue URL's last part; other names as they are."""
    if name.startswith("arn:"):
        return name.rpartition(":")[2]
    return name.rpartition("/")[2] if name.startswith(("http://", "https://")) else name


def _some(names: list[str]) -> str:
    told = ", ".join(names[:_NAMES_TOLD])
    more = len(names) - _NAMES_TOLD
    return told if more <= 0 else f"{told} and {more} more"
